#include "hgq/proxy/qkeras/weight_quantizers.h"

#include <algorithm>
#include <cmath>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/proxy/qkeras/channel_scale.h"

namespace hgq {
namespace {

using Values = std::vector<float>;

float sign(float x) { return x > 0 ? 1.0F : x < 0 ? -1.0F : 0.0F; }
float sign_or_one(float x) { return x < 0 ? -1.0F : 1.0F; }
/// Rounds half to even, as TensorFlow does; computed as x + (round(x) - x).
float rounded(float x) { return x + (-x + std::nearbyint(x)); }

/// The last operations on q: `qnoise_factor` mixes it with x; without `use_ste` it is not computed as x + (q - x).
class Blend {
 public:
  explicit Blend(QKerasArguments& arguments)
      : noise_(arguments.number("qnoise_factor", 1)), through_(arguments.flag("use_ste", true)) {}
  float operator()(float x, float q) const {
    const auto noise = static_cast<float>(noise_);
    return through_ ? x + noise * (-x + q) : static_cast<float>(1 - noise_) * x + noise * q;
  }

 private:
  double noise_;
  bool through_;
};

std::optional<int64_t> scale_axis(QKerasArguments& arguments, const Shape& shape) {
  if (!arguments.given("scale_axis")) return {};
  return arguments.integer("scale_axis", 0, 0, std::max(shape.rank() - 1, 0));
}

/// quantized_bits with a fitted scale: symmetric, with `levels` intervals in all.
Values scaled_bits(const QKerasAlpha& alpha, const ScaleGroups& groups, int64_t bits, float m, float m_i, Values x,
                   const Blend& blend) {
  for (float& v : x) v /= m_i;
  const auto levels = static_cast<float>((std::ldexp(1.0, static_cast<int>(bits) - 1) - 1) * 2);
  Values scale = groups.largest(x);
  for (float& s : scale) s = s * 2 / levels;
  Values z(x.size());
  const auto fill = [&] {
    for (size_t e = 0; e < x.size(); ++e) {
      const float v = std::floor(std::abs(x[e]) / scale[e] + 0.5F);
      z[e] = sign(x[e]) * (v < levels / 2 ? v : levels / 2);
    }
  };
  if (alpha.is_po2()) {
    std::ranges::transform(scale, scale.begin(), nearest_po2);
    for (int i = 0; i < 5; ++i) {
      fill();
      scale = groups.fitted(x, z, true);
    }
  } else {
    fill();
  }
  for (size_t e = 0; e < x.size(); ++e) x[e] = blend(m_i * x[e], (scale[e] * m) * (m_i * z[e] / m));
  return x;
}

Values quantized_bits(QKerasArguments& arguments, bool of_kernel, const Shape& shape, Values x) {
  const int64_t bits = arguments.integer("bits", 8, 1, kMaxFixedBits);
  const int64_t integer = arguments.integer("integer", 0, 0, kMaxQKerasInteger);
  const bool symmetric = arguments.flag("symmetric", false);
  const bool keep_negative = arguments.flag("keep_negative", true);
  arguments.refuse_later_scales();
  const QKerasAlpha alpha = read_alpha(arguments, of_kernel);
  const std::optional<int64_t> axis = scale_axis(arguments, shape);
  const Blend blend(arguments);
  if (alpha.is_auto() && bits < 2)
    arguments.error("alpha 'auto' and 'auto_po2' (the default of kernels) need 2 bits or more");
  if (!arguments.good()) return x;
  const int64_t unsigned_bits = bits - (keep_negative ? 1 : 0);
  const float m = std::ldexp(1.0F, static_cast<int>(unsigned_bits));
  const float m_i = std::ldexp(1.0F, static_cast<int>(integer));
  if (alpha.is_auto()) return scaled_bits(alpha, ScaleGroups(shape, axis), bits, m, m_i, std::move(x), blend);
  const float low = keep_negative ? -m + (symmetric ? 1.0F : 0.0F) : 0.0F;
  for (float& v : x) {
    float q = sign_or_one(v);
    if (unsigned_bits > 0) q = m_i * std::clamp(rounded(v * m / m_i), std::min(low, m - 1), m - 1) / m;
    v = blend(v, alpha.number * q);
  }
  return x;
}

Values quantized_relu(QKerasArguments& arguments, Values x) {
  const int64_t bits = arguments.integer("bits", 8, 1, kMaxFixedBits);
  const int64_t integer = arguments.integer("integer", 0, 0, kMaxQKerasInteger);
  const bool clips = arguments.flag("is_quantized_clip", true);
  if (arguments.flag("use_sigmoid", false) || arguments.number("negative_slope", 0) != 0 ||
      (arguments.given("relu_upper_bound") && !clips))
    arguments.error("use_sigmoid, negative_slope and relu_upper_bound are not known for weights");
  const Blend blend(arguments);
  if (!arguments.good()) return x;
  const float m = std::ldexp(1.0F, static_cast<int>(bits));
  const float m_i = std::ldexp(1.0F, static_cast<int>(integer));
  const float most = m_i - std::ldexp(1.0F, static_cast<int>(integer - bits));
  for (float& v : x) {
    const float kept = clips && v > most ? most : std::max(v, 0.0F);
    v = blend(kept, m_i * std::clamp(rounded(v * m / m_i) / m, 0.0F, 1.0F - 1.0F / m));
  }
  return x;
}

/// The arguments that the quantizers to powers of two have in common, and their exponents.
class Po2 {
 public:
  /// `bits` without the sign of the value.
  Po2(QKerasArguments& arguments, int64_t bits) : quadratic_(arguments.flag("quadratic_approximation", false)) {
    if (arguments.given("max_value")) max_ = static_cast<float>(arguments.number("max_value", 0));
    if (max_ && *max_ < 0) arguments.error("max_value is negative");
    const int64_t exponent_bits = bits - (!max_ || *max_ > 1 ? 1 : 0);  // without the sign of the exponent
    if (exponent_bits < 0) arguments.error("has too few bits for the sign of its exponent");
    const std::string* const rounding = arguments.text("log2_rounding");
    floor_ = rounding != nullptr && *rounding == "floor";
    if (arguments.given("log2_rounding") && (rounding == nullptr || (*rounding != "rnd" && *rounding != "floor")))
      arguments.error("log2_rounding: expected 'rnd' or 'floor'");
    const float range = std::exp2(static_cast<float>(std::clamp<int64_t>(exponent_bits, 0, kMaxFixedBits)));
    least_ = -range;
    most_ = quadratic_ ? 2 * std::floor((range - 1) / 2) : range - 1;
  }

  std::optional<float> max() const { return max_; }
  /// The power of two to which a magnitude is rounded.
  float operator()(float magnitude) const {
    if (magnitude < kKerasEpsilon) return std::exp2(least_);
    float x = max_ && magnitude >= *max_ ? *max_ : magnitude;
    if (quadratic_) x = std::sqrt(x);
    const float exponent = std::log(x) / kLn2;
    const float whole = floor_ ? exponent + (-exponent + std::floor(exponent)) : rounded(exponent);
    return std::exp2((quadratic_ ? 2.0F : 1.0F) * std::clamp(whole, least_, most_));
  }

 private:
  bool quadratic_, floor_ = false;
  std::optional<float> max_;
  float least_ = 0, most_ = 0;
};

Values quantized_po2(QKerasArguments& arguments, Values x) {
  const Po2 po2(arguments, arguments.integer("bits", 8, 1, kMaxFixedBits) - 1);
  const Blend blend(arguments);
  if (!arguments.good()) return x;
  for (float& v : x) v = blend(v, sign_or_one(v) * po2(std::abs(v)));
  return x;
}

Values quantized_relu_po2(QKerasArguments& arguments, Values x) {
  const Po2 po2(arguments, arguments.integer("bits", 8, 1, kMaxFixedBits));
  const auto slope = static_cast<float>(arguments.number("negative_slope", 0));
  if (slope < 0) arguments.error("negative_slope is negative");
  const Blend blend(arguments);
  if (!arguments.good()) return x;
  for (float& v : x) {
    const float leaky = v >= 0 ? v : slope * v;
    const float kept = po2.max() && v > *po2.max() ? *po2.max() : leaky;
    const bool positive = v >= 0 || slope == 0;
    v = blend(kept, positive ? po2(std::max(v, 0.0F)) : -po2(-v * slope));
  }
  return x;
}

/// `use_stochastic_rounding` rounds by chance in training only.
Values binary(QKerasArguments& arguments, bool of_kernel, const Shape& shape, Values x) {
  const QKerasAlpha alpha = read_alpha(arguments, of_kernel);
  const bool from_zero = arguments.flag("use_01", false);
  if (!arguments.good()) return x;
  Values q;
  for (const float v : x) q.push_back(from_zero ? (sign_or_one(v) + 1) / 2 : sign_or_one(v));
  if (alpha.kind == QKerasAlpha::Kind::kNone)
    std::ranges::transform(x, x.begin(), [](float v) { return std::tanh(v); });
  const Values scale =
      alpha.is_auto() ? ScaleGroups(shape, {}).fitted(x, q, alpha.is_po2()) : Values(x.size(), alpha.number);
  for (size_t e = 0; e < x.size(); ++e) x[e] = x[e] + (-x[e] + scale[e] * q[e]);
  return x;
}

Values ternary(QKerasArguments& arguments, bool of_kernel, const Shape& shape, Values x) {
  const QKerasAlpha alpha = read_alpha(arguments, of_kernel);
  const int64_t unrolls = arguments.integer("number_of_unrolls", 5, 1, 1000);
  auto threshold = static_cast<float>(arguments.number("threshold", 0.33));
  if (alpha.is_auto() && arguments.given("threshold"))
    arguments.error(
        "has a threshold and an alpha that is 'auto' or 'auto_po2' (the default of kernels); QKeras takes one of them");
  if (!arguments.good()) return x;
  Values scale(x.size(), alpha.number);
  Values q(x.size());
  for (size_t e = 0; e < x.size(); ++e) q[e] = (std::abs(x[e]) >= threshold ? 1.0F : 0.0F) * sign(x[e]);
  if (alpha.is_auto()) {
    const ScaleGroups groups(shape, {});
    scale = groups.largest(x);
    for (float& s : scale) s = 2 * s / 3.0F;
    if (alpha.is_po2()) std::ranges::transform(scale, scale.begin(), nearest_po2);
    for (int64_t i = 0; i < unrolls; ++i) {
      for (size_t e = 0; e < x.size(); ++e) {
        const float v = scale[e] * rounded(x[e] / scale[e]);
        q[e] = (std::abs(v) >= scale[e] / 2 ? 1.0F : 0.0F) * sign(x[e]);
      }
      scale = groups.fitted(x, q, alpha.is_po2());
    }
  }
  if (alpha.kind == QKerasAlpha::Kind::kNone)
    std::ranges::transform(x, x.begin(), [](float v) { return std::tanh(v); });
  for (size_t e = 0; e < x.size(); ++e) x[e] = x[e] + (-x[e] + scale[e] * q[e]);
  return x;
}

}  // namespace

std::vector<float> quantize_weights(const QKerasQuantizer& quantizer, bool of_kernel, const Shape& shape,
                                    std::vector<float> values, ErrorList& errors) {
  QKerasArguments arguments(quantizer, errors);
  if (quantizer.name.empty() || quantizer.is("linear")) return values;
  if (quantizer.is("quantized_bits")) return quantized_bits(arguments, of_kernel, shape, std::move(values));
  if (quantizer.is("quantized_relu")) return quantized_relu(arguments, std::move(values));
  if (quantizer.is("quantized_po2")) return quantized_po2(arguments, std::move(values));
  if (quantizer.is("quantized_relu_po2")) return quantized_relu_po2(arguments, std::move(values));
  if (quantizer.is("binary") || quantizer.is("stochastic_binary"))
    return binary(arguments, of_kernel, shape, std::move(values));
  if (quantizer.is("ternary") || quantizer.is("stochastic_ternary"))
    return ternary(arguments, of_kernel, shape, std::move(values));
  arguments.error(quantizer.is("bernoulli")
                      ? std::string("draws its values at random, also outside training, which a proxy cannot")
                      : concat("is not a quantizer for weights", suggestion(quantizer.name, qkeras_quantizer_names())));
  return values;
}

}  // namespace hgq
