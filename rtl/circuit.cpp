#include "hgq/rtl/circuit.h"

#include <algorithm>
#include <map>
#include <utility>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

/// Bits of an operand from its lowest to its highest, at the scale of the sum.
int top_of(const Circuit& circuit, const Operand& operand) {
  return top_bit(circuit.node(operand.node).range) + operand.shift;
}

bool is_nothing_but_bits(const Circuit& circuit, const Operand& operand) {
  return !operand.negative && !circuit.node(operand.node).is_signed();
}

/// How many operands are at least needed below a bit for its carry to be other than 0: a chain begins where two
/// operands have bits, or one that is subtracted.
int begin_of(const Circuit& circuit, const Node& sum) {
  const std::span<const Operand> operands = sum.reads();
  if (operands.size() == 2) {
    const Operand& a = operands[0];
    const Operand& b = operands[1];
    if (a.negative || b.negative) return a.negative ? a.shift : b.shift;
    const bool apart = (is_nothing_but_bits(circuit, a) && top_of(circuit, a) <= b.shift) ||
                       (is_nothing_but_bits(circuit, b) && top_of(circuit, b) <= a.shift);
    return apart ? sum.bits : std::max(a.shift, b.shift);
  }
  // Of three, the one that begins lowest is passed on up to where another begins.
  const auto lowest =
      std::ranges::min_element(operands, {}, [](const Operand& o) { return std::pair(o.shift, o.negative); });
  if (lowest->negative) return lowest->shift;
  int begin = sum.bits;
  for (const Operand& operand : operands) {
    if (&operand != &*lowest) begin = std::min(begin, operand.shift);
  }
  return begin;
}

void require(bool holds, std::string_view what, size_t index) {
  HGQ_CHECK(holds, Error, "circuit: node ", index, ": ", what);
}

void check_node(const Circuit& circuit, size_t index) {
  const Node& node = circuit.nodes[index];
  require(node.range.low <= node.range.high, "its range is empty", index);
  require(node.bits >= 0 && node.bits <= top_bit(node.range), "its wire is wider than its range", index);
  require(node.layer >= 0 && static_cast<size_t>(node.layer) < circuit.layers.size(), "it has no layer", index);
  int least_shift = node.operand_count > 0 ? node.operands[0].shift : 0;
  int positive = 0;
  for (const Operand& operand : node.reads()) {
    require(operand.node >= 0 && static_cast<size_t>(operand.node) < index, "it reads a later node", index);
    require(operand.shift >= 0, "it reads with a negative shift", index);
    require(!operand.negative || node.kind == NodeKind::kAdd, "it reads a negative operand", index);
    least_shift = std::min(least_shift, operand.shift);
    positive += operand.negative ? 0 : 1;
  }
  static const std::map<NodeKind, std::pair<int, int>> kOperands{
      {NodeKind::kInput, {0, 0}},   {NodeKind::kConstant, {0, 0}}, {NodeKind::kAdd, {2, 3}},
      {NodeKind::kSlice, {1, 1}},   {NodeKind::kMux, {3, 3}},      {NodeKind::kAny, {1, 1}},
      {NodeKind::kAll, {1, 1}},     {NodeKind::kAnd, {2, 2}},      {NodeKind::kOr, {2, 2}},
      {NodeKind::kNot, {1, 1}},     {NodeKind::kLess, {2, 2}},     {NodeKind::kTable, {1, 1}},
      {NodeKind::kRegister, {1, 1}}};
  const auto [fewest, most] = kOperands.at(node.kind);
  require(node.operand_count >= fewest && node.operand_count <= most, "it has another number of operands", index);
  if (node.kind == NodeKind::kAdd) {
    require(least_shift == 0 && positive > 0, "a sum is not in its normal form", index);
  } else if (node.kind == NodeKind::kMux) {
    require(node.operands[0].shift == 0 && circuit.node(node.operands[0].node).bits == 1,
            "its condition has not one bit", index);
  } else if (node.kind == NodeKind::kTable) {
    require(node.table >= 0 && static_cast<size_t>(node.table) < circuit.tables.size(), "it has no table", index);
    require(circuit.tables[static_cast<size_t>(node.table)].entries.size() ==
                size_t{1} << static_cast<unsigned>(circuit.node(node.operands[0].node).bits),
            "its table has another size than its index", index);
  } else if (node.kind != NodeKind::kLess) {
    for (const Operand& operand : node.reads()) require(operand.shift == 0, "it reads a shifted operand", index);
  }
}

}  // namespace

int chain_begin(const Circuit& circuit, const Node& sum) { return std::min(begin_of(circuit, sum), sum.bits); }

int chain_bits(const Circuit& circuit, const Node& sum) { return sum.bits - chain_begin(circuit, sum); }

int bits_read(const Node& operand, int shift, int bits) { return std::clamp(bits - shift, 0, top_bit(operand.range)); }

void check_circuit(const Circuit& circuit) {
  for (size_t i = 0; i < circuit.nodes.size(); ++i) check_node(circuit, i);
  for (const std::vector<Port>* const ports : {&circuit.inputs, &circuit.outputs}) {
    for (const Port& port : *ports) {
      HGQ_CHECK(std::ssize(port.features) == port.shape.size(), Error, "circuit: port '", port.name, "' has ",
                port.features.size(), " features, its shape is ", port.shape);
      for (const Feature& feature : port.features) {
        HGQ_CHECK(feature.node < std::ssize(circuit.nodes), Error, "circuit: port '", port.name,
                  "' has a node that is not there");
      }
    }
  }
}

namespace {

/// The bits of each node that are read, from bit 0; -1 for a node that is not read.
std::vector<int> needed_bits(const Circuit& circuit) {
  std::vector<int> needed(circuit.nodes.size(), -1);
  const auto read = [&](const Operand& operand, int bits) {
    int& most = needed[static_cast<size_t>(operand.node)];
    most = std::max(most, bits_read(circuit.node(operand.node), operand.shift, bits));
  };
  constexpr int kAll = 1 << 20;
  for (const Port& port : circuit.outputs) {
    for (const Feature& feature : port.features) {
      if (feature.node >= 0) read({feature.node, 0, false}, kAll);
    }
  }
  for (size_t i = circuit.nodes.size(); i-- > 0;) {
    const Node& node = circuit.nodes[i];
    if (needed[i] < 0) continue;
    for (const Operand& operand : node.reads()) {
      switch (node.kind) {
        case NodeKind::kAdd:
        case NodeKind::kNot:
        case NodeKind::kRegister:
          read(operand, needed[i]);
          break;
        case NodeKind::kSlice:
          read(operand, node.low + needed[i]);
          break;
        case NodeKind::kMux:
          read(operand, &operand == node.operands.data() ? kAll : needed[i]);
          break;
        default:  // a single bit, or an entry, depends on all bits
          read(operand, kAll);
      }
    }
  }
  return needed;
}

}  // namespace

Circuit trimmed(const Circuit& circuit) {
  const std::vector<int> needed = needed_bits(circuit);
  Circuit out{.name = circuit.name, .layers = circuit.layers, .latency = circuit.latency};
  std::vector<int32_t> index(circuit.nodes.size(), -1);
  std::vector<int> table(circuit.tables.size(), -1);
  for (size_t i = 0; i < circuit.nodes.size(); ++i) {
    if (needed[i] < 0) continue;
    Node node = circuit.nodes[i];
    // An input's wire is that of its type, as the user sees it.
    if (node.kind != NodeKind::kInput) node.bits = std::min(node.bits, needed[i]);
    for (Operand& operand : node.reads()) operand.node = index[static_cast<size_t>(operand.node)];
    if (node.kind == NodeKind::kTable) {
      int& place = table[static_cast<size_t>(node.table)];
      if (place < 0) {
        place = static_cast<int>(out.tables.size());
        out.tables.push_back(circuit.tables[static_cast<size_t>(node.table)]);
      }
      node.table = place;
    }
    index[i] = static_cast<int32_t>(out.nodes.size());
    out.nodes.push_back(node);
  }
  const auto moved = [&](std::vector<Port> ports) {
    for (Port& port : ports) {
      for (Feature& feature : port.features) {
        if (feature.node >= 0) feature.node = index[static_cast<size_t>(feature.node)];
      }
    }
    return ports;
  };
  out.inputs = moved(circuit.inputs);
  out.outputs = moved(circuit.outputs);
  return out;
}

}  // namespace hgq::rtl
