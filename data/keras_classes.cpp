#include "hgq/data/keras_classes.h"

#include <algorithm>

namespace hgq {
namespace {

bool any_of(const Node& layers, const std::function<bool(std::string_view)>& is, int depth) {
  return depth > 0 && std::ranges::any_of(layers.items(), [&](const Node& layer) {
           const Node& config = layer["config"];
           if (config["layers"].is_list()) return any_of(config["layers"], is, depth - 1);
           if (is(layer["class_name"].text())) return true;
           return config["layer"].is_map() && is(config["layer"]["class_name"].text());
         });
}

}  // namespace

bool any_layer(const Node& layers, const std::function<bool(std::string_view class_name)>& is) {
  constexpr int kMaxDepth = 32;
  return any_of(layers, is, kMaxDepth);
}

bool is_qkeras(const KerasFile& file) {
  return any_layer(file.model_config["config"]["layers"], [](std::string_view class_name) {
    const std::string_view name = plain_class_name(class_name);
    return name.size() > 1 && name[0] == 'Q' && name[1] >= 'A' && name[1] <= 'Z';
  });
}

bool is_plain_keras(const KerasFile& file, std::span<const std::string> own) {
  return !any_layer(file.model_config["config"]["layers"], [&](std::string_view class_name) {
    return class_name.starts_with("HGQ>") || std::ranges::find(own, plain_class_name(class_name)) != own.end();
  });
}

}  // namespace hgq
