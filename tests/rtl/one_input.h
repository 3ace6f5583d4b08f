// Circuits of one input, for all values of it.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/interpreter.h"

namespace hgq::rtl {

/// The values of a feature for all values of the first and only input.
class Circuits {
 public:
  Circuits(int bits, bool is_signed) : bits_(bits), is_signed_(is_signed) {
    builder_.begin_layer("q");
    input_ = builder_.input(bits, is_signed);
  }
  CircuitBuilder& builder() { return builder_; }
  int32_t input() const { return input_; }
  void add_output(const Feature& feature) { outputs_.push_back(feature); }
  const std::vector<Feature>& outputs() const { return outputs_; }

  std::vector<int64_t> values() const {
    std::vector<int64_t> values;
    for (int64_t v = 0; v < int64_t{1} << bits_; ++v)
      values.push_back(v - (is_signed_ ? int64_t{1} << (bits_ - 1) : 0));
    return values;
  }
  Circuit take() && {
    const Port in{"x", Shape{1}, {{input_, 0}}};
    const Port out{"y", Shape{std::ssize(outputs_)}, outputs_};
    Circuit circuit = trimmed(std::move(builder_).take({in}, {out}));
    check_circuit(circuit);
    return circuit;
  }
  /// [values, outputs], each times 2^exponent of its feature.
  std::vector<double> run() && {
    const std::vector<int64_t> x = values();
    const Circuit circuit = std::move(*this).take();
    const PortValues y = Interpreter(circuit).run(std::vector<PortValues>{x}, std::ssize(x))[0];
    std::vector<double> result;
    for (size_t i = 0; i < y.size(); ++i)
      result.push_back(std::ldexp(static_cast<double>(y[i]), outputs_[i % outputs_.size()].exponent));
    return result;
  }

 private:
  CircuitBuilder builder_{"test"};
  int bits_;
  bool is_signed_;
  int32_t input_ = 0;
  std::vector<Feature> outputs_;
};

}  // namespace hgq::rtl
