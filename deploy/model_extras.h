// What belongs to a trained model besides its layers: the scaling of its inputs, the names of classes and of data sets,
// losses and metrics. Model and proxy files keep it as a JSON text in the attribute `extras` of the group `hgq`, so
// that every command has it.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/classes.h"
#include "hgq/data/data_config.h"
#include "hgq/data/h5.h"
#include "hgq/data/loaders.h"
#include "hgq/data/scaling.h"
#include "hgq/optim/kinds.h"
#include "hgq/optim/train_step.h"

namespace hgq {

struct ModelExtras {
  std::vector<Scaling> scaling;         // for each input of the model; empty: the inputs are not scaled
  std::vector<Scaling> target_scaling;  // for each output; empty: the targets are not scaled
  // Of a proxy: for each input, the scaling that is part of it (proxy/fold_scaling.h), so that `scaling` is empty.
  std::vector<Scaling> folded_scaling;
  std::vector<ClassMap> classes;  // for each output
  // The arrays of the training set, by layer, with folder and name of the file if there were several, or if the array
  // has no name.
  std::vector<NamedArray> inputs, targets;
  CsvOptions csv;       // the format of its CSV files
  Objective objective;  // without losses if it is not known; with the target_scaling
  /// Of a proxy: what makes each output, as Layer::output_function, which its layers do not tell.
  std::vector<std::string> output_functions;
  /// If a loss or metric of the file is not known here (it belongs to another program): what is wrong, and the
  /// objective as it stands in the file, from which it is written again.
  std::string unknown_objective;
  std::string objective_text;
};

/// Takes into `extras` what a config says about the files of its training set.
void take_data_options(const DataConfig& data, ModelExtras& extras);

/// Takes the scaling of targets, for commands and for the objective.
void take_target_scaling(std::vector<Scaling> scaling, ModelExtras& extras);

/// The extras of the proxy of the model, whose layers may have other names (proxy/names.h).
ModelExtras extras_of_proxy(ModelExtras extras);

void write_extras(h5::Group& hgq, const ModelExtras& extras);
/// Reads the extras of a file; the defaults if it has none. Losses and metrics are looked up in `kinds`; if one of them
/// is unknown, unknown_objective says so. Throws FileError if the text is damaged.
ModelExtras read_extras(const h5::Group& hgq, const TrainingKinds& kinds);

}  // namespace hgq
