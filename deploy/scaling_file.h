// scaling.csv: how the inputs of a network are scaled, for those who feed its firmware.
//
//   input,feature,offset,divisor
//   x,0,53.2,42.3                       # the network reads (x[0] - 53.2) / 42.3
//
// The firmware of a proxy takes scaled numbers: what stands before it on the board has to do the same.
#pragma once

#include <span>
#include <string>

#include "hgq/data/scaling.h"

namespace hgq {

/// A line for each feature of each input that is scaled, with all digits of float64; empty if none is. `inputs` are the
/// names of the input layers, in the order of `scaling`.
std::string scaling_csv(std::span<const std::string> inputs, std::span<const Scaling> scaling);

/// The same for the targets of a regression, in output_scaling.csv: the network gives y, which means
/// y * divisor + offset in the unit of the targets. `outputs` are the names of the output layers.
std::string output_scaling_csv(std::span<const std::string> outputs, std::span<const Scaling> scaling);

}  // namespace hgq
