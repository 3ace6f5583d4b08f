// The transposition of small matrices, in blocks that lie in registers.
//
//   ops::transpose(from, 64, 16, to);                   // to[16, 64] = from[64, 16], row-major
#pragma once

#include <cstdint>

namespace hgq::ops {

/// Transposes 4 by 4 values of matrices whose rows lie `from_stride` and `to_stride` apart.
void transpose_4(const float* from, int64_t from_stride, float* to, int64_t to_stride);

/// Writes from[rows, columns] to to[columns, rows], or adds it there. They must not overlap.
void transpose(const float* from, int64_t rows, int64_t columns, float* to);
void add_transposed(const float* from, int64_t rows, int64_t columns, float* to);

}  // namespace hgq::ops
