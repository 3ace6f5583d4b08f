// Layers that read several others: Add and Concatenate. hls4ml takes two inputs at most, this emulation any number.
#pragma once

#include <memory>

#include "hgq/proxy/layer.h"

namespace hgq {

/// The sum of values of one shape, exact: its parts are aligned, and the sum has a fraction for each element.
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
  /// `axis` as Keras counts: 0 is the batch (not allowed), 1 the first dim of a sample, -1 the last.
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
