// This file is compiled with -ffp-contract=fast: `sum += a * b` is one fused multiply-add where the processor has it.
#include "hgq/core/tile_matmul.h"

#include <algorithm>
#include <cstring>
#include <utility>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace hgq {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorFloats = 16;
constexpr int kRegisters = 32;
#elif defined(__AVX2__) && defined(__FMA__)
constexpr int kVectorFloats = 8;
constexpr int kRegisters = 16;
#else
constexpr int kVectorFloats = 4;
constexpr int kRegisters = 16;
#endif
constexpr bool kWideVectors = kVectorFloats > 4;
constexpr int kMaxVectors = kRegisters == 32 ? 4 : 2;  // of one tile: 64 columns with AVX-512, 16 with AVX2
constexpr int64_t kPackedFloats = 40960;
#if defined(__AVX512F__)
constexpr bool kHasMasks = true;  // a vector that is not full is read and written in one move
#else
constexpr bool kHasMasks = false;
#endif
constexpr int64_t kRowsWorthPacking = 48;

/// Products with vectors narrower than the widest have only one vector of columns.
constexpr int max_vectors(int width) { return width < kVectorFloats ? 1 : kMaxVectors; }

template <int kWidth>
struct VectorOf {
  typedef float Type
      __attribute__((vector_size(kWidth * sizeof(float))));  // NOLINT(modernize-use-using): GCC wants it so
};

template <typename F, int... kIndices>
[[gnu::always_inline]] inline void call_each(F&& f, std::integer_sequence<int, kIndices...> /*indices*/) {
  (f(std::integral_constant<int, kIndices>()), ...);
}

/// Calls f with 0 .. kCount - 1 as compile-time constants: an array indexed by them lives in registers.
template <int kCount, typename F>
[[gnu::always_inline]] inline void unrolled(F&& f) {
  call_each(f, std::make_integer_sequence<int, kCount>());
}

/// Some rows, one to four vectors of columns, and all of k of a product. The columns of B lie side by side.
struct Panel {
  int64_t k, terms;
  const float* a;
  int64_t a_along_rows, a_along_k, a_along_terms;
  const float* b;
  int64_t b_along_k, b_along_terms;
  float* c;
  int64_t c_along_rows;
  int64_t last_floats;  // of the last vector of columns
  bool accumulate;
  bool transpose_c;  // the rows of C lie side by side instead of the columns

  void skip_rows(int64_t count) {
    a += count * a_along_rows;
    c += count * (transpose_c ? 1 : c_along_rows);
  }
};

/// Moves the first `floats` floats, with one move for each power of two in their number.
template <int kWidth>
[[gnu::always_inline]] inline void move_floats(float* to, const float* from, int64_t floats) {
  unrolled<4>([&](auto i) __attribute__((always_inline)) {
    constexpr int64_t kPart = 8 >> i;
    if constexpr (kPart < kWidth) {
      if ((floats & kPart) != 0) {
        std::memcpy(to, from, kPart * sizeof(float));
        to += kPart;
        from += kPart;
      }
    }
  });
}

#if defined(__AVX512F__)
using Wide = VectorOf<16>::Type;

[[gnu::always_inline]] inline Wide masked_load(const float* from, int64_t floats) {
  return (Wide)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << floats) - 1), from);
}
[[gnu::always_inline]] inline void masked_store(float* to, Wide value, int64_t floats) {
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << floats) - 1), (__m512)value);
}
#endif

/// Stores the sums [kRows, kVectors * kWidth]; of the last vector, only the first p.last_floats belong to C.
template <int kWidth, int kVectors, int kRows>
[[gnu::noinline]] void store_part(const Panel& p, float* sums) {
  constexpr int64_t kFull = (kVectors - 1) * kWidth;
  for (int64_t i = 0; i < kRows; ++i) {
    float* target = p.c + i * p.c_along_rows;
    float* row = sums + i * kVectors * kWidth;
    if (p.accumulate) {
      for (int64_t j = 0; j < kFull + p.last_floats; ++j) row[j] = target[j] + row[j];
    }
    std::memcpy(target, row, kFull * sizeof(float));
    move_floats<kWidth>(target + kFull, row + kFull, p.last_floats);
  }
}

/// Stores the first `columns` columns of the sums [kRows, kColumns] in C, transposed.
template <int kColumns, int kRows>
[[gnu::noinline]] void store_transposed(const Panel& p, const float* sums, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < kRows; ++i) {
      float& target = p.c[j * p.c_along_rows + i];
      const float sum = sums[i * kColumns + j];
      target = p.accumulate ? target + sum : sum;
    }
  }
}

/// kMasked: the last vector of columns is not full, and B must not be read after its last column.
template <int kWidth, int kVectors, int kRows, bool kMasked = false>
void tile(const Panel& p) {
  using V = typename VectorOf<kWidth>::Type;
  V sums[kRows][kVectors];
  unrolled<kRows>([&](auto i) __attribute__((always_inline)) {
    unrolled<kVectors>([&](auto j) __attribute__((always_inline)) { sums[i][j] = V{}; });
  });
  for (int64_t term = 0; term < p.terms; ++term) {
    const float* a = p.a + term * p.a_along_terms;
    const float* b = p.b + term * p.b_along_terms;
    for (int64_t step = 0; step < p.k; ++step) {
      V columns[kVectors];
      unrolled<kVectors>([&](auto j) __attribute__((always_inline)) {
#if defined(__AVX512F__)
        if constexpr (kMasked && j == kVectors - 1) {
          columns[j] = masked_load(b + j * kWidth, p.last_floats);
          return;
        }
#endif
        std::memcpy(&columns[j], b + j * kWidth, sizeof(V));
      });
      unrolled<kRows>([&](auto i) __attribute__((always_inline)) {
        const float row = a[i * p.a_along_rows];
        unrolled<kVectors>([&](auto j) __attribute__((always_inline)) { sums[i][j] += row * columns[j]; });
      });
      a += p.a_along_k;
      b += p.b_along_k;
    }
  }
#if defined(__AVX512F__)
  if constexpr (kWidth == 16) {
    if (!p.transpose_c && p.last_floats < kWidth) {
      unrolled<kRows>([&](auto i) __attribute__((always_inline)) {
        unrolled<kVectors>([&](auto j) __attribute__((always_inline)) {
          constexpr bool kLast = j == kVectors - 1;
          float* target = p.c + i * p.c_along_rows + j * kWidth;
          const int64_t floats = kLast ? p.last_floats : kWidth;
          const V value = p.accumulate ? masked_load(target, floats) + sums[i][j] : sums[i][j];
          masked_store(target, value, floats);
        });
      });
      return;
    }
  }
#endif
  if (p.transpose_c || p.last_floats < kWidth) {
    alignas(64) float copy[kRows * kVectors * kWidth];
    unrolled<kRows>([&](auto i) __attribute__((always_inline)) {
      unrolled<kVectors>([&](auto j) __attribute__((always_inline)) {
        std::memcpy(copy + (i * kVectors + j) * kWidth, &sums[i][j], sizeof(V));
      });
    });
    if (!p.transpose_c) return store_part<kWidth, kVectors, kRows>(p, copy);
    return store_transposed<kVectors * kWidth, kRows>(p, copy, (kVectors - 1) * kWidth + p.last_floats);
  }
  unrolled<kRows>([&](auto i) __attribute__((always_inline)) {
    unrolled<kVectors>([&](auto j) __attribute__((always_inline)) {
      float* target = p.c + i * p.c_along_rows + j * kWidth;
      V value = sums[i][j];
      if (p.accumulate) {
        V before;
        std::memcpy(&before, target, sizeof(V));
        value = before + value;
      }
      std::memcpy(target, &value, sizeof(V));
    });
  });
}

/// Computes the remaining rows in one tile, as a single row would have to wait for each of its sums.
template <int kWidth, int kVectors, int kRows, bool kMasked>
void last_tile(const Panel& p, int64_t rows) {
  if (rows == kRows) return tile<kWidth, kVectors, kRows, kMasked>(p);
  if constexpr (kRows > 1) last_tile<kWidth, kVectors, kRows - 1, kMasked>(p, rows);
}

template <int kWidth, int kVectors, bool kMasked>
void rows_of_tiles(Panel p, int64_t rows) {
  // As many rows as there are registers for their sums, and for pointers to their values of A.
  constexpr int kFull = std::min(8, (kRegisters - 1 - kVectors) / kVectors);
  for (; rows >= kFull; rows -= kFull) {
    if (rows > kFull && rows < kFull + kFull / 2) break;  // two halves, as a tile of few rows waits for its sums
    tile<kWidth, kVectors, kFull, kMasked>(p);
    p.skip_rows(kFull);
  }
  if (rows > kFull) {
    const int64_t half = (rows + 1) / 2;
    last_tile<kWidth, kVectors, kFull - 1, kMasked>(p, half);
    p.skip_rows(half);
    rows -= half;
  }
  if (rows > 0) last_tile<kWidth, kVectors, kFull - 1, kMasked>(p, rows);
}

template <int kWidth, int kVectors, bool kMasked = false>
void panel(const Panel& p, int64_t rows, int64_t vectors) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return panel<kWidth, kVectors - 1, kMasked>(p, rows, vectors);
  }
  rows_of_tiles<kWidth, kVectors, kMasked>(p, rows);
}

/// A product in the form that the tiles need: with all strides of every operand, and perhaps with rows and columns
/// exchanged.
struct Product {
  int64_t rows, columns, k, terms;
  const float* a;
  int64_t a_along_rows, a_along_k, a_along_terms;
  const float* b;
  int64_t b_along_k, b_along_columns, b_along_terms;
  float* c;
  int64_t c_along_rows;
  bool accumulate, transpose_c;
};

/// Copies the columns [first, first + count) of B side by side, with zeros after the last, one term after the other.
void pack(const Product& v, int64_t first, int64_t count, int64_t width, float* packed) {
  if (count < width) std::fill_n(packed, v.terms * v.k * width, 0.0F);
  for (int64_t term = 0; term < v.terms; ++term, packed += v.k * width) {
    const float* b = v.b + term * v.b_along_terms + first * v.b_along_columns;
    if (v.b_along_columns == 1) {
      for (int64_t p = 0; p < v.k; ++p) std::copy_n(b + p * v.b_along_k, count, packed + p * width);
      continue;
    }
    for (int64_t j = 0; j < count; ++j) {
      const float* column = b + j * v.b_along_columns;
      for (int64_t p = 0; p < v.k; ++p) packed[p * width + j] = column[p * v.b_along_k];
    }
  }
}

template <int kWidth>
[[gnu::noinline]] void multiply_packed(const Product& v, Panel p, int64_t first, int64_t count, int64_t vectors) {
  alignas(64) float packed[kPackedFloats];  // [terms, k, width]
  const int64_t width = vectors * kWidth;
  pack(v, first, count, width, packed);
  p.b = packed;
  p.b_along_k = width;
  p.b_along_terms = v.k * width;
  panel<kWidth, max_vectors(kWidth)>(p, v.rows, vectors);
}

template <int kWidth>
void multiply(const Product& v) {
  for (int64_t first = 0; first < v.columns; first += max_vectors(kWidth) * kWidth) {
    const int64_t count = std::min<int64_t>(max_vectors(kWidth) * kWidth, v.columns - first);
    const int64_t vectors = (count + kWidth - 1) / kWidth;
    const Panel p{.k = v.k,
                  .terms = v.terms,
                  .a = v.a,
                  .a_along_rows = v.a_along_rows,
                  .a_along_k = v.a_along_k,
                  .a_along_terms = v.a_along_terms,
                  .b = v.b + first,
                  .b_along_k = v.b_along_k,
                  .b_along_terms = v.b_along_terms,
                  .c = v.c + first * (v.transpose_c ? v.c_along_rows : 1),
                  .c_along_rows = v.c_along_rows,
                  .last_floats = count - (vectors - 1) * kWidth,
                  .accumulate = v.accumulate,
                  .transpose_c = v.transpose_c};
    const bool is_full = p.last_floats == kWidth;
    if constexpr (kHasMasks && kWidth == kVectorFloats) {
      if (v.b_along_columns == 1 && !is_full && v.rows < kRowsWorthPacking) {
        panel<kWidth, max_vectors(kWidth), true>(p, v.rows, vectors);
        continue;
      }
    }
    if (v.b_along_columns != 1 || !is_full) {
      multiply_packed<kWidth>(v, p, first, count, vectors);
    } else {
      panel<kWidth, max_vectors(kWidth)>(p, v.rows, vectors);
    }
  }
}

/// Adds the upper half of a vector to the lower until one value is left.
template <int kWidth>
[[gnu::always_inline]] inline float sum_of_floats(const typename VectorOf<kWidth>::Type& value) {
  if constexpr (kWidth == 1) {
    return value[0];
  } else {
    typename VectorOf<kWidth / 2>::Type half[2];
    std::memcpy(half, &value, sizeof(half));
    return sum_of_floats<kWidth / 2>(half[0] + half[1]);
  }
}

/// C[rows] = A[rows, k] · b[k]; the elements of the rows and of b lie side by side along k.
void dot_products(const Product& v) {
  using V = VectorOf<kVectorFloats>::Type;
  for (int64_t i = 0; i < v.rows; ++i) {
    const float* a = v.a + i * v.a_along_rows;
    V sums{};
    int64_t p = 0;
    for (; p + kVectorFloats <= v.k; p += kVectorFloats) {
      V left;
      V right;
      std::memcpy(&left, a + p, sizeof(V));
      std::memcpy(&right, v.b + p, sizeof(V));
      sums += left * right;
    }
    float sum = sum_of_floats<kVectorFloats>(sums);
    for (; p < v.k; ++p) sum += a[p] * v.b[p];
    float& target = v.c[i * v.c_along_rows];
    target = v.accumulate ? target + sum : sum;
  }
}

int64_t vector_floats_for(int64_t columns) {
  if (columns <= 4) return 4;
  return columns <= 8 ? std::min(kVectorFloats, 8) : kVectorFloats;
}

/// Whether full vectors lie along the rows of C: there are few columns, and the rows of A are stored side by side.
bool exchanges_rows_and_columns(const MatmulSpec& s) { return s.transpose_a && s.n < s.m && s.n <= kVectorFloats / 2; }

Product product_of(const MatmulSpec& s, const float* a, const float* b, float* c) {
  const int64_t a_along_m = s.transpose_a ? 1 : s.row_stride_a;
  const int64_t a_along_k = s.transpose_a ? s.row_stride_a : 1;
  const int64_t b_along_k = s.transpose_b ? 1 : s.row_stride_b;
  const int64_t b_along_n = s.transpose_b ? s.row_stride_b : 1;
  if (exchanges_rows_and_columns(s)) {
    return {s.n, s.m,       s.k,       s.terms,         b, b_along_n,      b_along_k,    s.term_stride_b,
            a,   a_along_k, a_along_m, s.term_stride_a, c, s.row_stride_c, s.accumulate, true};
  }
  return {s.m, s.n,       s.k,       s.terms,         a, a_along_m,      a_along_k,    s.term_stride_a,
          b,   b_along_k, b_along_n, s.term_stride_b, c, s.row_stride_c, s.accumulate, false};
}

bool is_dot_products(const Product& v) {
  return v.terms == 1 && v.columns == 1 && !v.transpose_c && v.a_along_k == 1 && v.b_along_k == 1 &&
         v.k >= kVectorFloats;
}

}  // namespace

bool tiles_suit(const MatmulSpec& s) {
  // Measured: oneDNN is faster than tiles with AVX-512 from about 400^3 on, where B no longer stays in a near cache.
  // Compiled for any x86-64 processor, our vectors have 4 floats, and tiles save no more than the time that a call of
  // oneDNN takes.
  constexpr double kMostProducts = kWideVectors ? 512.0 * 256 * 256 : 128.0 * 8 * 16;
  const double products = static_cast<double>(s.m) * static_cast<double>(s.k * s.terms) * static_cast<double>(s.n);
  if (products > kMostProducts) return false;
  const Product v = product_of(s, nullptr, nullptr, nullptr);
  const int64_t width = vector_floats_for(v.columns);
  if (is_dot_products(v) || (v.b_along_columns == 1 && v.columns % width == 0)) return true;
  return std::min((v.columns + width - 1) / width, int64_t{kMaxVectors}) * width * v.k * v.terms <= kPackedFloats;
}

void tile_matmul(const MatmulSpec& s, const float* a, const float* b, float* c) {
  const Product v = product_of(s, a, b, c);
  if (is_dot_products(v)) return dot_products(v);
  switch (vector_floats_for(v.columns)) {
    case 4:
      return multiply<4>(v);
    case 8:
      return multiply<std::min(kVectorFloats, 8)>(v);
    default:
      return multiply<kVectorFloats>(v);
  }
}

}  // namespace hgq
