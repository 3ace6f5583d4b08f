// Where float32 is too narrow for a proxy: Keras, and the model here, compute in it; the firmware and the emulator
// exactly (spec 3.3).
#pragma once

#include <string>

#include "hgq/layers/proxy/layer.h"

namespace hgq {

/// Bits of a float32 that count.
inline constexpr int kFloat32Bits = 24;

/// Bits that the widest value of a layer can need, signs not counted; 0 where values are no fixed-point numbers.
int bits_needed(const ProxySignal& signal);

/// A line for the user where the values of a layer can need more bits than a float32 has; else empty.
std::string float32_note(const ProxyLayer& layer, const ProxySignal& values);

}  // namespace hgq
