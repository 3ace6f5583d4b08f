// Where float32 is too narrow for a proxy: Keras, and the model here, compute in it; the firmware and the emulator
// exactly (quantization.md 3.3).
#pragma once

#include "hgq/proxy/layer.h"

namespace hgq {

/// Bits of a float32 that count.
inline constexpr int kFloat32Bits = 24;

/// Bits that the widest value of a layer can need, signs not counted; 0 where values are no fixed-point numbers.
int bits_needed(const ProxySignal& signal);

}  // namespace hgq
