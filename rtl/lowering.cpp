#include "hgq/rtl/lowering.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "hgq/core/error.h"
#include "hgq/proxy/masked.h"
#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/demand.h"
#include "hgq/rtl/function_table.h"
#include "hgq/rtl/product.h"
#include "hgq/rtl/quantize.h"
#include "hgq/rtl/quotient.h"

namespace hgq::rtl {
namespace {

using Scalar = std::function<double(double)>;

/// An element of a layer's output while the circuit is built: a feature; a function or a quotient of one, which is
/// built as soon as it is known how its values are used; or an element of an input of the proxy, which a quantizer will
/// read.
struct Value {
  Feature feature{};
  const Scalar* function = nullptr;
  std::optional<Quotient> quotient{};
  std::optional<MoveSource> input{};
};

constexpr const char* kUnknown =
    ": its plan does not say what it computes, so there is no circuit for it; expected ProxyPlan::operation to be set";
constexpr const char* kSoftmax = ": is a softmax, for which there is no circuit";

std::string place_of(const ProxyLayer& layer) {
  return concat("layer '", layer.name(), "' (", layer.class_name(), ")");
}

/// The softmax that makes an output, alone or with a quantizer after it; layers that move elements would move those of
/// its input as well.
std::optional<int> softmax_of(const ProxyModel& model, std::span<const ProxyPlan> plans, int output) {
  int layer = output;
  const auto operation = [&]() -> const ProxyOperation& { return plans[static_cast<size_t>(layer)].operation; };
  if (std::holds_alternative<QuantizeOperation>(operation()))
    layer = model.layers()[static_cast<size_t>(layer)].parents[0];
  return std::holds_alternative<SoftmaxOperation>(operation()) ? std::optional(layer) : std::nullopt;
}

class Lowering {
 public:
  Lowering(const ProxyModel& model, const LoweringOptions& options, Workers& workers)
      : model_(model),
        options_(options),
        workers_(workers),
        builder_(model.name()),
        divider_(builder_, options.solver, workers),
        plans_(plan_layers(model)) {
    mask_unread(model, plans_);
    demands_ = demands(model, plans_);
    quantizers_ = input_quantizers(model, plans_, demands_);
    readers_.resize(plans_.size());
    for (size_t i = 0; i < plans_.size(); ++i) {
      for (const int parent : model.layers()[i].parents) readers_[static_cast<size_t>(parent)].push_back(i);
    }
  }

  Lowered run() {
    for (size_t layer = 0; layer < plans_.size(); ++layer) {
      layer_ = layer;
      builder_.begin_layer(this->layer().name());
      values_.emplace_back();
      values_.back() = lower_layer();
    }
    std::vector<Port> outputs;
    for (const int output : model_.outputs()) {
      const bool is_index = outputs.size() < options_.argmax.size() && options_.argmax[outputs.size()];
      layer_ = static_cast<size_t>(output);
      const std::string& name = layer().name();
      builder_.begin_layer(name);
      Port port{.name = name, .shape = plans_[layer_].out.shape};
      for (const Value& value : values_[layer_]) port.features.push_back(resolved(value));
      outputs.push_back(is_index ? index_of_largest(port) : std::move(port));
    }
    Circuit circuit = trimmed(std::move(builder_).take(std::move(ports_), std::move(outputs)));
    check_circuit(circuit);
    return {std::move(circuit), std::move(quantizers_), options_.argmax, std::move(solved_)};
  }

 private:
  /// For each place of a port, the index of the largest value along the last dimension; the first, if there are
  /// several.
  Port index_of_largest(const Port& port) {
    const auto count = static_cast<size_t>(port.shape[-1]);
    Port indices{.name = port.name, .shape = port.shape};
    indices.shape.set(-1, 1);
    for (size_t e = 0; e < port.features.size(); e += count)
      indices.features.push_back(argmax(builder_, std::span(port.features).subspan(e, count)));
    return indices;
  }

  const ProxyLayer& layer() const { return model_.layer(static_cast<int>(layer_)); }
  std::string where() const { return place_of(layer()); }
  const std::vector<Value>& input(size_t index) const {
    return values_[static_cast<size_t>(model_.layers()[layer_].parents[index])];
  }
  bool is_needed(size_t element) const { return demands_[layer_][element] != kNoDemand; }

  std::vector<Value> lower_layer() {
    const size_t elements = static_cast<size_t>(plans_[layer_].out.shape.size());
    const auto in = std::ranges::find(model_.inputs(), static_cast<int>(layer_));
    if (in != model_.inputs().end()) {
      std::vector<Value> values(elements);
      for (size_t e = 0; e < elements; ++e)
        values[e].input = MoveSource{static_cast<int>(in - model_.inputs().begin()), static_cast<int64_t>(e)};
      return values;
    }
    const bool is_read = std::ranges::any_of(demands_[layer_], [](int demand) { return demand != kNoDemand; });
    if (!is_read) return std::vector<Value>(elements);
    return std::visit([&](const auto& operation) { return values_of(operation); }, plans_[layer_].operation);
  }

  /// The value as a number: functions and quotients with all their bits.
  Feature resolved(const Value& value) {
    HGQ_CHECK(
        !value.input, ConfigError, where(),
        ": reads an input of the model that is not quantized, and a circuit has only fixed-point numbers; expected "
        "a quantizer before it");
    if (value.quotient) return divider_.whole(value.feature, *value.quotient, where());
    return value.function == nullptr ? value.feature
                                     : whole_function(builder_, value.feature, *value.function, where());
  }
  std::vector<Feature> features(size_t index) {
    std::vector<Feature> out;
    for (const Value& value : input(index)) out.push_back(resolved(value));
    return out;
  }
  static std::vector<Value> to_values(const std::vector<Feature>& features) {
    std::vector<Value> values;
    for (const Feature& feature : features) values.push_back({.feature = feature});
    return values;
  }

  std::vector<Value> values_of(const std::monostate& /*unknown*/) { throw ConfigError(where() + kUnknown); }

  std::vector<Value> values_of(const SoftmaxOperation& /*softmax*/) { throw ConfigError(where() + kSoftmax); }

  std::vector<Value> values_of(const MoveOperation& move) {
    std::vector<Value> values;
    for (const MoveSource& source : move.sources)
      values.push_back(
          source.input < 0 ? Value{} : input(static_cast<size_t>(source.input))[static_cast<size_t>(source.element)]);
    return values;
  }

  std::vector<Value> values_of(const ReluOperation& /*relu*/) {
    std::vector<Value> values;
    for (size_t e = 0; e < input(0).size(); ++e) {
      const Value& x = input(0)[e];
      if (!is_needed(e)) {
        values.emplace_back();
      } else if (x.quotient) {
        values.push_back({.feature = relu(builder_, x.feature), .quotient = x.quotient});
      } else {
        values.push_back({.feature = relu(builder_, resolved(x))});
      }
    }
    return values;
  }

  std::vector<Value> values_of(const SumOperation& /*sum*/) {
    std::vector<Value> values;
    for (size_t e = 0; e < input(0).size(); ++e) {
      std::vector<Feature> parts;
      for (size_t i = 0; is_needed(e) && i < model_.layers()[layer_].parents.size(); ++i)
        parts.push_back(resolved(input(i)[e]));
      values.push_back({.feature = sum(builder_, parts)});
    }
    check_size();
    return values;
  }

  std::vector<Value> values_of(const ScalarOperation& scalar) {
    std::vector<Value> values;
    for (size_t e = 0; e < input(0).size(); ++e) {
      if (is_needed(e)) {
        values.push_back({.feature = resolved(input(0)[e]), .function = &scalar.function});
      } else {
        values.emplace_back();
      }
    }
    return values;
  }

  std::vector<Value> values_of(const WindowOperation& window) {
    const std::vector<Feature> in = features(0);
    std::vector<Value> values;
    size_t begin = 0;
    for (size_t e = 0; e < window.ends.size(); ++e) {
      std::vector<Feature> read;
      for (; begin < window.ends[e]; ++begin) read.push_back(in[static_cast<size_t>(window.from[begin])]);
      if (!is_needed(e)) {
        values.emplace_back();
      } else if (window.average) {
        values.push_back(
            {.feature = sum(builder_, read), .quotient = Quotient{std::ssize(read), plans_[layer_].out.fraction[e]}});
      } else {
        values.push_back({.feature = largest(builder_, read)});
      }
    }
    check_size();
    return values;
  }

  std::vector<Value> values_of(const QuantizeOperation& q) {
    const std::vector<Value>& in = input(0);
    const auto parent = static_cast<size_t>(model_.layers()[layer_].parents[0]);
    if (std::ranges::any_of(in, [](const Value& v) { return v.input.has_value(); })) return input_port();
    std::vector<Value> values;
    for (size_t e = 0; e < in.size(); ++e) {
      if (!is_needed(e)) {
        values.emplace_back();
      } else if (in[e].function != nullptr) {
        values.push_back(
            {.feature = quantized_function(builder_, in[e].feature, *in[e].function, q.types[e], q, where())});
      } else if (in[e].quotient) {
        values.push_back({.feature = divider_.quantized(in[e].feature, *in[e].quotient, q.types[e], q, where())});
      } else {
        // The half is added with the bias of the layer before.
        const Rounding rounding = is_folded(parent, e) ? Rounding::kTrn : q.rounding;
        values.push_back({.feature = quantized(builder_, resolved(in[e]), q.types[e], rounding, q.overflow)});
      }
    }
    check_size();
    return values;
  }

  /// A port for what this quantizer gives; what it reads is outside.
  std::vector<Value> input_port() {
    const InputQuantizer& quantizer = quantizers_.at(ports_.size());
    Port port{.name = quantizer.port, .shape = quantizer.shape};
    std::vector<Value> values;
    for (size_t e = 0; e < quantizer.sources.size(); ++e) {
      const Kbi& type = quantizer.operation.types[e];
      Feature feature;
      if (quantizer.needed[e]) feature = {builder_.input(type.b, type.k != 0), -type.fraction()};
      port.features.push_back(feature);
      values.push_back({.feature = feature});
    }
    ports_.push_back(std::move(port));
    return values;
  }

  std::vector<Value> values_of(const ProductOperation& product) {
    builder_.begin_layer(layer().name());
    const std::vector<Feature> in = features(0);
    SolvedLayer solved{.layer = layer().name()};
    folded_[layer_] = cuts_of(product);
    const ProductProblem problem{product, in, demands_[layer_], folded_[layer_], where()};
    SolverOptions solver = options_.solver;
    if (options_.progress) solver.progress = [this](double share) { options_.progress(progress(share)); };
    std::vector<Value> values = to_values(product_circuit(builder_, problem, solver, workers_, solved));
    solved_.push_back(std::move(solved));
    check_size();
    return values;
  }

  LoweringProgress progress(double share) const {
    const auto products = std::ranges::count_if(
        plans_, [](const ProxyPlan& plan) { return std::holds_alternative<ProductOperation>(plan.operation); });
    return {layer().name(), solved_.size() + 1, static_cast<size_t>(products), share};
  }

  /// What the quantizer after a product, if it is all that reads it, allows: bits below those that it keeps are
  /// dropped, and what it adds for rounding joins the bias.
  std::vector<OutputCut> cuts_of(const ProductOperation& product) const {
    const bool is_output = std::ranges::find(model_.outputs(), static_cast<int>(layer_)) != model_.outputs().end();
    if (is_output || readers_[layer_].size() != 1) return {};
    const auto* const q = std::get_if<QuantizeOperation>(&plans_[readers_[layer_].front()].operation);
    if (q == nullptr || (q->rounding != Rounding::kTrn && q->rounding != Rounding::kRnd)) return {};
    std::vector<OutputCut> cuts;
    for (const Kbi& type : q->types) {
      const int cut = -type.fraction();
      cuts.push_back({true, cut, q->rounding == Rounding::kRnd ? std::ldexp(1.0, cut - 1) : 0});
    }
    // All positions share the bias.
    const auto units = static_cast<size_t>(product.units);
    if (q->rounding == Rounding::kRnd) {
      for (size_t j = 0; j < units; ++j) {
        std::optional<double> half;
        for (size_t e = j; e < cuts.size(); e += units) {
          if (!is_needed(e)) continue;
          if (half && *half != cuts[e].constant) return {};
          half = cuts[e].constant;
        }
      }
    }
    return cuts;
  }
  bool is_folded(size_t parent, size_t element) const {
    const auto found = folded_.find(parent);
    return found != folded_.end() && !found->second.empty() && found->second[element].constant != 0;
  }

  void check_size() {
    int64_t bits = 0;
    for (; counted_ < builder_.size(); ++counted_) {
      const Node& node = builder_.node(static_cast<int32_t>(counted_));
      if (node.kind == NodeKind::kAdd || node.kind == NodeKind::kLess) bits += node.bits;
    }
    adder_bits_ += bits;
    HGQ_CHECK(adder_bits_ <= options_.most_adder_bits, ConfigError, where(), ": needs about ", bits,
              " adder bits, all layers up to it ", adder_bits_,
              ", as every position has a circuit of its own; expected at "
              "most ",
              options_.most_adder_bits,
              ", about as many LUTs as the largest FPGAs have. Fewer positions (larger "
              "strides, or pooling before it), fewer filters or fewer bits would fit");
  }

  const ProxyModel& model_;
  const LoweringOptions& options_;
  Workers& workers_;
  CircuitBuilder builder_;
  Divider divider_;
  std::vector<ProxyPlan> plans_;
  std::vector<std::vector<int>> demands_;
  std::vector<std::vector<size_t>> readers_;
  std::vector<std::vector<Value>> values_;           // of each layer
  std::map<size_t, std::vector<OutputCut>> folded_;  // of each product
  std::vector<Port> ports_;
  std::vector<InputQuantizer> quantizers_;
  std::vector<SolvedLayer> solved_;
  size_t layer_ = 0;
  size_t counted_ = 0;
  int64_t adder_bits_ = 0;
};

}  // namespace

std::vector<PortValues> Lowered::input_values(std::span<const ConstTensorView> inputs) const {
  std::vector<PortValues> out;
  for (const InputQuantizer& quantizer : quantizers) out.push_back(quantizer.values(inputs));
  return out;
}

Lowered lower(const ProxyModel& model, const LoweringOptions& options, Workers& workers) {
  return Lowering(model, options, workers).run();
}

std::vector<LayerWithoutCircuit> layers_without_circuit(const ProxyModel& model) {
  const std::vector<ProxyPlan> plans = plan_layers(model);
  const std::vector<std::vector<int>> wanted = demands(model, plans);
  std::vector<int> at_outputs;
  for (const int output : model.outputs()) at_outputs.push_back(softmax_of(model, plans, output).value_or(-1));
  std::vector<LayerWithoutCircuit> found;
  for (size_t i = 0; i < plans.size(); ++i) {
    const auto layer = static_cast<int>(i);
    const bool is_input = std::ranges::find(model.inputs(), layer) != model.inputs().end();
    const bool is_read = std::ranges::any_of(wanted[i], [](int demand) { return demand != kNoDemand; });
    if (is_input || !is_read) continue;
    const std::string place = place_of(model.layer(layer));
    if (std::holds_alternative<SoftmaxOperation>(plans[i].operation)) {
      found.push_back({place + kSoftmax, std::ranges::find(at_outputs, layer) != at_outputs.end()});
    } else if (std::holds_alternative<std::monostate>(plans[i].operation)) {
      found.push_back({place + kUnknown, false});
    }
  }
  return found;
}

LogitOutputs with_logits(ProxyModel model, std::vector<std::string>& notes, bool is_index) {
  const std::vector<ProxyPlan> plans = plan_layers(model);
  std::vector<int> outputs;
  std::vector<bool> had_softmax;
  for (int output : model.outputs()) {
    const std::string name = concat("output '", model.layer(output).name(), "' ");
    const std::optional<int> softmax = softmax_of(model, plans, output);
    had_softmax.push_back(softmax.has_value());
    if (softmax) output = model.layers()[static_cast<size_t>(*softmax)].parents[0];
    outputs.push_back(output);
    if (!softmax && is_index) notes.push_back(name + "has no softmax, and keeps its values");
    if (!softmax) continue;
    notes.push_back(concat(name, "has the ", is_index ? "index of the largest value" : "values",
                           " before the softmax of layer '", model.layer(*softmax).name(), "', and is called '",
                           model.layer(output).name(), "'"));
  }
  return {std::move(model).with_outputs(std::move(outputs)), std::move(had_softmax)};
}

std::vector<float> to_floats(const Port& port, const PortValues& values) {
  std::vector<float> out;
  for (size_t i = 0; i < values.size(); ++i)
    out.push_back(to_float(values[i], -port.features[i % port.features.size()].exponent));
  return out;
}

}  // namespace hgq::rtl
