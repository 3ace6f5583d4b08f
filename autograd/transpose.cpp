#include "hgq/autograd/transpose.h"

#include <cstring>

namespace hgq::ops {
namespace {

typedef float Four __attribute__((vector_size(16)));  // NOLINT(modernize-use-using): GCC wants it so

template <bool kAdd>
[[gnu::always_inline]] inline void transpose_block(const float* from, int64_t from_stride, float* to,
                                                   int64_t to_stride) {
  Four r[4];
  for (int64_t i = 0; i < 4; ++i) std::memcpy(&r[i], from + i * from_stride, sizeof(Four));
  const Four a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
  const Four b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
  const Four c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
  const Four d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
  r[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
  r[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
  r[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
  r[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
  for (int64_t i = 0; i < 4; ++i) {
    if constexpr (kAdd) {
      Four before;
      std::memcpy(&before, to + i * to_stride, sizeof(Four));
      r[i] = before + r[i];
    }
    std::memcpy(to + i * to_stride, &r[i], sizeof(Four));
  }
}

template <bool kAdd>
void run(const float* from, int64_t rows, int64_t columns, float* to) {
  const auto one = [&](int64_t row, int64_t column) {
    float& target = to[column * rows + row];
    const float value = from[row * columns + column];
    target = kAdd ? target + value : value;
  };
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    int64_t column = 0;
    for (; column + 4 <= columns; column += 4)
      transpose_block<kAdd>(from + row * columns + column, columns, to + column * rows + row, rows);
    for (; column < columns; ++column) {
      for (int64_t r = row; r < row + 4; ++r) one(r, column);
    }
  }
  for (; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) one(row, column);
  }
}

}  // namespace

void transpose_4(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  transpose_block<false>(from, from_stride, to, to_stride);
}

void transpose(const float* from, int64_t rows, int64_t columns, float* to) { run<false>(from, rows, columns, to); }
void add_transposed(const float* from, int64_t rows, int64_t columns, float* to) { run<true>(from, rows, columns, to); }

}  // namespace hgq::ops
