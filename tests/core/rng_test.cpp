#include "hgq/core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace hgq {
namespace rng_test {

TEST(Rng, BitsAreTheSameOnEveryMachine) {
  // SplitMix64 started at 0 gives these three first.
  EXPECT_EQ(mix_bits(0), 0xe220a8397b1dcdafU);
  EXPECT_EQ(mix_bits(0x9e3779b97f4a7c15U), 0x6e789e6aa1b965f4U);
  EXPECT_EQ(mix_bits(2 * 0x9e3779b97f4a7c15U), 0x06c45d188009454fU);
  EXPECT_EQ(stream_of(""), 0xcbf29ce484222325U);
  EXPECT_EQ(stream_of("a"), 0xaf63dc4c8601ec8cU);
}

TEST(Rng, UniformNumbersAreBelowOneAndEven) {
  EXPECT_EQ(uniform_float(~uint64_t{0}), 1.0F - 0x1p-24F);
  EXPECT_EQ(uniform_float(0), 0.0F);
  EXPECT_EQ(uniform_double(~uint64_t{0}), 1.0 - 0x1p-53);
  std::vector<int> counts(16, 0);
  for (uint64_t i = 0; i < 160000; ++i) ++counts[static_cast<size_t>(16.0F * uniform_float(random_bits(1, 2, 3, i)))];
  // Each bin is binomial with deviation 97: five of them.
  for (const int count : counts) EXPECT_NEAR(count, 10000, 485);
}

TEST(Rng, EachArgumentMatters) {
  const uint64_t bits = random_bits(1, 2, 3, 4);
  EXPECT_EQ(bits, random_bits(1, 2, 3, 4));
  EXPECT_NE(bits, random_bits(2, 2, 3, 4));
  EXPECT_NE(bits, random_bits(1, 3, 3, 4));
  EXPECT_NE(bits, random_bits(1, 2, 4, 4));
  EXPECT_NE(bits, random_bits(1, 2, 3, 5));
  EXPECT_NE(random_bits(1, 2, 3, 4), random_bits(2, 1, 3, 4));
}

TEST(Rng, NormalNumbersHaveMeanZeroAndDeviationOne) {
  double sum = 0.0;
  double squares = 0.0;
  constexpr int kCount = 100000;
  for (uint64_t i = 0; i < kCount; ++i) {
    const double x = normal_double(random_bits(7, 0, 0, i));
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kCount, 0.0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1.0, 5 * std::sqrt(2.0 / kCount));
}

TEST(Rng, APermutationHoldsEachNumberOnceAndEveryPlaceIsEquallyLikely) {
  std::vector<int> places(10, 0);
  for (uint64_t step = 0; step < 10000; ++step) {
    std::vector<int64_t> order = permutation(3, 4, step, 10);
    ++places[static_cast<size_t>(std::ranges::find(order, 0) - order.begin())];
    std::ranges::sort(order);
    for (size_t i = 0; i < 10; ++i) ASSERT_EQ(order[i], static_cast<int64_t>(i));
  }
  for (const int count : places) EXPECT_NEAR(count, 1000, 5 * 30);
  EXPECT_TRUE(permutation(1, 1, 1, 0).empty());
  std::vector<int64_t> in_place(10);
  permutation_into(3, 4, 5, in_place);
  EXPECT_EQ(in_place, permutation(3, 4, 5, 10));
}

}  // namespace rng_test
}  // namespace hgq
