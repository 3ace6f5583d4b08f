#include "hgq/core/dnnl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/tile_matmul.h"

namespace hgq {
namespace dnnl_test {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr float kUntouched = -7.5F;

/// Operands with gaps between the rows and the product in float by Matmul, in double by the twin.
class Case {
 public:
  explicit Case(const MatmulSpec& spec, bool whole_numbers = false) : spec_(checked(spec)) {
    const int64_t others = spec_.terms - 1;
    a_ = filled((spec_.transpose_a ? spec_.k : spec_.m) * spec_.row_stride_a + std::max(spec_.m, spec_.k) +
                    others * spec_.term_stride_a,
                whole_numbers);
    b_ = filled((spec_.transpose_b ? spec_.n : spec_.k) * spec_.row_stride_b + others * spec_.term_stride_b,
                whole_numbers);
    c_ = filled(spec_.m * spec_.row_stride_c, whole_numbers);
  }

  std::vector<float> run(const Matmul& matmul) const {
    std::vector<float> result = c_;
    matmul.run(a_.data(), b_.data(), result.data());
    return result;
  }

  std::vector<double> run_twin() const {
    std::vector<double> result(c_.begin(), c_.end());
    const std::vector<double> a(a_.begin(), a_.end());
    const std::vector<double> b(b_.begin(), b_.end());
    plain_matmul<double>(spec_, a.data(), b.data(), result.data());
    return result;
  }

  /// Sums of |a * b| plus |c|: rounding errors are in proportion to them.
  std::vector<double> magnitudes() const {
    std::vector<double> result(c_.begin(), c_.end());
    std::vector<double> a(a_.begin(), a_.end());
    std::vector<double> b(b_.begin(), b_.end());
    for (auto* values : {&result, &a, &b}) {
      for (double& value : *values) value = std::abs(value);
    }
    plain_matmul<double>(spec_, a.data(), b.data(), result.data());
    return result;
  }

  const std::vector<float>& a() const { return a_; }
  const std::vector<float>& b() const { return b_; }
  const std::vector<float>& c() const { return c_; }

 private:
  std::vector<float> filled(int64_t size, bool whole_numbers) {
    std::vector<float> values(static_cast<size_t>(size));
    std::uniform_int_distribution<int> whole(-8, 8);
    std::normal_distribution<float> normal;
    for (float& value : values) value = whole_numbers ? static_cast<float>(whole(random_)) : normal(random_);
    return values;
  }

  MatmulSpec spec_;
  std::mt19937 random_{42};
  std::vector<float> a_, b_, c_;
};

std::string describe(const MatmulSpec& s) {
  return concat(s.m, " x ", s.k, " x ", s.n, s.transpose_a ? " A transposed" : "", s.transpose_b ? " B transposed" : "",
                s.accumulate ? " accumulated" : "", " in ", s.terms, " terms, strides ", s.row_stride_a, " ",
                s.row_stride_b, " ", s.row_stride_c);
}

std::vector<MatmulSpec> forms_of(int64_t m, int64_t k, int64_t n) {
  std::vector<MatmulSpec> specs;
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      for (const bool accumulate : {false, true}) specs.push_back({m, k, n, transpose_a, transpose_b, accumulate});
    }
  }
  return specs;
}

bool same_bits(const std::vector<float>& left, const std::vector<float>& right) {
  return left.size() == right.size() && std::memcmp(left.data(), right.data(), left.size() * sizeof(float)) == 0;
}

void expect_twin(const MatmulSpec& spec) {
  SCOPED_TRACE(describe(spec));
  const Case with_whole_numbers(spec, true);
  const std::vector<float> exact = with_whole_numbers.run(Matmul(spec));
  EXPECT_EQ(std::vector<double>(exact.begin(), exact.end()), with_whole_numbers.run_twin());

  const Case with_any(spec);
  const std::vector<float> result = with_any.run(Matmul(spec));
  const std::vector<double> twin = with_any.run_twin();
  const std::vector<double> magnitudes = with_any.magnitudes();
  // Each of k products and k sums rounds by half an ULP of at most the sum of magnitudes.
  const double bound = static_cast<double>(spec.k * spec.terms + 1) * std::numeric_limits<float>::epsilon();
  for (size_t i = 0; i < result.size(); ++i) ASSERT_NEAR(result[i], twin[i], bound * magnitudes[i]) << "element " << i;
}

TEST(Matmul, EveryFormEqualsTheTwinInSizesOfNetworks) {
  const int64_t sizes[][3] = {{519, 16, 64}, {256, 64, 32}, {511, 32, 32}, {512, 32, 5},
                              {513, 5, 32},  {128, 1, 16},  {128, 16, 1},  {128, 16, 16}};
  for (const auto& [m, k, n] : sizes) {
    for (const MatmulSpec& spec : forms_of(m, k, n)) expect_twin(spec);
  }
  for (const MatmulSpec& spec : forms_of(64, 519, 26)) expect_twin(spec);
}

TEST(Matmul, EverySmallSizeEqualsTheTwin) {
  for (const int64_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 48, 63, 65, 100}) {
    for (const int64_t m : {1, 2, 3, 7, 9, 22}) {
      for (const int64_t k : {1, 3, 16, 21}) {
        for (const MatmulSpec& spec : forms_of(m, k, n)) expect_twin(spec);
      }
    }
  }
}

TEST(Matmul, LargeOnesEqualTheTwin) {
  EXPECT_FALSE(tiles_suit(checked({.m = 350, .k = 401, .n = 307})));
  for (const MatmulSpec& spec : forms_of(350, 401, 307)) expect_twin(spec);
  // B too long for a packed copy
  EXPECT_FALSE(tiles_suit(checked({.m = 3, .k = 5000, .n = 9})));
  for (const MatmulSpec& spec : forms_of(3, 5000, 9)) expect_twin(spec);
}

// As convolutions use it: rows of A that overlap, terms of A and B at any distance.
TEST(Matmul, TermsAreSummed) {
  for (const int64_t n : {1, 3, 5, 8, 16, 24, 33}) {
    for (const int64_t m : {1, 7, 30}) {
      for (const bool accumulate : {false, true}) {
        // Three rows of a window of 3 x 4 in an image of 11 columns and 4 channels, and the gradient of such a kernel.
        expect_twin({.m = m,
                     .k = 12,
                     .n = n,
                     .accumulate = accumulate,
                     .row_stride_a = 4,
                     .terms = 3,
                     .term_stride_a = 44,
                     .term_stride_b = 12 * n});
        expect_twin({.m = 12,
                     .k = m,
                     .n = n,
                     .transpose_a = true,
                     .accumulate = accumulate,
                     .row_stride_a = 8,
                     .terms = 5,
                     .term_stride_a = 20 * m,
                     .term_stride_b = m * n});
        expect_twin({.m = m,
                     .k = 6,
                     .n = n,
                     .transpose_b = true,
                     .accumulate = accumulate,
                     .row_stride_a = 9,
                     .terms = 2,
                     .term_stride_a = 7,
                     .term_stride_b = 6 * n});
      }
    }
  }
}

TEST(Matmul, GapsBetweenRowsAreNeitherReadNorWritten) {
  for (const int64_t n : {1, 5, 16, 26}) {
    for (MatmulSpec spec : forms_of(37, 19, n)) {
      SCOPED_TRACE(describe(spec));
      const Case dense(spec);
      spec.row_stride_a = (spec.transpose_a ? spec.m : spec.k) + 3;
      spec.row_stride_b = (spec.transpose_b ? spec.k : spec.n) + 2;
      spec.row_stride_c = spec.n + 5;
      const auto spread = [](const std::vector<float>& values, int64_t row, int64_t stride, float gap) {
        std::vector<float> result;
        for (size_t i = 0; i < values.size(); ++i) {
          result.push_back(values[i]);
          if (static_cast<int64_t>(i + 1) % row == 0)
            result.insert(result.end(), static_cast<size_t>(stride - row), gap);
        }
        return result;
      };
      const float nan = std::numeric_limits<float>::quiet_NaN();
      const auto a = spread(dense.a(), spec.row_stride_a - 3, spec.row_stride_a, nan);
      const auto b = spread(dense.b(), spec.row_stride_b - 2, spec.row_stride_b, nan);
      auto c = spread(dense.c(), spec.n, spec.row_stride_c, kUntouched);
      Matmul(spec).run(a.data(), b.data(), c.data());
      MatmulSpec without_gaps = spec;
      without_gaps.row_stride_a = without_gaps.row_stride_b = without_gaps.row_stride_c = 0;
      const auto expected = dense.run_twin();
      for (int64_t i = 0; i < spec.m; ++i) {
        for (int64_t j = 0; j < spec.row_stride_c; ++j) {
          const float found = c[static_cast<size_t>(i * spec.row_stride_c + j)];
          if (j < spec.n) {
            ASSERT_NEAR(found, expected[static_cast<size_t>(i * spec.n + j)], 1e-4) << i << ", " << j;
          } else {
            ASSERT_EQ(found, kUntouched) << i << ", " << j;
          }
        }
      }
    }
  }
}

TEST(Matmul, EmptySumsAreZeroAndEmptyProductsTouchNothing) {
  std::vector<float> c(6, 3.0F);
  Matmul({.m = 2, .k = 0, .n = 3, .accumulate = true}).run(nullptr, nullptr, c.data());
  EXPECT_EQ(c, std::vector<float>(6, 3.0F));
  Matmul({.m = 2, .k = 0, .n = 3}).run(nullptr, nullptr, c.data());
  EXPECT_EQ(c, std::vector<float>(6, 0.0F));
  const std::vector<float> a(12, 1.0F);
  Matmul({.m = 0, .k = 4, .n = 3}).run(a.data(), a.data(), nullptr);
  Matmul({.m = 3, .k = 4, .n = 0}).run(a.data(), nullptr, nullptr);
}

TEST(Matmul, SpecialValuesSpread) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> a = {infinity, 1.0F, 2.0F, 3.0F};
  const std::vector<float> b = {1.0F, 0.0F, 1.0F, 1.0F};
  std::vector<float> c(4);
  Matmul({.m = 2, .k = 2, .n = 2}).run(a.data(), b.data(), c.data());
  EXPECT_EQ(c[0], infinity);
  EXPECT_TRUE(std::isnan(c[1]));
  EXPECT_EQ(c[2], 5.0F);
  EXPECT_EQ(c[3], 3.0F);
}

std::vector<MatmulSpec> specs_of_every_way() {
  return {{.m = 519, .k = 16, .n = 64},
          {.m = 519, .k = 64, .n = 32, .transpose_b = true},
          {.m = 64, .k = 519, .n = 32, .transpose_a = true, .accumulate = true},
          {.m = 519, .k = 32, .n = 5},
          {.m = 32, .k = 519, .n = 5, .transpose_a = true, .accumulate = true},
          {.m = 128, .k = 40, .n = 1},
          {.m = 350, .k = 401, .n = 307},
          {.m = 350, .k = 401, .n = 307, .transpose_b = true, .accumulate = true}};
}

TEST(Matmul, FourThreadsAtOnceGetTheSameBits) {
  for (const MatmulSpec& spec : specs_of_every_way()) {
    SCOPED_TRACE(describe(spec));
    const Matmul matmul(spec);
    const Case operands(spec);
    const std::vector<float> expected = operands.run(matmul);
    bool equal[4] = {};
    {
      std::vector<std::jthread> threads;
      for (bool& result : equal) {
        threads.emplace_back([&] {
          result = true;
          for (int repeat = 0; repeat < 5; ++repeat) result = result && same_bits(operands.run(matmul), expected);
        });
      }
    }
    EXPECT_THAT(equal, ::testing::Each(true));
  }
}

TEST(Matmul, OpenMpSettingsChangeNoBit) {
  const int before = omp_get_max_threads();
  for (const MatmulSpec& spec : specs_of_every_way()) {
    SCOPED_TRACE(describe(spec));
    const Case operands(spec);
    omp_set_num_threads(1);
    const std::vector<float> expected = operands.run(Matmul(spec));
    omp_set_num_threads(3);
    EXPECT_TRUE(same_bits(operands.run(Matmul(spec)), expected));
    EXPECT_EQ(omp_get_max_threads(), 3) << "the setting of the caller is kept";
  }
  omp_set_num_threads(before);
}

TEST(Matmul, AddressesChangeNoBit) {
  for (const MatmulSpec& spec : specs_of_every_way()) {
    SCOPED_TRACE(describe(spec));
    const Matmul matmul(spec);
    const Case operands(spec);
    const std::vector<float> expected = operands.run(matmul);
    for (const size_t shift : {1U, 2U, 3U, 4U, 7U, 8U, 13U}) {
      const auto moved = [&](const std::vector<float>& values) {
        std::vector<float> result(shift, 0.0F);
        result.insert(result.end(), values.begin(), values.end());
        return result;
      };
      const auto a = moved(operands.a());
      const auto b = moved(operands.b());
      auto c = moved(operands.c());
      matmul.run(a.data() + shift, b.data() + shift, c.data() + shift);
      c.erase(c.begin(), c.begin() + static_cast<std::ptrdiff_t>(shift));
      ASSERT_TRUE(same_bits(c, expected)) << "shifted by " << shift;
    }
  }
}

TEST(Matmul, ImpossibleSpecsAreRefused) {
  EXPECT_THAT([] { Matmul({.m = -1, .k = 2, .n = 3}); }, ThrowsMessage<ShapeError>(HasSubstr("m, k, n are -1, 2, 3")));
  EXPECT_THAT([] { Matmul({.m = 4, .k = 2, .n = 3, .row_stride_b = 2}); },
              ThrowsMessage<ShapeError>(HasSubstr("operand B has rows of 3 elements, but only 2")));
  EXPECT_THAT([] { Matmul({.m = 4, .k = 2, .n = 3, .row_stride_c = 2}); },
              ThrowsMessage<ShapeError>(HasSubstr("operand C has rows of 3 elements, but only 2")));
  EXPECT_THAT([] { Matmul({.m = 4, .k = 2, .n = 3, .terms = 0}); },
              ThrowsMessage<ShapeError>(HasSubstr("0 terms, expected at least 1")));
}

TEST(Matmul, LibraryIsNamed) {
  EXPECT_THAT(matmul_library(), ::testing::AnyOf(HasSubstr("oneDNN "), HasSubstr("plain loops")));
}

TEST(PlainMatmul, ComputesInEveryNumberType) {
  const double a[] = {1, 2, 3, 4, 5, 6};
  const double b[] = {1e-9, 1, 0, 1, 1, 0};
  double c[4] = {};
  plain_matmul<double>({.m = 2, .k = 3, .n = 2}, a, b, c);
  EXPECT_EQ(c[0], 1e-9 + 3);
  EXPECT_EQ(c[1], 3);
  EXPECT_EQ(c[2], 4e-9 + 6);
  EXPECT_EQ(c[3], 9);
}

}  // namespace dnnl_test
}  // namespace hgq
