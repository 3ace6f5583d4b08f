#include "hgq/core/tensor.h"

#include <gtest/gtest.h>

#include "hgq/core/error.h"

namespace hgq {
namespace tensor_test {

TEST(Shape, PrintsAndIndexesFromBothEnds) {
  const Shape s{512, 64};
  EXPECT_EQ(to_string(s), "[512, 64]");
  EXPECT_EQ(s[-1], 64);
  EXPECT_EQ(s.size(), 512 * 64);
  EXPECT_EQ(Shape{}.size(), 1);
  EXPECT_THROW(s[2], ShapeError);
  EXPECT_EQ(s.with_front(2), (Shape{2, 512, 64}));
  EXPECT_EQ(s.without_front(), Shape{64});
}

TEST(Tensor, IsAlignedZeroedAndClones) {
  Tensor t(Shape{3, 5});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(t.data()) % kAlignment, 0U);
  for (const float v : t.values()) EXPECT_EQ(v, 0.0F);
  t.values()[7] = 2.0F;
  const Tensor copy = t.clone();
  t.fill(1.0F);
  EXPECT_EQ(copy.values()[7], 2.0F);
  EXPECT_EQ(t.view().rows(1, 2).data, t.data() + 5);
}

TEST(Tensor, RefusesValuesOfTheWrongNumber) {
  const float values[3] = {1, 2, 3};
  EXPECT_THROW(Tensor(Shape{2}, values), ShapeError);
}

}  // namespace tensor_test
}  // namespace hgq
