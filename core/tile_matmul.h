// Matrix products in register tiles, for the sizes that networks on FPGAs have: tens of columns, not thousands.
//
// A tile of C, up to 8 rows by 1 to 4 vectors, stays in registers during the loop over k, which loads each vector of B
// once and broadcasts one value of A for each row. Only a B that is transposed, or whose last vector is not full, is
// packed, on the stack. If there are too few columns to fill the vectors (a layer with 5 outputs), the vectors are
// narrower, or lie along the rows of C if the layout of A allows it. One thread of a Zen 4 processor, in GFLOP/s (its
// limit is about 115), best of 45 runs, oneDNN 2.6.3:
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
// The primitive's numbers do not contain the time to make its memory objects, which takes 1.2 microseconds for each
// call; only one thread at a time can use them. So oneDNN is called through dnnl_sgemm (inner_product is no faster).
//
// Each element is summed along k from 0 upward in one float (if there is only one column, in a vector of floats), with
// fused multiply-adds if the processor has them.
#pragma once

#include "hgq/core/plain_matmul.h"

namespace hgq {

/// Whether the product is small enough for tiles to be at least as fast as oneDNN. In a build for any processor that is
/// so for very small products only, as oneDNN finds the processor's wide vectors at run time.
bool tiles_suit(const MatmulSpec& spec);

/// C (+)= op(A) · op(B) for a spec with all strides filled in, for which tiles_suit() is true. Uses up to 160 KiB of
/// the stack and no other memory.
void tile_matmul(const MatmulSpec& spec, const float* a, const float* b, float* c);

}  // namespace hgq
