// Conv1D and Conv2D with linear activation: the products of products.h over windows; padding is 0.
#pragma once

#include <memory>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/core/window.h"
#include "hgq/proxy/layer.h"
#include "hgq/proxy/product_weights.h"

namespace hgq {

/// The windows of a convolution, except for their size, which the kernel determines.
struct ConvOptions {
  int rank = 2;  // 1 or 2 dimensions
  std::vector<int64_t> stride, dilation;
  Padding padding = Padding::kValid;
  int64_t groups = 1;
};

/// Reads the keys of one of the two classes, and writes the size of the windows to `size`.
ConvOptions read_conv_options(ConfigReader& reader, int rank, std::vector<int64_t>& size);

class ProxyConv : public ProxyLayer {
 public:
  /// `kernel` has shape [size..., inputs / groups, filters], row-major; `bias` has `filters` values, or none. Throws
  /// ShapeError if a shape does not fit, or a value is not finite.
  ProxyConv(std::string name, ConvOptions options, const Shape& kernel_shape, std::vector<float> kernel,
            std::vector<float> bias);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  const Shape& kernel_shape() const { return weights_.kernel_shape; }
  const std::vector<float>& kernel() const { return weights_.kernel; }
  const std::vector<float>& bias() const { return weights_.bias; }
  int64_t filters() const { return weights_.units(); }
  const ConvOptions& options() const { return options_; }
  std::string_view class_name() const override { return options_.rank == 1 ? "Conv1D" : "Conv2D"; }
  Node config(bool only_child) const override;
  std::vector<KerasWeight> weights(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
  std::string firmware_note(const ProxySignal& input) const override;

 private:
  std::vector<int64_t> size() const;

  ConvOptions options_;
  ProductWeights weights_;
};

}  // namespace hgq
