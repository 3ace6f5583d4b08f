// The interval arithmetic of hls4ml 1.3.0 (its QIntervalArray), also in double: the smallest and the largest value, and
// the spacing between values. From it hls4ml derives the type of every sum.
#pragma once

#include "hgq/proxy/signal.h"

namespace hgq {

/// The fractional bits that the value needs, as hls4ml's search finds them: from -31 to 32; 0 has -31.
int hls_fraction(double value);

/// ceil(log2 value), exactly. `value` must be above 0.
int hls_ceil_log2(double value);

/// The smallest type that holds all of the given values (hls4ml's minimal_kif, the maximum over the values).
struct HlsType {
  int k = 0, i = 0, f = 0;
  int bits() const { return k + i + f; }
  bool operator==(const HlsType&) const = default;
};

struct HlsInterval {
  double low = 0, high = 0, spacing = 1;

  static HlsInterval of(int k, int i, int f);
  static HlsInterval of(const HlsTypes& types, size_t element) {
    return of(types.k[element], types.i[element], types.f[element]);
  }
  /// Adds x * weight. A weight of 0 changes the spacing only if all weights are 0.
  void add_product(const HlsInterval& x, double weight);
  void add(const HlsInterval& other);
  void add(double constant);
  /// Appends the type that holds the interval.
  void push_to(HlsTypes& types) const;
};

}  // namespace hgq
