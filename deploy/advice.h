// Advice for a proxy that overflows on some data: which ranges would have held all values.
//
// The model itself never overflows, so the ranges of its values on these data say what each quantizer needs. Values
// that only the proxy has are added to them, where float32 and the exact number lie on different sides of the end of a
// range. A value that overflows only because one before it has overflowed needs nothing.
//
//   const RangeAdvice advice = advise_ranges(model, ProxyMatch(model, proxy), data, report, workers);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/match.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/model.h"

namespace hgq {

/// What the quantizer of a layer needs in order to hold all of its values.
struct OverflowAdvice {
  std::string layer;                       // name in the model
  std::string quantizer;                   // name in the proxy: the last quantizer of the layer
  double low = 0, high = 0;                // range on these data of the element that leaves its type the farthest
  double traced_low = 0, traced_high = 0;  // the traced range of this element
  int more_bits = 0;                       // integer bits that it lacks, the sign not counted
  bool needs_sign = false;                 // there are negative values, and the type has no sign
  /// The cover factor with which the traced range holds these values, rounded up to two decimals; 0 if no factor does,
  /// because a single value was traced.
  double cover_factor = 0;
};

/// Elements of a layer that have no bits, because all traced values were 0, but have other values on these data. The
/// proxy gives 0 for them.
struct WithoutBitsAdvice {
  std::string layer;
  std::string quantizer;
  int64_t elements = 0;
  double most = 0;  // the largest magnitude among these values
};

struct RangeAdvice {
  std::vector<OverflowAdvice> overflows;
  std::vector<WithoutBitsAdvice> without_bits;
};

/// `match` is of this model, `report` that of its proxy on `data`. The records of the model are replaced while this
/// runs, and then restored.
RangeAdvice advise_ranges(Model& model, const ProxyMatch& match, const Dataset& data, const VerifyReport& report,
                          Workers& workers);

}  // namespace hgq
