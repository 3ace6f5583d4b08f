#include "hgq/layers/qkeras/layer_classes.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/nearest_name.h"
#include "hgq/layers/qkeras/convert.h"
#include "hgq/layers/qkeras/kernel_layers.h"
#include "hgq/layers/registry.h"

namespace hgq {
namespace {

constexpr std::array<std::string_view, 8> kVanishing{
    "Dropout",         "SpatialDropout1D", "SpatialDropout2D",       "AlphaDropout",
    "GaussianDropout", "GaussianNoise",    "ActivityRegularization", "Identity"};

/// Those of Keras that have no weights and stay what they are.
constexpr std::array<std::string_view, 18> kPlain{"QActivation",
                                                  "Activation",
                                                  "ReLU",
                                                  "Softmax",
                                                  "MaxPooling1D",
                                                  "MaxPooling2D",
                                                  "AveragePooling1D",
                                                  "AveragePooling2D",
                                                  "GlobalMaxPooling1D",
                                                  "GlobalMaxPooling2D",
                                                  "GlobalAveragePooling1D",
                                                  "GlobalAveragePooling2D",
                                                  "Flatten",
                                                  "Reshape",
                                                  "Permute",
                                                  "InputLayer",
                                                  "Concatenate",
                                                  "Add"};

template <size_t kN>
bool is_one_of(const std::array<std::string_view, kN>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Whether a layer for which `is` holds is in a model or in a model inside; `is` gets the class without its package.
template <typename Is>
bool any_layer(const Node& layers, const Is& is, int depth = 32) {
  return depth > 0 && std::ranges::any_of(layers.items(), [&](const Node& layer) {
           const Node& config = layer["config"];
           if (config["layers"].is_list()) return any_layer(config["layers"], is, depth - 1);
           if (is(plain_class_name(layer["class_name"].text()))) return true;
           return config["layer"].is_map() && is(plain_class_name(config["layer"]["class_name"].text()));
         });
}

}  // namespace

bool is_class_of_keras(std::string_view class_name) {
  return is_kernel_layer(class_name) || is_batch_norm(class_name) || is_one_of(kVanishing, class_name) ||
         is_one_of(kPlain, class_name);
}

bool vanishes_in_proxy(std::string_view class_name) { return is_one_of(kVanishing, class_name); }

KerasNode without_wrapper(const KerasNode& node) {
  constexpr std::array<std::string_view, 6> kAlongLastDim{"Dense",      "QDense", "QActivation",
                                                          "Activation", "ReLU",   "Dropout"};
  const Node& inside = node.config["layer"];
  const std::string class_name(plain_class_name(inside["class_name"].text()));
  const bool same = node.class_name == "PruneLowMagnitude" ||
                    (node.class_name == "TimeDistributed" && is_one_of(kAlongLastDim, class_name));
  if (!same || !inside["config"].is_map()) return node;
  KerasNode out = node;
  out.class_name = class_name;
  out.config = inside["config"];
  return out;
}

bool is_qkeras(const KerasFile& file) {
  return any_layer(file.model_config["config"]["layers"], [](std::string_view name) {
    return name.size() > 1 && name[0] == 'Q' && name[1] >= 'A' && name[1] <= 'Z';
  });
}

bool is_plain_keras(const KerasFile& file) {
  const std::vector<std::string> ours = layer_kind_names();
  return !any_layer(file.model_config["config"]["layers"],
                    [&](std::string_view name) { return std::ranges::find(ours, name) != ours.end(); });
}

void expect_known_layers(const KerasFile& file) {
  const std::vector<std::string> ours = layer_kind_names();
  std::vector<std::string> unknown;
  const bool any_known = any_layer(file.model_config["config"]["layers"], [&](std::string_view name) {
    if (name == "InputLayer") return false;
    if (is_class_of_keras(name) || std::ranges::find(ours, name) != ours.end()) return true;
    if (std::ranges::find(unknown, name) == unknown.end()) unknown.emplace_back(name);
    return false;
  });
  HGQ_CHECK(any_known || unknown.empty(), FileError, file.path, ": is a model without any layer that is known here (",
            join_names(unknown), "); expected layers of HGQ, QKeras or Keras");
}

}  // namespace hgq
