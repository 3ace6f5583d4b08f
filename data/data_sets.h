// From a data config to the training, validation and test sets of a run.
//
//   OpenedData data = open_data(config);                       // names, shapes, kinds: everything except the values
//   // here the model is built, for the shapes of data.train.inputs
//   DataSets sets =
//       load_data(std::move(data), config, {"dense"}, {{"dense_1", Shape{2}, TargetKind::kClassNumbers}}, seed);
//   sets.train->batches(512, seed);  sets.scaling;  sets.classes;   // the last two are kept with the model
//
// Scaling is fitted on the training rows (without the validation share), classes on all rows of the training arrays;
// both are applied to all three sets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hgq/data/class_weights.h"
#include "hgq/data/classes.h"
#include "hgq/data/data_config.h"
#include "hgq/data/dataset.h"
#include "hgq/data/loaders.h"
#include "hgq/data/scaling.h"

namespace hgq {

struct OpenedData {
  RowSet train;
  std::optional<RowSet> validation, test;

  /// Notes about the data for the user, each of them once.
  std::vector<std::string> notes() const;
};

/// Opens all arrays. Throws FileError, with the place in the config, if an array cannot be used, or if the sets differ
/// in their shapes.
OpenedData open_data(const DataConfig& config);

/// The input shapes of a model for these rows: the shape of a row of each input, by its name. Single numbers become
/// rows of shape [1].
std::map<std::string, Shape> input_shapes(const RowSet& rows);

/// An output of the model that has a loss, and so a target.
struct OutputSpec {
  std::string name;
  Shape sample;  // of a row of the output
  TargetKind kind = TargetKind::kNumbers;
};

struct DataSets {
  std::unique_ptr<Dataset> train, validation, test;  // the last two may be missing
  std::vector<Scaling> scaling;                      // for each input, in the order of the model
  std::vector<Scaling> target_scaling;               // for each output; empty if its targets are not scaled
  std::vector<ClassMap> classes;                     // for each output; empty if the target has no classes
};

using SharedRows = std::vector<std::shared_ptr<const RowSource>>;

/// What a training has besides its data.
struct TrainingExtras {
  std::vector<ClassWeights> class_weights{};  // for each output, or none
  /// For each output, or none: its targets are scaled by one that is not empty, and no other is fitted.
  std::vector<Scaling> target_scaling{};
  /// Makes further targets of the training set, after those of the outputs, of its inputs as they are in the files.
  /// `found` has the scaling and the classes.
  std::function<SharedRows(const SharedRows& inputs, const DataSets& found)> more_targets{};
};

/// Reads the sets, their fields in the order of `inputs` and `outputs` (names of the model's layers), then sample
/// weights if the config gives them. An input for which `scaling` has one that is not empty is scaled by it, and no
/// other is fitted. Class weights and further targets are for the training set alone. Throws FileError or ConfigError
/// if the data do not fit.
DataSets load_data(OpenedData data, const DataConfig& config, const std::vector<std::string>& inputs,
                   const std::vector<OutputSpec>& outputs, uint64_t seed, const std::vector<Scaling>& scaling = {},
                   const TrainingExtras& extras = {});

/// One set for a trained model, with the scaling and the classes from its file. Without `outputs` the set has only
/// inputs. If `scaling` is empty, no inputs are scaled; likewise targets.
std::unique_ptr<Dataset> load_set(RowSet rows, const std::vector<std::string>& inputs,
                                  const std::vector<OutputSpec>& outputs, const std::vector<Scaling>& scaling,
                                  const std::vector<ClassMap>& classes, int64_t memory_limit,
                                  const std::vector<Scaling>& target_scaling = {});

}  // namespace hgq
