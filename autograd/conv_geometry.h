// The geometry of a convolution, which its product, its gradients and its BOPs have in common.
//
// The gradient of the input is also a convolution: that of the output's gradient, which is spread by the strides with
// zeros between and around its elements, with the reversed kernel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "hgq/core/shape.h"
#include "hgq/core/window.h"

namespace hgq::ops {

/// A kernel of shape [h, w, c / groups, n] and its windows. Windows of one dimension have a kernel of shape [w, c /
/// groups, n], and h is 1.
struct ConvGeometry {
  Windows windows;
  int64_t groups = 1;
  int64_t outputs = 1;

  int64_t group_inputs() const { return windows.channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  int64_t kernel_size() const { return windows.h.size * windows.w.size * group_inputs() * outputs; }
  /// The index in the kernel of the first output for row kh, column kw and input channel c.
  int64_t kernel_at(int64_t kh, int64_t kw, int64_t c) const {
    return ((kh * windows.w.size + kw) * group_inputs() + c) * outputs;
  }

  /// Throws ShapeError, with a message that begins with `name`, if the groups do not divide the channels, or a shape
  /// does not fit.
  void check(const Shape& sample, const Shape& kernel, std::string_view name) const;

  /// Calls f(output position, kernel position, input position) for every input that a window reads, padding excluded.
  template <typename F>
  void each(const F& f) const {
    const WindowDim& h = windows.h;
    const WindowDim& w = windows.w;
    for (int64_t oh = 0; oh < h.output; ++oh) {
      for (int64_t ow = 0; ow < w.output; ++ow) {
        for (int64_t kh = 0; kh < h.size; ++kh) {
          const int64_t ih = h.source(oh, kh);
          for (int64_t kw = 0; ih >= 0 && kw < w.size; ++kw) {
            const int64_t iw = w.source(ow, kw);
            if (iw >= 0) f(oh * w.output + ow, kh * w.size + kw, ih * w.input + iw);
          }
        }
      }
    }
  }

  /// The rows and the columns of the spread gradient.
  int64_t spread_h() const { return spread(windows.h); }
  int64_t spread_w() const { return spread(windows.w); }
  /// The number of columns of the input that a gradient reaches; those after them get none.
  int64_t reached_columns() const {
    return std::min(windows.w.input, spread_w() - (windows.w.span() - 1) - windows.w.before);
  }

  /// The rows [first, first + count) of a window through which the output's gradient reaches row h of the input; the
  /// other rows meet the zeros around it. Rows are counted in the reversed kernel.
  struct ReachingRows {
    int64_t first = 0, count = 0;
  };
  ReachingRows reaching_rows(int64_t h) const;

 private:
  static int64_t spread(const WindowDim& dim) { return (dim.output - 1) * dim.stride + 1 + 2 * (dim.span() - 1); }
};

}  // namespace hgq::ops
