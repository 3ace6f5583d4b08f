// The positions of a window that slides along a dimension, for convolutions and pooling, as Keras counts them.
//
//   const WindowDim w = slide({.input = 32, .size = 3, .stride = 2}, Padding::kSame);
//   w.output;  w.before;  w.after;                         // 16, 0, 1
//
// Element t of the window at position p reads input p * stride + t * dilation - before; an input out of range is
// padding.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hgq/core/shape.h"

namespace hgq {

enum class Padding : uint8_t { kValid, kSame, kCausal };

/// "valid", "same", "causal".
std::string_view to_string(Padding padding);

struct WindowDim {
  int64_t input = 1;
  int64_t size = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t output = 1;
  int64_t before = 0, after = 0;  // padding that windows read

  /// The number of inputs from the first to the last that a window reads.
  int64_t span() const { return (size - 1) * dilation + 1; }
  /// The index of the input that element t reads at position p; -1 for padding.
  int64_t source(int64_t p, int64_t t) const {
    const int64_t at = p * stride + t * dilation - before;
    return at >= 0 && at < input ? at : -1;
  }
  bool operator==(const WindowDim&) const = default;
};

/// Fills in `output`, `before` and `after`. Throws ShapeError if no window fits.
WindowDim slide(WindowDim dim, Padding padding);

/// Windows over all dimensions of a sample but the last, its channels: one or two. A single dimension is kept in `w`;
/// `h` then has extent 1.
struct Windows {
  WindowDim h, w;
  int64_t channels = 1;
  int rank = 2;  // dimensions that the windows slide along

  int64_t positions() const { return h.output * w.output; }
  /// The number of values that the windows read in a sample, padding included.
  int64_t reads() const { return positions() * h.size * w.size * channels; }
  int64_t inputs() const { return h.input * w.input; }
  /// The shape of a sample of the output, with `output_channels` in its last dimension.
  Shape output_shape(int64_t output_channels) const;
  bool operator==(const Windows&) const = default;
};

/// `sample` is [length, channels] or [height, width, channels]; the lists have an entry for each dimension of a window.
/// Throws ShapeError if the rank does not fit, or no window does.
Windows make_windows(const Shape& sample, const std::vector<int64_t>& size, const std::vector<int64_t>& stride,
                     const std::vector<int64_t>& dilation, Padding padding);

}  // namespace hgq
