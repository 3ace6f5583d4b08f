#include "hgq/proxy/qkeras/kernel_layers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/proxy/qkeras/separable.h"
#include "hgq/proxy/qkeras/weight_quantizers.h"

namespace hgq {
namespace {

QKerasQuantizer quantizer_at(const KerasNode& node, const std::string& key, ErrorList& errors) {
  return read_qkeras_quantizer(node.config[key], concat(qkeras_layer(node), ": ", key), errors);
}

/// A weight of one dimension with `count` finite values; if `count` < 0, with any number of values, at least 1.
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

/// Reads the kernel and the bias as they were trained into `layer`.
void read_weights(const KerasNode& node, const KerasLayerWeights& weights, const std::vector<int64_t>& window,
                  int64_t units, bool use_bias, QKerasKernelLayer& layer) {
  ProductWeights read = read_product_weights(node, weights, window, units, use_bias);
  read.check(static_cast<int>(window.size()), layer.is_conv ? "filters" : "units", qkeras_layer(node));
  layer.kernel_shape = read.kernel_shape;
  layer.kernel = std::move(read.kernel);
  layer.bias = std::move(read.bias);
}

/// Reads a depthwise kernel, [window..., inputs, multiplier], and its bias; sets `units` to inputs * multiplier.
void read_depthwise_weights(const KerasNode& node, const KerasLayerWeights& weights, const std::vector<int64_t>& window,
                            int64_t multiplier, bool use_bias, int64_t& units, QKerasKernelLayer& layer) {
  const KerasWeight* kernel = weights.find("depthwise_kernel");
  if (kernel == nullptr) kernel = weights.find("kernel");  // the name in Keras 3
  const auto rank = static_cast<int>(window.size());
  bool fits = kernel != nullptr && !kernel->is_int8() && kernel->shape.rank() == rank + 2 &&
              kernel->shape[-1] == multiplier && kernel->shape.size() > 0;
  for (int d = 0; fits && d < rank; ++d) fits = kernel->shape[d] == window[static_cast<size_t>(d)];
  HGQ_CHECK(fits, FileError, node.config.place(), ": ", qkeras_layer(node), " has ",
            kernel == nullptr ? "no depthwise_kernel" : concat("a depthwise_kernel of shape ", kernel->shape),
            ", expected (kernel_size, inputs, ", multiplier, ")");
  units = kernel->shape[-2] * multiplier;
  const KerasWeight* const bias = weights.find("bias");
  HGQ_CHECK(!use_bias || (bias != nullptr && !bias->is_int8() && bias->shape == Shape{units}), FileError,
            node.config.place(), ": ", qkeras_layer(node), " has ",
            bias == nullptr ? "no bias" : concat("a bias of shape ", bias->shape), ", expected (", units, ")");
  layer.kernel_shape = kernel->shape;
  layer.kernel = kernel->floats();
  if (use_bias) layer.bias = bias->floats();
  HGQ_CHECK(all_finite(layer.kernel) && all_finite(layer.bias), FileError, node.config.place(), ": ",
            qkeras_layer(node), ": a weight holds a value that is not finite");
}

/// The kernel of the convolution that computes the same: 0 between different channels.
void spread_over_channels(QKerasKernelLayer& layer, const std::string& where) {
  const int64_t inputs = layer.kernel_shape[-2];
  const int64_t multiplier = layer.kernel_shape[-1];
  const int64_t units = inputs * multiplier;
  const int64_t entries = std::ssize(layer.kernel) / units;
  check_table(units, where);
  check_table(inputs * units, where);
  check_table(entries * inputs * units, where);
  std::vector<float> spread(static_cast<size_t>(entries * inputs * units), 0.0F);
  for (int64_t e = 0; e < std::ssize(layer.kernel); ++e) {
    const int64_t unit = e % units;
    spread[static_cast<size_t>((e / units * inputs + unit / multiplier) * units + unit)] =
        layer.kernel[static_cast<size_t>(e)];
  }
  layer.kernel = std::move(spread);
  layer.kernel_shape.set(layer.kernel_shape.rank() - 1, units);
}

bool is_po2_or_zero(float value) {
  int exponent = 0;
  return value == 0 || std::abs(std::frexp(value, &exponent)) == 0.5F;
}

/// QConv2DBatchnorm: g is folded into the kernel before it is quantized; there is always a bias, whatever use_bias is.
void fold_before_quantizing(const QKerasBatchNorm& batch_norm, QKerasKernelLayer& layer) {
  const auto units = static_cast<size_t>(batch_norm.channels());
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
  constexpr std::array<std::string_view, 12> kClasses{
      "QDense", "QConv1D", "QConv2D",          "QConv2DBatchnorm", "QDenseBatchnorm", "Dense",
      "Conv1D", "Conv2D",  "QDepthwiseConv2D", "DepthwiseConv1D",  "DepthwiseConv2D", "QDepthwiseConv2DBatchnorm"};
  return is_separable(class_name) || std::ranges::find(kClasses, class_name) != kClasses.end();
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

QKerasKernelLayer as_dense(const QKerasBatchNorm& batch_norm) {
  const int64_t channels = batch_norm.channels();
  check_table(channels, "batch norm");
  check_table(channels * channels, "batch norm");
  QKerasKernelLayer layer;
  layer.kernel_shape = Shape{channels, channels};
  layer.kernel.assign(static_cast<size_t>(channels * channels), 0.0F);
  for (int64_t j = 0; j < channels; ++j) layer.kernel[static_cast<size_t>(j * channels + j)] = 1.0F;
  return layer;
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
  const int64_t count =
      variance.empty() ? -1 : std::ssize(variance);  // variance has errors; the others are still checked
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
  const bool depthwise = node.class_name.find("Depthwise") != std::string::npos;
  std::vector<int64_t> window;
  if (layer.is_conv)
    layer.conv = read_conv_options(reader, node.class_name.find("1D") != std::string::npos ? 1 : 2, window);
  int64_t units = 0;
  int64_t multiplier = 1;
  if (depthwise) {
    multiplier = reader.integer("depth_multiplier", "outputs of each channel", {.fallback = 1, .min = 1});
    layer.conv.groups = 1;
  } else {
    units = reader.integer(layer.is_conv ? "filters" : "units", "number of outputs", {.required = true, .min = 1});
  }
  const bool use_bias = reader.boolean("use_bias", "whether there is a bias", true);
  const std::string kernel_key = depthwise ? "depthwise_quantizer" : "kernel_quantizer";
  const QKerasQuantizer kernel_quantizer = quantizer_at(node, kernel_key, errors);
  layer.kernel_is_quantized = !node.config[kernel_key].is_null();
  const QKerasQuantizer bias_quantizer = quantizer_at(node, "bias_quantizer", errors);
  if (errors.size() > errors_before) return {};
  try {
    if (depthwise) {
      read_depthwise_weights(node, weights, window, multiplier, use_bias, units, layer);
    } else {
      read_weights(node, weights, window, units, use_bias, layer);
    }
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
  if (depthwise) spread_over_channels(layer, qkeras_layer(node));
  return layer;
}

}  // namespace hgq
