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

std::string float32_note(const ProxyLayer& layer, const ProxySignal& values) {
  const int bits = bits_needed(values);
  if (bits <= kFloat32Bits) return "";
  return concat("layer '", layer.name(), "' (", layer.class_name(), "): its values can need ", bits,
                " bits, of which float32 holds ", kFloat32Bits,
                "; where they do, Keras and the model may differ from the firmware, which computes exactly. "
                "Fewer bits for what it reads or for its kernel avoid that");
}

}  // namespace hgq
