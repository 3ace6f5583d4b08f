// From a model of QKeras 0.9, saved by Keras 2 as HDF5, to its proxy (quantization.md 3.4, proxy-format.md 3).
//
//   const KerasFile file = read_keras_file("qkeras.h5");
//   if (is_qkeras(file)) {
//     const QKerasConversion conversion = qkeras_to_proxy(file);
//     save_proxy(conversion.proxy, "proxy.h5");
//   }
//
// Kernels and biases become the values of their quantizers (weight_quantizers.h). A QActivation becomes a quantizer of
// its name, or, with a ReLU, an Activation NAME and a quantizer NAME_quantizer; a layer's own activation counts as one
// behind it, with the names NAME_quantizer, or NAME_relu and NAME_relu_quantizer. Batch norm goes into the layer in
// front (kernel_layers.h), or becomes a dense layer with a diagonal kernel. Global pooling is pooling with a window of
// all positions, and a Flatten NAME_flat. Dropout and the like vanish.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/keras_file.h"
#include "hgq/layers/proxy/model.h"
#include "hgq/layers/qkeras/input_types.h"

namespace hgq {

struct QKerasOptions {
  /// Whether quantized_bits that is not symmetric wraps around in the proxy instead of saturating, as QKeras does.
  bool wrap = false;
  /// A quantizer INPUT_quantizer behind each input that has a type here.
  InputTypes input_types{};
};

struct QKerasConversion {
  /// What became of a layer of the file.
  struct Layer {
    std::string name, class_name;
    std::string became;  // "Dense dense, FixedPointQuantizer dense_quantizer"
  };
  /// Its notes() say what a user should know: renamed layers, wide weights, what hls4ml cannot do.
  ProxyModel proxy;
  std::vector<Layer> layers;
};

/// Whether a file has layers of QKeras (also in models inside the model).
bool is_qkeras(const KerasFile& file);

/// Whether a file has layers that only QKeras and Keras know, none of ours or of Python HGQ.
bool is_plain_keras(const KerasFile& file);

/// Throws FileError where no layer of a model but its inputs is known: neither ours, nor one of QKeras or Keras that a
/// proxy can hold. Says which there are.
void expect_known_layers(const KerasFile& file);

/// Throws ConfigError with all that cannot be converted, a line each that names the layer, the reason, and what to do;
/// FileError where the graph itself cannot be read.
QKerasConversion qkeras_to_proxy(const KerasFile& file, const QKerasOptions& options = {});

}  // namespace hgq
