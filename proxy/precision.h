// Finds out whether float32 is precise enough for a proxy: Keras and the model here compute in float32, the firmware
// and the emulator exactly (quantization.md 3.3).
#pragma once

#include "hgq/proxy/layer.h"

namespace hgq {

/// The significant bits of a float32.
inline constexpr int kFloat32Bits = 24;

/// The most bits, without the sign, that a value of a layer can need; 0 if the values are not fixed-point numbers.
int bits_needed(const ProxySignal& signal);

}  // namespace hgq
