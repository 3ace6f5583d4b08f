#include "hgq/deploy/scaling_file.h"

#include <gtest/gtest.h>

namespace hgq {
namespace scaling_file_test {

TEST(ScalingFile, HasALineForEachFeatureWithAllDigits) {
  const std::vector<std::string> inputs{"x", "a,\"b\"", "raw"};
  const std::vector<Scaling> scaling{
      {.offset = {0.1, 1.7e9}, .divisor = {1.0 / 3, 2}}, {.offset = {0}, .divisor = {255}}, {}};
  EXPECT_EQ(scaling_csv(inputs, scaling),
            "input,feature,offset,divisor\n"
            "x,0,0.1,0.3333333333333333\n"
            "x,1,1700000000,2\n"
            "\"a,\"\"b\"\"\",0,0,255\n");
  EXPECT_EQ(scaling_csv(inputs, {}), "");
  EXPECT_EQ(scaling_csv(inputs, std::vector<Scaling>(3)), "");
}

}  // namespace scaling_file_test
}  // namespace hgq
