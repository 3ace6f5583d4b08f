// The inner loops of the quantizer over rows of elements. The parameters of an element are loaded once for several
// rows.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "hgq/autograd/ops.h"

namespace hgq::ops {

// The parameters of one block; each array has `width` elements.
struct BlockParameters {
  const float* scale;
  const float* inverse;
  const float* bias;  // nullptr: none
};

template <RoundingStrategy kStrategy>
float round_scaled(float y) {
  if constexpr (kStrategy == RoundingStrategy::kStandard) return std::floor(y + 0.5F);
  return std::floor(y);
}

// Rows of `width` elements. The parameters of an element are loaded once for kRows rows.
template <RoundingStrategy kStrategy, bool kExact, bool kBias, bool kRelu, bool kRecord, int64_t kRows>
void forward_rows(const float* x, float* out, int64_t width, int64_t stride, const BlockParameters& p, float* low,
                  float* high) {
#pragma omp simd
  for (int64_t j = 0; j < width; ++j) {
    const float s = p.scale[j];
    const float inverse = p.inverse[j];
    float b = 0.0F;
    if constexpr (kBias) b = p.bias[j];
    float least = 0.0F;
    float most = 0.0F;
    if constexpr (kRecord) {
      least = low[j];
      most = high[j];
    }
    for (int64_t r = 0; r < kRows; ++r) {
      float v = x[r * stride + j];
      if constexpr (kBias) v += b;
      const float n = round_scaled<kStrategy>(v * s);
      const float q = kExact ? n * inverse : n / s;
      if constexpr (kRecord) {
        least = q < least ? q : least;
        most = q > most ? q : most;
      }
      out[r * stride + j] = kRelu ? (q > 0.0F ? q : 0.0F) : q;
    }
    if constexpr (kRecord) {
      low[j] = least;
      high[j] = most;
    }
  }
}

// grad_x (+)= g, grad_f -= (q - x) ln2 g, grad_bias += g, where the ReLU sets g to 0 if q <= 0. `out` is q, or relu(q).
template <bool kBias, bool kRelu, bool kToX, bool kAdd, int64_t kRows>
void backward_rows(const float* x, const float* out, const float* g, float* grad_x, int64_t width, int64_t stride,
                   const BlockParameters& p, float* grad_f, float* grad_bias) {
#pragma omp simd
  for (int64_t j = 0; j < width; ++j) {
    float b = 0.0F;
    if constexpr (kBias) b = p.bias[j];
    float sum_f = 0.0F;
    float sum_bias = 0.0F;
    for (int64_t r = 0; r < kRows; ++r) {
      const int64_t i = r * stride + j;
      const float v = kBias ? x[i] + b : x[i];
      const float q = out[i];
      const float d = kRelu ? (q > 0.0F ? g[i] : 0.0F) : g[i];
      sum_f += (q - v) * d;
      sum_bias += d;
      if constexpr (kToX) grad_x[i] = kAdd ? grad_x[i] + d : d;
    }
    grad_f[j] -= sum_f * std::numbers::ln2_v<float>;
    if constexpr (kBias) grad_bias[j] += sum_bias;
  }
}

// Values that are kept for the whole batch are not in the cache, and the processor does not prefetch several rows at
// once by itself.
inline void fetch_ahead(const float* x, int64_t count) {
  constexpr int64_t kAhead = 2048;
  for (int64_t i = 0; i < count; i += 16) __builtin_prefetch(x + i + kAhead);
}

}  // namespace hgq::ops
