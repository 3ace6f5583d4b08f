#include "hgq/data/scaling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Sums of squares of larger numbers may overflow; times kUnit, no sum does.
constexpr double kLargestSquared = 0x1p450;
constexpr double kUnit = 0x1p-560;

template <typename T>
void scale_rows(const Scaling& scaling, std::span<const T> values, std::span<float> out) {
  const size_t features = scaling.offset.size();
  HGQ_CHECK(values.size() % features == 0, ShapeError, values.size(), " values are not whole rows of ", features,
            " features");
  for (size_t row = 0; row < values.size(); row += features) {
    for (size_t f = 0; f < features; ++f) {
      out[row + f] =
          static_cast<float>((static_cast<double>(values[row + f]) - scaling.offset[f]) / scaling.divisor[f]);
    }
  }
}

}  // namespace

std::string to_string(ScaleKind kind) {
  switch (kind) {
    case ScaleKind::kStandard:
      return "standard";
    case ScaleKind::kMinMax:
      return "minmax";
    case ScaleKind::kPowerOfTwo:
      return "power_of_two";
    case ScaleKind::kNone:
      break;
  }
  return "none";
}

std::vector<std::string> scale_kind_names() { return {"none", "standard", "minmax", "power_of_two"}; }

ScaleKind scale_kind_of(const std::string& name) {
  for (const ScaleKind kind : {ScaleKind::kStandard, ScaleKind::kMinMax, ScaleKind::kPowerOfTwo}) {
    if (to_string(kind) == name) return kind;
  }
  return ScaleKind::kNone;
}

int64_t feature_count(const Shape& sample) { return sample.rank() == 0 ? 1 : sample[-1]; }

void Scaling::check(const Shape& sample, const std::string& input) const {
  const auto features = static_cast<size_t>(feature_count(sample));
  HGQ_CHECK(offset.size() == divisor.size(), ShapeError, "scaling of input '", input, "': ", offset.size(),
            " offsets, but ", divisor.size(), " divisors");
  HGQ_CHECK(empty() || offset.size() == features, ShapeError, "input '", input, "' has ", features,
            " features, but its scaling was fitted on ", offset.size());
}

void Scaling::apply(std::span<float> values) const {
  if (!empty()) scale_rows<float>(*this, values, values);
}

void Scaling::undo(std::span<float> values) const {
  if (empty()) return;
  const size_t features = offset.size();
  HGQ_CHECK(values.size() % features == 0, ShapeError, values.size(), " values are not whole rows of ", features,
            " features");
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(static_cast<double>(values[i]) * divisor[i % features] + offset[i % features]);
}

void Scaling::apply(std::span<const double> values, std::span<float> out) const {
  HGQ_CHECK(values.size() == out.size(), ShapeError, values.size(), " values are scaled into a buffer of ", out.size());
  if (!empty()) return scale_rows<double>(*this, values, out);
  std::ranges::transform(values, out.begin(), [](double value) { return static_cast<float>(value); });
}

ScalingFit::ScalingFit(ScaleKind kind, const Shape& sample) : kind_(kind) {
  const auto features = kind == ScaleKind::kNone ? 0U : static_cast<size_t>(feature_count(sample));
  const bool minmax = kind == ScaleKind::kMinMax;
  unit_.assign(features, 1.0);
  first_.assign(features, minmax ? std::numeric_limits<double>::infinity() : 0.0);
  second_.assign(features, minmax ? -std::numeric_limits<double>::infinity() : 0.0);
}

template <typename T>
void ScalingFit::add_rows(std::span<const T> values) {
  const size_t features = first_.size();
  if (features == 0) return;
  for (size_t row = 0; row < values.size(); row += features) {
    ++count_;
    const double share = 1.0 / static_cast<double>(count_);
    for (size_t f = 0; f < features; ++f) {
      const auto x = static_cast<double>(values[row + f]);
      if (kind_ == ScaleKind::kMinMax) {
        first_[f] = std::min(first_[f], x);
        second_[f] = std::max(second_[f], x);
      } else if (kind_ == ScaleKind::kPowerOfTwo) {
        second_[f] = std::max(second_[f], std::abs(x));
      } else {
        // Welford's method: exact for a constant feature, for which sums of squares would give a tiny deviation as the
        // divisor.
        if (std::abs(x) > kLargestSquared && unit_[f] == 1.0) {
          unit_[f] = kUnit;
          first_[f] *= kUnit;
          second_[f] = second_[f] * kUnit * kUnit;
        }
        const double scaled = x * unit_[f];
        const double before = scaled - first_[f];
        first_[f] += before * share;
        second_[f] += before * (scaled - first_[f]);
      }
    }
  }
}

template void ScalingFit::add_rows(std::span<const float>);
template void ScalingFit::add_rows(std::span<const double>);

Scaling ScalingFit::result() const {
  Scaling scaling{first_, second_};
  for (size_t f = 0; f < first_.size(); ++f) {
    if (kind_ == ScaleKind::kPowerOfTwo) {
      int exponent = 0;
      const bool is_power = std::frexp(second_[f], &exponent) == 0.5;
      scaling.divisor[f] = second_[f] > 0.0 ? std::ldexp(1.0, is_power ? exponent - 1 : exponent) : 1.0;
      continue;
    }
    const double divisor = kind_ == ScaleKind::kMinMax ? second_[f] - first_[f]
                                                       : std::sqrt(second_[f] / static_cast<double>(count_)) / unit_[f];
    scaling.offset[f] = first_[f] / unit_[f];
    scaling.divisor[f] = divisor > 0.0 ? divisor : 1.0;
  }
  return scaling;
}

}  // namespace hgq
