// Doubles in memory of type float: the partial results of lanes, and scratch memory. A double takes the memory of two
// floats, as partial_floats() and scratch_floats() count; the memory is aligned for doubles.
#pragma once

namespace hgq::ops {

inline double* doubles(float* memory) { return reinterpret_cast<double*>(memory); }
inline const double* doubles(const float* memory) { return reinterpret_cast<const double*>(memory); }

}  // namespace hgq::ops
