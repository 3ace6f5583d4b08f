#include "hgq/layers/quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/autograd/sharing.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kMostFraction = 126;  // 2^f is a float32

}  // namespace

Quantizer::Quantizer(const QuantizerConfig& config, Target target, const Shape& shape, const std::string& prefix)
    : config_(config), target_(target), shape_(shape) {
  const bool activation = target == Target::kActivation;
  const Shape whole = activation ? shape.with_front(1) : shape;
  const Shape f_shape = config.shared_shape(whole);
  for (const int dim : config.skip_dims.resolve(whole.rank())) degeneracy_ *= static_cast<double>(whole[dim]);
  f = Parameter(prefix + (activation ? "f" : "kernel_f"), f_shape, config.trainable);
  f.value.fill(static_cast<float>(config.init_bw));
  if (activation) {
    record_min = State(prefix + "min", f_shape);
    record_max = State(prefix + "max", f_shape);
    reset_record();
  }
  using Choice = QuantizerConfig::Rounding;
  if (config.rnd_strategy != Choice::kAuto) strategy_ = static_cast<ops::RoundingStrategy>(config.rnd_strategy);
}

void Quantizer::settle_rounding(bool standard) {
  if (config_.rnd_strategy != QuantizerConfig::Rounding::kAuto) return;
  strategy_ = standard ? ops::RoundingStrategy::kStandard : ops::RoundingStrategy::kFloor;
}

Var Quantizer::raw_f(Tape& tape) { return tape.parameter(f); }

Var Quantizer::clipped_f(Tape& tape) { return clipped_f(raw_f(tape)); }

Var Quantizer::clipped_f(Var current) {
  if (!config_.bw_clip) return current;
  return ops::clip_in_place(f, current, static_cast<float>(config_.bw_clip->first),
                            static_cast<float>(config_.bw_clip->second));
}

ops::Quantized Quantizer::forward(Tape& /*tape*/, Var x, Var f_now, Mode mode, bool relu, Var bias) {
  ops::QuantizeOptions options;
  options.strategy = strategy_;
  options.scale_of_rounded_f = config_.exact_q_value;
  options.train = mode == Mode::kTrain;
  options.relu = relu;
  if (target_ == Target::kActivation && mode != Mode::kEvaluate) {
    options.record_min = &record_min;
    options.record_max = &record_max;
  }
  return ops::quantize(x, f_now, options, bias);
}

Var Quantizer::forward_bias(Tape& /*tape*/, Var bias, Var raw, Mode mode) const {
  ops::QuantizeOptions options;
  options.strategy = strategy_;
  options.scale_of_rounded_f = config_.exact_q_value;
  options.train = mode == Mode::kTrain;
  return ops::quantize(bias, ops::bias_f(raw, bias.shape()[-1]), options).value;
}

Var Quantizer::kernel_bits(Var quantized_kernel, Var f_now, double parallel_factor) const {
  return ops::kernel_bits(quantized_kernel, f_now, degeneracy_ * parallel_factor);
}

Var Quantizer::activation_bits(Tape& tape, const ops::Quantized& quantized, Var f_now, const Shape& sample,
                               bool relu_follows) {
  const Var low = quantized.record_min.valid() ? quantized.record_min : tape.state(record_min);
  const Var high = quantized.record_max.valid() ? quantized.record_max : tape.state(record_max);
  return ops::activation_bits(low, high, f_now, sample, relu_follows, degeneracy_);
}

void Quantizer::add_regularizer(Tape& tape, Var f_now) const {
  hgq::add_regularizer(tape, f_now, config_.regularizer, f.name);
}

std::vector<Kif> Quantizer::exact_bits(bool relu_follows) const {
  std::vector<Kif> bits;
  for (size_t n = 0; n < f.value.values().size(); ++n) {
    const float low = record_min.value.values()[n];
    const float high = record_max.value.values()[n];
    const float fraction = std::nearbyint(f.value.values()[n]);
    HGQ_CHECK(std::abs(fraction) <= kMostFraction, ConfigError, "'", f.name, "' holds a bit width of ",
              f.value.values()[n], ", beyond the range from ", -kMostFraction, " to ", kMostFraction);
    if (low > high) {  // an empty record
      bits.push_back({});
      continue;
    }
    const int k = !relu_follows && low < 0.0F ? 1 : 0;
    float i =
        relu_follows ? top_bit(std::max(high, 0.0F)) : std::max(ceil_log2(low), ceil_log2(high + std::exp2(-fraction)));
    i = std::clamp(i, std::min(-fraction - static_cast<float>(k), 32.0F), 32.0F);
    const Kif kif{k, static_cast<int>(i), static_cast<int>(fraction)};
    bits.push_back(kif.bits() == 0 ? Kif{} : kif);
  }
  return bits;
}

std::vector<int64_t> Quantizer::spread() const {
  const Sharing sharing = Sharing::of(shape_, f.value.shape(), target_ == Target::kActivation ? 1 : 0);
  std::vector<int64_t> index(static_cast<size_t>(shape_.size()));
  for (size_t i = 0; i < index.size(); ++i) index[i] = sharing.at(static_cast<int64_t>(i));
  return index;
}

void Quantizer::adapt_to(ConstTensorView kernel) {
  const std::vector<int64_t> index = spread();
  std::vector<float> shift(static_cast<size_t>(f.value.size()), kInfinity);
  for (size_t i = 0; i < index.size(); ++i) {
    float& s = shift[static_cast<size_t>(index[i])];
    s = std::min(s, static_cast<float>(-std::log2(std::abs(static_cast<double>(kernel.data[i])))));
  }
  for (size_t n = 0; n < shift.size(); ++n) f.value.values()[n] += shift[n];
}

void Quantizer::reset_record() {
  record_min.value.fill(kInfinity);
  record_max.value.fill(-kInfinity);
}

void Quantizer::widen_record(double cover_factor) {
  for (size_t n = 0; n < f.value.values().size(); ++n) {
    float& low = record_min.value.values()[n];
    float& high = record_max.value.values()[n];
    if (low > high) continue;
    const float centre = (low + high) / 2.0F;
    const float half = (high - low) / 2.0F * static_cast<float>(cover_factor);
    low = quantize_value(centre - half, f.value.values()[n], strategy_);
    high = quantize_value(centre + half, f.value.values()[n], strategy_);
  }
}

bool Quantizer::has_record() const {
  for (size_t n = 0; n < f.value.values().size(); ++n) {
    if (record_min.value.values()[n] > record_max.value.values()[n]) return false;
  }
  return true;
}

float quantize_value(float x, float f, ops::RoundingStrategy strategy) {
  const float scale = std::exp2(std::nearbyint(f));
  const float y = x * scale;
  return (strategy == ops::RoundingStrategy::kFloor ? std::floor(y) : std::floor(y + 0.5F)) / scale;
}

void add_regularizer(Tape& tape, Var value, const Regularizer& regularizer, const std::string& name) {
  if (regularizer.l1 != 0) {
    const auto norm = regularizer.kind == Regularizer::Kind::kMonoL1 ? ops::Norm::kSigned : ops::Norm::kAbsolute;
    tape.add_loss(ops::penalty(value, norm, static_cast<float>(regularizer.l1)), name + "/regularizer");
  }
  if (regularizer.l2 != 0)
    tape.add_loss(ops::penalty(value, ops::Norm::kSquare, static_cast<float>(regularizer.l2)), name + "/regularizer");
}

}  // namespace hgq
