#include "hgq/core/plain_matmul.h"

#include "hgq/core/error.h"

namespace hgq {
namespace {

int64_t checked_stride(int64_t stride, int64_t row, char operand) {
  HGQ_CHECK(stride == 0 || stride >= row, ShapeError, "matrix product: operand ", operand, " has rows of ", row,
            " elements, but only ", stride, " from one row to the next");
  return stride == 0 ? row : stride;
}

}  // namespace

MatmulSpec checked(const MatmulSpec& spec) {
  HGQ_CHECK(spec.terms >= 1, ShapeError, "matrix product: ", spec.terms, " terms, expected at least 1");
  HGQ_CHECK(spec.m >= 0 && spec.k >= 0 && spec.n >= 0, ShapeError, "matrix product: m, k, n are ", spec.m, ", ", spec.k,
            ", ", spec.n, ", but none may be negative");
  MatmulSpec result = spec;
  if (spec.row_stride_a == 0) result.row_stride_a = spec.transpose_a ? spec.m : spec.k;
  result.row_stride_b = checked_stride(spec.row_stride_b, spec.transpose_b ? spec.k : spec.n, 'B');
  result.row_stride_c = checked_stride(spec.row_stride_c, spec.n, 'C');
  return result;
}

}  // namespace hgq
