// Values that a config gives for all outputs of the model, or for each: `mse`, or `{a: mse, b: mae}`.
#pragma once

#include <string>
#include <vector>

#include "hgq/config/node.h"

namespace hgq {

/// What such a value is read with.
struct OutputMap {
  std::string section;               // "train.loss"
  std::vector<std::string> outputs;  // of the model
  bool outputs_are_known;            // otherwise `outputs` may lack some, after an error

  /// Whether a value is a map of outputs: one whose keys are outputs, or that has several keys.
  bool is_by_output(const Node& value) const;
  /// Adds an error unless `name`, a key that has the value `value`, is an output.
  void check(const std::string& name, const Node& value, ErrorList& errors) const;
};

}  // namespace hgq
