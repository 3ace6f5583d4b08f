// What would have held the values of some data that a proxy's ranges do not.
//
// The model itself overflows nowhere, so the ranges of its values on these data say what each quantizer needs; to them
// come the values that the proxy alone has, where float32 and the exact numbers lie on two sides of a range's end.
// Values that overflow only as something in front of them has overflowed need nothing.
//
//   const RangeAdvice advice = advise_ranges(model, proxy, data, report, workers);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/model.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// What a layer would need to hold all of its values.
struct OverflowAdvice {
  std::string layer;                       // of the model
  std::string quantizer;                   // of the proxy: the last of the layer
  double low = 0, high = 0;                // what came to the element that leaves its range the farthest
  double traced_low = 0, traced_high = 0;  // what was traced there
  int more_bits = 0;                       // integer bits, the sign not counted
  bool needs_sign = false;                 // a value below 0 came to a type without a sign
  /// By which the traced range has to be wider, rounded up to two decimals; 0 where no factor helps, as a range of one
  /// value was traced.
  double cover_factor = 0;
};

/// Elements whose traced values were all 0, so that they have no bits, and that have other values now: the proxy gives
/// 0 there.
struct WithoutBitsAdvice {
  std::string layer;
  std::string quantizer;
  int64_t elements = 0;
  double most = 0;  // the largest magnitude that came
};

struct RangeAdvice {
  std::vector<OverflowAdvice> overflows;
  std::vector<WithoutBitsAdvice> without_bits;
};

/// `report`: of the proxy on these data. The model's ranges are as before when it returns.
RangeAdvice advise_ranges(Model& model, const ProxyModel& proxy, const Dataset& data, const VerifyReport& report,
                          Workers& workers);

}  // namespace hgq
