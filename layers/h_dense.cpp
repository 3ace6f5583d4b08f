// HDense and HDenseBatchNorm: products along the last dim of the input.
#include "hgq/core/error.h"
#include "hgq/layers/kernel_layer.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

class HDenseLayer final : public KernelLayer {
 public:
  HDenseLayer(ConfigReader& c, const LayerArguments& arguments, bool batch_norm)
      : KernelLayer(c, arguments, batch_norm), batch_norm_(batch_norm) {
    units_ = c.integer("units", "number of outputs", {.required = true, .min = 1, .max = 1 << 20});
  }
  std::string_view kind() const override { return batch_norm_ ? "HDenseBatchNorm" : "HDense"; }

 protected:
  Geometry geometry(const Shape& input) const override {
    HGQ_CHECK(input.rank() >= 1 && input[-1] > 0, ShapeError, where(), ": input samples have shape ", input,
              ", expected at least one dim for a kernel [inputs, ", units_, "]");
    Shape output = input;
    output.set(-1, units_);
    return {Shape{input[-1], units_}, output};
  }
  Var multiply(Var x, Var kernel) const override { return ops::matmul(x, kernel); }
  Var moments(Var x, Var kernel) const override { return ops::channel_moments(x, kernel); }
  Var count_bops(Var input_bits, Var kernel_bits) const override { return ops::dense_bops(input_bits, kernel_bits); }

  double count_exact_bops(const ExactSignal& input, const Tensor& kernel_bits) const override {
    const int64_t inputs = kernel_bits.shape()[0];
    double total = 0;
    for (size_t e = 0; e < input.bits.size(); ++e) {
      const int64_t row = static_cast<int64_t>(e) % inputs;
      double kernel = 0;
      for (int64_t j = 0; j < units_; ++j) kernel += static_cast<double>(kernel_bits.data()[row * units_ + j]);
      total += static_cast<double>(input.bits[e]) * kernel;
    }
    return total;
  }

  ProxyRef add_proxy_layer(ProxyBuilder& builder, ProxyRef input, const Weights& weights) const override {
    const auto kernel = weights.kernel.values();
    const auto bias = weights.bias.values();
    return builder.add_dense(
        builder.layer_name(), input, weights.kernel.shape(), {kernel.begin(), kernel.end()},
        weights.bias.empty() ? std::vector<float>{} : std::vector<float>(bias.begin(), bias.end()));
  }
  // quantization.md 3.2: dense layers with more than 2 dims; the product of the middle ones unless set.
  std::optional<int64_t> proxy_parallel_factor() const override {
    if (input_shape().rank() < 2) return {};
    return parallel_factor_ > 0 ? parallel_factor_ : input_shape().size() / input_shape()[-1];
  }

 private:
  bool batch_norm_;
  int64_t units_ = 1;
};

}  // namespace

void register_h_dense(LayerKinds& kinds) {
  kinds.layers.add({.name = "HDense", .doc = "dense layer", .make = layer_of<HDenseLayer, false>});
  kinds.layers.add(
      {.name = "HDenseBatchNorm", .doc = "dense layer with fused batch norm", .make = layer_of<HDenseLayer, true>});
}

}  // namespace hgq
