#include "hgq/rtl/hdl_layer.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

/// `bits` zeros.
Bits zeros(int bits) {
  Bits out;
  for (int at = 0; at < bits; at += 64) out.push_back({.bits = std::min(bits - at, 64)});
  return out;
}

class LayerWriter {
 public:
  LayerWriter(const Circuit& circuit, ModulePlan& plan, const LayerModule& layer, const AdderMeanings& meanings,
              const HdlOptions& options, SharedNames& shared)
      : circuit_(circuit), plan_(plan), meanings_(meanings), options_(options), shared_(shared) {
    module_.name = layer.name;
    module_.clocked = layer.clocked;
    module_.clock_enable = options.clock_enable;
    module_.reset = options.reset;
    add_signals(layer);
  }

  HdlModule take() && { return std::move(module_); }

  void write(int32_t index) {
    node_ = &circuit_.node(index);
    signal_ = signals_.at(index);
    const Node& node = *node_;
    switch (node.kind) {
      case NodeKind::kInput:
      case NodeKind::kConstant:
        throw Error("circuit: inputs and constants belong to no layer's module");
      case NodeKind::kAdd:
        write_sum(index);
        break;
      case NodeKind::kSlice:
        put({.operands = {bits_of(node.operands[0], node.low, node.low + node.bits)}});
        break;
      case NodeKind::kMux:
        put({.form = Form::kChoose, .operands = {operand(0, 1), operand(1, node.bits), operand(2, node.bits)}});
        break;
      case NodeKind::kAny:
        put({.form = Form::kAny, .operands = {all_bits(0)}});
        break;
      case NodeKind::kAll:
        put({.form = Form::kAll, .operands = {all_bits(0)}});
        break;
      case NodeKind::kAnd:
        put({.form = Form::kAnd, .operands = {operand(0, 1), operand(1, 1)}});
        break;
      case NodeKind::kOr:
        put({.form = Form::kOr, .operands = {operand(0, 1), operand(1, 1)}});
        break;
      case NodeKind::kNot:
        put({.form = Form::kInvert, .operands = {operand(0, node.bits)}});
        break;
      case NodeKind::kLess:
        write_comparison();
        break;
      case NodeKind::kTable:
        write_table();
        break;
      case NodeKind::kRegister:
        put({.form = Form::kStore, .operands = {operand(0, node.bits)}});
        break;
    }
  }

 private:
  void add_signals(const LayerModule& layer) {
    const auto add = [&](int32_t index, Signal::Role role) {
      const Node& node = circuit_.node(index);
      signals_[index] = module_.add({.name = plan_.names[static_cast<size_t>(index)],
                                     .bits = node.bits,
                                     .role = role,
                                     .is_register = role != Signal::Role::kInput && node.kind == NodeKind::kRegister,
                                     .comment = role == Signal::Role::kInternal ? "" : range_text(node)});
    };
    for (const int32_t index : layer.reads) add(index, Signal::Role::kInput);
    for (const int32_t index : layer.writes) add(index, Signal::Role::kOutput);
    for (const int32_t index : layer.nodes) {
      if (!signals_.contains(index)) add(index, Signal::Role::kInternal);
    }
  }

  void put(Statement statement) {
    statement.signal = signal_;
    module_.items.emplace_back(std::move(statement));
  }

  /// Bits [from, to) of an operand's value before its sign: 0 below its shift, copies of the sign above its wire.
  Bits bits_of(const Operand& operand, int from, int to) const {
    Bits out;
    const Node& node = circuit_.node(operand.node);
    const int below = std::clamp(operand.shift - from, 0, to - from);
    append(out, zeros(below));
    const int low = from + below - operand.shift;  // in the wire
    const int high = to - operand.shift;
    if (node.kind == NodeKind::kConstant) {
      for (int at = low; at < high; at += 64) {
        const int bits = std::min(high - at, 64);
        const auto shifted = static_cast<uint64_t>(node.range.low >> std::min(at, 63));
        append(out, {.bits = bits, .number = bits == 64 ? shifted : shifted & ((uint64_t{1} << bits) - 1)});
      }
      return out;
    }
    const int top = std::min(high, node.bits);
    if (low < top) append(out, {.signal = signals_.at(operand.node), .low = low, .bits = top - low});
    const int above = high - std::max(low, node.bits);
    if (above <= 0) return out;
    if (node.is_signed() && node.bits > 0) {
      append(out, {.signal = signals_.at(operand.node), .low = node.bits - 1, .bits = above, .repeated = true});
    } else {
      append(out, zeros(above));
    }
    return out;
  }

  Bits operand(size_t which, int bits) const { return bits_of(node_->operands[which], 0, bits); }

  /// Of an operand without a shift all bits of its wire; a 0 if it has none.
  Bits all_bits(size_t which) const {
    return operand(which, std::max(circuit_.node(node_->operands[which].node).bits, 1));
  }

  void write_sum(int32_t index) {
    const Node& node = *node_;
    const int begin = chain_begin(circuit_, node);
    Statement sum{.form = Form::kSum, .comment = meanings_.of(index)};
    sum.below = passed_on(begin);
    const int width = node.bits - begin;
    if (width == 0) {
      put({.operands = {std::move(sum.below)}, .comment = std::move(sum.comment)});
      return;
    }
    std::vector<Operand> order(node.reads().begin(), node.reads().end());
    // The logic of a mux fits into the LUTs of the chain unless it is the first operand, which also feeds the carry.
    std::ranges::stable_sort(order, {}, [&](const Operand& o) {
      return std::pair(o.negative, circuit_.node(o.node).kind == NodeKind::kMux);
    });
    for (const Operand& operand : order) {
      Bits bits = bits_of(operand, begin, node.bits);
      if (is_whole_chain(operand, begin)) keep_apart(bits, operand);
      sum.operands.push_back(std::move(bits));
      sum.subtracted += operand.negative ? 1 : 0;
    }
    if (order.size() == 2) simplify_constant(sum, width);
    if (width == 1) sum.form = Form::kXor;
    if (sum.form == Form::kXor) {
      put(std::move(sum));
    } else if (order.size() == 3 && options_.target == HdlTarget::kXilinx) {
      write_cells(std::move(sum), width);
    } else {
      put(std::move(sum));
    }
  }

  // yosys (alumacc) joins a sum that only another one of the same width reads with that one, and adds the three
  // operands in carry-save form: 4 % more LUTs for whole networks, and a way through more of them. It does not where a
  // bit of the sum goes through logic first, which its mapping to LUTs then finds to be nothing but a wire.

  /// Whether an operand is all of another sum's chain, and nothing else reads that.
  bool is_whole_chain(const Operand& operand, int begin) const {
    const Node& source = circuit_.node(operand.node);
    const bool may = source.kind == NodeKind::kAdd && source.operand_count == 2 && node_->operand_count == 2 &&
                     shared_.reads[static_cast<size_t>(operand.node)] == 1 && chain_bits(circuit_, source) > 1;
    if (!may || begin - operand.shift != chain_begin(circuit_, source)) return false;
    const int high = node_->bits - operand.shift;
    return high == source.bits || (high > source.bits && !source.is_signed());
  }

  /// Puts x | (x & y), which is x, in the place of the highest bit of an operand's wire.
  void keep_apart(Bits& bits, const Operand& operand) {
    const int wire = signals_.at(operand.node);
    const Node& source = circuit_.node(operand.node);
    const std::string own = module_.signal(signal_).name;
    const Piece top{.signal = wire, .low = source.bits - 1, .bits = 1};
    const int both = module_.add({.name = plan_.pool.take(concat(own, "_both")), .bits = 1});
    module_.items.emplace_back(
        Statement{.form = Form::kAnd,
                  .signal = both,
                  .operands = {{top}, {Piece{.signal = wire, .low = source.bits - 2, .bits = 1}}}});
    const int same = module_.add({.name = plan_.pool.take(concat(own, "_top")), .bits = 1});
    module_.items.emplace_back(
        Statement{.form = Form::kOr, .signal = same, .operands = {{top}, {module_.whole(both)}}});
    for (size_t i = 0; i < bits.size(); ++i) {
      Piece& piece = bits[i];
      if (piece.signal != wire || piece.repeated || piece.low + piece.bits != source.bits) continue;
      --piece.bits;
      const Piece replaced{.signal = same, .bits = 1};
      bits.insert(bits.begin() + static_cast<std::ptrdiff_t>(i) + 1, replaced);
      if (bits[i].bits == 0) bits.erase(bits.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

  /// A constant needs an inverter before the chain for each 1. The difference from its negative leaves one out, since
  /// the carry in adds the 1, if it is odd. And -1 - x is nothing but inverters.
  static void simplify_constant(Statement& sum, int width) {
    const auto is_number = [](const Bits& bits) { return bits.size() == 1 && bits[0].signal < 0; };
    const uint64_t ones = width >= 64 ? ~uint64_t{0} : (uint64_t{1} << static_cast<unsigned>(width)) - 1;
    if (sum.subtracted == 1) {
      if (is_number(sum.operands[0]) && sum.operands[0][0].number == ones) sum.form = Form::kXor;
      return;
    }
    if (is_number(sum.operands[0])) std::swap(sum.operands[0], sum.operands[1]);
    if (!is_number(sum.operands[1]) || (sum.operands[1][0].number & 1U) == 0) return;
    sum.operands[1][0].number = (~sum.operands[1][0].number + 1) & ones;
    sum.subtracted = 1;
  }

  /// The bits of a sum below its chain, each from the only operand that has it.
  Bits passed_on(int begin) const {
    Bits out;
    const std::span<const Operand> operands = node_->reads();
    const Operand& lowest = *std::ranges::min_element(operands, {}, [&](const Operand& o) {
      return std::tuple(o.shift, o.negative, top_bit(circuit_.node(o.node).range));
    });
    // With two operands beside each other there is no chain, and the upper one begins where it has its shift.
    int end = begin;
    const Operand* upper = nullptr;
    for (const Operand& operand : operands) {
      if (&operand != &lowest && operand.shift < begin) {
        upper = &operand;
        end = operand.shift;
      }
    }
    append(out, bits_of(lowest, 0, end));
    if (upper != nullptr) append(out, bits_of(*upper, end, begin));
    return out;
  }

  /// The sum as an instance of the cells; its inputs are signals of their own where they are not bits of one.
  void write_cells(Statement sum, int width) {
    const auto found = shared_.adders.find(sum.subtracted);
    const std::string name =
        found != shared_.adders.end()
            ? found->second
            : plan_.pool.take(concat(plan_.top, "_add3_", std::string(3 - static_cast<size_t>(sum.subtracted), 'p'),
                                     std::string(static_cast<size_t>(sum.subtracted), 'm')));
    shared_.adders[sum.subtracted] = name;
    const std::string own = module_.signal(signal_).name;
    Instance instance{.module = name, .label = plan_.pool.take(concat("u_", own)), .width = width};
    for (size_t i = 0; i < 3; ++i) {
      const std::string port(1, static_cast<char>('a' + i));
      const Bits& bits = sum.operands[i];
      if (bits.size() == 1 && bits[0].signal >= 0 && !bits[0].repeated) {
        instance.connections.emplace_back(port, bits[0]);
        continue;
      }
      const int joined = module_.add({.name = plan_.pool.take(concat(own, "_", port)), .bits = width});
      module_.items.emplace_back(Statement{.signal = joined, .operands = {bits}});
      instance.connections.emplace_back(port, module_.whole(joined));
    }
    if (sum.below.empty()) {
      instance.connections.emplace_back("sum", module_.whole(signal_));
      instance.comment = std::move(sum.comment);
      module_.items.emplace_back(std::move(instance));
      return;
    }
    const int upper = module_.add({.name = plan_.pool.take(concat(own, "_sum")), .bits = width});
    instance.connections.emplace_back("sum", module_.whole(upper));
    module_.items.emplace_back(std::move(instance));
    Bits all = std::move(sum.below);
    append(all, module_.whole(upper));
    put({.operands = {std::move(all)}, .comment = std::move(sum.comment)});
  }

  // A comparison with signs is one without them after the signs are inverted.
  void write_comparison() {
    const Node& node = *node_;
    const auto value = [&](const Operand& operand, int64_t bound) { return bound * (int64_t{1} << operand.shift); };
    const Operand& left = node.operands[0];
    const Operand& right = node.operands[1];
    const Interval& a = circuit_.node(left.node).range;
    const Interval& b = circuit_.node(right.node).range;
    const bool is_always = value(left, a.high) < value(right, b.low);
    if (is_always || value(left, a.low) >= value(right, b.high)) {
      put({.operands = {{Piece{.bits = 1, .number = is_always ? 1U : 0U}}}});
      return;
    }
    bool is_signed = false;
    for (const Operand& operand : node.reads()) is_signed = is_signed || circuit_.node(operand.node).is_signed();
    int bits = 1;
    for (const Operand& operand : node.reads()) {
      const Node& source = circuit_.node(operand.node);
      bits = std::max(bits, source.bits + operand.shift + (is_signed && !source.is_signed() ? 1 : 0));
    }
    Statement less{.form = Form::kLess};
    for (const Operand& operand : node.reads()) {
      Bits wire = bits_of(operand, 0, bits);
      if (is_signed) invert_top(wire);
      less.operands.push_back(std::move(wire));
    }
    put(std::move(less));
  }

  static void invert_top(Bits& bits) {
    Piece top = bits.back();
    if (top.signal < 0) {
      bits.back().number ^= uint64_t{1} << static_cast<unsigned>(top.bits - 1);
      return;
    }
    if (--bits.back().bits == 0) bits.pop_back();
    if (!top.repeated) top.low += top.bits - 1;
    top.bits = 1;
    top.repeated = false;
    top.inverted = true;
    append(bits, top);
  }

  void write_table() {
    const Node& node = *node_;
    const std::vector<int64_t>& entries = circuit_.tables[static_cast<size_t>(node.table)].entries;
    const int index_bits = circuit_.node(node.operands[0].node).bits;
    std::string& name = shared_.tables[{node.table, node.bits}];
    if (name.empty()) name = plan_.pool.take(concat("table_", shared_.tables.size() - 1));
    auto found = std::ranges::find(module_.tables, name, &LookUpTable::name);
    if (found == module_.tables.end()) {
      module_.tables.push_back({.name = name, .index_bits = index_bits, .bits = node.bits, .entries = entries});
      found = std::prev(module_.tables.end());
    }
    const auto table = static_cast<int>(found - module_.tables.begin());
    if (index_bits == 0) {
      put({.operands = {{Piece{.bits = node.bits, .number = entry_bits(*found, 0)}}}});
      return;
    }
    put({.form = Form::kLookUp, .operands = {operand(0, index_bits)}, .table = table, .comment = range_text(node)});
  }

  const Circuit& circuit_;
  ModulePlan& plan_;
  const AdderMeanings& meanings_;
  const HdlOptions& options_;
  SharedNames& shared_;
  HdlModule module_;
  std::unordered_map<int32_t, int> signals_;  // of nodes
  const Node* node_ = nullptr;                // that is written, and its signal
  int signal_ = -1;
};

}  // namespace

HdlModule describe_layer(const Circuit& circuit, ModulePlan& plan, const LayerModule& layer,
                         const AdderMeanings& meanings, const HdlOptions& options, SharedNames& shared) {
  LayerWriter writer(circuit, plan, layer, meanings, options, shared);
  for (const int32_t node : layer.nodes) writer.write(node);
  HdlModule module = std::move(writer).take();
  module.about = {concat("Layer ", identifier_of(circuit.layers[static_cast<size_t>(layer.layer)]), " of ", plan.top,
                         ". Each wire holds a whole number, in two's complement if its range has negative ones."),
                  "Ports are wires of the circuit, with all values that they can have."};
  return module;
}

}  // namespace hgq::rtl
