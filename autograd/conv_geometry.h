// Where the rows of a convolution's windows lie: what the product, its gradients and its BOPs have in common.
//
// The gradient of the input is a convolution too: of the output's gradient, spread by the strides with zeros between
// and around it, with the kernel turned round.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "hgq/core/shape.h"
#include "hgq/core/window.h"

namespace hgq::ops {

/// A kernel [h, w, c / groups, n] beside its windows (h is 1 and no dim of the kernel where they have one dim).
struct ConvGeometry {
  Windows windows;
  int64_t groups = 1;
  int64_t outputs = 1;

  int64_t group_inputs() const { return windows.channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  int64_t kernel_size() const { return windows.h.size * windows.w.size * group_inputs() * outputs; }
  /// Index of the kernel's first output of a row.
  int64_t kernel_at(int64_t kh, int64_t kw, int64_t c) const {
    return ((kh * windows.w.size + kw) * group_inputs() + c) * outputs;
  }

  /// Throws ShapeError, opened by `name`, where the groups do not divide, or a shape is another one.
  void check(const Shape& sample, const Shape& kernel, std::string_view name) const;

  /// f(output position, kernel row, input position) for every pair that is not padding.
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

  /// Size of the spread gradient.
  int64_t spread_h() const { return spread(windows.h); }
  int64_t spread_w() const { return spread(windows.w); }
  /// Columns of the input that a gradient reaches; those behind get none.
  int64_t reached_columns() const {
    return std::min(windows.w.input, spread_w() - (windows.w.span() - 1) - windows.w.before);
  }

  /// Rows of a window [first, first + count) through which the output's gradient reaches row h of the input; the
  /// others meet zeros around it. Counted in the turned kernel.
  struct ReachingRows {
    int64_t first = 0, count = 0;
  };
  ReachingRows reaching_rows(int64_t h) const;

 private:
  static int64_t spread(const WindowDim& dim) { return (dim.output - 1) * dim.stride + 1 + 2 * (dim.span() - 1); }
};

}  // namespace hgq::ops
