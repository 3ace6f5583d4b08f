// Weights of classes, as Keras' class_weight: each row's loss counts with the weight of its class.
//
//   loss = sum(w(class of row) * w(row) * l(row)) / rows      not divided by the sum of the weights, as in Keras
//
// They become sample weights of the training rows, so that everything that knows sample weights knows them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hgq/data/classes.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// The weights of the classes of one output, as a config gives them.
struct ClassWeights {
  bool balanced = false;                           // rows / (classes that occur * rows of the class)
  std::vector<std::pair<std::string, double>> of;  // by the label of the class, or its number; others have weight 1
  std::string place;                               // opens messages
  bool empty() const { return !balanced && of.empty(); }
};

/// An output of the model, its targets and how they are encoded.
struct ClassedTargets {
  std::string output;
  Shape sample;  // of the output
  std::shared_ptr<const RowSource> rows;
  TargetEncoder encoder;
};

/// The weight of each class of an output. `rows` are the training rows, ascending; all if not given. Throws ConfigError
/// if the output has no classes, or none of a name.
std::vector<double> weights_of_classes(const ClassWeights& weights, const ClassedTargets& targets,
                                       const std::optional<std::vector<int64_t>>& rows);

/// A row of sample weights for each row of the targets: the weight of its class, or of the class of each position,
/// times `weights`, which may be nullptr. Without `of_class` the weights of the classes are 1.
std::shared_ptr<const RowSource> class_weighted_rows(const ClassedTargets& targets, std::vector<double> of_class,
                                                     std::shared_ptr<const RowSource> weights);

}  // namespace hgq
