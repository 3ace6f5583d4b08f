#include "hgq/proxy/qkeras/layer_classes.h"

#include <algorithm>
#include <array>
#include <vector>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/data/keras_classes.h"
#include "hgq/proxy/qkeras/kernel_layers.h"

namespace hgq {
namespace {

constexpr std::array<std::string_view, 8> kVanishing{
    "Dropout",         "SpatialDropout1D", "SpatialDropout2D",       "AlphaDropout",
    "GaussianDropout", "GaussianNoise",    "ActivityRegularization", "Identity"};

/// The classes that the conversion itself knows; others are in ProxyKinds::keras_layers.
constexpr std::array<std::string_view, 7> kPlain{"QActivation", "Activation",  "ReLU", "Softmax",
                                                 "InputLayer",  "Concatenate", "Add"};

template <size_t kN>
bool is_one_of(const std::array<std::string_view, kN>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
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

void expect_known_layers(const KerasFile& file, const ProxyKinds& kinds, std::span<const std::string> own) {
  std::vector<std::string> unknown;
  const bool any_known = any_layer(file.model_config["config"]["layers"], [&](std::string_view class_name) {
    const std::string_view name = plain_class_name(class_name);
    if (name == "InputLayer") return false;
    if (class_name.starts_with("HGQ>") || is_class_of_keras(name) || kinds.keras_layers.find(name) != nullptr ||
        std::ranges::find(own, name) != own.end())
      return true;
    if (std::ranges::find(unknown, name) == unknown.end()) unknown.emplace_back(name);
    return false;
  });
  HGQ_CHECK(any_known || unknown.empty(), FileError, file.path, ": is a model without any layer that is known here (",
            join_names(unknown), "); expected layers of HGQ, QKeras or Keras");
}

}  // namespace hgq
