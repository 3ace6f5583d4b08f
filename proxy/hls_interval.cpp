#include "hgq/proxy/hls_interval.h"

#include <algorithm>
#include <cmath>

namespace hgq {

int hls_fraction(double value) {
  int low = -32;
  int high = 32;
  while (low < high - 1) {
    // Python's // rounds down.
    const int middle = static_cast<int>(std::floor((low + high) / 2.0));
    const double scaled = std::ldexp(value, middle);
    (scaled == std::trunc(scaled) ? high : low) = middle;
  }
  return high;
}

int hls_ceil_log2(double value) {
  int exponent = 0;
  const double mantissa = std::frexp(value, &exponent);  // in [0.5, 1)
  return mantissa == 0.5 ? exponent - 1 : exponent;
}

HlsInterval HlsInterval::of(int k, int i, int f) {
  const double spacing = std::ldexp(1.0, -f);
  return {.low = k != 0 ? -std::ldexp(1.0, i) : 0.0, .high = std::ldexp(1.0, i) - spacing, .spacing = spacing};
}

void HlsInterval::add_product(const HlsInterval& x, double weight) {
  const double a = x.low * weight;
  const double b = x.high * weight;
  low += std::min(a, b);
  high += std::max(a, b);
  spacing = std::min(spacing, std::ldexp(x.spacing, -hls_fraction(weight)));
}

void HlsInterval::add(const HlsInterval& other) {
  low += other.low;
  high += other.high;
  spacing = std::min(spacing, other.spacing);
}

void HlsInterval::add(double constant) {
  low += constant;
  high += constant;
  spacing = std::min(spacing, std::ldexp(1.0, -hls_fraction(constant)));
}

void HlsInterval::push_to(HlsTypes& types) const {
  if (low == 0 && high == 0) return types.push(0, 0, 0);
  const int f = -static_cast<int>(std::log2(spacing));
  const double most = std::max(high + std::ldexp(1.0, -f), -low);
  types.push(low < 0 ? 1 : 0, most > 0 ? hls_ceil_log2(most) : 0, f);
}

}  // namespace hgq
