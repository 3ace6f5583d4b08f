#include "alir.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

using Json = nlohmann::json;

enum Opcode : int8_t {
  kCopyInput = -1,
  kQuantize = 3,
  kConstant = 5,
  kChoose = 6,
  kLookUp = 8,
  kReduce = 9,
  kLogic = 10,
  kSum = 11
};
constexpr int kReduceAny = 1;
constexpr int kReduceAll = 2;
constexpr int kLogicAnd = 0;
constexpr int kLogicOr = 1;

class Writer {
 public:
  explicit Writer(const Circuit& circuit) : circuit_(circuit) {}

  Json write() {
    for (const Port& port : circuit_.inputs) {
      for (const Feature& feature : port.features) {
        if (feature.node >= 0) inputs_[feature.node] = std::ssize(inputs_);
      }
    }
    for (const Node& node : circuit_.nodes) places_.push_back(make(std::ssize(places_), node));
    std::vector<int> outputs;
    for (const Port& port : circuit_.outputs) {
      for (const Feature& feature : port.features) {
        if (feature.node >= 0) outputs.push_back(places_[static_cast<size_t>(feature.node)]);
      }
    }
    const auto zeros = [](size_t count) { return std::vector<int>(count, 0); };
    Json model{Json{inputs_.size(), outputs.size()},     zeros(inputs_.size()), outputs, zeros(outputs.size()),
               std::vector<bool>(outputs.size(), false), std::move(ops_),       -1,      -1};
    if (!tables_.empty()) model.push_back(std::move(tables_));
    return {{"meta", "ALIRModel"}, {"spec_version", 4}, {"model", std::move(model)}};
  }

 private:
  int add(std::vector<int> from, Opcode opcode, std::vector<int64_t> data, const Interval& range) {
    ops_.push_back({std::move(from), opcode, std::move(data), Json{range.low, range.high, 1}, 0, 0});
    return static_cast<int>(ops_.size()) - 1;
  }
  int of(const Operand& operand) const { return places_[static_cast<size_t>(operand.node)]; }
  /// Bits from `low` on of a value, as a number of this range.
  int bits_of(int place, int low, const Interval& range) { return add({place}, kQuantize, {-low}, range); }
  static Interval wire_of(const Node& node) { return interval_of_bits(node.bits, node.is_signed()); }

  int sum(std::span<const Operand> operands, const Interval& range) {
    std::vector<int> from;
    std::vector<int64_t> data;
    for (const Operand& operand : operands) {
      from.push_back(of(operand));
      data.push_back(operand.negative ? 0 : 1);
      data.push_back(operand.shift);
    }
    return add(std::move(from), kSum, std::move(data), range);
  }
  int shifted(const Operand& operand, const Interval& range) {
    return operand.shift == 0 ? of(operand) : sum(std::span(&operand, 1), range);
  }
  Interval range_of(const Operand& operand) const {
    const Interval& range = circuit_.node(operand.node).range;
    return {range.low << operand.shift, range.high << operand.shift};
  }

  /// The values that the wires of its operands allow a sum to have. They can be more than its range where upper bits of
  /// operands are not built.
  Interval sum_of_wires(const Node& node) const {
    Interval sum{};
    for (const Operand& operand : node.reads()) {
      const Node& x = circuit_.node(operand.node);
      const Interval values = top_bit(x.range) <= x.bits ? x.range : wire_of(x);
      sum.low += (operand.negative ? -values.high : values.low) << operand.shift;
      sum.high += (operand.negative ? -values.low : values.high) << operand.shift;
    }
    return sum;
  }

  int make(int64_t index, const Node& node) {
    const std::span<const Operand> x = node.reads();
    switch (node.kind) {
      case NodeKind::kInput:
        return add({}, kCopyInput, {inputs_.at(static_cast<int32_t>(index))}, wire_of(node));
      case NodeKind::kConstant:
        return add({}, kConstant, {node.range.low}, node.range);
      case NodeKind::kAdd: {
        const Interval range = sum_of_wires(node);
        const Interval wire = wire_of(node);
        const int made = sum(x, range);
        return wire.low <= range.low && range.high <= wire.high ? made : bits_of(made, 0, wire);
      }
      case NodeKind::kSlice:
        return bits_of(of(x[0]), node.low, interval_of_bits(node.bits, node.is_signed()));
      case NodeKind::kMux:
        return add({shifted(x[1], range_of(x[1])), of(x[2]), of(x[0])}, kChoose, {x[2].shift}, wire_of(node));
      case NodeKind::kAny:
      case NodeKind::kAll:
        return add({of(x[0])}, kReduce, {node.kind == NodeKind::kAny ? kReduceAny : kReduceAll}, {0, 1});
      case NodeKind::kAnd:
      case NodeKind::kOr:
        return add({of(x[0]), of(x[1])}, kLogic, {0, node.kind == NodeKind::kAnd ? kLogicAnd : kLogicOr}, {0, 1});
      case NodeKind::kNot: {  // 2^bits - 1 - x
        const int64_t ones = interval_of_bits(node.bits, false).high;
        const int all = add({}, kConstant, {ones}, {ones, ones});
        return add({all, of(x[0])}, kSum, {1, 0, 0, 0}, {0, ones});
      }
      case NodeKind::kLess: {  // the sign of the difference
        const Interval a = range_of(x[0]);
        const Interval b = range_of(x[1]);
        const Interval range{std::min<int64_t>(a.low - b.high, -1), a.high - b.low};
        const int difference = add({of(x[0]), of(x[1])}, kSum, {1, x[0].shift, 0, x[1].shift}, range);
        return bits_of(difference, top_bit(range) - 1, {0, 1});
      }
      case NodeKind::kTable:
        return look_up(node);
      case NodeKind::kRegister:
        break;
    }
    throw Error("ALIR has no registers");
  }

  int look_up(const Node& node) {
    const Node& index = circuit_.node(node.operands[0].node);
    const std::vector<int64_t>& entries = circuit_.tables[static_cast<size_t>(node.table)].entries;
    const int place = bits_of(of(node.operands[0]), 0, wire_of(index));
    // In the order of the index's values, negative ones first.
    std::vector<int64_t> ordered = entries;
    const auto half = static_cast<std::ptrdiff_t>(entries.size() / 2);
    if (index.is_signed()) std::ranges::rotate(ordered, ordered.begin() + half);
    const Interval range = wire_of(node);
    for (int64_t& entry : ordered) entry = range.low + ((entry - range.low) & (range.high - range.low));
    tables_.push_back({{"spec",
                        {{"hash", std::to_string(tables_.size())},
                         {"out_qint", {{"min", range.low}, {"max", range.high}, {"step", 1}}},
                         {"inp_width", index.bits}}},
                       {"table", std::move(ordered)}});
    return add({place}, kLookUp, {std::ssize(tables_) - 1}, range);
  }

  const Circuit& circuit_;
  std::map<int32_t, int64_t> inputs_;
  std::vector<int> places_;  // of each node
  Json ops_ = Json::array();
  Json tables_ = Json::array();
};

}  // namespace

std::string to_alir(const Circuit& circuit) { return Writer(circuit).write().dump(); }

}  // namespace hgq::rtl
