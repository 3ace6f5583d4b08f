// InputLayer: an input of a proxy model. Its values are the float32 numbers of the data. The first layer after it that
// computes must be a quantizer; layers that only move elements, such as Reshape, may come between.
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
  /// The type of a value that is not quantized: wider than any other.
  HlsType package_type(std::span<const HlsType> in) const override;

 private:
  Shape sample_;
};

}  // namespace hgq
