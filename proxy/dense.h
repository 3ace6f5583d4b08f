// Dense with linear activation: y = x W + b over the last dimension. products.h computes it exactly.
#pragma once

#include <memory>
#include <vector>

#include "hgq/proxy/layer.h"
#include "hgq/proxy/product_weights.h"

namespace hgq {

class ProxyDense : public ProxyLayer {
 public:
  /// `kernel` has shape [inputs, units], row-major; `bias` has `units` values, or none. Throws ShapeError if a shape
  /// does not fit, or a value is not finite.
  ProxyDense(std::string name, const Shape& kernel_shape, std::vector<float> kernel, std::vector<float> bias);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  int64_t inputs() const { return weights_.kernel_shape[0]; }
  int64_t units() const { return weights_.units(); }
  const std::vector<float>& kernel() const { return weights_.kernel; }
  const std::vector<float>& bias() const { return weights_.bias; }

  std::string_view class_name() const override { return "Dense"; }
  Node config(bool only_child) const override;
  std::vector<KerasWeight> weights(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
  std::string firmware_note(const ProxySignal& input) const override;

 private:
  ProductWeights weights_;
};

}  // namespace hgq
