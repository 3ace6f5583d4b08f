// A convolution from few channels to one or two, as over the strips of a detector: products with so narrow matrices
// would leave vectors mostly empty.
//
// Vectors lie along the columns of a row instead: a sample is split into its channels, each of them padded, and each
// entry of the kernel multiplies a run of columns. The gradient of the kernel is summed in as many parts as a vector
// has elements, over all samples of a chunk.
#pragma once

#include <cstdint>
#include <vector>

#include "hgq/autograd/conv_geometry.h"

namespace hgq::ops {

class FewOutputs {
 public:
  /// Whether this way is possible and faster: no groups, no strides, at most 4 channels and 2 outputs, and rows long
  /// enough to fill vectors.
  static bool serves(const ConvGeometry& geometry);

  explicit FewOutputs(const ConvGeometry& geometry);

  /// Scratch memory that both passes need.
  int64_t scratch_floats() const;

  /// x [rows, h, w, channels] to z [rows, h, w, outputs].
  void forward(const float* x, const float* kernel, float* z, int64_t rows, float* scratch) const;
  /// Adds the gradient of the kernel to `to`, from that of the output.
  void add_kernel_gradient(const float* x, const float* dz, float* to, int64_t rows, float* scratch) const;

 private:
  int64_t planes_floats() const;      // of a sample
  int64_t out_planes_floats() const;  // of its outputs
  /// Writes each sample to the middle of its planes [channel, row, column].
  void take_apart(const float* x, int64_t samples, float* planes) const;

  ConvGeometry g_;
  int64_t columns_;                // of a row of the output, in whole vectors
  int64_t plane_columns_, plane_;  // of a padded channel: columns of a row, and floats
  int64_t samples_;                // taken apart at once
  std::vector<int64_t> tap_at_;    // by kernel entry: where the columns that it multiplies begin in the planes
};

}  // namespace hgq::ops
