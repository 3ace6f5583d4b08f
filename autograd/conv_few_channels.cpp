#include "hgq/autograd/conv_few_channels.h"

#include <algorithm>

#include "hgq/autograd/transpose.h"

namespace hgq::ops {
namespace {

constexpr int64_t kVector = 16;  // the columns of a row are rounded up to a multiple of it

/// Interleaves channels that lie `stride` apart, so that the channels come last.
template <int kChannels>
void put_together(const float* row_of_channels, int64_t stride, int64_t columns, float* row, bool add) {
  for (int64_t column = 0; column < columns; ++column) {
    for (int i = 0; i < kChannels; ++i) {
      float& target = row[column * kChannels + i];
      const float gradient = row_of_channels[i * stride + column];
      target = add ? target + gradient : gradient;
    }
  }
}

}  // namespace

bool FewChannelsGradient::serves(const ConvGeometry& geometry) {
  const Windows& v = geometry.windows;
  return geometry.groups == 1 && v.h.dilation == 1 && v.w.dilation == 1 && v.channels <= 4 &&
         geometry.reached_columns() >= kVector / 2;
}

FewChannelsGradient::FewChannelsGradient(const ConvGeometry& geometry)
    : g_(geometry),
      row_columns_((geometry.reached_columns() + kVector - 1) / kVector * kVector),
      apart_w_(std::max(geometry.spread_w(), geometry.windows.w.before + geometry.windows.w.size - 1 + row_columns_)) {}

MatmulSpec FewChannelsGradient::product(int64_t rows) const {
  const Windows& v = g_.windows;
  return {.m = v.channels,
          .k = rows * g_.outputs,
          .n = row_columns_,
          .row_stride_a = v.h.size * g_.outputs,
          .row_stride_b = apart_w_,
          .terms = v.w.size,
          .term_stride_a = v.channels * v.h.size * g_.outputs,
          .term_stride_b = 1};
}

void FewChannelsGradient::turn(const float* kernel, float* turned) const {
  const Windows& v = g_.windows;
  for (int64_t kw = v.w.size; kw-- > 0;) {
    for (int64_t i = 0; i < v.channels; ++i) {
      for (int64_t kh = v.h.size; kh-- > 0; turned += g_.outputs)
        std::copy_n(kernel + g_.kernel_at(kh, kw, i), g_.outputs, turned);
    }
  }
}

void FewChannelsGradient::take_apart(const float* dz, float* apart) const {
  const WindowDim& h = g_.windows.h;
  const WindowDim& w = g_.windows.w;
  for (int64_t oh = 0; oh < h.output; ++oh) {
    float* const row = apart + (h.span() - 1 + oh * h.stride) * g_.outputs * apart_w_ + w.span() - 1;
    const float* const from = dz + oh * w.output * g_.outputs;
    int64_t j = 0;
    for (; w.stride == 1 && j + 4 <= g_.outputs; j += 4) {
      int64_t ow = 0;
      for (; ow + 4 <= w.output; ow += 4)
        transpose_4(from + ow * g_.outputs + j, g_.outputs, row + j * apart_w_ + ow, apart_w_);
      for (; ow < w.output; ++ow) {
        for (int64_t i = j; i < j + 4; ++i) row[i * apart_w_ + ow] = from[ow * g_.outputs + i];
      }
    }
    for (; j < g_.outputs; ++j) {
      for (int64_t ow = 0; ow < w.output; ++ow) row[j * apart_w_ + ow * w.stride] = from[ow * g_.outputs + j];
    }
  }
}

void FewChannelsGradient::run(std::span<const Matmul> products, const float* apart, const float* turned,
                              float* row_of_channels, float* to, bool add) const {
  const Windows& v = g_.windows;
  for (int64_t h = 0; h < v.h.input; ++h) {
    float* const row = to + h * v.w.input * v.channels;
    const ConvGeometry::ReachingRows rows = g_.reaching_rows(h);
    const int64_t columns = rows.count > 0 ? g_.reached_columns() : 0;
    if (rows.count > 0)
      products[static_cast<size_t>(rows.count - 1)].run(
          turned + rows.first * g_.outputs, apart + (h + v.h.before + rows.first) * g_.outputs * apart_w_ + v.w.before,
          row_of_channels);
    switch (v.channels) {
      case 1:
        put_together<1>(row_of_channels, row_columns_, columns, row, add);
        break;
      case 2:
        put_together<2>(row_of_channels, row_columns_, columns, row, add);
        break;
      case 3:
        put_together<3>(row_of_channels, row_columns_, columns, row, add);
        break;
      default:
        put_together<4>(row_of_channels, row_columns_, columns, row, add);
    }
    if (!add) std::fill_n(row + columns * v.channels, (v.w.input - columns) * v.channels, 0.0F);
  }
}

}  // namespace hgq::ops
