// HActivation: paq(fn(x)), with a function by name, a formula in x, a function given in code, or softmax.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "hgq/autograd/activations.h"
#include "hgq/autograd/expression.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/layers/h_layer.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/python_import.h"
#include "hgq/proxy/activations.h"

namespace hgq {
namespace {

constexpr std::string_view kDoc = "name of a function, or a formula in x such as \"sin(3*x)\" or \"x > 0 ? x : 0.1*x\"";

constexpr std::array<std::string_view, 4> kOwn{"linear", "relu", "softmax", "log_softmax"};
bool is_own(std::string_view name) { return std::ranges::find(kOwn, name) != kOwn.end(); }

/// The function of two names that Keras has is called by the one that it writes.
std::string written_name(const Node& node) {
  const std::string name = keras_function_name(node);
  return name == "silu" ? "swish" : name;
}

class HActivationLayer final : public HLayer {
 public:
  HActivationLayer(ConfigReader& c, const LayerArguments& arguments) : HLayer(c, arguments) {
    c.known("kq_conf", to_json(QuantizerConfig::kernel_default()));
    if (const Node* const node = c.node("activation", kDoc, "text", "required")) read_function(*node, c, arguments);
    c.resolve("activation", activation_);
  }
  std::string_view kind() const override { return "HActivation"; }
  std::string_view output_function() const override { return activation_; }
  const ops::UnaryFunction* unary_function() const override { return function_.get(); }
  Shape build(std::span<const Shape> inputs, const BuildOptions& options) override {
    expect_inputs(inputs, 1);
    HGQ_CHECK(!activation_.ends_with("softmax") || inputs[0].rank() > 0, ShapeError, where(), ": ", activation_,
              " needs at least one dim, the input has shape ", inputs[0]);
    build_output(inputs[0], options);
    paq_.settle_rounding(true);
    return inputs[0];
  }
  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    Var x = inputs[0].value;
    if (activation_ == "relu") x = ops::relu(x);
    if (activation_ == "softmax") x = ops::softmax(x);
    if (activation_ == "log_softmax") x = ops::log_softmax(x);
    if (function_ != nullptr) x = ops::unary(x, function_);
    return quantize_output(recording, x);
  }
  ExactSignal exact(std::span<const ExactSignal> /*inputs*/, std::vector<ExactBops>& bops) override {
    bops.push_back({name(), 0});
    return exact_output(false);
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) override {
    HGQ_CHECK(why_no_proxy(options).empty(), ConfigError, why_no_proxy(options));
    const QuantizerTypes types = proxy_types(false);
    const Rounding rounding = proxy_rounding(false);
    const Overflow overflow = proxy_overflow(options);
    const std::string& own = builder.layer_name();
    const ProxyRef y = function_ != nullptr
                           ? builder.add_function(own, inputs[0], function_, options.unary_lut_max_table_size,
                                                  QuantizerBehind{types, rounding, overflow})
                           : builder.add_activation(own, inputs[0], activation_);
    return builder.add_quantizer(own + "_quantizer", y, types, rounding, overflow);
  }
  std::string why_no_proxy(const ProxyOptions& options) const override {
    if (activation_ == "log_softmax")
      return concat(where(), ": the function 'log_softmax' cannot be exported: hls4ml has no such activation");
    if (function_ == nullptr || is_known_to_hls4ml() || options.unary_lut_max_table_size > 0) return "";
    return concat(where(), ": the function '", activation_,
                  "' can only be exported as a table; set export.unary_lut_max_table_size "
                  "(--unary-lut-max-table-size), 2048 if Keras is to read the file, too");
  }
  // quantization.md 3.1: softmax gets [0, 1]; sigmoid and tanh are clipped to their ranges.
  void after_trace() override {
    const bool softmax = activation_ == "softmax";
    if (!softmax && activation_ != "sigmoid" && activation_ != "tanh") return;
    const float bottom = activation_ == "tanh" ? -1.0F : 0.0F;
    for (float& v : paq_.record_min.value.values()) v = softmax ? 0.0F : std::max(v, bottom);
    for (float& v : paq_.record_max.value.values()) v = softmax ? 1.0F : std::min(v, 1.0F);
  }

 private:
  bool is_known_to_hls4ml() const {
    const auto& known = ProxyActivation::functions();
    return std::ranges::find(known, activation_) != known.end();
  }
  void read_function(const Node& node, ConfigReader& c, const LayerArguments& arguments) {
    activation_ = written_name(node);
    if (arguments.function != nullptr) {
      use(*arguments.function, arguments.function, c);
      return;
    }
    const FunctionTable& table =
        arguments.defaults.functions ? *arguments.defaults.functions : kinds_of(arguments.defaults).activations;
    function_ = table.find(activation_);
    if (function_ != nullptr || is_own(activation_)) return;
    if (node.is_map()) {
      refuse_python(table, c);
    } else if (is_expression(activation_)) {
      read_expression(c);
    } else {
      refuse_name(table, c);
    }
  }
  void use(const ops::UnaryFunction& function, std::shared_ptr<const ops::UnaryFunction> shared, ConfigReader& c) {
    if (function.name.empty() || is_own(function.name) || !(function.value || function.record)) {
      c.error("activation", concat("a function of one's own needs a value, and a name other than ",
                                   join_names(own_names()), "; found the name '", printable(function.name), "'"));
      return;
    }
    function_ = std::move(shared);
  }
  void read_expression(ConfigReader& c) {
    try {
      ops::UnaryFunction formula = parse_expression(activation_);
      activation_ = formula.name;
      function_ = std::make_shared<const ops::UnaryFunction>(std::move(formula));
    } catch (const ConfigError& e) {
      c.error("activation", concat("the formula '", printable(activation_), "': ", e.what()));
    }
  }
  /// A function of a file of Python HGQ.
  void refuse_python(const FunctionTable& table, ConfigReader& c) const {
    if (activation_ == "<lambda>" || activation_.empty()) {
      c.error("activation", concat("layer '", name(),
                                   "' has a lambda, which is Python code and is not read; give its formula: "
                                   "hgq-train import FILE --out MODEL.h5 --function '",
                                   name(), "=FORMULA IN x'"));
      return;
    }
    c.error("activation", concat("unknown function '", printable(activation_), "' of layer '", name(), "'; known are ",
                                 join_names(known_names(table)),
                                 "; else give its formula: hgq-train import FILE --out "
                                 "MODEL.h5 --function '",
                                 printable(activation_), "=FORMULA IN x'"));
  }
  static std::vector<std::string> known_names(const FunctionTable& table) {
    std::vector<std::string> names = table.names();
    for (const std::string& name : own_names()) names.push_back(name);
    std::ranges::sort(names);
    return names;
  }
  void refuse_name(const FunctionTable& table, ConfigReader& c) const {
    const std::vector<std::string> names = known_names(table);
    const std::string hint = did_you_mean(activation_, names);
    c.error("activation", concat("unknown function '", printable(activation_), "'", hint,
                                 hint.empty() ? "; known are " : " Known are ", join_names(names),
                                 "; and formulas in x, such as x*x"));
  }
  static std::vector<std::string> own_names() { return {kOwn.begin(), kOwn.end()}; }

  std::string activation_;
  std::shared_ptr<const ops::UnaryFunction> function_;  // shared with the table it comes from
};

}  // namespace

void register_h_activation(LayerKinds& kinds) {
  kinds.layers.add(
      {.name = "HActivation",
       .doc = "a function of each value, or softmax, and a quantizer. A formula has x, numbers, `pi`, `e`, "
              "`+ - * / ^` (`**` too), comparisons, `&& ||`, `condition ? a : b`, and sin cos tan asin acos atan sinh "
              "cosh tanh "
              "exp expm1 log (natural) log1p log2 log10 sqrt abs sign floor erf sigmoid relu pow min max; write it in "
              "quotes",
       .make = layer_of<HActivationLayer>});
}

}  // namespace hgq
