// InputLayer: where data enter a proxy model. Its values are float32 as they come; the first layer behind it that
// computes must be a quantizer (movers such as Reshape may stand between).
#pragma once

#include <memory>

#include "hgq/proxy/layer.h"

namespace hgq {

class ProxyInput : public ProxyLayer {
 public:
  ProxyInput(std::string name, const Shape& sample) : ProxyLayer(std::move(name)), sample_(sample) {}
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  const Shape& sample() const { return sample_; }
  std::string_view class_name() const override { return "InputLayer"; }
  Node config(bool only_child) const override;
  /// `compute` does nothing: the emulator fills the block from the data.
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  /// Not quantized, so of no type.
  HlsType package_type(std::span<const HlsType> in) const override;

 private:
  Shape sample_;
};

}  // namespace hgq
