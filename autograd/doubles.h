// Doubles in memory that is float32 by type: partials of lanes, and scratch. A double takes the room of two floats
// (partial_floats() and scratch_floats() count them so); the memory is aligned for it.
#pragma once

namespace hgq::ops {

inline double* doubles(float* memory) { return reinterpret_cast<double*>(memory); }
inline const double* doubles(const float* memory) { return reinterpret_cast<const double*>(memory); }

}  // namespace hgq::ops
