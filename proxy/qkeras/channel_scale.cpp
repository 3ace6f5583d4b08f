#include "hgq/proxy/qkeras/channel_scale.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Sums over the rows in the order of TensorFlow's Mean on a CPU: if the columns fill vectors of 8, and there are at
/// least 16 rows, in four parts.
std::vector<float> column_sums(const std::vector<float>& values, size_t columns) {
  const size_t rows = values.size() / columns;
  const size_t in_parts = rows >= 16 ? columns - columns % 8 : 0;
  std::vector<float> sums;
  for (size_t c = 0; c < columns; ++c) {
    std::array<float, 4> parts{};
    const size_t together = c < in_parts ? rows - rows % 4 : 0;
    for (size_t r = 0; r < together; ++r) parts[r % 4] += values[r * columns + c];
    float sum = parts[0] + parts[1] + parts[2] + parts[3];
    for (size_t r = together; r < rows; ++r) sum += values[r * columns + c];
    sums.push_back(sum);
  }
  return sums;
}

}  // namespace

QKerasAlpha read_alpha(QKerasArguments& arguments, bool of_kernel) {
  using Kind = QKerasAlpha::Kind;
  if (!arguments.given("alpha")) return {.kind = of_kernel ? Kind::kAutoPo2 : Kind::kNone};
  const std::string* const text = arguments.text("alpha");
  if (text == nullptr) return {.kind = Kind::kNumber, .number = static_cast<float>(arguments.number("alpha", 1))};
  if (*text == "auto") return {.kind = Kind::kAuto};
  if (*text != "auto_po2")
    arguments.error(concat("alpha: found the text '", printable(*text), "', expected a number, 'auto' or 'auto_po2'"));
  return {.kind = Kind::kAutoPo2};
}

ScaleGroups::ScaleGroups(const Shape& shape, std::optional<int64_t> axis) : one_dim_(shape.rank() <= 1) {
  if (one_dim_) return;
  const auto dim = static_cast<int>(axis.value_or(shape.rank() - 1));
  count_ = static_cast<size_t>(shape[dim]);
  stride_ = static_cast<size_t>(row_major_strides(shape)[static_cast<size_t>(dim)]);
}

std::vector<float> ScaleGroups::largest(const std::vector<float>& values) const {
  std::vector<float> of_group(count_, 0.0F);
  for (size_t e = 0; e < values.size(); ++e) of_group[group(e)] = std::max(of_group[group(e)], std::abs(values[e]));
  std::vector<float> out;
  for (size_t e = 0; e < values.size(); ++e) out.push_back(of_group[group(e)]);
  return out;
}

std::vector<float> ScaleGroups::sums(const std::vector<float>& values) const {
  if (one_dim_) return values;
  if (stride_ == 1) return column_sums(values, count_);
  std::vector<float> of_group(count_, 0.0F);
  for (size_t e = 0; e < values.size(); ++e) of_group[group(e)] += values[e];
  return of_group;
}

std::vector<float> ScaleGroups::fitted(const std::vector<float>& x, const std::vector<float>& q, bool po2) const {
  if (x.empty()) return {};
  std::vector<float> products;
  std::vector<float> squares;
  for (size_t e = 0; e < x.size(); ++e) {
    products.push_back(x[e] * q[e]);
    squares.push_back(q[e] * q[e]);
  }
  std::vector<float> scale = sums(products);
  const std::vector<float> norm = sums(squares);
  const size_t of_one = x.size() / scale.size();
  const auto size = static_cast<float>(of_one);
  for (size_t g = 0; g < scale.size(); ++g) {
    scale[g] = (scale[g] / size) / (norm[g] / size + kKerasEpsilon);
    if (po2) scale[g] = nearest_po2(scale[g]);
  }
  std::vector<float> out;
  for (size_t e = 0; e < x.size(); ++e) out.push_back(scale[one_dim_ ? e : group(e)]);
  return out;
}

float nearest_po2(float value) { return std::exp2(std::nearbyint(std::log(value + kKerasEpsilon) / kLn2)); }

}  // namespace hgq
