// The base of all H layers, with what they share: the quantizer of the output (`paq`), beta, and the exact bits and the
// quantizers of the proxy that follow from them. HQuantize, HActivation and HAdd derive from it, and so does
// KernelLayer (kernel_layer.h), which adds kernel, bias and batch norm.
#pragma once

#include <string>
#include <vector>

#include "hgq/layers/layer.h"

namespace hgq {

class HLayer : public Layer {
 public:
  std::vector<Parameter*> parameters() override;
  std::vector<State*> states() override;
  std::vector<LayerWeight> file_weights() override;
  Quantizer* output_quantizer() override { return &paq_; }
  State* beta() override { return &beta_; }
  bool has_own_beta() const override { return own_beta_; }
  nlohmann::json config() const override;

 protected:
  /// Reads the keys name, trainable, beta, paq_conf, and those that Keras gives to every layer.
  HLayer(ConfigReader& c, const LayerArguments& arguments);

  /// Makes the quantizer for an output whose samples have this shape, and beta.
  void build_output(const Shape& sample, const BuildOptions& options);
  /// The weights in the order of file_weights(): beta and BOPs come between what is trained and the other states.
  std::vector<LayerWeight> file_order(const std::vector<LayerWeight>& weights, const std::vector<LayerWeight>& widths,
                                      const std::vector<LayerWeight>& batch_norm,
                                      const std::vector<LayerWeight>& states);
  /// Records q(value + bias), followed by a ReLU if `relu`, with bits, record, and the regularizer of f.
  Signal quantize_output(Recording& recording, Var value, bool relu = false, Var bias = {});
  /// The shape and the exact bits of a sample of the output (quantization.md 1.6). `relu`: a ReLU follows the
  /// quantizer.
  ExactSignal exact_output(bool relu) const;
  /// The types for a quantizer of the proxy: k, b = k + i + f, and i with the sign counted. The first has one type for
  /// each element of f, the second one type that holds all of them.
  QuantizerTypes proxy_types(bool relu) const;
  QuantizerTypes shared_proxy_types() const;
  /// The rounding mode of quantization.md 3.2: RND if the strategy is not floor and the bias cannot absorb the
  /// rounding, otherwise TRN.
  Rounding proxy_rounding(bool bias_absorbs) const;
  /// Throws ConfigError if the layer has no recorded ranges.
  void check_traced() const;
  static Overflow proxy_overflow(const ProxyOptions& options) {
    return options.aggressive ? Overflow::kWrap : Overflow::kSat;
  }

  Quantizer paq_;
  State beta_;
  QuantizerConfig paq_config_;
  bool trainable_ = true;
  bool own_beta_ = false;
};

}  // namespace hgq
