// The gradient of a convolution's input where it has so few channels (an image) that vectors along them stay empty.
//
// Vectors lie along the row instead: the output's gradient is taken apart, output after output, and a product makes a
// row of the input's gradient, channel after channel, which is then put together again.
#pragma once

#include <cstdint>
#include <span>

#include "hgq/autograd/conv_geometry.h"
#include "hgq/core/dnnl.h"

namespace hgq::ops {

class FewChannelsGradient {
 public:
  /// Whether it is worth it, and possible: no groups, no dilation, at most 4 channels, rows that fill vectors.
  static bool serves(const ConvGeometry& geometry);

  explicit FewChannelsGradient(const ConvGeometry& geometry);

  /// Room for a sample's gradient taken apart, which is made of zeros before the first one.
  int64_t apart_floats() const { return g_.spread_h() * g_.outputs * apart_w_; }
  /// Room for a row of inputs, channel after channel.
  int64_t row_floats() const { return g_.windows.channels * row_columns_; }
  /// The product for a row of inputs that so many rows of the output's gradient reach.
  MatmulSpec product(int64_t rows) const;

  /// The kernel turned round as [column, input, row, output].
  void turn(const float* kernel, float* turned) const;
  /// `dz` of one sample, spread, as [row, output, column].
  void take_apart(const float* dz, float* apart) const;
  /// A sample's gradient `to`, or added to it. `products`: by the number of rows, less one; `row_of_channels`: room.
  void run(std::span<const Matmul> products, const float* apart, const float* turned, float* row_of_channels, float* to,
           bool add) const;

 private:
  ConvGeometry g_;
  int64_t row_columns_, apart_w_;
};

}  // namespace hgq::ops
