// What the report of a proxy against its model says, and that it says nothing where there is nothing to do.
#include "hgq/deploy/verification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace hgq {
namespace verification_test {

using ::testing::HasSubstr;
using ::testing::Not;

Verification of_rows(int64_t rows, int64_t differ, int64_t differ_without_overflow, int64_t with_overflow) {
  Verification v;
  v.report.rows = rows;
  v.report.rows_differ = differ;
  v.report.rows_differ_without_overflow = differ_without_overflow;
  v.report.rows_with_overflow = with_overflow;
  v.report.overflows = {{"q", with_overflow}, {"other", 0}};
  v.wraps = true;
  return v;
}

TEST(VerificationText, OfEqualRowsIsOneLine) {
  EXPECT_EQ(describe(of_rows(200, 0, 0, 0)), "200 rows: all equal in every bit\n");
}

TEST(VerificationText, TellsWhyRowsDiffer) {
  Verification v = of_rows(118, 6, 3, 5);
  v.rows_differ_without_bits = 2;
  EXPECT_EQ(v.rows_unexplained(), 1);
  EXPECT_THAT(describe(v), HasSubstr("118 rows: 112 equal in every bit; 3 differ, as values overflow their ranges; "
                                     "2 differ, as elements without bits have values; 1 differs though all of its "
                                     "values lie within their ranges; values of 2 more rows overflow without an "
                                     "effect\n  q: 5 values overflow\n"));
  EXPECT_THAT(describe(v), Not(HasSubstr("other")));
}

TEST(VerificationText, AdviceTellsTheFactorToSet) {
  Verification v = of_rows(10, 1, 0, 1);
  v.advice.overflows.push_back({.layer = "q",
                                .quantizer = "q",
                                .low = -1,
                                .high = 4,
                                .traced_low = -2,
                                .traced_high = 3.75,
                                .more_bits = 1,
                                .needs_sign = true,
                                .cover_factor = 1.25});
  EXPECT_THAT(describe(v), HasSubstr("  layer q: values from -1 to 4 came, where -2 to 3.75 was traced; 1 more integer "
                                     "bit and a sign in q would hold them, as would a cover factor of 1.25\n"
                                     "to do: trace on data that hold such values (hgq-train trace, then export), or "
                                     "with --cover-factor 1.25 (times that of the last trace); export with overflow "
                                     "sat cuts"));
  EXPECT_THAT(describe(v, 1.2), HasSubstr("export.trace.cover_factor: 1.5 (trace --cover-factor 1.5)"));
  v.wraps = false;
  EXPECT_THAT(describe(v), Not(HasSubstr("overflow sat")));
  EXPECT_EQ(to_json(v).at("cover_factor"), 1.25);
  v.advice.overflows.push_back({.layer = "one", .quantizer = "one", .more_bits = 2, .cover_factor = 0});
  EXPECT_THAT(describe(v), HasSubstr("2 more integer bits in one would hold them\n"));
  EXPECT_THAT(describe(v), Not(HasSubstr("--cover-factor")));  // none holds all of them
  EXPECT_EQ(to_json(v).at("cover_factor"), 0);
}

TEST(VerificationText, ElementsWithoutBitsNeedOtherDataAndNoFactor) {
  Verification v = of_rows(10, 1, 1, 0);
  v.rows_differ_without_bits = 1;
  v.advice.without_bits.push_back({.layer = "q", .quantizer = "q", .elements = 3, .most = 0.25});
  EXPECT_THAT(describe(v),
              HasSubstr("  layer q: 3 elements have no bits, as only 0 was traced there; values up to 0.25 "
                        "came, and the proxy has 0\nto do: trace on data that hold such values"));
  EXPECT_THAT(describe(v), Not(HasSubstr("factor")));
  EXPECT_EQ(to_json(v).at("rows_differ_without_overflow"), 0);
  EXPECT_EQ(to_json(v).at("rows_differ_without_bits"), 1);
}

}  // namespace verification_test
}  // namespace hgq
