// HGain, a layer of one's own with weights: each channel of its input times a trained gain, which is quantized.
//
//   hgq::Registry registry;
//   register_h_gain(registry);                    // HGain can now be named in configs and in C++
//   const hgq::LayerSpec layer = hgq::AnyLayer("HGain").set("start", "0.5");
#pragma once

#include "hgq/layers/kinds.h"

void register_h_gain(hgq::LayerKinds& kinds);
