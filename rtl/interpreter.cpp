#include "hgq/rtl/interpreter.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

template <typename Lane, typename F>
void each_word(Lane& out, F f) {
  for (size_t w = 0; w < out.size(); ++w) out[w] = f(w);
}

}  // namespace

Interpreter::Interpreter(const Circuit& circuit) : circuit_(circuit) {
  for (const Node& node : circuit.nodes) {
    first_.push_back(lanes_);
    lanes_ += static_cast<size_t>(node.bits);
  }
}

Interpreter::Lane Interpreter::bit(const Operand& operand, int position, const std::vector<Lane>& wires) const {
  const Node& node = circuit_.node(operand.node);
  int at = position - operand.shift;
  if (at >= node.bits && node.is_signed()) at = node.bits - 1;
  if (at < 0 || at >= node.bits) return {};
  return wires[first_[static_cast<size_t>(operand.node)] + static_cast<size_t>(at)];
}

// One operand after the other is added to the sum, a negative one as its inverse and a carry.
void Interpreter::sum(const Node& node, Lane* out, const std::vector<Lane>& wires) const {
  for (int p = 0; p < node.bits; ++p) out[p] = {};
  for (const Operand& operand : node.reads()) {
    const uint64_t flip = operand.negative ? ~uint64_t{0} : 0;
    Lane carry;
    carry.fill(flip);
    for (int p = 0; p < node.bits; ++p) {
      const Lane term = bit(operand, p, wires);
      Lane& total = out[p];
      for (size_t w = 0; w < kWords; ++w) {
        const uint64_t a = total[w];
        const uint64_t b = term[w] ^ flip;
        total[w] = a ^ b ^ carry[w];
        carry[w] = (a & b) | (carry[w] & (a ^ b));
      }
    }
  }
}

// The sign of the difference. Without signs, the wider operand needs one bit more for it, and the difference another.
void Interpreter::less(const Node& node, Lane* out, const std::vector<Lane>& wires) const {
  int bits = 0;
  for (const Operand& operand : node.reads())
    bits = std::max(bits, circuit_.node(operand.node).bits + operand.shift + 2);
  Lane carry;
  carry.fill(~uint64_t{0});
  for (int p = 0; p < bits; ++p) {
    const Lane left = bit(node.operands[0], p, wires);
    const Lane right = bit(node.operands[1], p, wires);
    for (size_t w = 0; w < kWords; ++w) {
      const uint64_t a = left[w];
      const uint64_t b = ~right[w];
      out[0][w] = a ^ b ^ carry[w];
      carry[w] = (a & b) | (carry[w] & (a ^ b));
    }
  }
}

void Interpreter::look_up(const Node& node, Lane* out, const std::vector<Lane>& wires) const {
  const std::vector<int64_t>& entries = circuit_.tables[static_cast<size_t>(node.table)].entries;
  const Node& index = circuit_.node(node.operands[0].node);
  const Lane* const in = wires.data() + first_[static_cast<size_t>(node.operands[0].node)];
  for (int p = 0; p < node.bits; ++p) out[p] = {};
  for (size_t w = 0; w < kWords; ++w) {
    for (unsigned row = 0; row < 64; ++row) {
      size_t code = 0;
      for (int p = 0; p < index.bits; ++p)
        code |= static_cast<size_t>(in[p][w] >> row & 1U) << static_cast<unsigned>(p);
      const auto entry = static_cast<uint64_t>(entries[code]);
      for (int p = 0; p < node.bits; ++p) out[p][w] |= (entry >> static_cast<unsigned>(p) & 1U) << row;
    }
  }
}

void Interpreter::compute(size_t index, std::vector<Lane>& wires) const {
  const Node& node = circuit_.nodes[index];
  Lane* const out = wires.data() + first_[index];
  const auto operand_bit = [&](size_t which, int position) { return bit(node.operands[which], position, wires); };
  const auto gate = [&](auto f) {
    const Lane a = operand_bit(0, 0);
    const Lane b = operand_bit(1, 0);
    each_word(out[0], [&](size_t w) { return f(a[w], b[w]); });
  };
  const auto reduce = [&](uint64_t start, auto f) {
    out[0].fill(start);
    for (int p = 0; p < circuit_.node(node.operands[0].node).bits; ++p) {
      const Lane in = operand_bit(0, p);
      each_word(out[0], [&](size_t w) { return f(out[0][w], in[w]); });
    }
  };
  if (node.bits == 0) return;
  switch (node.kind) {
    case NodeKind::kInput:  // is there already
      break;
    case NodeKind::kConstant:
      for (int p = 0; p < node.bits; ++p) out[p].fill((node.range.low >> std::min(p, 63) & 1) != 0 ? ~uint64_t{0} : 0);
      break;
    case NodeKind::kAdd:
      sum(node, out, wires);
      break;
    case NodeKind::kSlice:
      for (int p = 0; p < node.bits; ++p) out[p] = operand_bit(0, node.low + p);
      break;
    case NodeKind::kMux: {
      const Lane condition = operand_bit(0, 0);
      for (int p = 0; p < node.bits; ++p) {
        const Lane one = operand_bit(1, p);
        const Lane zero = operand_bit(2, p);
        each_word(out[p], [&](size_t w) { return (condition[w] & one[w]) | (~condition[w] & zero[w]); });
      }
      break;
    }
    case NodeKind::kAny:
      reduce(0, [](uint64_t a, uint64_t b) { return a | b; });
      break;
    case NodeKind::kAll:
      reduce(~uint64_t{0}, [](uint64_t a, uint64_t b) { return a & b; });
      break;
    case NodeKind::kAnd:
      gate([](uint64_t a, uint64_t b) { return a & b; });
      break;
    case NodeKind::kOr:
      gate([](uint64_t a, uint64_t b) { return a | b; });
      break;
    case NodeKind::kNot:
      for (int p = 0; p < node.bits; ++p) {
        const Lane in = operand_bit(0, p);
        each_word(out[p], [&](size_t w) { return ~in[w]; });
      }
      break;
    case NodeKind::kLess:
      less(node, out, wires);
      break;
    case NodeKind::kTable:
      look_up(node, out, wires);
      break;
    case NodeKind::kRegister:
      for (int p = 0; p < node.bits; ++p) out[p] = operand_bit(0, p);
      break;
  }
}

void Interpreter::run_block(std::span<const PortValues> inputs, int64_t first, int64_t rows, std::vector<Lane>& wires,
                            std::vector<PortValues>& outputs) const {
  for (size_t port = 0; port < inputs.size(); ++port) {
    const std::vector<Feature>& features = circuit_.inputs[port].features;
    for (size_t f = 0; f < features.size(); ++f) {
      if (features[f].node < 0) continue;
      Lane* const lanes = wires.data() + first_[static_cast<size_t>(features[f].node)];
      const int bits = circuit_.node(features[f].node).bits;
      std::fill_n(lanes, bits, Lane{});
      for (int64_t row = 0; row < rows; ++row) {
        const auto value = static_cast<uint64_t>(inputs[port][static_cast<size_t>(first + row) * features.size() + f]);
        for (int p = 0; p < bits; ++p) {
          lanes[p][static_cast<size_t>(row / 64)] |= (value >> static_cast<unsigned>(p) & 1U)
                                                     << static_cast<unsigned>(row % 64);
        }
      }
    }
  }
  for (size_t i = 0; i < circuit_.nodes.size(); ++i) compute(i, wires);
  for (size_t port = 0; port < outputs.size(); ++port) {
    const std::vector<Feature>& features = circuit_.outputs[port].features;
    for (size_t f = 0; f < features.size(); ++f) {
      if (features[f].node < 0) continue;
      const Node& node = circuit_.node(features[f].node);
      const Lane* const lanes = wires.data() + first_[static_cast<size_t>(features[f].node)];
      for (int64_t row = 0; row < rows; ++row) {
        uint64_t value = 0;
        for (int p = 0; p < 64; ++p) {
          const int at = p < node.bits ? p : node.is_signed() ? node.bits - 1 : -1;
          if (at < 0) break;
          value |= (lanes[at][static_cast<size_t>(row / 64)] >> static_cast<unsigned>(row % 64) & 1U)
                   << static_cast<unsigned>(p);
        }
        outputs[port][static_cast<size_t>(first + row) * features.size() + f] = static_cast<int64_t>(value);
      }
    }
  }
}

std::vector<PortValues> Interpreter::run(std::span<const PortValues> inputs, int64_t rows, Workers* workers) const {
  HGQ_CHECK(inputs.size() == circuit_.inputs.size(), ShapeError, "the circuit has ", circuit_.inputs.size(),
            " input ports, values for ", inputs.size(), " are given");
  for (size_t port = 0; port < inputs.size(); ++port) {
    const size_t expected = static_cast<size_t>(rows) * circuit_.inputs[port].features.size();
    HGQ_CHECK(inputs[port].size() == expected, ShapeError, "input port '", circuit_.inputs[port].name,
              "': ", inputs[port].size(), " values for ", rows, " rows, expected ", expected);
  }
  std::vector<PortValues> outputs;
  for (const Port& port : circuit_.outputs) outputs.emplace_back(static_cast<size_t>(rows) * port.features.size());
  std::vector<std::vector<Lane>> wires(static_cast<size_t>(workers == nullptr ? 1 : workers->size()));
  const auto task = [&](int64_t block, int worker) {
    std::vector<Lane>& mine = wires[static_cast<size_t>(worker)];
    mine.resize(lanes_);
    run_block(inputs, block * kBlock, std::min(kBlock, rows - block * kBlock), mine, outputs);
  };
  const int64_t blocks = (rows + kBlock - 1) / kBlock;
  if (workers == nullptr) {
    for (int64_t block = 0; block < blocks; ++block) task(block, 0);
  } else {
    workers->run(blocks, task);
  }
  return outputs;
}

}  // namespace hgq::rtl
