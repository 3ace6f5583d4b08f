#include "hgq/layers/qkeras/channel_scale.h"

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr float kEpsilon = 1e-7F;  // of Keras
constexpr float kLn2 = 0.693147180559945F;

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

std::vector<float> ScaleGroups::fitted(const std::vector<float>& x, const std::vector<float>& q, bool po2) const {
  const size_t groups = one_dim_ ? x.size() : count_;
  const auto of = [&](size_t e) { return one_dim_ ? e : group(e); };
  std::vector<float> scale(groups, 0.0F);
  std::vector<float> squares(groups, 0.0F);
  for (size_t e = 0; e < x.size(); ++e) {
    scale[of(e)] += x[e] * q[e];
    squares[of(e)] += q[e] * q[e];
  }
  const auto size = static_cast<float>(x.size() / groups);
  for (size_t g = 0; g < groups; ++g) {
    scale[g] = (scale[g] / size) / (squares[g] / size + kEpsilon);
    if (po2) scale[g] = nearest_po2(scale[g]);
  }
  std::vector<float> out;
  for (size_t e = 0; e < x.size(); ++e) out.push_back(scale[of(e)]);
  return out;
}

float nearest_po2(float value) { return std::exp2(std::nearbyint(std::log(value + kEpsilon) / kLn2)); }

}  // namespace hgq
