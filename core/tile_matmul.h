// Matrix products in register tiles, for the sizes that networks on FPGAs have: tens of columns, not thousands.
//
// A tile of C, up to 8 rows by 1 to 4 vectors, stays in registers while all of k goes by: one load of B per vector, one
// broadcast of A per row. Nothing is packed but a B that is transposed or whose last vector is not full, and that on
// the stack. Where few columns would leave the vectors empty (a layer with 5 outputs), the vectors are narrower, or lie
// along the rows of C where A allows it. One thread of a Zen 4 processor, GFLOP/s (its limit is some 115), best of 45
// runs, oneDNN 2.6.3:
//
//   m x k x n                  tiles   matmul primitive   dnnl_sgemm
//   519 x 16 x 64                 96                100           90
//   519 x 64 x 16, B^T           106                105           79
//   16 x 519 x 64, A^T           110                101          103
//   519 x 64 x 32                115                113          113
//   64 x 519 x 32, A^T           116                 97          113
//   519 x 32 x 5                  42                 29           22
//   32 x 519 x 5, A^T             72                 26           23
//   128 x 16 x 16                 99                 56           48     0.7, 1.2 and 1.4 microseconds
//   128 x 16 x 1                  16                  4           13     0.3, 1.0 and 0.3 microseconds
//   512 x 512 x 512, B^T         103                110          106
//
// The primitive's numbers are with memory objects made beforehand, which one thread at a time can use; making them
// costs 1.2 microseconds a call. So oneDNN is called through dnnl_sgemm, where it is called at all (inner_product is no
// faster).
//
// Sums run along k from 0 upward in one float per element (in a vector of them where there is one column), product and
// sum fused where the processor can.
#pragma once

#include "hgq/core/plain_matmul.h"

namespace hgq {

/// Whether the product is small enough for tiles to be at least as fast as oneDNN here. False too where the compiler
/// was not allowed to use the processor's wide vectors and the product is not tiny: oneDNN looks for them when it runs.
bool tiles_suit(const MatmulSpec& spec);

/// C (+)= op(A) · op(B) for a spec with all strides filled in for which tiles_suit holds. Uses up to 160 KiB of stack,
/// no other memory.
void tile_matmul(const MatmulSpec& spec, const float* a, const float* b, float* c);

}  // namespace hgq
