#include "hgq/proxy/package_types.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hgq {
namespace {

constexpr int kMostPointBits = 20;  // of a function's input, points that the package evaluates

/// The smallest type that holds the values, as the package's get_arr_container finds it.
HlsType container(std::span<const float> values) {
  HlsType type{.k = 0, .i = 0, .f = -31};
  if (std::ranges::all_of(values, [](float v) { return v == 0.0F; })) return {.k = 0, .i = 1, .f = 0};
  bool first = true;
  for (const float v : values) {
    type.f = std::max(type.f, hls_fraction(static_cast<double>(v)));
    if (v == 0.0F) continue;
    int exponent = 0;
    std::frexp(v, &exponent);
    const int i = v > 0.0F ? exponent : hls_ceil_log2(-static_cast<double>(v));
    type.i = first ? i : std::max(type.i, i);
    type.k = std::max(type.k, v < 0.0F ? 1 : 0);
    first = false;
  }
  return type;
}

}  // namespace

int bits_of_count(int64_t count) {
  int bits = 0;
  while ((int64_t{1} << bits) < count) ++bits;
  return bits;
}

HlsType widest(std::span<const HlsType> types) {
  HlsType out{.k = 0, .i = -kPackageUnknownBits, .f = -kPackageUnknownBits};
  for (const HlsType& type : types)
    out = {.k = std::max(out.k, type.k), .i = std::max(out.i, type.i), .f = std::max(out.f, type.f)};
  return out;
}

HlsType package_sum(HlsType in, int64_t terms) {
  in.i += bits_of_count(terms);
  return in;
}

HlsType package_products(const HlsType& in, std::span<const float> kernel, std::span<const float> bias, int64_t terms) {
  const HlsType w = container(kernel);
  const bool negative = std::ranges::any_of(bias, [](float b) { return b < 0.0F; });
  return package_sum({.k = in.k != 0 || w.k != 0 || negative ? 1 : 0, .i = in.i + w.i, .f = in.f + w.f}, terms);
}

HlsType package_function(const std::function<double(double)>& function, HlsType in) {
  if (in.bits() <= 0) in = {.k = 0, .i = 1, .f = 0};
  const int64_t count = int64_t{1} << std::min(in.bits(), kMostPointBits);
  const double begin = in.k != 0 ? -std::ldexp(1.0, in.i) : 0.0;
  const double end = std::ldexp(1.0, in.i) - std::ldexp(1.0, -in.f);
  std::vector<float> values;
  for (int64_t n = 0; n < count; ++n) {
    const double x =
        begin + (end - begin) * static_cast<double>(n) / static_cast<double>(std::max<int64_t>(count - 1, 1));
    values.push_back(static_cast<float>(function(static_cast<double>(static_cast<float>(x)))));
  }
  return container(values);
}

}  // namespace hgq
