// Which bit width belongs to which element (quantization.md 1, `skip_dims`): an f is shared along the dimensions in
// which its extent is 1.
//
//   values [8, 8, 16], f [1, 1, 1, 16]: one f for each channel; period 16, index 0 ... 15
#pragma once

#include <cstdint>
#include <vector>

#include "hgq/core/shape.h"

namespace hgq {

struct Sharing {
  int64_t period = 0;          // elements after which the pattern repeats, a divisor of the sample's size
  std::vector<int32_t> index;  // by element of a period: element of f
  int64_t f_size = 0;

  /// The index of the element of f that belongs to an element of the values.
  int64_t at(int64_t element) const { return index[static_cast<size_t>(element % period)]; }

  /// `f` must have `leading` dimensions of 1, and then for each dimension of `sample` the same extent or 1. Otherwise
  /// throws ShapeError.
  static Sharing of(const Shape& sample, const Shape& f, int leading);
};

}  // namespace hgq
