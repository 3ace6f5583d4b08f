#include "hgq/rtl/hdl_design.h"

#include <unordered_map>

#include "hgq/core/error.h"
#include "hgq/rtl/adder_meaning.h"
#include "hgq/rtl/hdl_layer.h"
#include "hgq/rtl/module_plan.h"

namespace hgq::rtl {
namespace {

/// A feature as its users see it: `signed, -128 .. 127, times 2^-3`.
std::string feature_text(const Circuit& circuit, const Feature& feature) {
  const Node& node = circuit.node(feature.node);
  std::string text = concat(node.is_signed() ? "signed, " : "unsigned, ", range_text(node));
  if (feature.exponent != 0) text += concat(", times 2^", feature.exponent);
  return text;
}

/// Lines that say where in a vector each feature is.
void list_features(const Circuit& circuit, const std::vector<Port>& ports,
                   const std::vector<std::vector<std::string>>& names, const std::string& vector,
                   std::vector<std::string>& lines) {
  int64_t at = 0;
  for (size_t port = 0; port < ports.size(); ++port) {
    for (size_t f = 0; f < ports[port].features.size(); ++f) {
      const Feature& feature = ports[port].features[f];
      if (!has_wire(circuit, feature)) continue;
      const int bits = circuit.node(feature.node).bits;
      lines.push_back(concat("  ", vector, "[", at + bits - 1, ":", at, "]  ", names[port][f], ": ",
                             feature_text(circuit, feature)));
      at += bits;
    }
  }
}

std::string timing_text(const Circuit& circuit, bool clocked) {
  if (!clocked) return "It has no registers: outputs follow inputs.";
  return concat("It takes new inputs at each clock; their outputs are there ", circuit.latency,
                circuit.latency == 1 ? " clock" : " clocks", " later.");
}

HdlModule new_top(const HdlDesign& design, const std::string& name) {
  return {.name = name,
          .clocked = design.clocked,
          .clock_enable = design.clock_enable,
          .reset = design.reset,
          .constants = {{"LATENCY", design.latency}}};
}

Signal vector_port(const std::string& name, int64_t bits, Signal::Role role) {
  return {.name = name, .bits = static_cast<int>(bits), .role = role, .outside = true};
}

class DesignWriter {
 public:
  DesignWriter(const Circuit& circuit, const HdlOptions& options)
      : circuit_(circuit), options_(options), plan_(plan_modules(circuit)) {
    design_.top = plan_.top;
    design_.ports_top = plan_.ports_top;
    design_.input_bits = vector_bits(circuit, circuit.inputs);
    design_.output_bits = vector_bits(circuit, circuit.outputs);
    design_.latency = circuit.latency;
    design_.clocked = is_clocked(circuit);
    design_.clock_enable = design_.clocked && options.clock_enable;
    design_.reset = design_.clocked && options.reset;
  }

  HdlDesign take() && {
    const AdderMeanings meanings(circuit_, plan_.names);
    SharedNames shared;
    shared.reads.assign(circuit_.nodes.size(), 0);
    for (const Node& node : circuit_.nodes) {
      for (const Operand& operand : node.reads()) ++shared.reads[static_cast<size_t>(operand.node)];
    }
    for (const Port& port : circuit_.outputs) {
      for (const Feature& feature : port.features) {
        if (feature.node >= 0) ++shared.reads[static_cast<size_t>(feature.node)];
      }
    }
    for (const LayerModule& layer : plan_.layers) {
      if (!layer.writes.empty())
        design_.modules.push_back(describe_layer(circuit_, plan_, layer, meanings, options_, shared));
    }
    design_.adders = std::move(shared.adders);
    HdlModule top = vector_top();
    HdlModule ports = ports_top(top);
    design_.modules.push_back(std::move(top));
    design_.modules.push_back(std::move(ports));
    return std::move(design_);
  }

 private:
  /// Calls f(port, feature, bits, first bit) for each feature that has bits in a vector.
  template <typename F>
  void each_feature(const std::vector<Port>& ports, F f) const {
    int at = 0;
    for (size_t port = 0; port < ports.size(); ++port) {
      for (size_t i = 0; i < ports[port].features.size(); ++i) {
        const Feature& feature = ports[port].features[i];
        if (!has_wire(circuit_, feature)) continue;
        const int bits = circuit_.node(feature.node).bits;
        f(port, i, bits, at);
        at += bits;
      }
    }
  }

  HdlModule vector_top() {
    HdlModule top = empty_top(design_);
    const int in = design_.input_bits == 0 ? -1 : 0;
    const int out = static_cast<int>(top.signals.size()) - 1;
    top.about = {concat(circuit_name(), ": all inputs in one vector, all outputs in another."),
                 timing_text(circuit_, design_.clocked)};
    list_features(circuit_, circuit_.inputs, plan_.input_names, "model_inp", top.about);
    list_features(circuit_, circuit_.outputs, plan_.output_names, "model_out", top.about);

    std::unordered_map<int32_t, int> signals;  // of nodes
    each_feature(circuit_.inputs, [&](size_t port, size_t f, int bits, int at) {
      const int signal = top.add({.name = plan_.input_names[port][f], .bits = bits});
      signals[circuit_.inputs[port].features[f].node] = signal;
      top.items.emplace_back(Statement{.signal = signal, .operands = {{Piece{.signal = in, .low = at, .bits = bits}}}});
    });
    for (const LayerModule& layer : plan_.layers) {
      for (const int32_t node : layer.writes)
        signals[node] = top.add({.name = plan_.names[static_cast<size_t>(node)], .bits = circuit_.node(node).bits});
    }
    for (const LayerModule& layer : plan_.layers) {
      if (layer.writes.empty()) continue;
      Instance instance{.module = layer.name, .label = layer.label, .clocked = layer.clocked};
      for (const std::vector<int32_t>* const nodes : {&layer.reads, &layer.writes}) {
        for (const int32_t node : *nodes)
          instance.connections.emplace_back(plan_.names[static_cast<size_t>(node)], top.whole(signals.at(node)));
      }
      top.items.emplace_back(std::move(instance));
    }
    each_feature(circuit_.outputs, [&](size_t port, size_t f, int bits, int at) {
      const int32_t index = circuit_.outputs[port].features[f].node;
      const Node& node = circuit_.node(index);
      Statement statement{.signal = out, .low = at, .bits = bits, .comment = plan_.output_names[port][f]};
      if (node.kind == NodeKind::kConstant) {
        const uint64_t mask = (uint64_t{1} << static_cast<unsigned>(bits)) - 1;
        statement.operands = {{Piece{.bits = bits, .number = static_cast<uint64_t>(node.range.low) & mask}}};
      } else {
        statement.operands = {{top.whole(signals.at(index))}};
      }
      top.items.emplace_back(std::move(statement));
    });
    return top;
  }

  HdlModule ports_top(const HdlModule& inner) {
    HdlModule top = new_top(design_, plan_.ports_top);
    top.about = {concat(circuit_name(), ": a port for each feature that has bits."),
                 timing_text(circuit_, design_.clocked)};
    const auto add_ports = [&](const std::vector<Port>& ports, const std::vector<std::vector<std::string>>& names,
                               Signal::Role role) {
      std::vector<int> signals;
      each_feature(ports, [&](size_t port, size_t f, int bits, int) {
        signals.push_back(top.add({.name = names[port][f],
                                   .bits = bits,
                                   .role = role,
                                   .outside = true,
                                   .comment = feature_text(circuit_, ports[port].features[f])}));
      });
      return signals;
    };
    const std::vector<int> inputs = add_ports(circuit_.inputs, plan_.input_names, Signal::Role::kInput);
    const std::vector<int> outputs = add_ports(circuit_.outputs, plan_.output_names, Signal::Role::kOutput);
    Instance instance{.module = inner.name, .label = plan_.pool.take("u_vectors"), .clocked = design_.clocked};
    if (!inputs.empty()) {
      const int vector = top.add(vector_port("model_inp", design_.input_bits, Signal::Role::kInternal));
      int at = 0;
      for (const int signal : inputs) {
        const int bits = top.signal(signal).bits;
        top.items.emplace_back(Statement{.signal = vector, .low = at, .bits = bits, .operands = {{top.whole(signal)}}});
        at += bits;
      }
      instance.connections.emplace_back("model_inp", top.whole(vector));
    }
    const int vector = top.add(vector_port("model_out", design_.output_bits, Signal::Role::kInternal));
    instance.connections.emplace_back("model_out", top.whole(vector));
    top.items.emplace_back(std::move(instance));
    int at = 0;
    for (const int signal : outputs) {
      const int bits = top.signal(signal).bits;
      top.items.emplace_back(
          Statement{.signal = signal, .operands = {{Piece{.signal = vector, .low = at, .bits = bits}}}});
      at += bits;
    }
    return top;
  }

  std::string circuit_name() const { return identifier_of(circuit_.name); }

  const Circuit& circuit_;
  const HdlOptions& options_;
  ModulePlan plan_;
  HdlDesign design_;
};

}  // namespace

HdlModule empty_top(const HdlDesign& design) {
  HdlModule top = new_top(design, design.top);
  if (design.input_bits > 0) top.add(vector_port("model_inp", design.input_bits, Signal::Role::kInput));
  top.add(vector_port("model_out", design.output_bits, Signal::Role::kOutput));
  return top;
}

HdlDesign describe_design(const Circuit& circuit, const HdlOptions& options) {
  return DesignWriter(circuit, options).take();
}

}  // namespace hgq::rtl
