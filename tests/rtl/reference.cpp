#include "reference.h"

#include "hgq/core/error.h"
#include "hgq/rtl/module_plan.h"

namespace hgq::rtl {
namespace {

std::string number(int64_t value) { return value < 0 ? concat("(-64'sd", -value, ")") : concat("64'sd", value); }

std::string value_of(const Circuit& circuit, const Operand& operand) {
  const Node& node = circuit.node(operand.node);
  HGQ_CHECK(node.kind == NodeKind::kInput || node.kind == NodeKind::kConstant, Error,
            "the reference is for single nodes");
  const std::string value = node.kind == NodeKind::kConstant ? number(node.range.low) : concat("v", operand.node);
  return concat(operand.negative ? "-" : "", "(", value, " <<< ", operand.shift, ")");
}

std::string expression_of(const Circuit& circuit, const Node& node) {
  const auto operand = [&](size_t i) { return value_of(circuit, node.operands[i]); };
  switch (node.kind) {
    case NodeKind::kAdd: {
      std::string sum = "64'sd0";
      for (size_t i = 0; i < node.operand_count; ++i) sum += concat(" + (", operand(i), ")");
      return sum;
    }
    case NodeKind::kSlice:
      return concat(operand(0), " >>> ", node.low);
    case NodeKind::kMux:
      return concat(operand(0), " != 64'sd0 ? ", operand(1), " : ", operand(2));
    case NodeKind::kAny:
      return concat(operand(0), " != 64'sd0");
    case NodeKind::kAll: {
      const Node& source = circuit.node(node.operands[0].node);
      return concat(operand(0), " == ", number(source.is_signed() ? -1 : (int64_t{1} << source.bits) - 1));
    }
    case NodeKind::kAnd:
      return concat(operand(0), " & ", operand(1));
    case NodeKind::kOr:
      return concat(operand(0), " | ", operand(1));
    case NodeKind::kNot:
      return concat("64'sd", (int64_t{1} << node.bits) - 1, " - ", operand(0));
    case NodeKind::kLess:
      return concat(operand(0), " < ", operand(1));
    case NodeKind::kTable: {
      std::string entries;
      for (const int64_t entry : circuit.tables[static_cast<size_t>(node.table)].entries)
        entries = concat(number(entry), entries.empty() ? "" : ", ", entries);
      const int bits = circuit.node(node.operands[0].node).bits;
      return concat("{", entries, "} >> {(", operand(0), " & ", number((int64_t{1} << bits) - 1), "), 6'd0}");
    }
    default:
      throw Error("the reference has no expression for this kind");
  }
}

}  // namespace

std::string reference_module(const Circuit& circuit) {
  std::string text = concat("module reference (input [", vector_bits(circuit, circuit.inputs) - 1,
                            ":0] model_inp, output [", vector_bits(circuit, circuit.outputs) - 1, ":0] model_out);\n");
  int at = 0;
  for (const Port& port : circuit.inputs) {
    for (const Feature& feature : port.features) {
      const Node& node = circuit.node(feature.node);
      const std::string bits = concat("model_inp[", at + node.bits - 1, ":", at, "]");
      text += concat("  wire signed [63:0] v", feature.node, " = ",
                     node.is_signed() ? concat("$signed(", bits, ")") : bits, ";\n");
      at += node.bits;
    }
  }
  at = 0;
  for (const Port& port : circuit.outputs) {
    for (const Feature& feature : port.features) {
      const Node& node = circuit.node(feature.node);
      text += concat("  wire signed [63:0] o", at, " = ", expression_of(circuit, node), ";\n  assign model_out[",
                     at + node.bits - 1, ":", at, "] = o", at, ";\n");
      at += node.bits;
    }
  }
  return text + "endmodule\n";
}

}  // namespace hgq::rtl
