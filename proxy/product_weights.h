// The kernel and the bias of a dense layer or a convolution in a proxy: checks, and reading from and writing to a file.
// products.h computes with them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/proxy/layer.h"

namespace hgq {

struct ProductWeights {
  Shape kernel_shape;         // [window size..., inputs, units]; without a window for a dense layer
  std::vector<float> kernel;  // row-major
  std::vector<float> bias;    // `units` values, or none

  int64_t units() const { return kernel_shape[-1]; }
  /// Throws ShapeError, with a message that begins with `where`, unless the kernel has `window_rank` + 2 dimensions,
  /// the sizes fit, and all values are finite. `units_name` is "units" or "filters".
  void check(int window_rank, std::string_view units_name, const std::string& where) const;
  /// The weights as a Keras file contains them.
  std::vector<KerasWeight> to_keras() const;
};

/// Reads the weights of a layer from a file. Throws FileError unless the kernel has the shape [window..., inputs,
/// units], and the bias, if `use_bias` is true, [units].
ProductWeights read_product_weights(const KerasNode& node, const KerasLayerWeights& weights,
                                    std::span<const int64_t> window, int64_t units, bool use_bias);

}  // namespace hgq
