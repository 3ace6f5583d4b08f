#include "sample_circuits.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/rtl/circuit_builder.h"
#include "sample_parts.h"

namespace hgq::rtl {
namespace {

/// Nodes by hand, each an output.
class Blocks {
 public:
  explicit Blocks(int one_of = 1, uint64_t seed = 0) : one_of_(one_of), choice_(seed) {
    circuit_.name = "blocks";
    circuit_.layers = {"numbers", "blocks"};
    for (const int64_t value : {0, 1, -1, 5, -6}) constants_.push_back(constant(value));
  }

  /// The lowest bits of the three numbers.
  void add_small_inputs() {
    for (size_t number = 0; number < kBlockBits.size(); ++number) {
      for (int bits = 1; bits <= kBlockBits[number]; ++bits) {
        for (const bool is_signed : {false, true}) inputs_[number].push_back(input(bits, is_signed));
      }
    }
  }

  int32_t input(int bits, bool is_signed) {
    circuit_.nodes.push_back({.kind = NodeKind::kInput, .range = interval_of_bits(bits, is_signed), .bits = bits});
    features_.push_back({static_cast<int32_t>(circuit_.nodes.size()) - 1, 0});
    return features_.back().node;
  }

  static constexpr std::array<int, 3> kBlockBits{4, 4, 3};

  const std::vector<int32_t>& inputs(size_t number) const { return inputs_[number]; }
  const std::vector<int32_t>& constants() const { return constants_; }
  const Node& node(int32_t index) const { return circuit_.node(index); }
  Interval range(const Operand& operand) const { return range_of(circuit_, operand); }

  void put(Node node) {
    node.bits = node.bits == 0 ? top_bit(node.range) : node.bits;
    node.layer = 1;
    if (node.bits == 0 || choice_.below(one_of_) != 0) return;
    circuit_.nodes.push_back(node);
    outputs_.push_back({static_cast<int32_t>(circuit_.nodes.size()) - 1, 0});
  }

  /// A sum, and some of its lowest bits.
  void put_sum(const std::vector<Operand>& operands, Random& random) {
    Node sum{.kind = NodeKind::kAdd, .operand_count = static_cast<uint8_t>(operands.size())};
    std::ranges::copy(operands, sum.operands.begin());
    const int least = std::ranges::min(operands, {}, &Operand::shift).shift;
    for (Operand& operand : sum.reads()) operand.shift -= least;
    sum.range = sum_of(circuit_, sum.reads());
    put(sum);
    const int bits = top_bit(sum.range);
    if (bits < 2 || random.below(3) != 0) return;
    sum.bits = 1 + random.below(bits - 1);
    put(sum);
  }

  int add_table(std::vector<int64_t> entries) {
    circuit_.tables.push_back({std::move(entries)});
    return static_cast<int>(circuit_.tables.size()) - 1;
  }

  Circuit take() && {
    circuit_.inputs = {sample_port("x", features_)};
    circuit_.outputs = {sample_port("y", outputs_)};
    return std::move(circuit_);
  }

 private:
  int32_t constant(int64_t value) {
    circuit_.nodes.push_back({.range = {value, value}, .bits = top_bit({value, value})});
    return static_cast<int32_t>(circuit_.nodes.size()) - 1;
  }

  int one_of_;
  Random choice_;
  Circuit circuit_;
  std::array<std::vector<int32_t>, 3> inputs_;
  std::vector<int32_t> constants_;
  std::vector<Feature> features_, outputs_;
};

constexpr std::array<std::pair<int, int>, 7> kShifts{{{0, 0}, {1, 0}, {0, 1}, {3, 0}, {0, 3}, {5, 0}, {0, 5}}};

void put_sums(Blocks& blocks, Random& random) {
  for (const int32_t x : blocks.inputs(0)) {
    std::vector<int32_t> others = blocks.inputs(1);
    others.insert(others.end(), blocks.constants().begin(), blocks.constants().end());
    for (const int32_t y : others) {
      for (const auto& [x_shift, y_shift] : kShifts) {
        blocks.put_sum({{x, x_shift, false}, {y, y_shift, false}}, random);
        blocks.put_sum({{x, x_shift, true}, {y, y_shift, false}}, random);
        if (random.coin()) blocks.put_sum({{x, x_shift, false}, {y, y_shift, true}}, random);
      }
    }
  }
  for (const int32_t x : blocks.inputs(0)) {
    for (const int32_t y : blocks.inputs(1)) {
      for (const int32_t z : blocks.inputs(2)) {
        for (int signs = 0; signs < 7; ++signs) {
          if (random.below(3) != 0) continue;
          const auto& [first, second] = kShifts[static_cast<size_t>(random.below(7))];
          std::vector<Operand> operands{
              {x, first, (signs & 1) != 0}, {y, second, (signs & 2) != 0}, {z, random.below(4), (signs & 4) != 0}};
          std::rotate(operands.begin(), operands.begin() + random.below(3), operands.end());
          blocks.put_sum(operands, random);
        }
      }
    }
  }
}

void put_other_kinds(Blocks& blocks, Random& random) {
  const auto of_one = [](NodeKind kind, int32_t x, Interval range) {
    return Node{.kind = kind, .operand_count = 1, .operands = {plain(x), {}, {}}, .range = range};
  };
  std::vector<int32_t> others = blocks.inputs(1);
  others.insert(others.end(), blocks.constants().begin(), blocks.constants().end());
  for (const int32_t x : blocks.inputs(0)) {
    for (const int32_t y : others) {
      for (const auto& [x_shift, y_shift] : kShifts) {
        const Operand left{x, x_shift, false};
        const Operand right{y, y_shift, false};
        blocks.put({.kind = NodeKind::kLess, .operand_count = 2, .operands = {left, right, {}}, .range = {0, 1}});
        if (random.coin())
          blocks.put({.kind = NodeKind::kLess, .operand_count = 2, .operands = {right, left, {}}, .range = {0, 1}});
        const Interval a{blocks.node(x).range.low << x_shift, blocks.node(x).range.high << x_shift};
        const Interval b{blocks.node(y).range.low << y_shift, blocks.node(y).range.high << y_shift};
        const Interval both{std::min(a.low, b.low), std::max(a.high, b.high)};
        const bool one = random.coin();
        const Operand condition = plain(blocks.inputs(2)[random.coin() ? 1 : 0]);
        blocks.put({.kind = NodeKind::kMux,
                    .operand_count = 3,
                    .operands = {condition, one ? left : right, one ? right : left},
                    .range = both,
                    .bits = random.coin() ? 0 : std::min(top_bit(both), 2)});
      }
    }
    const Node& source = blocks.node(x);
    const int bits = source.bits;
    for (int low = 0; low < 6; ++low) {
      for (int width = 1; width < 5; ++width) {
        Node slice = of_one(NodeKind::kSlice, x, interval_of_bits(width, random.coin()));
        slice.low = low;
        blocks.put(slice);
      }
    }
    blocks.put(of_one(NodeKind::kAny, x, {0, 1}));
    blocks.put(of_one(NodeKind::kAll, x, {0, 1}));
    for (const bool is_signed : {false, true}) {
      std::vector<int64_t> entries(size_t{1} << static_cast<unsigned>(bits));
      for (int64_t& entry : entries) entry = random.below(100) - (is_signed ? 50 : 0);
      const Interval range{*std::ranges::min_element(entries), *std::ranges::max_element(entries)};
      Node table = of_one(NodeKind::kTable, x, range);
      table.table = blocks.add_table(std::move(entries));
      blocks.put(table);
      table.bits = std::min(top_bit(range), 3);
      blocks.put(table);
    }
    if (source.is_signed()) continue;
    for (const int more : {0, 2}) {
      const int64_t ones = (int64_t{1} << (bits + more)) - 1;
      blocks.put(of_one(NodeKind::kNot, x, {ones - blocks.node(x).range.high, ones}));
    }
  }
  for (const NodeKind kind : {NodeKind::kAnd, NodeKind::kOr}) {
    for (const size_t x : {size_t{0}, size_t{1}}) {
      for (const size_t y : {size_t{0}, size_t{1}})
        blocks.put({.kind = kind,
                    .operand_count = 2,
                    .operands = {plain(blocks.inputs(0)[x]), plain(blocks.inputs(1)[y]), {}},
                    .range = {0, 1}});
    }
  }
}

}  // namespace

Port sample_port(const std::string& name, const std::vector<Feature>& features) {
  return {name, Shape{std::ssize(features)}, features};
}

Circuit random_circuit(uint64_t seed, int nodes) {
  Random random(seed);
  CircuitBuilder builder(concat("random_", seed));
  builder.begin_layer("inputs");
  std::vector<Feature> inputs;
  std::vector<Operand> values;
  for (int i = 0; i < 12; ++i) {
    values.push_back(plain(builder.input(1 + random.below(8), random.coin())));
    inputs.push_back({values.back().node, -random.below(4)});
  }
  const size_t inputs_count = values.size();
  // Mostly of what is new, so that the circuit is deep.
  const auto any = [&](int most_bits) {
    while (true) {
      const size_t at = random.coin() ? values.size() - 1 - static_cast<size_t>(random.below(10))
                                      : static_cast<size_t>(random.below(static_cast<int>(values.size())));
      const Operand& value = values[at];
      if (builder.bits(value.node) <= most_bits) return Operand{value.node, random.below(4), false};
    }
  };
  const auto bit = [&] {
    const Operand value = any(20);
    return builder.bit(value.node, random.below(std::max(builder.bits(value.node), 1)));
  };
  for (int i = 0; i < nodes; ++i) {
    if (i % (nodes / 3 + 1) == 0) builder.begin_layer(concat("Layer ", i / (nodes / 3 + 1)));
    Operand made;
    switch (random.below(12)) {
      case 0:
        made = builder.slice(any(20), random.below(5), 1 + random.below(10), random.coin());
        break;
      case 1:
        made = builder.mux(bit(), any(20), any(20));
        break;
      case 2:
        made = plain(random.coin() ? builder.any(any(20).node) : builder.all(any(20).node));
        break;
      case 3:
        made = plain(random.coin() ? builder.conjunction(bit(), bit()) : builder.disjunction(bit(), bit()));
        break;
      case 4: {
        const Operand low = builder.slice(any(20), 0, 3, false);
        made = plain(builder.inverted(low.node >= 0 && low.shift == 0 ? low.node : bit(), 3));
        break;
      }
      case 5:
        made = plain(builder.less(any(20), any(20)));
        break;
      case 6: {
        const Operand index = any(7);
        std::vector<int64_t> entries(size_t{1} << static_cast<unsigned>(builder.bits(index.node)));
        for (int64_t& entry : entries) entry = random.below(200) - 70;
        made = plain(builder.table(index.node, std::move(entries)));
        break;
      }
      case 7:
        made = builder.add(any(20), plain(builder.constant(random.below(64) - 32)));
        break;
      default: {
        Operand left = any(20);
        Operand right = any(20);
        left.negative = random.below(3) == 0;
        right.negative = random.below(3) == 0;
        made = builder.add(left, right);
        if (made.node >= 0) made = builder.positive(made);
      }
    }
    if (made.node >= 0 && !builder.is_constant(made.node)) values.push_back(plain(made.node));
  }
  std::vector<Feature> outputs{{builder.constant(-5), 0}, {-1, 0}, {values[0].node, 1}};
  for (size_t i = values.size() - 40; i < values.size(); ++i) outputs.push_back({values[i].node, random.below(3)});
  const auto middle = inputs.begin() + static_cast<std::ptrdiff_t>(inputs_count / 2);
  return trimmed(
      std::move(builder).take({sample_port("x", {inputs.begin(), middle}), sample_port("end", {middle, inputs.end()})},
                              {sample_port("y", outputs)}));
}

Circuit block_circuit(int one_of, uint64_t seed) {
  Random random(1);
  Blocks blocks(one_of, seed);
  blocks.add_small_inputs();
  put_sums(blocks, random);
  put_other_kinds(blocks, random);
  return std::move(blocks).take();
}

Circuit wide_blocks(uint64_t seed, int count, bool sums_of_three) {
  Random random(seed);
  Blocks blocks;
  std::vector<int32_t> inputs;
  std::vector<int32_t> bits;
  std::vector<int32_t> indices;
  for (int i = 0; i < 12; ++i) inputs.push_back(blocks.input(1 + random.below(10), random.coin()));
  for (int i = 0; i < 2; ++i) bits.push_back(blocks.input(1, false));
  for (int i = 0; i < 2; ++i) indices.push_back(blocks.input(6, i == 0));
  std::vector<int32_t> all = inputs;
  for (int i = 0; i < 4; ++i) all.push_back(blocks.constants()[static_cast<size_t>(i)]);
  const auto any = [&] { return Operand{all[static_cast<size_t>(random.below(16))], random.below(6), false}; };
  const auto input = [&] { return plain(inputs[static_cast<size_t>(random.below(12))]); };
  const auto bit = [&] { return plain(bits[static_cast<size_t>(random.below(2))]); };
  for (int i = 0; i < count; ++i) {
    const int kind = sums_of_three ? 0 : random.below(9);
    if (kind < 3) {
      std::vector<Operand> operands{any(), any(), any()};
      if (!sums_of_three && random.coin()) operands.pop_back();
      for (Operand& operand : operands) operand.negative = random.coin();
      operands[static_cast<size_t>(random.below(static_cast<int>(operands.size())))].negative = false;
      blocks.put_sum(operands, random);
    } else if (kind == 3) {
      blocks.put({.kind = NodeKind::kLess, .operand_count = 2, .operands = {any(), any(), {}}, .range = {0, 1}});
    } else if (kind == 4) {
      const std::array<Operand, 2> chosen{any(), any()};
      const Interval a = blocks.range(chosen[0]);
      const Interval b = blocks.range(chosen[1]);
      blocks.put({.kind = NodeKind::kMux,
                  .operand_count = 3,
                  .operands = {bit(), chosen[0], chosen[1]},
                  .range = {std::min(a.low, b.low), std::max(a.high, b.high)}});
    } else if (kind == 5) {
      Node slice{.kind = NodeKind::kSlice, .operand_count = 1, .operands = {input(), {}, {}}};
      slice.range = interval_of_bits(1 + random.below(14), random.coin());
      slice.low = random.below(12);
      blocks.put(slice);
    } else if (kind == 6) {
      blocks.put({.kind = random.coin() ? NodeKind::kAny : NodeKind::kAll,
                  .operand_count = 1,
                  .operands = {input(), {}, {}},
                  .range = {0, 1}});
    } else if (kind == 7) {
      std::vector<int64_t> entries(64);
      for (int64_t& entry : entries) entry = random.below(4000) - 1000;
      const Interval range{*std::ranges::min_element(entries), *std::ranges::max_element(entries)};
      blocks.put({.kind = NodeKind::kTable,
                  .operand_count = 1,
                  .operands = {plain(indices[random.coin() ? 1 : 0]), {}, {}},
                  .range = range,
                  .table = blocks.add_table(std::move(entries))});
    } else {
      blocks.put({.kind = random.coin() ? NodeKind::kAnd : NodeKind::kOr,
                  .operand_count = 2,
                  .operands = {bit(), bit(), {}},
                  .range = {0, 1}});
    }
  }
  return std::move(blocks).take();
}

PortValues block_inputs(const Circuit& circuit, int64_t& rows) {
  rows = 1;
  for (const int bits : Blocks::kBlockBits) rows <<= bits;
  PortValues values;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t rest = row;
    for (const int bits : Blocks::kBlockBits) {
      for (int i = 0; i < 2 * bits; ++i) values.push_back(rest & ((int64_t{1} << bits) - 1));
      rest >>= bits;
    }
  }
  HGQ_CHECK(values.size() == static_cast<size_t>(rows) * circuit.inputs[0].features.size(), Error, "other features");
  return values;
}

std::vector<PortValues> random_inputs(const Circuit& circuit, int64_t rows, uint64_t seed) {
  Random random(seed);
  std::vector<PortValues> values;
  for (const Port& port : circuit.inputs) {
    PortValues& own = values.emplace_back(static_cast<size_t>(rows) * port.features.size());
    for (int64_t& value : own) value = static_cast<int64_t>(random.bits()) >> 4;
  }
  return values;
}

}  // namespace hgq::rtl
