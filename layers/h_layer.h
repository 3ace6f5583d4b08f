// What all H layers share: a quantizer for the output (`paq`), beta, and the exact bits and the proxy's quantizers that
// follow from them. HLayer is the base of HQuantize, HActivation and HAdd; KernelLayer (kernel_layer.h) adds kernel,
// bias and batch norm.
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

 protected:
  /// Reads name, trainable, beta, paq_conf, and the keys that Keras adds to every layer.
  HLayer(ConfigReader& c, const LayerArguments& arguments);

  void build_output(const Shape& sample, const BuildOptions& options);
  /// All in the order of file_weights(): beta and bops stand between what is trained and the other states.
  std::vector<LayerWeight> file_order(const std::vector<LayerWeight>& weights, const std::vector<LayerWeight>& widths,
                                      const std::vector<LayerWeight>& batch_norm,
                                      const std::vector<LayerWeight>& states);
  /// q(value + bias), relu behind it; with bits, record, and regularizer of f. `raw` f is read before it is clipped.
  Signal quantize_output(Recording& recording, Var value, bool relu = false, Var bias = {});
  /// Exact bits of each element of a sample (quantization.md 1.6).
  ExactSignal exact_output(bool relu) const;
  /// Per-element widths for a proxy's quantizer in the shape of f: k, b = k + i + f, i with the sign. `shared`: one
  /// width for the tensor.
  QuantizerTypes proxy_types(bool relu) const;
  QuantizerTypes shared_proxy_types() const;
  /// Rounding of quantization.md 3.2: RND where the strategy is not floor and the bias cannot absorb it.
  Rounding proxy_rounding(bool bias_absorbs) const;
  void write_common(nlohmann::json& json) const;
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
