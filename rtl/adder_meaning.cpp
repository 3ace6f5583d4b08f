#include "hgq/rtl/adder_meaning.h"

#include <algorithm>
#include <cstdlib>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

constexpr size_t kMostTerms = 3;
constexpr int64_t kLargestFactor = int64_t{1} << 30;

}  // namespace

AdderMeanings::AdderMeanings(const Circuit& circuit, const std::vector<std::string>& names)
    : circuit_(circuit), names_(names) {
  for (size_t i = 0; i < circuit.nodes.size(); ++i) {
    const Node& node = circuit.nodes[i];
    Linear linear;
    if (node.kind == NodeKind::kAdd) {
      linear = linear_of(node);
    } else if (node.kind == NodeKind::kConstant) {
      linear.constant = node.range.low;
      linear.known = std::abs(node.range.low) < kLargestFactor;
    } else {
      linear.terms = {{static_cast<int32_t>(i), 1}};
    }
    linear_.push_back(std::move(linear));
  }
}

AdderMeanings::Linear AdderMeanings::linear_of(const Node& sum) const {
  Linear linear;
  for (const Operand& operand : sum.reads()) {
    const Node& source = circuit_.node(operand.node);
    const bool is_atom = source.kind == NodeKind::kAdd && source.layer != sum.layer;
    const Linear part = is_atom ? Linear{.terms = {{operand.node, 1}}} : linear_[static_cast<size_t>(operand.node)];
    if (!part.known || operand.shift > 30) return {.known = false};
    const int64_t factor = (operand.negative ? -1 : 1) * (int64_t{1} << operand.shift);
    linear.constant += part.constant * factor;
    for (const auto& [node, times] : part.terms) {
      const auto found = std::ranges::find(linear.terms, node, &std::pair<int32_t, int64_t>::first);
      if (found == linear.terms.end()) {
        linear.terms.emplace_back(node, times * factor);
      } else {
        found->second += times * factor;
      }
    }
  }
  linear.known = linear.terms.size() <= kMostTerms && std::abs(linear.constant) < kLargestFactor &&
                 std::ranges::all_of(linear.terms, [](const auto& t) { return std::abs(t.second) < kLargestFactor; });
  return linear;
}

std::string AdderMeanings::text_of(const Linear& linear) const {
  std::string text;
  const auto put = [&](int64_t value, const std::string& name) {
    if (value == 0) return;
    if (text.empty()) {
      text += value < 0 ? "-" : "";
    } else {
      text += value < 0 ? " - " : " + ";
    }
    const int64_t size = std::abs(value);
    if (name.empty()) {
      text += std::to_string(size);
    } else {
      text += size == 1 ? name : concat(size, "*", name);
    }
  };
  for (const auto& [node, times] : linear.terms) put(times, names_[static_cast<size_t>(node)]);
  put(linear.constant, "");
  return text.empty() ? "0" : text;
}

std::string AdderMeanings::text_of(const Operand& operand) const {
  const Node& node = circuit_.node(operand.node);
  if (node.kind == NodeKind::kConstant) {
    // 2^62 is the limit of all values, so that this does not overflow.
    const int64_t value = node.range.low * (int64_t{1} << operand.shift);
    return value < 0 ? concat("(", value, ")") : std::to_string(value);
  }
  const std::string& name = names_[static_cast<size_t>(operand.node)];
  if (node.bits == 0) return "0";
  return operand.shift == 0 ? name : concat("(", name, " << ", operand.shift, ")");
}

std::string AdderMeanings::of(int32_t sum) const {
  const Node& node = circuit_.node(sum);
  std::string text;
  for (const bool negative : {false, true}) {
    for (const Operand& operand : node.reads()) {
      if (operand.negative == negative) text += concat(text.empty() ? "" : negative ? " - " : " + ", text_of(operand));
    }
  }
  const Linear& linear = linear_[static_cast<size_t>(sum)];
  const bool says_more = std::ranges::any_of(node.reads(), [&](const Operand& operand) {
    const Node& source = circuit_.node(operand.node);
    const bool is_repeated = std::ranges::count(node.reads(), operand.node, &Operand::node) > 1;
    return is_repeated || (source.kind == NodeKind::kAdd && source.layer == node.layer);
  });
  if (linear.known && says_more) text = concat(text_of(linear), ": ", text);
  return concat(text, ", ", range_text(node));
}

std::string range_text(const Node& node) {
  const std::string text = concat(node.range.low, " .. ", node.range.high);
  return node.bits < top_bit(node.range) ? concat(text, ", modulo 2^", node.bits) : text;
}

}  // namespace hgq::rtl
