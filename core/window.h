// Where a window stands as it slides along a dim: convolutions and pooling, counted as Keras counts.
//
//   const WindowDim w = slide({.input = 32, .size = 3, .stride = 2}, Padding::kSame);
//   w.output;  w.before;  w.after;                         // 16, 0, 1
//
// Element t of the window at position p reads input p * stride + t * dilation - before; what lies outside is padding.
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
  int64_t before = 0, after = 0;  // padding that is read

  /// Inputs from the first to the last that a window reads.
  int64_t span() const { return (size - 1) * dilation + 1; }
  /// Input of element t at position p, or -1 in the padding.
  int64_t source(int64_t p, int64_t t) const {
    const int64_t at = p * stride + t * dilation - before;
    return at >= 0 && at < input ? at : -1;
  }
  bool operator==(const WindowDim&) const = default;
};

/// Fills in output, before and after. Throws ShapeError where no window fits.
WindowDim slide(WindowDim dim, Padding padding);

/// Windows over the dims of a sample but the last (channels): one dim or two. One dim is the second of two, whose first
/// has one entry.
struct Windows {
  WindowDim h, w;
  int64_t channels = 1;
  int rank = 2;  // dims that the windows slide along

  int64_t positions() const { return h.output * w.output; }
  /// Values that the windows read in a sample, padding counted.
  int64_t reads() const { return positions() * h.size * w.size * channels; }
  int64_t inputs() const { return h.input * w.input; }
  /// A sample's shape behind the windows, with `channels` in its last dim.
  Shape output_shape(int64_t output_channels) const;
  bool operator==(const Windows&) const = default;
};

/// `sample` [L, c] or [h, w, c]; the lists have an entry for each dim of a window. Throws ShapeError where the rank
/// does not fit or no window does.
Windows make_windows(const Shape& sample, const std::vector<int64_t>& size, const std::vector<int64_t>& stride,
                     const std::vector<int64_t>& dilation, Padding padding);

}  // namespace hgq
