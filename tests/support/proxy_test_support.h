// Small proxies and comparisons for the tests of the proxy.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hgq/core/tensor.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/emulator.h"

namespace hgq {

inline std::string golden_model(const std::string& name) {
  return std::string(HGQ_SOURCE_DIR) + "/tests/golden/models/" + name;
}

/// One type for all elements.
inline QuantizerTypes one_type(int k, int b, int i, const Shape& shape = {1}) {
  const auto n = static_cast<size_t>(shape.size());
  return {shape, std::vector<int8_t>(n, static_cast<int8_t>(k)), std::vector<int8_t>(n, static_cast<int8_t>(b)),
          std::vector<int8_t>(n, static_cast<int8_t>(i))};
}

inline Tensor tensor(const Shape& shape, const std::vector<float>& values) { return Tensor(shape, values); }

/// The first output on one input, as a plain vector.
inline std::vector<float> outputs_of(const ProxyModel& model, const Tensor& x) {
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation result = Emulator(model).run(inputs);
  return {result.outputs[0].values().begin(), result.outputs[0].values().end()};
}

/// The message of the E that f throws.
template <typename E, typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace hgq
