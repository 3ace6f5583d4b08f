#include "hgq/proxy/softmax_tables.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/proxy/align.h"

namespace hgq {
namespace {

constexpr int kBits = 18;  // of the tables' entries and of the sum
constexpr int kFraction = 10;
constexpr Kbi kType{.k = 1, .b = kBits, .i = kBits - kFraction};

int64_t entry_of(float value) {
  if (std::isinf(value)) return mantissa_range(kType.k, kType.b).high;
  return quantize(static_cast<double>(value), kType, Rounding::kRnd, Overflow::kSat).mantissa;
}

struct Tables {
  int difference_shift = 0, sum_shift = 0;  // to the upper bits that index
  int64_t mask = 0;                         // of a difference
  std::vector<int64_t> exponential, inverse;
};

/// `bits` are those of the input's type without the sign; `fraction` of them are after the point.
Tables make_tables(int bits, int fraction, int64_t entries) {
  Tables t;
  t.mask = (int64_t{1} << bits) - 1;
  const int sum_bits = std::countr_zero(static_cast<uint64_t>(entries));
  const int difference_bits = std::min(sum_bits, bits);
  t.difference_shift = bits - difference_bits;
  t.sum_shift = kBits - sum_bits;
  for (int64_t i = 0; i < int64_t{1} << difference_bits; ++i) {
    const auto x = static_cast<float>(std::ldexp(static_cast<double>(i), t.difference_shift - fraction));
    t.exponential.push_back(entry_of(std::exp(-x)));
  }
  for (int64_t i = 0; i < entries; ++i) {
    // A sum has a sign, so the upper half of the codes are negative numbers, which do not occur.
    const int64_t code = i < entries / 2 ? i : i - entries;
    const auto x = static_cast<float>(std::ldexp(static_cast<double>(code), t.sum_shift - kFraction));
    t.inverse.push_back(entry_of(1 / x));
  }
  return t;
}

}  // namespace

// For each sample: exp(x - largest) from a table, the sum of these, which ends at the largest value of its type, and
// 1 / sum from another table. A table has at most `entries` entries.
ProxyPlan softmax_tables_plan(const ProxySignal& input, int64_t entries, std::string_view where) {
  HGQ_CHECK(input.fixed_point() && input.hls.size() > 0, ShapeError, where, ": its input is not quantized");
  HGQ_CHECK(entries >= 2 && entries <= kMostSoftmaxEntries && std::has_single_bit(static_cast<uint64_t>(entries)),
            ShapeError, where, ": tables of ", entries, " entries, expected a power of two from 2 to ",
            kMostSoftmaxEntries);
  const int fraction = std::ranges::max(input.hls.f);
  const int bits = std::ranges::max(input.hls.i) + fraction;
  HGQ_CHECK(bits > 0 && bits <= 30, ShapeError, where, ": its input has ", bits, " bits, expected 1 to 30");
  const auto n = static_cast<size_t>(input.shape.size());
  const size_t classes = n;  // hls4ml 1.3.0 does not divide a sample into rows
  std::vector<int> shift;    // to the fraction of the whole tensor
  for (size_t e = 0; e < n; ++e)
    shift.push_back(input.always_zero(static_cast<int64_t>(e)) ? 0 : fraction - input.fraction[e]);
  HGQ_CHECK(std::ranges::all_of(shift, [](int s) { return s >= 0 && s < 60; }), ShapeError, where,
            ": its input has finer values than the type that hls4ml gives it");
  ProxyPlan plan;
  plan.operation = SoftmaxOperation{};
  plan.out = {.shape = input.shape,
              .storage = Storage::kInt64,
              .fraction = std::vector<int>(n, 2 * kFraction),
              .low = std::vector<Int128>(n, 0),
              .high = std::vector<Int128>(n, Int128{1} << (2 * kBits)),
              .hls = {}};
  plan.out.hls.push_all(n, 0, 2 * (kBits - kFraction), 2 * kFraction);
  const int64_t most = mantissa_range(kType.k, kType.b).high;
  with_storage(input.storage, [&](auto element) {
    using T = decltype(element);
    if constexpr (!std::is_same_v<T, float>) {
      plan.compute = [t = make_tables(bits, fraction, entries), shift, classes, most](const ProxyRows& rows) {
        const T* x = rows.in[0]->data<T>();
        auto* y = rows.out->data<int64_t>();
        const auto count = static_cast<size_t>(rows.out->row_size());
        for (int64_t row = 0; row < rows.rows; ++row, x += count, y += count) {
          for (size_t first = 0; first < count; first += classes) {
            const auto value = [&](size_t c) { return static_cast<int64_t>(x[first + c]) << shift[first + c]; };
            int64_t largest = value(0);
            for (size_t c = 1; c < classes; ++c) largest = std::max(largest, value(c));
            int64_t sum = 0;
            for (size_t c = 0; c < classes; ++c) {
              const auto index = static_cast<size_t>(((largest - value(c)) & t.mask) >> t.difference_shift);
              y[first + c] = t.exponential[index];
              sum = std::min(sum + y[first + c], most);
            }
            const int64_t inverse = t.inverse[static_cast<size_t>(sum >> t.sum_shift)];
            for (size_t c = 0; c < classes; ++c) y[first + c] *= inverse;
          }
        }
      };
    }
  });
  return plan;
}

}  // namespace hgq
