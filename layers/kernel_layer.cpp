#include "hgq/layers/kernel_layer.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/layers/object_docs.h"

namespace hgq {
namespace {

std::string_view type_of(const Initializer& /*config*/) { return "an initializer"; }
std::string_view type_of(const Regularizer& /*config*/) { return "a regularizer"; }
std::string_view type_of(const ConstraintConfig& /*config*/) { return "a constraint"; }

template <typename Config>
Config read_or(ConfigReader& c, const std::string& key, std::string_view doc, const Config& fallback) {
  const Node* const node = c.node(key, doc, type_of(fallback), config_text(fallback));
  return node == nullptr ? fallback : Config::from_node(*node, c.errors());
}

/// The same for a key that model files have.
template <typename Config>
Config read_written(ConfigReader& c, const std::string& key, std::string_view doc, const Config& fallback) {
  Config config = read_or(c, key, doc, fallback);
  if (!c.failed()) c.resolve(key, to_json(config));  // after an error a mask may be incomplete
  return config;
}

Var pair_of_states(Tape& tape, State* mean, State* variance, int64_t channels) {
  const Shape shape{channels};
  const Var first = mean != nullptr ? tape.state(*mean) : tape.constant(Tensor(shape));
  const Var second = variance != nullptr ? tape.state(*variance) : tape.constant(Tensor(shape));
  return ops::reshape(ops::concatenate({first, second}, 0), Shape{2, channels});
}

std::string no_precision(const std::string& where, const Shape& input) {
  return concat(where, ": its input of shape ", input,
                " has no known precision, as nothing quantizes it on the way from the input of the model; put an "
                "HQuantize or Signature in front, before layers that only move values (padding, reshaping)");
}

}  // namespace

KernelLayer::KernelLayer(ConfigReader& c, const LayerArguments& arguments, bool batch_norm)
    : HLayer(c, arguments), batch_norm_(batch_norm) {
  relu_ = c.choice("activation", "what follows the quantizer; others are layers of their own (HActivation)",
                   {"linear", "relu"}, "linear") == "relu";
  use_bias_ = c.boolean("use_bias", "whether a bias is added", true);
  static const Node kNone;
  const Node* const kq = c.node("kq_conf", "quantizer of the kernel, over model.kernel_quantizer", "a quantizer",
                                "model.kernel_quantizer");
  kq_config_ = QuantizerConfig::from_node(kq == nullptr ? kNone : *kq, arguments.defaults.kq, c.section() + ".kq_conf",
                                          arguments.errors);
  c.resolve("kq_conf", to_json(kq_config_));
  kernel_initializer_ =
      read_written(c, "kernel_initializer", "first values of the kernel", Initializer::glorot_uniform());
  bias_initializer_ = read_written(c, "bias_initializer", "first values of the bias", Initializer::zeros());
  kernel_regularizer_ = read_written(c, "kernel_regularizer", "penalty on the kernel", Regularizer::none());
  bias_regularizer_ = read_written(c, "bias_regularizer", "penalty on the bias", Regularizer::none());
  c.known("activity_regularizer", nullptr);
  kernel_constraint_ =
      read_written(c, "kernel_constraint", "what the kernel is forced to be after each update", ConstraintConfig{});
  bias_constraint_ =
      read_written(c, "bias_constraint", "what the bias is forced to be after each update", ConstraintConfig{});
  adapt_ = c.boolean("do_adapt_kernel_bits", "count init_bw from each weight's own top bit", true);
  if (const auto factor =
          c.optional_integer("parallel_factor",
                             "kernel operations done in parallel, for hls4ml; none: all of a dense layer, 1 of a "
                             "convolution",
                             {.min = 1}))
    parallel_factor_ = *factor;
  if (!batch_norm_) return;
  momentum_ = c.number("momentum", "share of the moving mean and variance that a batch leaves as it is",
                       {.fallback = 0.99, .min = 0, .max = 1});
  epsilon_ = c.number("epsilon", "added to the variance", {.fallback = 1e-3, .min = 0});
  center_ = c.boolean("center", "subtract the mean, add a trainable beta", true) && use_bias_;
  c.resolve("center", center_);
  scale_ = c.boolean("scale", "divide by the deviation, multiply by a trainable gamma", true);
  // Files of Python HGQ do not have these two.
  gamma_initializer_ = read_or(c, "gamma_initializer", "first values of gamma", Initializer::ones());
  beta_initializer_ = read_or(c, "beta_initializer", "first values of beta", Initializer::zeros());
  for (const char* const key :
       {"moving_mean_initializer", "moving_variance_initializer", "beta_regularizer", "gamma_regularizer",
        "beta_constraint", "gamma_constraint", "bn_beta_initializer", "bn_gamma_initializer", "axis", "synchronized"}) {
    c.known(key);
  }
}

Shape KernelLayer::build(std::span<const Shape> inputs, const BuildOptions& options) {
  expect_inputs(inputs, 1);
  const Geometry shapes = geometry(inputs[0]);
  input_shape_ = inputs[0];
  output_shape_ = shapes.output;
  const Shape channels{shapes.output[-1]};
  const auto make = [&](Parameter& parameter, const char* leaf, const Shape& shape, const Initializer& initializer) {
    check_weight(shape, options, concat(where(), ": its ", leaf));
    parameter = Parameter(name() + "/" + leaf, shape, trainable_);
    if (options.initialize) initializer.fill(parameter.value.view(), options.seed, parameter.name);
  };
  make(kernel_, "kernel", shapes.kernel, kernel_initializer_);
  kernel_.constraint = make_constraint(kernel_constraint_, shapes.kernel, kernel_.name);
  if (use_bias_) {
    make(bias_, "bias", channels, bias_initializer_);
    bias_.constraint = make_constraint(bias_constraint_, channels, bias_.name);
  }
  if (batch_norm_ && scale_) {
    make(gamma_, "gamma", channels, gamma_initializer_);
    moving_variance_ = State(name() + "/moving_variance", channels);
    moving_variance_.value.fill(1.0F);
  }
  if (batch_norm_ && center_) {
    make(bn_beta_, "beta", channels, beta_initializer_);
    moving_mean_ = State(name() + "/moving_mean", channels);
  }
  try {
    kq_ = Quantizer(kq_config_, Quantizer::Target::kKernel, shapes.kernel, name() + "/");
  } catch (const ShapeError& e) {
    throw ShapeError(concat(where(), ": kq_conf: ", e.what()));
  }
  kq_.f.trainable = kq_.f.trainable && trainable_;
  kq_.settle_rounding(true);
  build_output(shapes.output, options);
  paq_.settle_rounding(bias_absorbs_rounding());
  adapted_ = State(name() + "/adapted", Shape{1});
  const bool adapt_later = adapt_ && batch_norm_;
  if (adapt_ && !batch_norm_ && options.initialize) kq_.adapt_to(kernel_.value.view());
  adapted_.value.fill(adapt_later && options.initialize ? 0.0F : 1.0F);
  return output_shape_;
}

// quantization.md 2.2: a 1-D bias, and one f, or one per channel and 1 in every other dim. With `center` off the bias
// is not trained, but it is there: it is 0, and holds the half step in the proxy.
bool KernelLayer::bias_absorbs_rounding() const {
  const Shape& f = paq_.f.value.shape();
  return use_bias_ && (f.size() == 1 || f.size() == f[-1]);
}

void KernelLayer::check_producer(const Signal& input) const {
  HGQ_CHECK(input.bits.valid(), ConfigError, no_precision(where(), input.value.shape()));
}

KernelLayer::Recorded KernelLayer::record_weights(Tape& tape, Mode mode, Var x) {
  Recorded r;
  const Var w = tape.parameter(kernel_);
  const Var f_bias = has_bias() ? paq_.raw_f(tape) : Var{};
  const auto quantize_kernel = [&](Var kernel) { return kq_.forward(tape, kernel, r.kernel_f, mode).value; };
  if (!batch_norm_) {
    r.kernel_f = kq_.clipped_f(tape);
    r.kernel = quantize_kernel(w);
    if (use_bias_) r.bias = paq_.forward_bias(tape, tape.parameter(bias_), f_bias, mode);
    return r;
  }
  const bool train = mode == Mode::kTrain && !kernel_.frozen;  // a frozen batch norm stays as it is
  const ops::BatchNormOptions options{.momentum = static_cast<float>(momentum_),
                                      .epsilon = static_cast<float>(epsilon_),
                                      .moving_mean = train && center_ ? &moving_mean_ : nullptr,
                                      .moving_variance = train && scale_ ? &moving_variance_ : nullptr,
                                      .moments_with_bias = !train};
  // Once, at the first training batch, before anything reads f (quantization.md 1.7). The operation itself looks
  // whether that is done: what is recorded must not depend on it, or a run that is continued would sum its gradients in
  // another order.
  const auto adapt_in_training = [&](Var kernel) {
    return train && adapt_ ? ops::adapt_bits(kq_.f, kernel, adapted_) : kq_.raw_f(tape);
  };
  const Var gamma = scale_ ? tape.parameter(gamma_) : Var{};
  const Var beta = center_ ? tape.parameter(bn_beta_) : Var{};
  const Var b = center_ ? tape.parameter(bias_) : Var{};
  if (!scale_) {  // the kernel is quantized as it is, and the mean is that of x * kq(w)
    r.kernel_f = kq_.clipped_f(adapt_in_training(w));
    r.kernel = quantize_kernel(w);
    if (!center_) return r;
    const Var statistics =
        train ? moments(x, r.kernel) : pair_of_states(tape, &moving_mean_, nullptr, output_shape_[-1]);
    r.bias =
        paq_.forward_bias(tape, ops::batch_norm_fuse(r.kernel, gamma, beta, b, statistics, options).bias, f_bias, mode);
    return r;
  }
  const Var statistics =
      train ? moments(x, w)
            : pair_of_states(tape, center_ ? &moving_mean_ : nullptr, &moving_variance_, output_shape_[-1]);
  const ops::FusedKernel fused = ops::batch_norm_fuse(w, gamma, beta, b, statistics, options);
  r.kernel_f = kq_.clipped_f(adapt_in_training(fused.kernel));
  r.kernel = quantize_kernel(fused.kernel);
  if (center_) r.bias = paq_.forward_bias(tape, fused.bias, f_bias, mode);
  return r;
}

Signal KernelLayer::call(Recording& recording, std::span<const Signal> inputs) {
  check_producer(inputs[0]);
  Tape& tape = recording.tape;
  const Recorded weights = record_weights(tape, recording.mode, inputs[0].value);
  if (recording.first_call) {
    kq_.add_regularizer(tape, weights.kernel_f);
    add_regularizer(tape, tape.parameter(kernel_), kernel_regularizer_, kernel_.name);
    if (use_bias_) add_regularizer(tape, tape.parameter(bias_), bias_regularizer_, bias_.name);
  }
  const Var bits = kq_.kernel_bits(weights.kernel, weights.kernel_f, kernel_parallel_factor());
  const Var bops = count_bops(inputs[0].bits, bits);
  recording.bops.push_back({name(), bops});
  tape.add_loss(ops::scale_by(bops, beta_), name() + "/bops");
  return quantize_output(recording, multiply(inputs[0].value, weights.kernel), relu_, weights.bias);
}

KernelLayer::Weights KernelLayer::evaluated_weights() {
  Tape tape;
  const Recorded r = record_weights(tape, Mode::kEvaluate, {});
  Workers alone(1);
  Executor executor(tape, alone, {.gradients = false});
  executor.forward({});
  const auto copy = [&](Var v) { return v.valid() ? Tensor(v.shape(), executor.value(v).values()) : Tensor(); };
  Tensor kernel = copy(r.kernel);
  HGQ_CHECK(all_finite(kernel.values()), ConfigError, where(),
            ": its kernel, quantized, holds values that are not finite; its bit widths are too large, or training went "
            "astray");
  return {std::move(kernel), use_bias_ && !r.bias.valid() ? Tensor(Shape{output_shape_[-1]}) : copy(r.bias)};
}

ExactSignal KernelLayer::exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& bops) {
  HGQ_CHECK(!inputs[0].bits.empty(), ConfigError, no_precision(where(), inputs[0].shape));
  Tensor bits = evaluated_weights().kernel;
  for (float& v : bits.values()) v = static_cast<float>(significant_bits(v));
  bops.push_back({name(), count_exact_bops(inputs[0], bits)});
  return exact_output(relu_);
}

// quantization.md 3.2: a channel without bits gets bias 0; where the bias stands for the rounding, it gets half a step
// more.
std::vector<float> KernelLayer::proxy_bias(const Weights& weights) const {
  if (!use_bias_) return {};
  const auto channels = static_cast<size_t>(output_shape_[-1]);
  std::vector<float> bias(weights.bias.values().begin(), weights.bias.values().end());
  std::vector<float> most(channels, 0.0F);
  const std::vector<int64_t> spread = paq_.spread();
  for (size_t e = 0; e < spread.size(); ++e) {
    const auto n = static_cast<size_t>(spread[e]);
    const float low = paq_.record_min.value.values()[n];
    const float high = paq_.record_max.value.values()[n];
    const float range = relu_ ? std::max(high, 0.0F) : std::max(std::abs(low), std::abs(high));
    const float sign = !relu_ && low < 0.0F ? 1.0F : 0.0F;
    most[e % channels] = std::max(most[e % channels], top_bit(range) + std::nearbyint(paq_.f.value.values()[n]) + sign);
  }
  const bool half_step = bias_absorbs_rounding() && paq_.strategy() != ops::RoundingStrategy::kFloor;
  const auto f = paq_.f.value.values();
  for (size_t c = 0; c < channels; ++c) {
    if (half_step) bias[c] += std::exp2(-std::nearbyint(f[f.size() == 1 ? 0 : c]) - 1.0F);
    if (most[c] <= 0.0F) bias[c] = 0.0F;
  }
  return bias;
}

ProxyRef KernelLayer::to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) {
  check_traced();
  Weights weights = evaluated_weights();
  const std::vector<float> bias = proxy_bias(weights);
  weights.bias = use_bias_ ? Tensor(Shape{output_shape_[-1]}, bias) : Tensor();
  const ProxyRef linear = add_proxy_layer(builder, inputs[0], weights);
  const Rounding rounding = proxy_rounding(bias_absorbs_rounding());
  const Overflow overflow = proxy_overflow(options);
  if (!relu_)
    return builder.add_quantizer(builder.layer_name() + "_quantizer", linear, proxy_types(false), rounding, overflow,
                                 proxy_parallel_factor());
  QuantizerTypes wide = shared_proxy_types();
  if (rounding == Rounding::kRnd) wide.b[0] = static_cast<int8_t>(wide.b[0] + 1);
  const ProxyRef before = builder.add_quantizer(builder.layer_name() + "_quantizer", linear, wide, Rounding::kTrn,
                                                overflow, proxy_parallel_factor());
  return builder.add_quantizer(builder.layer_name() + "_relu_quantizer", builder.add_relu(before), proxy_types(true),
                               rounding, overflow);
}

std::vector<Parameter*> KernelLayer::parameters() {
  std::vector<Parameter*> all{&kernel_};
  if (use_bias_) all.push_back(&bias_);
  if (batch_norm_ && scale_) all.push_back(&gamma_);
  if (batch_norm_ && center_) all.push_back(&bn_beta_);
  all.push_back(&kq_.f);
  all.push_back(&paq_.f);
  return all;
}

std::vector<State*> KernelLayer::states() {
  std::vector<State*> all = HLayer::states();
  if (batch_norm_ && center_) all.push_back(&moving_mean_);
  if (batch_norm_ && scale_) all.push_back(&moving_variance_);
  if (batch_norm_ && adapt_) all.push_back(&adapted_);
  return all;
}

std::vector<LayerWeight> KernelLayer::file_weights() {
  const std::string prefix = name() + "/";
  std::vector<LayerWeight> weights{{.file_name = prefix + "kernel:0", .parameter = &kernel_}};
  if (use_bias_) weights.push_back({.file_name = prefix + "bias:0", .parameter = &bias_});
  const std::vector<LayerWeight> widths{{.file_name = prefix + "kernel_bw:0", .parameter = &kq_.f},
                                        {.file_name = prefix + "activation_bw:0", .parameter = &paq_.f}};
  // Where a statistic is off, Python HGQ holds a scalar in its place.
  std::vector<LayerWeight> batch_norm, statistics;
  if (batch_norm_ && center_) {
    batch_norm.push_back({.file_name = prefix + "bn_beta:0", .parameter = &bn_beta_});
    statistics.push_back({.file_name = prefix + "moving_mean:0", .state = &moving_mean_});
  } else if (batch_norm_) {
    statistics.push_back({.file_name = prefix + "Variable:0", .scalar = 0.0F});
  }
  if (batch_norm_ && scale_) {
    batch_norm.push_back({.file_name = prefix + "bn_gamma:0", .parameter = &gamma_});
    statistics.push_back({.file_name = prefix + "moving_variance:0", .state = &moving_variance_});
  } else if (batch_norm_) {
    statistics.push_back({.file_name = prefix + (center_ ? "Variable:0" : "Variable_1:0"), .scalar = 1.0F});
  }
  return file_order(weights, widths, batch_norm, statistics);
}

// Python HGQ adds the bias behind its own batch norm: b_pkg + beta_pkg is our beta, our b is 0 (quantization.md 2.3).
void KernelLayer::after_loading() {
  adapted_.value.fill(1.0F);
  if (!batch_norm_ || !center_) return;
  for (int64_t j = 0; j < bias_.value.size(); ++j) {
    bn_beta_.value.data()[j] += bias_.value.data()[j];
    bias_.value.data()[j] = 0.0F;
    if (!scale_) moving_mean_.value.data()[j] /= std::sqrt(1.0F + static_cast<float>(epsilon_));
  }
}

// Python HGQ adds its bias behind its batch norm, with `center` off too: with bias 0 and mean m - b it computes the
// same function.
std::vector<float> KernelLayer::value_for_python(const LayerWeight& weight) const {
  if (!batch_norm_) return {};
  std::vector<float> values;
  if (use_bias_ && weight.parameter == &bias_) values.assign(static_cast<size_t>(bias_.value.size()), 0.0F);
  if (center_ && weight.state == &moving_mean_) {
    for (int64_t j = 0; j < bias_.value.size(); ++j) {
      const float mean = moving_mean_.value.data()[j] - bias_.value.data()[j];
      values.push_back(scale_ ? mean : mean * std::sqrt(1.0F + static_cast<float>(epsilon_)));
    }
  }
  return values;
}

}  // namespace hgq
