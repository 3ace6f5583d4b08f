// exp, log and their like for float32, as loops that the compiler turns into vector code; the same bits for any vector
// width.
//
// The C library's functions are called one value at a time, and their last bit differs between versions. These are used
// where a training step spends its time (softmax); elsewhere the C library serves.
#pragma once

#include <bit>
#include <cstdint>

namespace hgq {

/// e^x; error below 2 ULP for results in the normal range; 0 below -87.3, 3.4e38 at the upper end (never inf). NaN
/// gives NaN.
inline float fast_exp(float x) {
  // e^x = 2^n e^r, n = rne(x / ln 2), |r| <= ln(2) / 2; ln 2 in two parts, the first with few bits, so that n * kHigh
  // is exact.
  constexpr float kHigh = 0.693359375F;
  constexpr float kLow = -2.12194440e-4F;
  constexpr float kMagic = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  const float limited = x < -87.3F ? -87.3F : (x > 88.37F ? 88.37F : x);
  const float shifted = limited * 1.44269504F + kMagic;
  const float n = shifted - kMagic;
  const float r = (limited - n * kHigh) - n * kLow;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float e = (p * r * r + r) + 1.0F;
  const auto exponent = static_cast<uint32_t>(std::bit_cast<int32_t>(shifted) << 23);
  const float scaled = std::bit_cast<float>(std::bit_cast<uint32_t>(e) + exponent);
  return x < -87.3F ? 0.0F : scaled + (x - x);
}

}  // namespace hgq
