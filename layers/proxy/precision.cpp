#include "hgq/layers/proxy/precision.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {

int bits_needed(const ProxySignal& signal) {
  int bits = 0;
  for (size_t e = 0; e < signal.low.size(); ++e) {
    if (signal.always_zero(static_cast<int64_t>(e))) continue;
    bits = std::max({bits, mantissa_bits(signal.low[e]), mantissa_bits(signal.high[e])});
  }
  return bits;
}

std::vector<std::string> float32_notes(const ProxyModel& model) {
  const std::vector<ProxyPlan> plans = plan_layers(model);
  std::vector<std::string> notes;
  for (size_t i = 0; i < plans.size(); ++i) {
    const ProxyLayer& layer = *model.layers()[i].layer;
    const int bits = bits_needed(plans[i].out);
    if (bits <= kFloat32Bits) continue;
    notes.push_back(concat("layer '", layer.name(), "' (", layer.class_name(), "): its values can need ", bits,
                           " bits, of which float32 holds ", kFloat32Bits,
                           "; where they do, Keras and the model may differ from the firmware, which computes exactly. "
                           "Fewer bits for what it reads or for its kernel avoid that"));
  }
  return notes;
}

}  // namespace hgq
