// Kernel and bias of a dense layer or a convolution in a proxy: checked, read from and written to a file. What is
// computed with them is in products.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/proxy/layer.h"

namespace hgq {

struct ProductWeights {
  Shape kernel_shape;         // (window size ..., inputs, units); no window for a dense layer
  std::vector<float> kernel;  // row-major
  std::vector<float> bias;    // (units), or empty for none

  int64_t units() const { return kernel_shape[-1]; }
  /// Throws ShapeError, which begins with `where`, unless the kernel has `window_rank` + 2 dims, the sizes fit, and all
  /// values are finite. `units_name`: "units", "filters".
  void check(int window_rank, std::string_view units_name, const std::string& where) const;
  /// As a Keras file holds them.
  std::vector<KerasWeight> to_keras() const;
};

/// The weights of a layer of a file. Throws FileError unless the kernel has the shape (window ..., inputs, units), and
/// the bias, if wanted, (units).
ProductWeights read_product_weights(const KerasNode& node, const KerasLayerWeights& weights,
                                    std::span<const int64_t> window, int64_t units, bool use_bias);

}  // namespace hgq
