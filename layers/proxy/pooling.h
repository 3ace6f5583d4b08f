// MaxPooling1D/2D and AveragePooling1D/2D. A mean is exact where a window counts 2, 4, 8 ... values; padding does not
// count.
#pragma once

#include <memory>
#include <vector>

#include "hgq/core/window.h"
#include "hgq/layers/proxy/layer.h"

namespace hgq {

struct PoolingOptions {
  int rank = 2;  // 1 or 2 dims
  bool average = false;
  std::vector<int64_t> size, stride;
  Padding padding = Padding::kValid;
};

class ProxyPooling : public ProxyLayer {
 public:
  ProxyPooling(std::string name, PoolingOptions options) : ProxyLayer(std::move(name)), options_(std::move(options)) {}
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  std::string_view class_name() const override;
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;

 private:
  PoolingOptions options_;
};

}  // namespace hgq
