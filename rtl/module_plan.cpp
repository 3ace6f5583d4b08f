#include "hgq/rtl/module_plan.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

// Of a name that is not ours.
constexpr size_t kMostCharacters = 40;

std::string_view name_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::kInput:
      return "inp";
    case NodeKind::kConstant:
      return "constant";
    case NodeKind::kAdd:
      return "add";
    case NodeKind::kSlice:
      return "bits";
    case NodeKind::kMux:
      return "mux";
    case NodeKind::kAny:
      return "any";
    case NodeKind::kAll:
      return "all";
    case NodeKind::kAnd:
      return "and";
    case NodeKind::kOr:
      return "or";
    case NodeKind::kNot:
      return "not";
    case NodeKind::kLess:
      return "less";
    case NodeKind::kTable:
      return "table";
    case NodeKind::kRegister:
      return "reg";
  }
  throw Error("circuit: a node of an unknown kind");
}

/// True for nodes that stand in a module of a layer.
bool is_in_layer(const Node& node) {
  return node.bits > 0 && node.kind != NodeKind::kInput && node.kind != NodeKind::kConstant;
}

/// `inp_x` for an input x, and for one that is called so already.
std::string prefixed(const std::string& prefix, const std::string& name) {
  const std::string given = identifier_of(name, kMostCharacters);
  return given.starts_with(prefix) ? given : concat(prefix, "_", given);
}

std::vector<std::vector<std::string>> port_names(const Circuit& circuit, const std::vector<Port>& ports,
                                                 const std::string& prefix, NamePool& pool) {
  std::vector<std::vector<std::string>> names;
  for (const Port& port : ports) {
    std::vector<std::string>& features = names.emplace_back();
    const std::string name = prefixed(prefix, port.name);
    for (size_t f = 0; f < port.features.size(); ++f)
      features.push_back(has_wire(circuit, port.features[f]) ? pool.take(concat(name, "_", f)) : "");
  }
  return names;
}

void check_ports(const Circuit& circuit) {
  HGQ_CHECK(vector_bits(circuit, circuit.outputs) > 0, ConfigError, "circuit '", circuit.name,
            "': no output has a bit that is not always 0; there is nothing to build");
  std::vector<bool> driven(circuit.nodes.size(), false);
  for (const Port& port : circuit.inputs) {
    for (const Feature& feature : port.features) {
      if (feature.node < 0) continue;
      const bool is_input = circuit.node(feature.node).kind == NodeKind::kInput;
      HGQ_CHECK(is_input && !driven[static_cast<size_t>(feature.node)], Error, "circuit: features of input '",
                port.name, "' have not one input node each");
      driven[static_cast<size_t>(feature.node)] = true;
    }
  }
  for (size_t i = 0; i < circuit.nodes.size(); ++i) {
    HGQ_CHECK(circuit.nodes[i].kind != NodeKind::kInput || driven[i], Error, "circuit: input node ", i,
              " belongs to no port");
  }
}

/// For each layer the nodes, and what they read and write.
void connect(const Circuit& circuit, std::vector<LayerModule>& modules) {
  std::vector<bool> is_written(circuit.nodes.size(), false);
  const auto has_name = [&](int32_t node) {
    return circuit.node(node).bits > 0 && circuit.node(node).kind != NodeKind::kConstant;
  };
  for (LayerModule& module : modules) {
    for (const int32_t index : module.nodes) {
      const Node& node = circuit.node(index);
      module.clocked = module.clocked || node.kind == NodeKind::kRegister;
      for (const Operand& operand : node.reads()) {
        const Node& source = circuit.node(operand.node);
        const bool is_own = is_in_layer(source) && source.layer == node.layer;
        if (has_name(operand.node) && !is_own) module.reads.push_back(operand.node);
      }
    }
    std::ranges::sort(module.reads);
    module.reads.erase(std::unique(module.reads.begin(), module.reads.end()), module.reads.end());
    for (const int32_t node : module.reads) is_written[static_cast<size_t>(node)] = true;
  }
  for (const Port& port : circuit.outputs) {
    for (const Feature& feature : port.features) {
      if (has_wire(circuit, feature)) is_written[static_cast<size_t>(feature.node)] = true;
    }
  }
  for (LayerModule& module : modules) {
    for (const int32_t node : module.nodes) {
      if (is_written[static_cast<size_t>(node)]) module.writes.push_back(node);
    }
  }
}

}  // namespace

bool has_wire(const Circuit& circuit, const Feature& feature) {
  return feature.node >= 0 && circuit.node(feature.node).bits > 0;
}

int64_t vector_bits(const Circuit& circuit, const std::vector<Port>& ports) {
  int64_t bits = 0;
  for (const Port& port : ports) {
    for (const Feature& feature : port.features) bits += feature.node < 0 ? 0 : circuit.node(feature.node).bits;
  }
  return bits;
}

bool is_clocked(const Circuit& circuit) {
  return std::ranges::any_of(circuit.nodes,
                             [](const Node& node) { return node.kind == NodeKind::kRegister && node.bits > 0; });
}

ModulePlan plan_modules(const Circuit& circuit) {
  check_ports(circuit);
  ModulePlan plan;
  NamePool& pool = plan.pool;
  for (const char* const name : {"clk", "ce", "rst", "model_inp", "model_out", "LATENCY"}) pool.take(name);
  plan.top = pool.take(identifier_of(circuit.name, kMostCharacters));
  plan.ports_top = pool.take(concat(plan.top, "_ports"));
  pool.take(concat(plan.top, "_tb"));  // of the test bench
  plan.input_names = port_names(circuit, circuit.inputs, "inp", pool);
  plan.output_names = port_names(circuit, circuit.outputs, "out", pool);

  // Layers keep their order and have different names, which those of their nodes begin with.
  std::vector<int> module_of(circuit.layers.size(), -1);
  std::vector<std::string> layer_names(circuit.layers.size());
  for (const Node& node : circuit.nodes) {
    if (is_in_layer(node)) module_of[static_cast<size_t>(node.layer)] = 0;
  }
  for (size_t layer = 0; layer < circuit.layers.size(); ++layer) {
    if (module_of[layer] < 0) continue;
    module_of[layer] = static_cast<int>(plan.layers.size());
    layer_names[layer] = pool.take(identifier_of(circuit.layers[layer], kMostCharacters));
    plan.layers.push_back({.name = pool.take(concat(plan.top, "_", layer_names[layer])),
                           .label = pool.take(concat("u_", layer_names[layer])),
                           .layer = static_cast<int>(layer)});
  }

  plan.names.resize(circuit.nodes.size());
  for (size_t port = 0; port < circuit.inputs.size(); ++port) {
    for (size_t f = 0; f < circuit.inputs[port].features.size(); ++f) {
      const int32_t node = circuit.inputs[port].features[f].node;
      if (node >= 0) plan.names[static_cast<size_t>(node)] = plan.input_names[port][f];
    }
  }
  std::map<std::pair<int, NodeKind>, int> counts;
  for (size_t i = 0; i < circuit.nodes.size(); ++i) {
    const Node& node = circuit.nodes[i];
    if (!is_in_layer(node)) continue;
    const int count = counts[{node.layer, node.kind}]++;
    plan.names[i] =
        pool.take(concat(layer_names[static_cast<size_t>(node.layer)], "_", name_of(node.kind), "_", count));
    plan.layers[static_cast<size_t>(module_of[static_cast<size_t>(node.layer)])].nodes.push_back(
        static_cast<int32_t>(i));
  }
  connect(circuit, plan.layers);
  return plan;
}

}  // namespace hgq::rtl
