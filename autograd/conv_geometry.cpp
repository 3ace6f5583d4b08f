#include "hgq/autograd/conv_geometry.h"

#include "hgq/core/error.h"

namespace hgq::ops {

void ConvGeometry::check(const Shape& sample, const Shape& kernel, std::string_view name) const {
  HGQ_CHECK(groups > 0 && windows.channels % groups == 0 && outputs % groups == 0, ShapeError, name, ": ", groups,
            " groups do not divide ", windows.channels, " inputs and ", outputs, " outputs");
  const Shape expected = windows.rank == 1 ? Shape{windows.w.size, group_inputs(), outputs}
                                           : Shape{windows.h.size, windows.w.size, group_inputs(), outputs};
  HGQ_CHECK(kernel == expected && sample.size() == windows.inputs() * windows.channels, ShapeError, name,
            ": a kernel of shape ", kernel, " for samples of shape ", sample, ", expected ", expected);
}

ConvGeometry::ReachingRows ConvGeometry::reaching_rows(int64_t h) const {
  const WindowDim& w = windows.h;
  const int64_t begin =
      w.span() - 1 - h - w.before;  // of the rows of the gradient, relative to the first row of the window
  const int64_t last = begin + (w.output - 1) * w.stride;
  const int64_t first = std::max<int64_t>(0, (begin + w.dilation - 1) / w.dilation);
  const int64_t end = last < 0 ? 0 : std::min(w.size, last / w.dilation + 1);
  return {first, std::max<int64_t>(0, end - first)};
}

}  // namespace hgq::ops
