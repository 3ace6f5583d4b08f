// The type of a whole tensor as Python HGQ 0.2.6 derives it, layer by layer, when it narrows the quantizers before a
// UnaryLUT (narrowing.h; quantization.md 3.2). It is wider than the types that hls4ml derives for each element
// (HlsTypes).
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "hgq/proxy/hls_interval.h"

namespace hgq {

/// The bits before the point, and after the point, that the package assumes for a value that is not quantized.
inline constexpr int kPackageUnknownBits = 65535;

/// The smallest type with at least the sign, the integer bits and the fractional bits of each type; without types, one
/// that is narrower than every other.
HlsType widest(std::span<const HlsType> types);

/// The type of the sum of `terms` values of a type: the same with more integer bits for the carries.
HlsType package_sum(HlsType in, int64_t terms);

/// The type of sums of `terms` products of an input and an entry of the kernel, plus a bias.
HlsType package_products(const HlsType& in, std::span<const float> kernel, std::span<const float> bias, int64_t terms);

/// The type of a function: the smallest that holds its results for all values of the input's type, or for 2^20 of them,
/// evenly spaced.
HlsType package_function(const std::function<double(double)>& function, HlsType in);

/// ceil(log2 count). `count` must be above 0.
int bits_of_count(int64_t count);

}  // namespace hgq
