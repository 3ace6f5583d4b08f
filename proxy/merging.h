// Layers that read several others: Add and Concatenate. hls4ml accepts at most two inputs, this emulation any number.
#pragma once

#include <memory>

#include "hgq/proxy/layer.h"

namespace hgq {

/// The exact sum of values of one shape: the parts are aligned, and each element of the sum has its own fraction.
class ProxyAdd : public ProxyLayer {
 public:
  using ProxyLayer::ProxyLayer;
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);
  std::string_view class_name() const override { return "Add"; }
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
};

class ProxyConcatenate : public ProxyLayer {
 public:
  /// `axis` counts as in Keras: 0 is the batch (not allowed), 1 the first dimension of a sample, -1 the last.
  ProxyConcatenate(std::string name, int64_t axis) : ProxyLayer(std::move(name)), axis_(axis) {}
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);
  int64_t axis() const { return axis_; }
  std::string_view class_name() const override { return "Concatenate"; }
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  std::string firmware_note(const ProxySignal& input) const override;

 private:
  int64_t axis_;
};

}  // namespace hgq
