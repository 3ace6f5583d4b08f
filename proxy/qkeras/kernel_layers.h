// Reads QDense, QConv1D, QConv2D, QDepthwiseConv2D and plain Dense, Conv1D, Conv2D, DepthwiseConv1D and 2D, also with
// batch norm, from a QKeras file: the kernel and the bias for a layer of a proxy.
//
// A depthwise convolution becomes a convolution whose kernel is 0 between different channels: hls4ml 1.3.0 derives
// wrong types for its own depthwise layers in models that must be exact, and does not generate products with 0.
//
// Batch norm, y = (z - mean) g + beta with g = gamma / sqrt(variance + epsilon), exists in two forms:
// - QConv2DBatchnorm (and QDenseBatchnorm of later versions): QKeras itself folds g into kernel and bias, and quantizes
//   the result. So does this file.
// - QBatchNormalization and BatchNormalization after such a layer: QKeras quantizes the kernel, and scales the product.
//   Here g is folded into the quantized kernel and bias, which is the same function. It is exact if g is a power of
//   two; otherwise the weights are rounded to float32 and have up to 24 bits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/data/keras_file.h"
#include "hgq/proxy/conv.h"
#include "hgq/proxy/qkeras/quantizer_spec.h"

namespace hgq {

/// y = x scale + offset for each channel.
struct QKerasBatchNorm {
  std::vector<float> scale, mean, beta;
  int64_t axis = -1;  // the dimension of the channels; 0 is the batch, and negative numbers count from the end

  int64_t channels() const { return static_cast<int64_t>(scale.size()); }
};

struct QKerasKernelLayer {
  bool is_conv = false;
  ConvOptions conv;  // of a convolution
  Shape kernel_shape;
  std::vector<float> kernel, bias;  // quantized; bias empty for none
  bool kernel_is_quantized = true;

  int64_t units() const { return kernel_shape[-1]; }
  /// Folds a batch norm after the layer, with as many channels, into the layer. Returns whether the result is exact.
  bool fold(const QKerasBatchNorm& batch_norm);
};

/// "layer 'dense' (QDense)"
std::string qkeras_layer(const KerasNode& node);

/// Adds an error that another reader threw as an error of this layer, with its name once.
void add_error(const KerasNode& node, const Error& error, ErrorList& errors);

/// Whether read_kernel_layer() reads this class, or its parts (separable.h).
bool is_kernel_layer(std::string_view class_name);
bool is_batch_norm(std::string_view class_name);

/// For a batch norm after other layers: y = x scale + offset as a dense layer along the last dimension, with a diagonal
/// kernel.
QKerasKernelLayer as_dense(const QKerasBatchNorm& batch_norm);

/// Returns nullopt after errors: missing keys or weights, wrong shapes, values that are not finite, unknown quantizers.
std::optional<QKerasKernelLayer> read_kernel_layer(const KerasNode& node, const KerasLayerWeights& weights,
                                                   ErrorList& errors);
std::optional<QKerasBatchNorm> read_batch_norm(const KerasNode& node, const KerasLayerWeights& weights,
                                               ErrorList& errors);

}  // namespace hgq
