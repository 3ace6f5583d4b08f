#include "hgq/autograd/conv_few_outputs.h"

#include <algorithm>
#include <cstring>

#include "hgq/core/arena.h"

namespace hgq::ops {
namespace {

constexpr int64_t kVectorColumns = 8;
constexpr int64_t kColumnsAtOnce = 4 * kVectorColumns;  // summed in registers
constexpr int64_t kMostTaps = 128;
constexpr int64_t kSamplesFloats = 4096;  // of the samples that are taken apart before their products
typedef float Vector __attribute__((vector_size(4 * kVectorColumns)));  // NOLINT(modernize-use-using): GCC wants it so

/// Four vectors of neighbouring columns.
struct Columns {
  Vector a, b, c, d;
};

inline Columns load(const float* from) {
  Columns columns;
  std::memcpy(&columns.a, from, sizeof(Vector));
  std::memcpy(&columns.b, from + kVectorColumns, sizeof(Vector));
  std::memcpy(&columns.c, from + 2 * kVectorColumns, sizeof(Vector));
  std::memcpy(&columns.d, from + 3 * kVectorColumns, sizeof(Vector));
  return columns;
}

inline void store(float* to, const Columns& columns) {
  std::memcpy(to, &columns.a, sizeof(Vector));
  std::memcpy(to + kVectorColumns, &columns.b, sizeof(Vector));
  std::memcpy(to + 2 * kVectorColumns, &columns.c, sizeof(Vector));
  std::memcpy(to + 3 * kVectorColumns, &columns.d, sizeof(Vector));
}

/// The sums of kColumnsAtOnce columns over the entries of a kernel, which lie `stride` apart.
void sum_columns(const float* planes, const std::vector<int64_t>& taps, const float* kernel, int64_t stride,
                 float* to) {
  Columns sums{};
  for (const int64_t tap : taps) {
    const Columns values = load(planes + tap);
    sums.a += values.a * *kernel;
    sums.b += values.b * *kernel;
    sums.c += values.c * *kernel;
    sums.d += values.d * *kernel;
    kernel += stride;
  }
  store(to, sums);
}

/// Adds to `parts`, of kColumnsAtOnce, the products of columns.
void add_products(const float* values, const float* gradients, int64_t rows, int64_t stride_of_values, int64_t columns,
                  float* parts) {
  Columns sums = load(parts);
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; column += kColumnsAtOnce) {
      const Columns v = load(values + row * stride_of_values + column);
      const Columns g = load(gradients + row * columns + column);
      sums.a += v.a * g.a;
      sums.b += v.b * g.b;
      sums.c += v.c * g.c;
      sums.d += v.d * g.d;
    }
  }
  store(parts, sums);
}

/// A run of values whose elements lie `stride` apart, to neighbours.
void pick(const float* from, int64_t stride, int64_t count, float* to) {
  switch (stride) {
    case 1:
      std::copy_n(from, count, to);
      break;
    case 2:
      for (int64_t i = 0; i < count; ++i) to[i] = from[2 * i];
      break;
    case 3:
      for (int64_t i = 0; i < count; ++i) to[i] = from[3 * i];
      break;
    default:
      for (int64_t i = 0; i < count; ++i) to[i] = from[stride * i];
  }
}

}  // namespace

bool FewOutputs::serves(const ConvGeometry& geometry) {
  const Windows& v = geometry.windows;
  return geometry.groups == 1 && v.h.stride == 1 && v.w.stride == 1 && v.channels <= 4 && geometry.outputs <= 2 &&
         v.w.output >= kVectorColumns && v.h.size * v.w.size * v.channels <= kMostTaps;
}

FewOutputs::FewOutputs(const ConvGeometry& geometry)
    : g_(geometry), columns_((geometry.windows.w.output + kColumnsAtOnce - 1) / kColumnsAtOnce * kColumnsAtOnce) {
  const WindowDim& h = g_.windows.h;
  const WindowDim& w = g_.windows.w;
  plane_columns_ = std::max(w.before + w.input + w.after, columns_ + w.span() - 1);
  plane_ = (h.before + h.input + h.after) * plane_columns_;
  for (int64_t kh = 0; kh < h.size; ++kh) {
    for (int64_t kw = 0; kw < w.size; ++kw) {
      for (int64_t i = 0; i < g_.windows.channels; ++i)
        tap_at_.push_back(i * plane_ + kh * h.dilation * plane_columns_ + kw * w.dilation);
    }
  }
  // Values that were just written are read in other pieces, which the processor is slow at: not for long samples.
  samples_ = std::clamp<int64_t>(kSamplesFloats / (g_.windows.channels * plane_), 1, 16);
}

int64_t FewOutputs::planes_floats() const { return whole_lines(g_.windows.channels * plane_); }
int64_t FewOutputs::out_planes_floats() const { return g_.outputs * g_.windows.h.output * columns_; }

// The planes of some samples; those of their outputs or of the gradients of these; the parts of that of the kernel.
int64_t FewOutputs::scratch_floats() const {
  return samples_ * (planes_floats() + out_planes_floats()) + g_.outputs * std::ssize(tap_at_) * kColumnsAtOnce;
}

void FewOutputs::take_apart(const float* x, int64_t samples, float* planes) const {
  const Windows& v = g_.windows;
  for (int64_t s = 0; s < samples; ++s, planes += planes_floats()) {
    for (int64_t h = 0; h < v.h.input; ++h, x += v.w.input * v.channels) {
      float* const row = planes + (v.h.before + h) * plane_columns_ + v.w.before;
      for (int64_t i = 0; i < v.channels; ++i) pick(x + i, v.channels, v.w.input, row + i * plane_);
    }
  }
}

void FewOutputs::forward(const float* x, const float* kernel, float* z, int64_t rows, float* scratch) const {
  const Windows& v = g_.windows;
  float* const planes = scratch;
  float* const row = scratch + samples_ * planes_floats();
  std::fill_n(planes, samples_ * planes_floats(), 0.0F);
  for (int64_t first = 0; first < rows; first += samples_) {
    const int64_t samples = std::min(samples_, rows - first);
    take_apart(x + first * v.inputs() * v.channels, samples, planes);
    for (int64_t s = 0; s < samples; ++s) {
      for (int64_t oh = 0; oh < v.h.output; ++oh, z += v.w.output * g_.outputs) {
        const float* const from = planes + s * planes_floats() + oh * plane_columns_;
        for (int64_t j = 0; j < g_.outputs; ++j) {
          for (int64_t column = 0; column < columns_; column += kColumnsAtOnce)
            sum_columns(from + column, tap_at_, kernel + j, g_.outputs, row + column);
          for (int64_t ow = 0; ow < v.w.output; ++ow) z[ow * g_.outputs + j] = row[ow];
        }
      }
    }
  }
}

void FewOutputs::add_kernel_gradient(const float* x, const float* dz, float* to, int64_t rows, float* scratch) const {
  const Windows& v = g_.windows;
  const auto taps = std::ssize(tap_at_);
  const int64_t out_plane = v.h.output * columns_;
  float* const planes = scratch;
  float* const out_planes = planes + samples_ * planes_floats();
  float* const parts = out_planes + samples_ * out_planes_floats();
  std::fill_n(planes, scratch_floats(), 0.0F);
  for (int64_t first = 0; first < rows; first += samples_) {
    const int64_t samples = std::min(samples_, rows - first);
    take_apart(x + first * v.inputs() * v.channels, samples, planes);
    for (int64_t s = 0; s < samples; ++s) {
      for (int64_t oh = 0; oh < v.h.output; ++oh, dz += v.w.output * g_.outputs) {
        for (int64_t j = 0; j < g_.outputs; ++j)
          pick(dz + j, g_.outputs, v.w.output, out_planes + s * out_planes_floats() + j * out_plane + oh * columns_);
      }
    }
    for (int64_t s = 0; s < samples; ++s) {
      for (int64_t j = 0; j < g_.outputs; ++j) {
        for (int64_t t = 0; t < taps; ++t)
          add_products(planes + s * planes_floats() + tap_at_[static_cast<size_t>(t)],
                       out_planes + s * out_planes_floats() + j * out_plane, v.h.output, plane_columns_, columns_,
                       parts + (j * taps + t) * kColumnsAtOnce);
      }
    }
  }
  for (int64_t j = 0; j < g_.outputs; ++j) {
    for (int64_t t = 0; t < taps; ++t) {
      const float* const part = parts + (j * taps + t) * kColumnsAtOnce;
      float sum = 0;
      for (int64_t i = 0; i < kColumnsAtOnce; ++i) sum += part[i];
      to[t * g_.outputs + j] += sum;
    }
  }
}

}  // namespace hgq::ops
