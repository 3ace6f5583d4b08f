#include "hgq/proxy/product_weights.h"

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/core/finite.h"

namespace hgq {

void ProductWeights::check(int window_rank, std::string_view units_name, const std::string& where) const {
  HGQ_CHECK(kernel_shape.rank() == window_rank + 2 && static_cast<int64_t>(kernel.size()) == kernel_shape.size(),
            ShapeError, where, ": kernel of shape ", kernel_shape, " with ", kernel.size(), " values, expected (",
            window_rank > 0 ? "size ..., " : "", "inputs, ", units_name, ")");
  HGQ_CHECK(bias.empty() || static_cast<int64_t>(bias.size()) == units(), ShapeError, where, ": bias has ", bias.size(),
            " values, the kernel has ", units(), " ", units_name);
  HGQ_CHECK(all_finite(kernel) && all_finite(bias), ShapeError, where,
            ": kernel or bias holds a value that is not finite");
}

std::vector<KerasWeight> ProductWeights::to_keras() const {
  std::vector<KerasWeight> out{KerasWeight::of_floats("kernel:0", kernel_shape, kernel)};
  if (!bias.empty()) out.push_back(KerasWeight::of_floats("bias:0", Shape{units()}, bias));
  return out;
}

ProductWeights read_product_weights(const KerasNode& node, const KerasLayerWeights& weights,
                                    std::span<const int64_t> window, int64_t units, bool use_bias) {
  const KerasWeight* const kernel = weights.find("kernel");
  const KerasWeight* const bias = weights.find("bias");
  const auto window_rank = static_cast<int>(window.size());
  bool fits = kernel != nullptr && kernel->shape.rank() == window_rank + 2 && kernel->shape[-1] == units;
  for (int d = 0; fits && d < window_rank; ++d) fits = kernel->shape[d] == window[static_cast<size_t>(d)];
  HGQ_CHECK(fits, FileError, node.config.place(), ": layer '", node.name, "' (", node.class_name, ") has ",
            kernel == nullptr ? "no kernel" : concat("a kernel of shape ", kernel->shape), ", expected (",
            window_rank > 0 ? "kernel_size, " : "", "inputs, ", units, ")");
  HGQ_CHECK(!use_bias || (bias != nullptr && bias->shape == Shape{units}), FileError, node.config.place(), ": layer '",
            node.name, "' (", node.class_name, ") has ",
            bias == nullptr ? "no bias" : concat("a bias of shape ", bias->shape), ", expected (", units, ")");
  return {kernel->shape, kernel->floats(), use_bias ? bias->floats() : std::vector<float>()};
}

}  // namespace hgq
