// Layers that give the elements of one input another order or shape: Flatten, Reshape, Permute.
#pragma once

#include <memory>
#include <vector>

#include "hgq/proxy/layer.h"

namespace hgq {

class ProxyFlatten : public ProxyLayer {
 public:
  using ProxyLayer::ProxyLayer;
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);
  std::string_view class_name() const override { return "Flatten"; }
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  bool only_moves() const override { return true; }
};

class ProxyReshape : public ProxyLayer {
 public:
  /// `target` is the new shape without the batch; one of its entries may be -1, for all remaining elements.
  ProxyReshape(std::string name, std::vector<int64_t> target)
      : ProxyLayer(std::move(name)), target_(std::move(target)) {}
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);
  const std::vector<int64_t>& target() const { return target_; }
  std::string_view class_name() const override { return "Reshape"; }
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  bool only_moves() const override { return true; }

 private:
  std::vector<int64_t> target_;
};

class ProxyPermute : public ProxyLayer {
 public:
  /// `dims` has for each dimension of the output that of the input, counted from 1, as 0 is the batch.
  ProxyPermute(std::string name, std::vector<int64_t> dims) : ProxyLayer(std::move(name)), dims_(std::move(dims)) {}
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);
  const std::vector<int64_t>& dims() const { return dims_; }
  std::string_view class_name() const override { return "Permute"; }
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  bool only_moves() const override { return true; }

 private:
  std::vector<int64_t> dims_;
};

}  // namespace hgq
