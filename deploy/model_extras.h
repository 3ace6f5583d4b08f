// What goes with a trained model beside its layers: scaling of the inputs, class names, the names of its data sets,
// losses and metrics. It stands as one JSON text, attribute `extras`, in the group `hgq` of model and proxy files, so
// that every command knows it.
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
  std::vector<Scaling> scaling;   // per input of the model; empty: none
  std::vector<ClassMap> classes;  // per output
  // Data sets, by layer. Folder and name of the file where there were several, or the array has no name.
  std::vector<NamedArray> inputs, targets;
  CsvOptions csv;       // how CSV files are written
  Objective objective;  // empty losses: not known
  /// Where a loss or metric is not known here, as it is of another program: what is wrong, and the objective as it
  /// stands in the file, from which it is written again.
  std::string unknown_objective;
  std::string objective_text;
};

/// What a config says about the files of its training set.
void take_data_options(const DataConfig& data, ModelExtras& extras);

/// Those of the model's proxy, whose layers may have other names (proxy/names.h).
ModelExtras extras_of_proxy(ModelExtras extras);

void write_extras(h5::Group& hgq, const ModelExtras& extras);
/// Default values where the group has none. Losses and metrics are looked up in `kinds`; where one is not known,
/// unknown_objective says so. Throws FileError where the extras are damaged.
ModelExtras read_extras(const h5::Group& hgq, const TrainingKinds& kinds);

}  // namespace hgq
