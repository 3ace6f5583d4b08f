// A matrix product as three plain loops: the fast product (core/dnnl.h) is tested against it, gradient checks use it in
// double, and a build without oneDNN runs it.
//
//   MatmulSpec s{.m = 2, .k = 3, .n = 4};
//   plain_matmul<double>(s, a, b, c);          // c[2, 4] = a[2, 3] · b[3, 4]
//
// A MatmulSpec describes C[m, n] = op(A)[m, k] · op(B)[k, n], added to the values in C if `accumulate` is true. All
// arrays are row-major. A transposed operand is stored the other way round: with transpose_a, A is an array of k rows
// with m columns. The three products of a dense layer with the rows X of a batch and the kernel W[inputs, units] are:
//
//   forward          Z  = X · W        {.m = rows,   .k = inputs, .n = units}
//   to the inputs    dX = dZ · W^T     {.m = rows,   .k = units,  .n = inputs, .transpose_b = true}
//   to the kernel    dW += X^T · dZ    {.m = inputs, .k = rows,   .n = units,  .transpose_a = true, .accumulate = true}
//
// With `terms` > 1, C is a sum of products, whose operands lie in memory at regular distances: C = sum_t op(A_t) ·
// op(B_t). So a convolution needs no copy of its windows: A has a row for each output position, these rows may overlap,
// and each row of the window is a term.
#pragma once

#include <cstdint>

namespace hgq {

struct MatmulSpec {
  int64_t m = 0;
  int64_t k = 0;
  int64_t n = 0;
  bool transpose_a = false;
  bool transpose_b = false;
  bool accumulate = false;  ///< C += op(A) · op(B), instead of C = op(A) · op(B)
  /// Elements from one stored row to the next; 0 for rows that follow each other without a gap.
  int64_t row_stride_a = 0;
  int64_t row_stride_b = 0;
  int64_t row_stride_c = 0;
  int64_t terms = 1;
  /// Elements from the operand of one term to that of the next.
  int64_t term_stride_a = 0;
  int64_t term_stride_b = 0;

  bool operator==(const MatmulSpec&) const = default;
};

/// The same spec with every row stride filled in. Throws ShapeError for a negative extent, fewer than one term, or a
/// stride of B or C that is smaller than a row.
MatmulSpec checked(const MatmulSpec& spec);

/// C[m, n] (+)= op(A)[m, k] · op(B)[k, n]; each element is summed in T, term by term and along k from 0 upward, and
/// then stored in C or added to it.
template <typename T>
void plain_matmul(const MatmulSpec& given, const T* a, const T* b, T* c) {
  const MatmulSpec spec = checked(given);
  const int64_t a_along_m = spec.transpose_a ? 1 : spec.row_stride_a;
  const int64_t a_along_k = spec.transpose_a ? spec.row_stride_a : 1;
  const int64_t b_along_k = spec.transpose_b ? 1 : spec.row_stride_b;
  const int64_t b_along_n = spec.transpose_b ? spec.row_stride_b : 1;
  for (int64_t i = 0; i < spec.m; ++i) {
    for (int64_t j = 0; j < spec.n; ++j) {
      T sum = 0;
      for (int64_t s = 0; s < spec.terms; ++s) {
        const T* const row = a + s * spec.term_stride_a + i * a_along_m;
        const T* const column = b + s * spec.term_stride_b + j * b_along_n;
        for (int64_t p = 0; p < spec.k; ++p) sum += row[p * a_along_k] * column[p * b_along_k];
      }
      T& target = c[i * spec.row_stride_c + j];
      target = spec.accumulate ? target + sum : sum;
    }
  }
}

}  // namespace hgq
