#include "hgq/deploy/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "hgq/core/error.h"
#include "proxy_test_support.h"

namespace hgq {
namespace verify_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Emulation emulation_of(const std::vector<float>& values, std::vector<uint8_t> row_overflows) {
  Emulation out;
  const auto rows = static_cast<int64_t>(row_overflows.size());
  out.outputs.push_back(tensor({rows, static_cast<int64_t>(values.size()) / rows}, values));
  out.overflows = {{"q", 3}};
  out.row_overflows = std::move(row_overflows);
  return out;
}

VerifyReport report_of(const std::vector<float>& model, const Emulation& emulation) {
  const Tensor y(emulation.outputs[0].shape(), model);
  const std::vector<ConstTensorView> outputs{y.view()};
  return verify(outputs, emulation);
}

TEST(Verify, CountsRowsThatDifferWithAndWithoutOverflow) {
  const VerifyReport report = report_of({1, 2, 3, 4, 5, 6, 7, 8}, emulation_of({1, 2, 3, 9, 5, 0, 7, 8}, {0, 1, 0, 1}));
  EXPECT_EQ(report.rows, 4);
  EXPECT_EQ(report.rows_with_overflow, 2);
  EXPECT_EQ(report.rows_differ, 2);
  EXPECT_EQ(report.rows_differ_without_overflow, 1);
  EXPECT_THAT(report.overflows, ElementsAre(OverflowCount{"q", 3}));
}

TEST(Verify, TheFirstDifferenceWithoutOverflowIsShown) {
  const VerifyReport report = report_of({1, 2, 3, 4, 5, 6}, emulation_of({0, 2, 3, 9, 5, 0}, {1, 0, 0}));
  ASSERT_TRUE(report.first.has_value());
  EXPECT_EQ(report.first->row, 1);
  EXPECT_EQ(report.first->element, 1);
  EXPECT_EQ(report.first->model, 4);
  EXPECT_EQ(report.first->proxy, 9);
}

TEST(Verify, WithOverflowsAloneTheFirstOfThoseIsShown) {
  const VerifyReport report = report_of({1, 2, 3}, emulation_of({1, 0, 0}, {0, 1, 1}));
  ASSERT_TRUE(report.first.has_value());
  EXPECT_EQ(report.first->row, 1);
  EXPECT_EQ(report.rows_differ_without_overflow, 0);
}

TEST(Verify, ReportsOfBlocksAreThatOfAllRows) {
  const std::vector<float> model{1, 2, 3, 4, 5, 6};
  const std::vector<float> proxy{0, 2, 3, 9, 5, 0};
  const std::vector<uint8_t> overflows{1, 0, 0, 0, 1, 0};
  const VerifyReport whole = report_of(model, emulation_of(proxy, overflows));
  VerifyReport blocks;
  for (const size_t first : {size_t{0}, size_t{2}, size_t{4}}) {
    const auto part = [&](const auto& all) { return std::vector(all.begin() + first, all.begin() + first + 2); };
    blocks.append(report_of(part(model), emulation_of(part(proxy), part(overflows))));
  }
  EXPECT_EQ(blocks.rows, 6);
  EXPECT_EQ(blocks.rows_with_overflow, whole.rows_with_overflow);
  EXPECT_EQ(blocks.rows_differ, whole.rows_differ);
  EXPECT_EQ(blocks.rows_differ_without_overflow, whole.rows_differ_without_overflow);
  EXPECT_EQ(blocks.unexplained_rows, whole.unexplained_rows);
  EXPECT_EQ(blocks.explained_rows, whole.explained_rows);
  EXPECT_EQ(blocks.overflow_rows, whole.overflow_rows);
  EXPECT_THAT(blocks.overflows, ElementsAre(OverflowCount{"q", 9}));
  ASSERT_TRUE(blocks.first.has_value());
  EXPECT_EQ(blocks.first->row, whole.first->row);
  EXPECT_EQ(blocks.first->model, whole.first->model);
}

TEST(Verify, EqualRowsGiveNoDifference) {
  const VerifyReport report = report_of({-0.0f, 2}, emulation_of({0.0f, 2}, {0, 0}));
  EXPECT_EQ(report.rows_differ, 0);
  EXPECT_FALSE(report.first.has_value());
}

TEST(Verify, NotANumberDiffersFromEverything) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(report_of({nan, 2}, emulation_of({nan, 2}, {0, 0})).rows_differ_without_overflow, 1);
}

TEST(Verify, OtherShapesAreRefused) {
  const Emulation emulation = emulation_of({1, 2}, {0, 0});
  const Tensor y(Shape{2, 2});
  const std::vector<ConstTensorView> outputs{y.view()};
  EXPECT_THAT(message_of<ShapeError>([&] { verify(outputs, emulation); }),
              HasSubstr("output 0: the model's has shape [2, 2], the proxy's [2, 1]"));
  EXPECT_THAT(message_of<ShapeError>([&] { verify({}, emulation); }),
              HasSubstr("the model has 0 outputs, the proxy 1"));
}

}  // namespace verify_test
}  // namespace hgq
