#include "hgq/core/window.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Larger windows would take seconds for each row. A config or a file can claim any size.
constexpr int64_t kMostReads = int64_t{1} << 31U;

}  // namespace

std::string_view to_string(Padding padding) {
  constexpr std::array<std::string_view, 3> kNames{"valid", "same", "causal"};
  return kNames[static_cast<size_t>(padding)];
}

WindowDim slide(WindowDim dim, Padding padding) {
  const int64_t span = dim.span();
  if (padding == Padding::kSame) {
    dim.output = (dim.input + dim.stride - 1) / dim.stride;
    const int64_t missing = std::max<int64_t>((dim.output - 1) * dim.stride + span - dim.input, 0);
    dim.before = missing / 2;
    dim.after = missing - dim.before;
  } else {
    dim.before = padding == Padding::kCausal ? span - 1 : 0;
    dim.after = 0;
    const int64_t room = dim.input + dim.before - span;
    dim.output = room < 0 ? 0 : room / dim.stride + 1;
  }
  HGQ_CHECK(dim.output > 0, ShapeError, "a window of ", span, " entries does not fit a dim of ", dim.input,
            " with padding '", to_string(padding), "'");
  return dim;
}

Shape Windows::output_shape(int64_t output_channels) const {
  return rank == 1 ? Shape{w.output, output_channels} : Shape{h.output, w.output, output_channels};
}

Windows make_windows(const Shape& sample, const std::vector<int64_t>& size, const std::vector<int64_t>& stride,
                     const std::vector<int64_t>& dilation, Padding padding) {
  const auto rank = static_cast<int>(size.size());
  HGQ_CHECK((rank == 1 || rank == 2) && stride.size() == size.size() && dilation.size() == size.size() &&
                sample.rank() == rank + 1,
            ShapeError, "windows over ", rank, " dims for samples of shape ", sample, ", expected ",
            rank == 1 ? "[length, channels]" : "[height, width, channels]");
  const auto dim = [&](int d) {
    const auto i = static_cast<size_t>(d);
    return slide({.input = sample[d], .size = size[i], .stride = stride[i], .dilation = dilation[i]}, padding);
  };
  Windows windows;
  windows.rank = rank;
  windows.channels = sample[-1];
  if (rank == 2) windows.h = dim(0);
  windows.w = dim(rank - 1);
  int64_t reads = windows.channels;
  bool fits = true;
  for (const int64_t factor : {windows.h.output, windows.w.output, windows.h.size, windows.w.size})
    fits = fits && !__builtin_mul_overflow(reads, factor, &reads);
  HGQ_CHECK(fits && reads <= kMostReads, ShapeError, "windows of ", windows.h.size, " x ", windows.w.size,
            " entries at ", windows.h.output, " x ", windows.w.output, " positions of ", windows.channels,
            " channels read more than 2^31 values");
  return windows;
}

}  // namespace hgq
