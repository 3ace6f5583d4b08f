// Converts a model of QKeras 0.9, saved by Keras 2 as HDF5, to its proxy (quantization.md 3.4, proxy-format.md 3).
//
//   const KerasFile file = read_keras_file("qkeras.h5");
//   if (is_qkeras(file)) {
//     const QKerasConversion conversion = qkeras_to_proxy(file, LayerKinds());
//     save_proxy(conversion.proxy, "proxy.h5");
//   }
//
// Kernels and biases become the values of their quantizers (weight_quantizers.h). A QActivation becomes a quantizer of
// its name, or, with a ReLU, an Activation NAME and a quantizer NAME_quantizer; a layer's own activation counts as a
// layer after it, with the names NAME_quantizer, or NAME_relu and NAME_relu_quantizer. Batch norm is folded into the
// layer before it (kernel_layers.h), or becomes a dense layer with a diagonal kernel. Global pooling becomes pooling
// with a window of all positions, and a Flatten NAME_flat. Dropout and similar layers are left out.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/keras_classes.h"
#include "hgq/data/keras_file.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/model.h"
#include "hgq/proxy/qkeras/input_types.h"

namespace hgq {

struct QKerasOptions {
  /// Whether quantized_bits that is not symmetric wraps around in the proxy instead of saturating, as QKeras does.
  bool wrap = false;
  /// Types of inputs: each of these inputs is followed by a quantizer INPUT_quantizer.
  InputTypes input_types{};
};

struct QKerasConversion {
  /// What a layer of the file was converted to.
  struct Layer {
    std::string name, class_name;
    std::string became;  // "Dense dense, FixedPointQuantizer dense_quantizer"
  };
  /// Its notes() are for the user: renamed layers, wide weights, what hls4ml cannot do.
  ProxyModel proxy;
  std::vector<Layer> layers;
};

/// Throws ConfigError with one line for everything that cannot be converted: the layer, the reason, and what to do.
/// Throws FileError if the graph itself cannot be read.
QKerasConversion qkeras_to_proxy(const KerasFile& file, const ProxyKinds& kinds, const QKerasOptions& options = {});

}  // namespace hgq
