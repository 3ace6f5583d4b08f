#include "hgq/layers/passive_layer.h"

#include <nlohmann/json.hpp>

#include "hgq/autograd/executor.h"

namespace hgq {

PassiveLayer::PassiveLayer(ConfigReader& c) : Layer(c) {
  c.known("trainable", true);
  c.resolve("dtype", "float32");
}

Signal PassiveLayer::call(Recording& /*recording*/, std::span<const Signal> inputs) {
  std::vector<Var> values, bits;
  bool known = true;
  for (const Signal& s : inputs) {
    values.push_back(s.value);
    bits.push_back(s.bits);
    known = known && s.bits.valid();
  }
  return {pass(values), known ? pass_bits(bits) : Var{}};
}

ExactSignal PassiveLayer::exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& /*bops*/) {
  Tape tape;
  std::vector<Var> bits;
  for (const ExactSignal& s : inputs) {
    if (s.bits.empty()) return {output_, {}};
    bits.push_back(tape.constant(Tensor(s.shape, s.bits)));
  }
  const Var passed = pass_bits(bits);
  Workers alone(1);
  Executor executor(tape, alone, {.gradients = false});
  executor.forward({});
  const auto values = executor.value(passed).values();
  return {output_, {values.begin(), values.end()}};
}

}  // namespace hgq
