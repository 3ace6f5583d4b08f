#include "hgq/layers/qkeras/kernel_layers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hgq/core/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/layers/qkeras/weight_quantizers.h"

namespace hgq {
namespace {

QKerasQuantizer quantizer_at(const KerasNode& node, const std::string& key, ErrorList& errors) {
  return read_qkeras_quantizer(node.config[key], concat(qkeras_layer(node), ": ", key), errors);
}

/// A weight of one dim with `count` finite values; `count` < 0: any number from 1 on.
std::vector<float> channel_weight(const KerasNode& node, const KerasLayerWeights& weights, std::string_view leaf,
                                  int64_t count, ErrorList& errors) {
  const KerasWeight* const weight = weights.find(leaf);
  std::vector<float> values;
  if (weight == nullptr || weight->is_int8() || weight->shape.rank() != 1 || weight->shape[0] < 1 ||
      (count >= 0 && weight->shape[0] != count)) {
    errors.add(node.config.place(),
               concat(qkeras_layer(node), ": has ",
                      weight == nullptr ? concat("no weight '", leaf, "'")
                                        : concat("a weight '", leaf, "' of shape ", weight->shape),
                      ", expected one of float32 with ", count < 0 ? "a value" : concat(count, " values"),
                      count < 0 ? " for each channel" : ""));
    return {};
  }
  values = weight->floats();
  if (!all_finite(values)) {
    errors.add(node.config.place(),
               concat(qkeras_layer(node), ": weight '", leaf, "' holds a value that is not finite"));
    return {};
  }
  return values;
}

/// QBatchNormalization has these keys, the others do not.
std::vector<float> quantized(const KerasNode& node, const std::string& key, bool of_kernel, std::vector<float> values,
                             ErrorList& errors) {
  const QKerasQuantizer quantizer = quantizer_at(node, key, errors);
  const Shape shape{static_cast<int64_t>(values.size())};
  return quantize_weights(quantizer, of_kernel, shape, std::move(values), errors);
}

/// Kernel and bias as they were trained, into `layer`.
void read_weights(const KerasNode& node, const KerasLayerWeights& weights, const std::vector<int64_t>& window,
                  int64_t units, bool use_bias, QKerasKernelLayer& layer) {
  ProductWeights read = read_product_weights(node, weights, window, units, use_bias);
  read.check(static_cast<int>(window.size()), layer.is_conv ? "filters" : "units", qkeras_layer(node));
  layer.kernel_shape = read.kernel_shape;
  layer.kernel = std::move(read.kernel);
  layer.bias = std::move(read.bias);
}

bool is_po2_or_zero(float value) {
  int exponent = 0;
  return value == 0 || std::abs(std::frexp(value, &exponent)) == 0.5F;
}

/// QConv2DBatchnorm: g goes into the kernel before it is quantized; there is a bias, whatever use_bias says.
void fold_before_quantizing(const QKerasBatchNorm& batch_norm, QKerasKernelLayer& layer) {
  const auto units = static_cast<size_t>(layer.units());
  for (size_t e = 0; e < layer.kernel.size(); ++e) layer.kernel[e] = batch_norm.scale[e % units] * layer.kernel[e];
  layer.bias.resize(units, 0.0F);
  for (size_t j = 0; j < units; ++j) {
    layer.bias[j] = batch_norm.scale[j] * (layer.bias[j] - batch_norm.mean[j]);
    if (!batch_norm.beta.empty()) layer.bias[j] += batch_norm.beta[j];
  }
}

}  // namespace

std::string qkeras_layer(const KerasNode& node) { return concat("layer '", node.name, "' (", node.class_name, ")"); }

void add_error(const KerasNode& node, const Error& error, ErrorList& errors) {
  std::string message = error.what();
  const std::string place = node.config.place() + ": ";
  if (message.starts_with(place)) message.erase(0, place.size());
  const bool is_named = message.find(concat("'", node.name, "'")) != std::string::npos;
  errors.add(node.config.place(), is_named ? message : concat(qkeras_layer(node), ": ", message));
}

bool is_kernel_layer(std::string_view class_name) {
  constexpr std::array<std::string_view, 8> kClasses{"QDense",          "QConv1D", "QConv2D", "QConv2DBatchnorm",
                                                     "QDenseBatchnorm", "Dense",   "Conv1D",  "Conv2D"};
  return std::ranges::find(kClasses, class_name) != kClasses.end();
}

bool is_batch_norm(std::string_view class_name) {
  return class_name == "QBatchNormalization" || class_name == "BatchNormalization";
}

bool QKerasKernelLayer::fold(const QKerasBatchNorm& batch_norm) {
  const auto count = static_cast<size_t>(units());
  bool exact = std::ranges::all_of(batch_norm.scale, is_po2_or_zero);
  for (size_t e = 0; e < kernel.size(); ++e) kernel[e] *= batch_norm.scale[e % count];
  bias.resize(count, 0.0F);
  for (size_t j = 0; j < count; ++j) {  // the offset as QKeras computes it, in float32
    float offset = -batch_norm.mean[j] * batch_norm.scale[j];
    if (!batch_norm.beta.empty()) offset = batch_norm.beta[j] + offset;
    const double sum =
        static_cast<double>(bias[j]) * static_cast<double>(batch_norm.scale[j]) + static_cast<double>(offset);
    bias[j] = static_cast<float>(sum);
    exact = exact && static_cast<double>(bias[j]) == sum;
  }
  return exact;
}

std::optional<QKerasBatchNorm> read_batch_norm(const KerasNode& node, const KerasLayerWeights& weights,
                                               ErrorList& errors) {
  const size_t errors_before = errors.size();
  ConfigReader reader(node.config, qkeras_layer(node), errors);
  const std::vector<int64_t> axis = reader.integers("axis", "dim of the channels, the batch counted as 0", {-1}, {}, 1);
  const auto epsilon =
      static_cast<float>(reader.number("epsilon", "added to the variance", {.fallback = 1e-3, .min = 0}));
  const bool scales = reader.boolean("scale", "whether there is a gamma", true);
  const bool centers = reader.boolean("center", "whether there is a beta", true);
  QKerasBatchNorm out;
  out.axis = axis.empty() ? -1 : axis[0];
  std::vector<float> variance = channel_weight(node, weights, "moving_variance", -1, errors);
  const int64_t count = variance.empty() ? -1 : std::ssize(variance);  // refused: the others speak for themselves
  out.mean =
      quantized(node, "mean_quantizer", false, channel_weight(node, weights, "moving_mean", count, errors), errors);
  variance = quantized(node, "variance_quantizer", true, std::move(variance), errors);
  for (const float v : variance)
    out.scale.push_back(static_cast<float>(1 / std::sqrt(static_cast<double>(v + epsilon))));
  if (scales) {
    const std::vector<float> gamma =
        quantized(node, "gamma_quantizer", true, channel_weight(node, weights, "gamma", count, errors), errors);
    for (size_t j = 0; j < std::min(gamma.size(), out.scale.size()); ++j) out.scale[j] *= gamma[j];
  }
  if (centers)
    out.beta = quantized(node, "beta_quantizer", false, channel_weight(node, weights, "beta", count, errors), errors);
  if (!all_finite(out.scale))
    errors.add(node.config.place(), concat(qkeras_layer(node), ": a moving_variance is negative, or 0 with epsilon 0"));
  if (errors.size() > errors_before) return {};
  return out;
}

std::optional<QKerasKernelLayer> read_kernel_layer(const KerasNode& node, const KerasLayerWeights& weights,
                                                   ErrorList& errors) {
  const size_t errors_before = errors.size();
  ConfigReader reader(node.config, qkeras_layer(node), errors);
  QKerasKernelLayer layer;
  layer.is_conv = node.class_name.find("Conv") != std::string::npos;
  const bool folds = node.class_name.ends_with("Batchnorm");
  std::vector<int64_t> window;
  if (layer.is_conv)
    layer.conv = read_conv_options(reader, node.class_name.find("1D") != std::string::npos ? 1 : 2, window);
  const std::string count_key = layer.is_conv ? "filters" : "units";
  const int64_t units = reader.integer(count_key, "number of outputs", {.required = true, .min = 1});
  const bool use_bias = reader.boolean("use_bias", "whether there is a bias", true);
  const QKerasQuantizer kernel_quantizer = quantizer_at(node, "kernel_quantizer", errors);
  const QKerasQuantizer bias_quantizer = quantizer_at(node, "bias_quantizer", errors);
  layer.activation = quantizer_at(node, "activation", errors);
  if (errors.size() > errors_before) return {};
  try {
    read_weights(node, weights, window, units, use_bias, layer);
  } catch (const Error& e) {
    add_error(node, e, errors);
    return {};
  }
  if (folds) {
    const auto batch_norm = read_batch_norm(node, weights, errors);
    if (batch_norm && batch_norm->channels() != units)
      errors.add(node.config.place(), concat(qkeras_layer(node), ": has batch norm weights of ", batch_norm->channels(),
                                             " channels, expected ", units));
    if (errors.size() > errors_before) return {};
    fold_before_quantizing(*batch_norm, layer);
  }
  layer.kernel = quantize_weights(kernel_quantizer, true, layer.kernel_shape, std::move(layer.kernel), errors);
  if (!layer.bias.empty()) {
    const Shape shape{static_cast<int64_t>(layer.bias.size())};
    layer.bias = quantize_weights(bias_quantizer, false, shape, std::move(layer.bias), errors);
  }
  if (errors.size() > errors_before) return {};
  return layer;
}

}  // namespace hgq
