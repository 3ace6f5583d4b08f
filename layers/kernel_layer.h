// The base of all H layers with a kernel: z = paq(x * kq(w) + bq(b)), a = act(z), where act is the identity or ReLU;
// the layers with batch norm fuse it into kernel and bias first (quantization.md 2.1, 2.3).
//
// A derived class says how x and a kernel are multiplied, how BOPs are counted, and, for batch norm, what the moments
// of x * w are. Everything else is here, from the quantizers to the bias of the proxy. The derived classes are the
// dense layers in h_dense.cpp and the convolutions in h_conv.cpp; each of them serves with and without batch norm.
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
  std::vector<float> value_for_python(const LayerWeight& weight) const override;
  void after_loading() override;

  /// Kernel and bias in evaluation: fused with the batch norm and quantized, but without the half step that the bias of
  /// the proxy may hold (quantization.md 3.2). The bias is empty if the layer has none, and 0 if `center` is off.
  struct Weights {
    Tensor kernel, bias;
  };
  /// Throws ConfigError if the quantized kernel is not finite.
  Weights evaluated_weights();

 protected:
  /// Reads all keys but those of the derived class, such as units or filters. `batch_norm`: with fused batch norm.
  KernelLayer(ConfigReader& c, const LayerArguments& arguments, bool batch_norm);

  struct Geometry {
    Shape kernel, output;  // of a sample; the channels are the last dimension of either
  };
  /// The shapes for an input sample of this shape. Throws ShapeError if the kernel cannot be applied to it.
  virtual Geometry geometry(const Shape& input) const = 0;
  /// x * kernel, without bias: a Row value of shape Geometry::output.
  virtual Var multiply(Var x, Var kernel) const = 0;
  /// Mean and variance of x * kernel for each channel, over the batch and all positions: a Step value, [2, channels].
  virtual Var moments(Var x, Var kernel) const = 0;
  /// The differentiable BOPs, a Step scalar, and the exact ones (quantization.md 2.4), from the bits of each element.
  virtual Var count_bops(Var input_bits, Var kernel_bits) const = 0;
  virtual double count_exact_bops(const ExactSignal& input, const Tensor& kernel_bits) const = 0;
  /// By what the degeneracy of the kernel quantizer is multiplied (quantization.md 1).
  virtual double kernel_parallel_factor() const { return 1; }
  /// Adds the Keras layer of the proxy, and gives the parallelization factor for the overrides of the quantizer after
  /// it (quantization.md 3.2).
  virtual ProxyRef add_proxy_layer(ProxyBuilder& builder, ProxyRef input, const Weights& weights) const = 0;
  virtual std::optional<int64_t> proxy_parallel_factor() const = 0;

  bool has_bias() const { return batch_norm_ ? center_ : use_bias_; }
  const Shape& input_shape() const { return input_shape_; }
  const Shape& output_shape() const { return output_shape_; }
  int64_t parallel_factor_ = 0;  // as the config gives it; 0: not given

 private:
  struct Recorded {
    Var kernel, kernel_f, bias;  // kernel and bias quantized, f clipped; without a bias its Var is invalid
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
