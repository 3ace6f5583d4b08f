// The section train.distillation of a config.
//
//   distillation: {teacher: ../float/model.h5, temperature: 4, weight: 0.7}
#pragma once

#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/deploy/registry.h"
#include "hgq/deploy/teacher.h"
#include "hgq/optim/objective.h"

namespace hgq {

struct DistillationConfig {
  std::string teacher;  // the file; empty: there is none
  double temperature = 2;
  double weight = 0.5;

  bool empty() const { return teacher.empty(); }
  Distillation loss() const { return {.weight = empty() ? 0 : weight, .temperature = temperature}; }
};

/// Relative paths start from `folder`.
DistillationConfig read_distillation(const Node& node, const std::string& folder, ErrorList& errors,
                                     std::vector<KeyDoc>* docs = nullptr);

/// The same as a node, with an absolute path.
Node to_node(const DistillationConfig& distillation);

/// The teacher; nullptr if there is none. Throws FileError or ConfigError, which name the key.
std::shared_ptr<const Teacher> load_teacher(const DistillationConfig& distillation, const Registry& registry);

/// What load_data() needs to add the outputs of the teacher to the training set; nothing without a teacher. When it is
/// called, it throws as load_teacher() does.
std::function<SharedRows(const SharedRows&, const DataSets&)> targets_of_teacher(const DistillationConfig& distillation,
                                                                                 std::shared_ptr<const Teacher> teacher,
                                                                                 std::vector<std::string> inputs,
                                                                                 std::vector<OutputSpec> outputs);

}  // namespace hgq
