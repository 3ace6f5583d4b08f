// HActivation: paq(fn(x)), with any unary function or softmax.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/layers/activations.h"
#include "hgq/layers/h_layer.h"
#include "hgq/layers/proxy/activations.h"
#include "hgq/layers/registry.h"

namespace hgq {
namespace {

class HActivationLayer final : public HLayer {
 public:
  HActivationLayer(ConfigReader& c, const LayerArguments& arguments) : HLayer(c, arguments) {
    const FunctionTable table = arguments.defaults.functions ? *arguments.defaults.functions : FunctionTable();
    std::vector<std::string> names = table.names();
    for (const char* const own : {"linear", "relu", "softmax"}) names.emplace_back(own);
    const Node* const node =
        c.node("activation", "linear, relu, softmax, or the name of a function", "text", "required");
    if (node == nullptr) {
      c.missing("activation", "linear, relu, softmax, or the name of a function");
      return;
    }
    // Keras writes a function of the user's as a map, its name behind the last '>'.
    const Node* const written = node->is_map() ? node->find("config") : node;
    activation_ = written == nullptr ? "" : written->text();
    activation_ = activation_.substr(activation_.rfind('>') + 1);
    function_ = table.find(activation_);
    if (std::ranges::find(names, activation_) != names.end()) return;
    const std::string nearest = nearest_name(activation_, names);
    std::ranges::sort(names);
    std::string all;
    for (const std::string& n : names) all += (all.empty() ? "" : ", ") + n;
    c.error("activation", concat("unknown function '", activation_, "'",
                                 nearest.empty() ? "" : concat(", did you mean '", nearest, "'?"), " Known are ", all));
  }
  std::string_view kind() const override { return "HActivation"; }
  std::string_view output_function() const override { return activation_; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    HGQ_CHECK(activation_ != "softmax" || inputs[0].rank() > 0, ShapeError, where(),
              ": softmax needs at least one dim, the input has shape ", inputs[0]);
    build_output(inputs[0]);
    paq_.settle_rounding(true);
    return inputs[0];
  }
  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    Var x = inputs[0].value;
    if (activation_ == "relu") x = ops::relu(x);
    if (activation_ == "softmax") x = ops::softmax(x);
    if (function_ != nullptr) x = ops::unary(x, function_);
    return quantize_output(recording, x);
  }
  ExactSignal exact(std::span<const ExactSignal> /*inputs*/, std::vector<ExactBops>& bops) override {
    bops.push_back({name(), 0});
    return exact_output(false);
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) override {
    const auto& known = ProxyActivation::functions();
    HGQ_CHECK(
        activation_ == "linear" || std::ranges::find(known, activation_) != known.end(), ConfigError, where(),
        ": the function '", activation_,
        "' can not be exported: hls4ml has no such activation, and tables of functions (UnaryLUT) are not written yet");
    const ProxyRef y = builder.add_activation(builder.layer_name(), inputs[0], activation_);
    return builder.add_quantizer(builder.layer_name() + "_quantizer", y, proxy_types(false), proxy_rounding(false),
                                 proxy_overflow(options));
  }
  // Spec 3.1: softmax gets [0, 1]; sigmoid and tanh are clipped to their ranges.
  void after_trace() override {
    const bool softmax = activation_ == "softmax";
    if (!softmax && activation_ != "sigmoid" && activation_ != "tanh") return;
    const float bottom = activation_ == "tanh" ? -1.0F : 0.0F;
    for (float& v : paq_.record_min.value.values()) v = softmax ? 0.0F : std::max(v, bottom);
    for (float& v : paq_.record_max.value.values()) v = softmax ? 1.0F : std::min(v, 1.0F);
  }
  nlohmann::json config() const override {
    nlohmann::json json;
    write_common(json);
    json["kq_conf"] = to_json(QuantizerConfig::kernel_default());
    json["activation"] = activation_;
    return json;
  }

 private:
  std::string activation_;
  std::shared_ptr<const ops::UnaryFunction> function_;  // shared with the table it comes from
};

}  // namespace

std::unique_ptr<Layer> make_h_activation(ConfigReader& c, const LayerArguments& arguments) {
  c.known("kq_conf");
  return std::make_unique<HActivationLayer>(c, arguments);
}

}  // namespace hgq
