// How Python HGQ 0.2.6 narrows the quantizers in front of a UnaryLUT (quantization.md 3.2): whole tensors, by what
// their inputs can hold at most, before a table was made of any function. It is done so that proxies have the widths
// that the package gives them. No value that its quantizer holds is changed: where the rule of thumb would do that, the
// quantizer is left alone. What overflows may wrap to another value.
#pragma once

#include <map>
#include <vector>

#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/model.h"
#include "hgq/proxy/quantizer.h"

namespace hgq {

class PackageNarrowing {
 public:
  /// Layers and what flows between them; quantizers are narrowed in place, signals not.
  PackageNarrowing(std::vector<ProxyModel::Entry>& layers, const std::vector<ProxySignal>& signals)
      : layers_(layers), signals_(signals) {}

  /// Narrows all quantizers that lead to a layer, itself among them; gives the indices of those that it has changed.
  std::vector<int> run(int layer);

 private:
  HlsType produced(int layer);
  HlsType quantizer(int layer, ProxyQuantizer& q, const HlsType& in);
  bool is_harmless(int layer, const ProxyQuantizer& quantizer, const HlsType& in, const QuantizerTypes& narrow) const;

  std::vector<ProxyModel::Entry>& layers_;
  const std::vector<ProxySignal>& signals_;
  std::map<int, HlsType> known_;
  std::vector<int> changed_;
};

}  // namespace hgq
