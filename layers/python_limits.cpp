// What of a model Python HGQ 0.2.6 cannot open (declared in hgq_file.h).
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "hgq/autograd/expression.h"
#include "hgq/core/error.h"
#include "hgq/layers/hgq_file.h"

namespace hgq {
namespace {

/// Why Python HGQ cannot open a layer; empty where it can.
std::string why_python_cannot_open(const Layer& layer) {
  if (!layer.class_name().starts_with("HGQ>"))
    return concat("Python HGQ has no layer ", layer.kind(),
                  ", so it opens model.h5 only with load_model(FILE, custom_objects={'", layer.class_name(),
                  "': ...})");
  constexpr std::array kKnown{"elu",     "exponential", "gelu",     "hard_sigmoid", "leaky_relu", "linear",
                              "mish",    "relu",        "relu6",    "log_softmax",  "selu",       "sigmoid",
                              "softmax", "softplus",    "softsign", "swish",        "tanh",       ""};
  const std::string function(layer.output_function());
  if (std::ranges::find(kKnown, function) == kKnown.end())
    return concat("Keras 2 has no function '", function,
                  is_expression(function) ? concat("'; Python HGQ can open the file only if a function is given by "
                                                   "that name, as in load_model(FILE, custom_objects={'",
                                                   function, "': lambda x: ...})")
                                          : "'; Python HGQ can open the file only if it is registered there");
  const nlohmann::json config = layer.config();
  const auto above_one = [&](const char* key) {
    const auto found = config.find(key);
    return found != config.end() && found->is_array() &&
           std::ranges::any_of(*found, [](const nlohmann::json& v) { return v.get<int64_t>() > 1; });
  };
  if (layer.kind().starts_with("HConv") && above_one("strides") && above_one("dilation_rate"))
    return "Keras makes no convolution with strides and a dilation_rate above 1, so it opens neither model.h5 nor "
           "proxy.h5";
  if (const auto padding = config.find("padding"); padding != config.end() && *padding == "causal")
    return "Python HGQ 0.2.6 has no causal padding, so it opens proxy.h5, but not model.h5";
  for (const char* const key : {"kernel_constraint", "bias_constraint"}) {
    const auto found = config.find(key);
    if (found != config.end() && found->is_object() && found->value("class_name", "") == "ElementMask")
      return concat("its ", key,
                    " ElementMask is none of Keras'; Python HGQ can open model.h5 only with "
                    "load_model(FILE, custom_objects={'hgq>ElementMask': ...})");
  }
  return "";
}

}  // namespace

std::vector<std::string> what_python_cannot_open(const Model& model) {
  std::vector<std::string> lines;
  for (const Model::Entry& entry : model.entries()) {
    if (!entry.is_first_call()) {
      lines.push_back(concat("layer '", model.entry(entry.first_call).name, "' is called again, as '", entry.name,
                             "'; layers of Python HGQ can be called once"));
      continue;
    }
    if (entry.layer == nullptr) continue;
    const std::string reason = why_python_cannot_open(*entry.layer);
    if (!reason.empty()) lines.push_back(concat("layer '", entry.name, "': ", reason));
  }
  return lines;
}

}  // namespace hgq
