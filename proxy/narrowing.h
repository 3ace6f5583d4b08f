// Narrows the quantizers before a UnaryLUT as Python HGQ 0.2.6 does (quantization.md 3.2), so that proxies have the
// same widths as those of the package. The package narrows whole tensors to the largest values that their inputs can
// have, before it makes the table of a function. No value within the type of its quantizer changes: a quantizer for
// which the rule of the package would change one is not narrowed. Values that overflow may wrap to another value.
#pragma once

#include <map>
#include <vector>

#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/model.h"
#include "hgq/proxy/quantizer.h"

namespace hgq {

class PackageNarrowing {
 public:
  /// The layers, whose quantizers are narrowed in place, and the signals between them, which do not change.
  PackageNarrowing(std::vector<ProxyModel::Entry>& layers, const std::vector<ProxySignal>& signals)
      : layers_(layers), signals_(signals) {}

  /// Narrows all quantizers that lead to a layer, and the layer itself if it is a quantizer. Returns the indices of
  /// those that have changed.
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
