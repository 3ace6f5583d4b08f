#include "hgq/core/vector_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hgq {
namespace vector_math_test {

TEST(VectorMath, ExpOfFloats) {
  for (float x = -87.0F; x < 88.0F; x += 0.0137F) {
    const double expected = std::exp(static_cast<double>(x));
    EXPECT_NEAR(static_cast<double>(fast_exp(x)) / expected, 1.0, 2.4e-7) << x;
  }
  EXPECT_EQ(fast_exp(-100.0F), 0.0F);
  EXPECT_EQ(fast_exp(0.0F), 1.0F);
}

TEST(VectorMath, ExpOfDoubles) {
  for (double x = -699.0; x < 699.0; x += 0.0971) EXPECT_NEAR(fast_exp(x) / std::exp(x), 1.0, 1e-14) << x;
  EXPECT_EQ(fast_exp(0.0), 1.0);
  EXPECT_EQ(fast_exp(1e9), fast_exp(700.0));
  EXPECT_EQ(fast_exp(std::numeric_limits<double>::infinity()), fast_exp(700.0));
  EXPECT_TRUE(std::isnan(fast_exp(std::numeric_limits<double>::quiet_NaN())));
}

}  // namespace vector_math_test
}  // namespace hgq
