#include "hgq/apps/class_weight_keys.h"

#include <algorithm>

#include "hgq/config/config_scalar.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

bool is_balanced(const Node& node) { return node.is_scalar() && node.text() == "balanced"; }

ClassWeights read_of_output(const Node& node, const std::string& section, ErrorList& errors) {
  ClassWeights weights;
  weights.place = node.place();
  weights.balanced = is_balanced(node);
  if (weights.balanced) return weights;
  if (!node.is_map() || node.entries().empty()) {
    errors.add(node.place(), concat(section, ": found ", describe(node),
                                    ", expected balanced, or a weight for each class as {CLASS: WEIGHT, ...}"));
    return weights;
  }
  for (const auto& [name, value] : node.entries()) {
    const std::optional<double> weight = value.is_scalar() ? decimal_number(value) : std::nullopt;
    if (weight && *weight >= 0) {
      weights.of.emplace_back(name, *weight);
    } else {
      errors.add(value.place(), concat(section, ".", printable(name), ": found ", describe(value),
                                       ", expected a number of at least 0"));
    }
  }
  return weights;
}

}  // namespace

std::vector<ClassWeights> read_class_weights(const Node& node, const OutputMap& of, ErrorList& errors) {
  std::vector<ClassWeights> weights(of.outputs.size());
  const auto is_of_output = [](const auto& entry) { return entry.second.is_map() || is_balanced(entry.second); };
  if (node.is_map() && std::ranges::any_of(node.entries(), is_of_output)) {
    for (const auto& [output, value] : node.entries()) {
      of.check(output, value, errors);
      const ClassWeights own = read_of_output(value, concat(of.section, ".", printable(output)), errors);
      const auto named = std::ranges::find(of.outputs, output);
      if (named != of.outputs.end()) weights[static_cast<size_t>(named - of.outputs.begin())] = own;
    }
    return weights;
  }
  const ClassWeights own = read_of_output(node, of.section, errors);
  if (of.outputs.size() > 1)
    errors.add(node.place(), concat(of.section, ": the model has ", of.outputs.size(),
                                    " outputs, expected {OUTPUT: balanced} or {OUTPUT: {CLASS: WEIGHT, ...}, ...}"));
  std::ranges::fill(weights, own);
  return weights;
}

}  // namespace hgq
