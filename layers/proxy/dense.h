// Dense: y = x W + b over the last dim, its activation linear.
//
// The exact computation: inputs that share a row of the kernel are aligned to one fraction f_k; output j gets the
// smallest fraction F_j that holds all its products and its bias, so that the kernel becomes the integers W_kj 2^(F_j -
// f_k), and y_j = sum_k x_k W_kj + b_j is an integer sum. Kernel and bias are float32 and count exactly as they are.
#pragma once

#include <memory>
#include <vector>

#include "hgq/layers/proxy/layer.h"

namespace hgq {

class ProxyDense : public ProxyLayer {
 public:
  /// `kernel`: (inputs, units), row-major; `bias`: (units), or empty for none. All finite. Throws ShapeError.
  ProxyDense(std::string name, const Shape& kernel_shape, std::vector<float> kernel, std::vector<float> bias);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  int64_t inputs() const { return kernel_shape_[0]; }
  int64_t units() const { return kernel_shape_[1]; }
  const std::vector<float>& kernel() const { return kernel_; }
  const std::vector<float>& bias() const { return bias_; }

  std::string_view class_name() const override { return "Dense"; }
  Node config(bool only_child) const override;
  std::vector<KerasWeight> weights(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;

 private:
  Shape kernel_shape_;
  std::vector<float> kernel_, bias_;
};

}  // namespace hgq
