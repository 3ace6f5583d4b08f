#include "hgq/data/keras_activation.h"

#include <optional>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/data/keras_file.h"

namespace hgq {
namespace {

constexpr int kMaxNesting = 8;  // of an Activation in an Activation

/// A number in the config; nullopt if it is null, missing, or not a number.
std::optional<double> number(const Node& config, std::string_view key) {
  const Node& found = config[key];
  return found.is_scalar() ? decimal_number(found) : std::nullopt;
}

/// y for x >= max, x above the threshold, slope (x - threshold) below.
std::string relu(const Node& config) {
  const std::optional<double> most = number(config, "max_value");
  const double slope = number(config, "negative_slope").value_or(0);
  const double threshold = number(config, "threshold").value_or(0);
  if (!most && slope == 0 && threshold == 0) return "relu";
  const std::string kept = most ? concat("min(x, ", *most, ")") : "x";
  return concat("x >= ", threshold, " ? ", kept, " : ", slope, "*(x - (", threshold, "))");
}

bool is_last_axis(const Node& axis) {
  const Node& only = axis.is_list() && axis.items().size() == 1 ? axis.items()[0] : axis;
  return only.is_null() || (only.is_scalar() && decimal_integer(only) == -1);
}

/// Empty for every other class.
std::string function_of(std::string_view class_name, const Node& config) {
  if (class_name == "ReLU") return relu(config);
  if (class_name == "Softmax" && is_last_axis(config["axis"])) return "softmax";
  if (class_name == "LeakyReLU") {
    const auto slope = number(config, config.find("alpha") != nullptr ? "alpha" : "negative_slope");
    return concat("x > 0 ? x : ", slope.value_or(0.3), "*x");
  }
  if (class_name == "ELU") return concat("x > 0 ? x : ", number(config, "alpha").value_or(1), "*expm1(x)");
  if (class_name == "ThresholdedReLU") return concat("x > ", number(config, "theta").value_or(1), " ? x : 0");
  return "";
}

}  // namespace

Node plain_activation(const Node& activation) {
  Node found = activation;
  for (int depth = 0; depth < kMaxNesting && found.is_map(); ++depth) {
    const std::string class_name(plain_class_name(found["class_name"].text()));
    if (class_name == "Activation" || class_name == "QActivation") {
      Node inside = found["config"]["activation"];
      found = std::move(inside);
      continue;
    }
    const std::string function = function_of(class_name, found["config"]);
    if (!function.empty()) {
      found = Node::string(function);
      found.set_place(activation.place());
      found.set_key_place(activation.key_place());
    }
    break;
  }
  return found;
}

}  // namespace hgq
