#include "hgq/rtl/function_table.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"

namespace hgq::rtl {
namespace {

int32_t index_of(CircuitBuilder& builder, const Feature& x) { return x.node < 0 ? builder.constant(0) : x.node; }

/// f for each code of the index; 0 for those that do not occur.
std::vector<double> values_of(const CircuitBuilder& builder, int32_t index, int exponent,
                              const std::function<double(double)>& f, std::string_view where) {
  const Node& node = builder.node(index);
  HGQ_CHECK(node.bits <= kMostIndexBits, ConfigError, where, ": its table needs 2^", node.bits,
            " entries, expected at most 2^", kMostIndexBits, "; quantize the values before it to fewer bits");
  std::vector<double> values;
  for (const std::optional<int64_t> number : numbers_of_codes(node))
    values.push_back(number ? f(std::ldexp(static_cast<double>(*number), exponent)) : 0);
  return values;
}

Feature table(CircuitBuilder& builder, int32_t index, std::vector<int64_t> entries, int exponent) {
  const int32_t node = builder.table(index, std::move(entries));
  return builder.range(node) == Interval{} ? Feature{} : Feature{node, exponent};
}

}  // namespace

std::vector<std::optional<int64_t>> numbers_of_codes(const Node& node) {
  std::vector<std::optional<int64_t>> numbers;
  const int64_t size = int64_t{1} << node.bits;
  for (int64_t code = 0; code < size; ++code) {
    const int64_t number = node.is_signed() && code >= size / 2 ? code - size : code;
    const bool occurs = node.range.low <= number && number <= node.range.high;
    numbers.push_back(occurs ? std::optional(number) : std::nullopt);
  }
  return numbers;
}

Feature quantized_function(CircuitBuilder& builder, const Feature& x, const std::function<double(double)>& f,
                           const Kbi& type, const QuantizeOperation& quantize, std::string_view where) {
  if (type.b == 0) return {};
  const int32_t index = index_of(builder, x);
  std::vector<int64_t> entries;
  for (const double y : values_of(builder, index, x.exponent, f, where))
    entries.push_back(hgq::quantize(y, type, quantize.rounding, quantize.overflow).mantissa);
  return table(builder, index, std::move(entries), -type.fraction());
}

Feature whole_function(CircuitBuilder& builder, const Feature& x, const std::function<double(double)>& f,
                       std::string_view where) {
  const int32_t index = index_of(builder, x);
  const std::vector<double> values = values_of(builder, index, x.exponent, f, where);
  int exponent = 0;
  int top = 0;
  bool first = true;
  for (const double y : values) {
    if (y == 0) continue;
    const auto as_float = static_cast<float>(y);
    exponent = first ? lowest_set_bit(as_float) : std::min(exponent, lowest_set_bit(as_float));
    top = first ? highest_set_bit(as_float) : std::max(top, highest_set_bit(as_float));
    first = false;
  }
  HGQ_CHECK(top - exponent < kMaxFixedBits, ConfigError, where, ": the values of its function have ",
            top - exponent + 1, " bits from the highest to the lowest, expected at most ", kMaxFixedBits,
            "; put a quantizer after it");
  std::vector<int64_t> entries;
  for (const double y : values) entries.push_back(static_cast<int64_t>(std::ldexp(y, -exponent)));
  return table(builder, index, std::move(entries), exponent);
}

}  // namespace hgq::rtl
