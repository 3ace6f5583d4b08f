#include "hgq/apps/data_names.h"

#include <algorithm>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

void check_belongs(const NamedArray& array, const std::vector<std::string>& layers, const std::string& where,
                   const std::string& what, ErrorList& errors) {
  if (std::ranges::find(layers, array.name) != layers.end()) return;
  errors.add(array.array.place,
             concat(where, ": '", printable(array.name), "' is not ", what, suggestion(array.name, layers)));
}

/// Each array belongs to a layer, and each layer has one. An array without a name belongs to the only layer.
void check_arrays(const std::vector<NamedArray>& arrays, const std::vector<std::string>& layers,
                  const std::string& where, const std::string& what, ErrorList& errors) {
  if (arrays.empty()) return;
  if (arrays.front().name.empty()) {
    if (layers.size() <= 1) return;
    errors.add(arrays.front().array.place, concat(where, ": expected a dataset for each of the layers ",
                                                  join_names(layers), ", as {", layers.front(), ": DATASET, ...}"));
    return;
  }
  for (const NamedArray& array : arrays) check_belongs(array, layers, where, what, errors);
  for (const std::string& layer : layers) {
    if (std::ranges::find(arrays, layer, &NamedArray::name) != arrays.end()) continue;
    errors.add(arrays.front().array.place, concat(where, ": no dataset for the layer '", layer, "'"));
  }
}

}  // namespace

void check_data_names(const DataConfig& data, const Node& given, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, ErrorList& errors) {
  const auto check = [&](const SetSpec& set, const Node* written, const std::string& section) {
    const auto is_given = [&](const char* key) { return written == nullptr || written->find(key) != nullptr; };
    if (is_given("inputs")) check_arrays(set.inputs, inputs, section + ".inputs", "an Input layer", errors);
    if (is_given("targets")) check_arrays(set.targets, outputs, section + ".targets", "an output", errors);
    if (!is_given("sample_weights")) return;
    for (const NamedArray& weight : set.weights) {  // one for all outputs, or some by output
      if (!weight.name.empty()) check_belongs(weight, outputs, section + ".sample_weights", "an output", errors);
    }
  };
  check(data.train, nullptr, "data");
  if (data.validation) check(*data.validation, &given["validation"], "data.validation");
  if (data.test) check(*data.test, &given["test"], "data.test");
}

}  // namespace hgq
