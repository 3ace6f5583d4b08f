#include "hgq/proxy/activation_tables.h"

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr int kEntryFraction = 10;
constexpr int kMostFraction = 20;  // a table of 2^24 entries
constexpr int kIndexBits = 31;     // of hls4ml's int

/// log2 of the width of the table's range.
int range_bits(HlsFunction function) { return function == HlsFunction::kTanh ? 3 : 4; }

}  // namespace

std::string hls_table_problem(HlsFunction function, const HlsTypes& in) {
  const int fraction = std::ranges::max(in.f);
  const int integers = std::ranges::max(in.i);
  const int least = -range_bits(function);
  if (fraction < least || fraction > kMostFraction)
    return concat("its input has ", fraction, " fractional bits, hls4ml makes tables for ", least, " to ",
                  kMostFraction);
  if (integers + fraction >= kIndexBits)
    return concat("its input has ", integers + fraction, " bits, hls4ml counts up to ", kIndexBits - 1);
  // hls4ml gives the result no more integer bits than the input has.
  const int needed = function == HlsFunction::kSigmoid ? 0 : -kEntryFraction;
  if (integers < needed)
    return concat("its input has ", integers, " integer bits, so that the type of hls4ml's result cannot hold it");
  return "";
}

float hls_table_value(HlsFunction function, int fraction, double x) {
  const int bits = range_bits(function);
  const int64_t entries = int64_t{1} << (bits + fraction);
  // hls4ml scales x in the type of x: without bits after the point, that rounds toward 0.
  const int coarse = std::max(-fraction, 0);
  const int64_t place = static_cast<int64_t>(std::ldexp(x, fraction - coarse)) * (int64_t{1} << coarse);
  const int64_t index = std::clamp<int64_t>(place + entries / 2, 0, entries - 1);
  const double range = std::ldexp(1.0, bits);
  const auto at = static_cast<float>(range * (static_cast<double>(index) - static_cast<double>(entries) / 2) /
                                     static_cast<double>(entries));
  const float y = function == HlsFunction::kTanh ? std::tanh(at)
                                                 : static_cast<float>(1.0 / static_cast<double>(1.0F + std::exp(-at)));
  return static_cast<float>(
      std::ldexp(std::floor(std::ldexp(static_cast<double>(y), kEntryFraction)), -kEntryFraction));
}

}  // namespace hgq
