// The gradient of a convolution's input if it has so few channels, as images have, that vectors along the channels
// would be mostly empty.
//
// Vectors lie along the columns of a row instead: the gradient of the output is split into its channels, a product
// computes a row of the input's gradient one channel after the other, and its channels are interleaved again.
#pragma once

#include <cstdint>
#include <span>

#include "hgq/autograd/conv_geometry.h"
#include "hgq/core/dnnl.h"

namespace hgq::ops {

class FewChannelsGradient {
 public:
  /// Whether this way is possible and faster: no groups, no dilation, at most 4 channels, and rows long enough to fill
  /// vectors.
  static bool serves(const ConvGeometry& geometry);

  explicit FewChannelsGradient(const ConvGeometry& geometry);

  /// Floats of the split gradient of a sample, which the caller fills with zeros before the first call.
  int64_t apart_floats() const { return g_.spread_h() * g_.outputs * apart_w_; }
  /// Floats of a row of inputs, one channel after the other.
  int64_t row_floats() const { return g_.windows.channels * row_columns_; }
  /// The product for a row of inputs that `rows` rows of the output's gradient reach.
  MatmulSpec product(int64_t rows) const;

  /// The kernel with rows and columns reversed, as [column, input, row, output].
  void turn(const float* kernel, float* turned) const;
  /// The spread `dz` of one sample as [row, output, column].
  void take_apart(const float* dz, float* apart) const;
  /// Writes the gradient of a sample to `to`, or adds it if `add` is true. `products` has the product for n rows at
  /// index n - 1; `row_of_channels` is scratch memory of row_floats() floats.
  void run(std::span<const Matmul> products, const float* apart, const float* turned, float* row_of_channels, float* to,
           bool add) const;

 private:
  ConvGeometry g_;
  int64_t row_columns_, apart_w_;
};

}  // namespace hgq::ops
