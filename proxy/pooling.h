// MaxPooling1D/2D and AveragePooling1D/2D, and the Global forms of these, which are read from files of Python HGQ but
// never written: hgq writes a window of all positions, and a Flatten. Padding does not count in a mean. If all windows
// of a layer have 2, 4, 8 ... values, means are exact. Otherwise they are what hls4ml 1.3.0 computes: quotients with 32
// more fractional bits than the finest input, truncated toward 0. The model's float32 mean may then be on the other
// side of a tie of the next quantizer, which `verify` counts.
#pragma once

#include <memory>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/core/window.h"
#include "hgq/proxy/layer.h"

namespace hgq {

struct PoolingOptions {
  int rank = 2;  // 1 or 2 dimensions
  bool average = false;
  std::vector<int64_t> size, stride;
  Padding padding = Padding::kValid;
  /// Global pooling: one window of all positions; `size` and `stride` are empty. The output has only the channels.
  bool global = false;
};

/// Reads the keys of one of the eight classes.
PoolingOptions read_pooling_options(std::string_view class_name, ConfigReader& reader);

class ProxyPooling : public ProxyLayer {
 public:
  ProxyPooling(std::string name, PoolingOptions options) : ProxyLayer(std::move(name)), options_(std::move(options)) {}
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  std::string_view class_name() const override;
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
  std::string firmware_note(const ProxySignal& input) const override;
  std::string why_inexact() const override;

  const PoolingOptions& options() const { return options_; }

 private:
  /// The types that hls4ml derives: the widest of each window, where padding counts as a type without bits; a mean also
  /// gets the bits of 1 / count.
  HlsTypes hls_types(const HlsTypes& in, const Windows& windows) const;

  PoolingOptions options_;
};

}  // namespace hgq
