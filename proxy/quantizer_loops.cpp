#include "hgq/proxy/quantizer_loops.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Adds one row's overflows to the counts.
void count_row(const ProxyRows& rows, int64_t row, int64_t overflows) {
  *rows.overflows += overflows;
  rows.row_overflows[row] |= static_cast<uint8_t>(overflows != 0);
}

/// For every mode and every storage.
struct GeneralLoop {
  std::vector<Kbi> types;
  std::vector<int> fraction;  // of the input; empty for floats
  Rounding rounding;
  Overflow overflow;

  Quantized one(float v, size_t e) const { return quantize(double{v}, types[e], rounding, overflow); }
  template <typename T>
  Quantized one(T mantissa, size_t e) const {
    return quantize(mantissa, fraction[e], types[e], rounding, overflow);
  }

  template <typename T>
  void run(const ProxyRows& rows) const {
    const size_t n = types.size();
    const T* in = rows.in[0]->data<T>();
    auto* out = rows.out->data<int64_t>();
    for (int64_t row = 0; row < rows.rows; ++row, in += n, out += n) {
      int64_t overflows = 0;
      for (size_t e = 0; e < n; ++e) {
        const Quantized q = one(in[e], e);
        out[e] = q.mantissa;
        overflows += q.outside;
      }
      count_row(rows, row, overflows);
    }
  }
};

/// The case of nearly every proxy, in a form that the compiler vectorizes: 64-bit mantissas, TRN or RND, WRAP or SAT.
/// out = overflow(((in << left) + half) >> right).
struct FastLoop {
  std::vector<int64_t> left, right, half, low, high, mask;

  /// `bits` are those of the input's mantissa. Returns false if the sum does not fit into 63 bits.
  bool add(int shift, int bits, Kbi type, Rounding rounding) {
    if (type.b == 0) return add_mask(bits);
    const int64_t to_left = std::max(-shift, 0);
    if (shift > 61 || bits + to_left > 61) return false;
    const MantissaRange range = mantissa_range(type.k, type.b);
    left.push_back(to_left);
    right.push_back(std::max(shift, 0));
    half.push_back(rounding == Rounding::kRnd && shift > 0 ? int64_t{1} << (shift - 1) : 0);
    low.push_back(range.low);
    high.push_back(range.high);
    mask.push_back((int64_t{1} << type.b) - 1);
    return true;
  }

  /// An element without bits: (in + 2^61) >> 62 is 0 for every input that add() accepts; that is in range, and the
  /// result is 0.
  bool add_mask(int bits) {
    if (bits > 61) return false;
    left.push_back(0);
    right.push_back(62);
    half.push_back(int64_t{1} << 61);
    for (std::vector<int64_t>* const zeros : {&low, &high, &mask}) zeros->push_back(0);
    return true;
  }

  template <bool kWrap>
  void run(const ProxyRows& rows) const {
    const size_t n = left.size();
    const auto* in = rows.in[0]->data<int64_t>();
    auto* out = rows.out->data<int64_t>();
    for (int64_t row = 0; row < rows.rows; ++row, in += n, out += n) {
      int64_t overflows = 0;
      for (size_t e = 0; e < n; ++e) {
        const int64_t rounded = ((in[e] << left[e]) + half[e]) >> right[e];
        overflows += static_cast<int64_t>(rounded < low[e]) + static_cast<int64_t>(rounded > high[e]);
        out[e] = kWrap ? ((rounded - low[e]) & mask[e]) + low[e] : std::clamp(rounded, low[e], high[e]);
      }
      count_row(rows, row, overflows);
    }
  }
};

bool make_fast(const ProxySignal& input, std::span<const Kbi> types, Rounding rounding, Overflow overflow,
               FastLoop& fast) {
  const bool common = input.storage == Storage::kInt64 && (rounding == Rounding::kTrn || rounding == Rounding::kRnd) &&
                      (overflow == Overflow::kWrap || overflow == Overflow::kSat);
  if (!common) return false;
  for (size_t e = 0; e < types.size(); ++e) {
    const bool zero = input.always_zero(static_cast<int64_t>(e));
    const int shift = zero ? 0 : input.fraction[e] - types[e].fraction();
    const int bits = std::max(mantissa_bits(input.low[e]), mantissa_bits(input.high[e]));
    if (!fast.add(shift, bits, types[e], rounding)) return false;
  }
  return true;
}

}  // namespace

ProxyFunction quantizer_function(const ProxySignal& input, std::span<const Kbi> types, Rounding rounding,
                                 Overflow overflow) {
  FastLoop fast;
  if (make_fast(input, types, rounding, overflow, fast)) {
    if (overflow == Overflow::kWrap) return [fast](const ProxyRows& rows) { fast.run<true>(rows); };
    return [fast](const ProxyRows& rows) { fast.run<false>(rows); };
  }
  const GeneralLoop general{{types.begin(), types.end()}, input.fraction, rounding, overflow};
  return with_storage(input.storage, [&](auto element) -> ProxyFunction {
    return [general](const ProxyRows& rows) { general.run<decltype(element)>(rows); };
  });
}

}  // namespace hgq
