// Circuits of random nodes, of all kinds or sums alone, with random rows for their inputs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "draw.h"
#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/interpreter.h"

namespace hgq::rtl {

class RandomCircuit {
 public:
  Circuit circuit;  // not trimmed
  std::vector<PortValues> inputs;
  int64_t rows = 200;

  RandomCircuit(uint64_t seed, int input_count, int node_count, bool sums_alone = false) : draw_(seed) {
    builder_.begin_layer("input");
    std::vector<Feature> features;
    for (int i = 0; i < input_count; ++i) {
      const int32_t node = builder_.input(static_cast<int>(draw_(1, 7)), draw_(0, 1) == 1);
      values_.push_back({node, 0, false});
      features.push_back({node, static_cast<int>(draw_(-3, 3))});
    }
    for (int i = 0; i < node_count; ++i) {
      if (i % 8 == 0) builder_.begin_layer("layer_" + std::to_string(i / 8));
      const Operand made = sums_alone ? sum() : make();
      if (made.node >= 0 && builder_.bits(made.node) + made.shift < 24) values_.push_back(made);
    }
    std::vector<Feature> outputs;
    for (size_t i = std::max<size_t>(values_.size(), 4) - 4; i < values_.size(); ++i) {
      Operand value = builder_.positive(values_[i]);
      if (draw_(0, 2) == 0) value = builder_.slice(value, 0, static_cast<int>(draw_(1, 9)), draw_(0, 1) == 1);
      outputs.push_back({value.node, value.shift});
    }
    const Shape in{std::ssize(features)};
    const Shape out{std::ssize(outputs)};
    circuit = std::move(builder_).take({{"x", in, features}}, {{"y", out, outputs}});
    inputs.resize(1);
    for (int64_t row = 0; row < rows; ++row) {
      for (const Feature& feature : features) {
        const Interval& range = circuit.node(feature.node).range;
        inputs[0].push_back(row == 0 ? range.low : row == 1 ? range.high : draw_(range.low, range.high));
      }
    }
  }

 private:
  /// Values that were made last are read more often, so that circuits are deep.
  Operand any() {
    const int64_t last = std::ssize(values_) - 1;
    return values_[static_cast<size_t>(draw_(0, 1) == 0 ? draw_(std::max<int64_t>(last - 4, 0), last)
                                                        : draw_(0, last))];
  }
  Operand any_positive() { return builder_.positive(any()); }
  int32_t any_bit() {
    const Operand value = any_positive();
    return builder_.bit(value.node, static_cast<int>(draw_(0, builder_.bits(value.node))));
  }

  Operand sum() {
    Operand left = any();
    Operand right = any();
    left.shift += static_cast<int32_t>(draw_(0, 1) * draw_(0, 4));
    right.shift += static_cast<int32_t>(draw_(0, 1) * draw_(0, 4));
    left.negative ^= draw_(0, 2) == 0;
    right.negative ^= draw_(0, 2) == 0;
    if (draw_(0, 5) == 0) right = {builder_.constant(draw_(-9, 9)), 0, false};
    return builder_.add(left, right);
  }

  Operand make() {
    switch (draw_(0, 9)) {
      case 0:
        return builder_.mux(any_bit(), any_positive(), any_positive());
      case 1:
        return {builder_.less(any_positive(), any_positive()), 0, false};
      case 2:
        return {draw_(0, 1) == 0 ? builder_.any(any().node) : builder_.all(any().node), 0, false};
      case 3:
        return {
            draw_(0, 1) == 0 ? builder_.conjunction(any_bit(), any_bit()) : builder_.disjunction(any_bit(), any_bit()),
            0, false};
      case 4: {
        const Operand index = builder_.slice(any_positive(), 0, 3, false);
        if (index.node < 0 || builder_.bits(index.node) > 4) return {};
        std::vector<int64_t> entries(size_t{1} << static_cast<unsigned>(builder_.bits(index.node)));
        for (int64_t& entry : entries) entry = draw_(-20, 20);
        return {builder_.table(index.node, entries), 0, false};
      }
      case 5:
        return {builder_.inverted(any_bit(), 1), 0, false};
      case 6:
      case 7:
        return builder_.slice(any_positive(), static_cast<int>(draw_(0, 3)), static_cast<int>(draw_(1, 8)),
                              draw_(0, 1) == 1);
      default:
        return sum();
    }
  }

  Draw draw_;
  CircuitBuilder builder_{"random"};
  std::vector<Operand> values_;
};

}  // namespace hgq::rtl
