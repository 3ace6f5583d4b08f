// Folds the scaling of the inputs into a proxy, which then takes the numbers as they are in the data:
//
//   x / 2^s  ->  quantizer (b, i)      ->  kernel w            scaled before the firmware
//        x   ->  quantizer (b, i + s)  ->  kernel w / 2^s      the same bits everywhere
//
// Only the binary points of the first quantizers move, and with them the kernels of the first dense layers and
// convolutions; the firmware is as large as before, and every later value is the same, bit by bit, for values out of
// range, too. That is so for powers of two without an offset, which `data.scale: power_of_two` fits. Any other scaling
// rounds before the quantizer sees the number, so no change of constants computes the same.
//
//   const std::vector<Scaling> scaling{{.offset = {0, 0}, .divisor = {4, 0.5}}};          // of two features
//   const ProxyModel raw = fold_scaling(load_proxy("proxy.h5"), scaling);
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hgq/data/scaling.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// `scaling` has one for each input of the proxy, in its order; one without numbers scales nothing. Throws ConfigError,
/// with a line for each reason, if a divisor is no power of two or there is an offset, if something but quantizers,
/// dense layers, convolutions and layers that move elements reads scaled values, if one weight meets values of two
/// scales (an image whose pixels have scales of their own), or if a kernel or a type gets too large.
ProxyModel fold_scaling(ProxyModel proxy, std::span<const Scaling> scaling);

/// The scaling that undoes one that was folded: fold_scaling(fold_scaling(p, s), inverse(s)) computes what p computes.
std::vector<Scaling> inverse(std::vector<Scaling> scaling);

}  // namespace hgq
