// The type of a whole tensor as Python HGQ 0.2.6 derives it, layer by layer, where it narrows the quantizers in front
// of a UnaryLUT (narrowing.h; quantization.md 3.2). Wider than what hls4ml derives for each element (HlsTypes).
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "hgq/proxy/hls_interval.h"

namespace hgq {

/// Bits that the package gives a value that is not quantized, in front of the point and behind it.
inline constexpr int kPackageUnknownBits = 65535;

/// The least type with the sign, integer bits and fractional bits of each; of none, a type that any other is wider
/// than.
HlsType widest(std::span<const HlsType> types);

/// Of the sum of `terms` values of a type: the same with integer bits for the carries.
HlsType package_sum(HlsType in, int64_t terms);

/// Of sums of `terms` products of an input and an entry of the kernel, and a bias.
HlsType package_products(const HlsType& in, std::span<const float> kernel, std::span<const float> bias, int64_t terms);

/// Of a function: the least type that holds its values on all values of the input's type, or on 2^20 of them, evenly
/// spaced.
HlsType package_function(const std::function<double(double)>& function, HlsType in);

/// ceil(log2 count); `count` above 0.
int bits_of_count(int64_t count);

}  // namespace hgq
