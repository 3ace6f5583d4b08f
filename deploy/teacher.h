// A trained model whose outputs are targets for another: distillation (optim/distillation.h).
//
//   const auto teacher = Teacher::load("float/model.h5", built_in_registry());
//   SharedRows rows = teacher->rows(inputs, student, 4.0);    // of raw inputs; softened outputs, one array an output
//
// The teacher scales the inputs as it was trained; a file without a scaling (of Python HGQ) gets them as they are in
// the data. Its outputs are computed when the rows are read: once for a set in memory, otherwise block by block.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/data/data_sets.h"
#include "hgq/deploy/model_extras.h"
#include "hgq/deploy/registry.h"

namespace hgq {

/// What learns from a teacher.
struct Student {
  std::vector<std::string> inputs;  // names of its input layers, in the order of the arrays
  std::vector<OutputSpec> outputs;
  std::vector<Scaling> target_scaling;  // for each output, or none
  std::vector<ClassMap> classes;        // the same
};

class Teacher : public std::enable_shared_from_this<Teacher> {
 public:
  virtual ~Teacher() = default;
  Teacher(const Teacher&) = delete;
  Teacher& operator=(const Teacher&) = delete;

  /// A model of hgq or Python HGQ, or a proxy, for example of a model of QKeras or Keras. Throws FileError.
  static std::shared_ptr<Teacher> load(const std::string& path, const Registry& registry);
  /// Rows of the outputs for the inputs of the student as they are in the data. Classes are softened probabilities,
  /// numbers are scaled as the targets of the student. Throws ConfigError if inputs, outputs or classes differ.
  SharedRows rows(const SharedRows& inputs, const Student& student, double temperature) const;

  /// The outputs for scaled inputs.
  virtual std::vector<Tensor> run(std::span<const ConstTensorView> inputs) const = 0;
  const ModelExtras& extras() const { return extras_; }
  struct Output {
    std::string name;
    Shape shape;
    std::string function;  // as Layer::output_function
  };
  const std::vector<FieldSpec>& inputs() const { return inputs_; }
  const std::vector<Output>& outputs() const { return outputs_; }

 protected:
  Teacher() = default;
  std::string path_;
  ModelExtras extras_;
  std::vector<FieldSpec> inputs_;
  std::vector<Output> outputs_;
};

}  // namespace hgq
