// exp in a form that the compiler can vectorize; the bits are the same for every vector width.
//
// The functions of the C library take one value at a time, and their last bit differs between versions. The functions
// here are used where a training step spends its time (softmax), and those of the C library elsewhere.
#pragma once

#include <bit>
#include <cstdint>

namespace hgq {

/// e^x with an error below 2 ULP if the result is a normal number; 0 for x below -87.3, and at most 3.4e38, never
/// infinite. NaN gives NaN.
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

/// The same in double, with a relative error below 1e-14; x is first clamped to [-700, 700]. NaN gives NaN.
inline double fast_exp(double x) {
  constexpr double kHigh = 0.693147180369123816490;
  constexpr double kLow = 1.90821492927058770002e-10;
  constexpr double kMagic = 6755399441055744.0;  // 1.5 * 2^52
  const double limited = x < -700.0 ? -700.0 : (x > 700.0 ? 700.0 : x);
  const double shifted = limited * 1.44269504088896340736 + kMagic;
  const double n = shifted - kMagic;
  const double r = (limited - n * kHigh) - n * kLow;
  // 1 + r + r^2 / 2! ... r^12 / 12!
  double p = 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  const double e = (p * r * r + r) + 1.0;
  const auto exponent = static_cast<uint64_t>(std::bit_cast<int64_t>(shifted)) << 52;
  const double scaled = std::bit_cast<double>(std::bit_cast<uint64_t>(e) + exponent);
  return x != x ? x : scaled;
}

}  // namespace hgq
