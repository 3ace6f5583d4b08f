// H layers with a kernel: z = paq(x * kq(w) + bq(b)), a = act(z), and the same with batch norm fused into kernel and
// bias (quantization.md 2.1, 2.3).
//
// A layer says how x and a kernel are multiplied, how BOPs are counted, and (for batch norm) what the moments of x * w
// are; all else, from the quantizers to the proxy's bias, is here. HDense and HDenseBatchNorm are in h_dense.cpp;
// convolutions get a file of their own.
#pragma once

#include <string>
#include <vector>

#include "hgq/layers/constraints.h"
#include "hgq/layers/h_layer.h"
#include "hgq/layers/initializers.h"

namespace hgq {

class KernelLayer : public HLayer {
 public:
  Shape build(std::span<const Shape> inputs, const BuildOptions& options) override;
  Signal call(Recording& recording, std::span<const Signal> inputs) override;
  ExactSignal exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& bops) override;
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) override;
  std::vector<Parameter*> parameters() override;
  std::vector<State*> states() override;
  std::vector<LayerWeight> file_weights() override;
  nlohmann::json config() const override;
  std::vector<float> value_for_python(const LayerWeight& weight) const override;
  void after_loading() override;

  /// Kernel and bias of evaluation, fused and quantized, without the rounding offset; the bias is empty where the layer
  /// has none, 0 where `center` is off.
  struct Weights {
    Tensor kernel, bias;
  };
  Weights evaluated_weights();

 protected:
  /// Reads all keys but those of the layer's own shape (units, filters ...).
  KernelLayer(ConfigReader& c, const LayerArguments& arguments, bool batch_norm);

  /// Throws ShapeError, or gives the shapes of kernel and output sample.
  struct Geometry {
    Shape kernel, output;
  };
  virtual Geometry geometry(const Shape& input) const = 0;
  virtual Var multiply(Var x, Var kernel) const = 0;
  virtual Var moments(Var x, Var kernel) const = 0;  // mean and variance of x * kernel per channel, [2, n]
  virtual Var count_bops(Var input_bits, Var kernel_bits) const = 0;
  virtual double count_exact_bops(const ExactSignal& input, const Tensor& kernel_bits) const = 0;
  /// What the kernel quantizer's degeneracy is multiplied by.
  virtual double kernel_parallel_factor() const { return 1; }
  /// The Keras layer of the proxy, and the parallelization factor for its quantizer's overrides.
  virtual ProxyRef add_proxy_layer(ProxyBuilder& builder, ProxyRef input, const Weights& weights) const = 0;
  virtual std::optional<int64_t> proxy_parallel_factor() const = 0;
  virtual void write_shape_keys(nlohmann::json& json) const = 0;

  bool has_bias() const { return batch_norm_ ? center_ : use_bias_; }
  const Shape& input_shape() const { return input_shape_; }
  const Shape& output_shape() const { return output_shape_; }
  int64_t parallel_factor_ = 0;  // 0: not given

 private:
  struct Recorded {
    Var kernel, kernel_f, bias;  // quantized; the bias invalid where there is none
  };
  Recorded record_weights(Tape& tape, Mode mode, Var x);
  void check_producer(const Signal& input) const;
  bool bias_absorbs_rounding() const;
  std::vector<float> proxy_bias(const Weights& weights) const;

  bool relu_ = false;
  bool use_bias_ = true;
  bool batch_norm_ = false;
  bool center_ = true, scale_ = true;
  double momentum_ = 0.99, epsilon_ = 1e-3;
  bool adapt_ = true;
  QuantizerConfig kq_config_;
  Initializer kernel_initializer_, bias_initializer_, gamma_initializer_, beta_initializer_;
  Regularizer kernel_regularizer_, bias_regularizer_;
  ConstraintConfig kernel_constraint_, bias_constraint_;
  Shape input_shape_, output_shape_;

  Parameter kernel_, bias_, gamma_, bn_beta_;
  State moving_mean_, moving_variance_, adapted_;
  Quantizer kq_;
};

}  // namespace hgq
