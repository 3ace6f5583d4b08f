// Ticks, scales, numbers, and which points of a long curve are drawn.
#include "hgq/report/axis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hgq/report/thinning.h"

namespace hgq::report {
namespace axis_test {

using ::testing::ElementsAre;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> labels(AxisKind kind, double low, double high, int most) {
  std::vector<std::string> out;
  for (const Tick& tick : Axis::over(kind, {low, high}, {0, 100}).ticks(most)) out.push_back(tick.label);
  return out;
}

TEST(Axis, LinearTicksAreOneTwoFive) {
  EXPECT_THAT(labels(AxisKind::kLinear, 0, 30, 7), ElementsAre("0", "5", "10", "15", "20", "25", "30"));
  EXPECT_THAT(labels(AxisKind::kLinear, 0.763, 0.862, 6), ElementsAre("0.78", "0.80", "0.82", "0.84", "0.86"));
  EXPECT_THAT(labels(AxisKind::kLinear, -1, 1, 5), ElementsAre("−1.0", "−0.5", "0", "0.5", "1.0"));
  EXPECT_THAT(labels(AxisKind::kLinear, 0, 25000, 6), ElementsAre("0", "5k", "10k", "15k", "20k", "25k"));
  EXPECT_THAT(labels(AxisKind::kLinear, 0, 3e6, 4), ElementsAre("0", "1M", "2M", "3M"));
  EXPECT_THAT(labels(AxisKind::kLinear, 0, 2e-4, 3), ElementsAre("0", "10⁻⁴", "2×10⁻⁴"));
}

TEST(Axis, LogTicksAreDecadesOrPartsOfThem) {
  EXPECT_THAT(labels(AxisKind::kLog, 1e-6, 1e-4, 5), ElementsAre("10⁻⁶", "10⁻⁵", "10⁻⁴"));
  EXPECT_THAT(labels(AxisKind::kLog, 1400, 11000, 6), ElementsAre("2k", "5k", "10k"));
  EXPECT_THAT(labels(AxisKind::kLog, 0.5, 20, 12), ElementsAre("0.5", "1", "2", "5", "10", "20"));
  EXPECT_THAT(labels(AxisKind::kLog, 240000, 260000, 5), ElementsAre("240k", "245k", "250k", "255k", "260k"));
}

TEST(Axis, NoAxisHasTooManyTicksAndAllAreInside) {
  for (const double low : {-1e9, -3.0, 1e-12, 0.1, 7.0, 12345.0}) {
    for (const double length : {1e-9, 0.03, 1.0, 777.0, 1e8}) {
      for (const AxisKind kind : {AxisKind::kLinear, AxisKind::kLog}) {
        for (const int most : {2, 3, 6, 20}) {
          const Axis axis = Axis::over(kind, {low, low + length}, {10, 90});
          const std::vector<Tick> ticks = axis.ticks(most);
          EXPECT_LE(ticks.size(), static_cast<size_t>(most)) << low << " " << length;
          for (const Tick& tick : ticks) {
            EXPECT_GE(axis.at(tick.value), 10 - 1e-3) << low << " " << length;
            EXPECT_LE(axis.at(tick.value), 90 + 1e-3) << low << " " << length;
          }
        }
      }
    }
  }
}

TEST(Axis, MapsEndsAndWidensWhatHasNoLength) {
  const Axis log = Axis::over(AxisKind::kLog, {1, 100}, {0, 200});
  EXPECT_NEAR(log.at(1), 0, 1e-9);
  EXPECT_NEAR(log.at(10), 100, 1e-9);
  EXPECT_NEAR(Axis::over(AxisKind::kLinear, {5, 5}, {0, 100}).at(5), 50, 1e-9);
  EXPECT_NEAR(Axis::over(AxisKind::kLinear, {0, 0}, {0, 100}).at(0), 50, 1e-9);
  EXPECT_EQ(Axis::over(AxisKind::kLog, {0, 5}, {0, 100}).kind(), AxisKind::kLinear);
  for (const double extreme : {5e-324, 1e-320, 1e-300, 1e300, 1e308, -1e308}) {
    const Axis axis = Axis::with_margin(AxisKind::kLog, {extreme, extreme * 2}, {0, 100});
    EXPECT_GE(axis.ticks(5).size(), 1U) << extreme;
    EXPECT_TRUE(axis.at(extreme) >= 0 && axis.at(extreme) <= 100) << extreme;
  }
  EXPECT_TRUE(std::isfinite(Axis::over(AxisKind::kLinear, {kNaN, kInfinity}, {0, 100}).at(0.5)));
}

TEST(Axis, RangesLeaveOutWhatIsNotFinite) {
  const std::vector<double> values{kNaN, 2, kInfinity, -1};
  EXPECT_EQ(range_of(values).low, -1);
  EXPECT_EQ(range_of(values).high, 2);
  EXPECT_EQ(range_of({}).high, 1);
  EXPECT_EQ(kind_for(std::vector<double>{1, 50}, 12), AxisKind::kLog);
  EXPECT_EQ(kind_for(std::vector<double>{0, 50}, 12), AxisKind::kLinear);
}

TEST(Numbers, HaveSignificantDigits) {
  EXPECT_EQ(number_text(0.8280757), "0.8281");
  EXPECT_EQ(number_text(1469), "1,469");
  EXPECT_EQ(number_text(207241.4), "207,241");
  EXPECT_EQ(number_text(9.5e-7), "9.5e-07");
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(kNaN), "-");
  EXPECT_EQ(count_text(-1234567), "-1,234,567");
  EXPECT_EQ(percent_text(0.1234), "12.3 %");
}

TEST(Thinning, KeepsPeaksEndsAndGaps) {
  std::vector<double> y(10000, 1.0);
  y[1234] = 9;
  y[7777] = -9;
  y[5000] = kNaN;
  const std::vector<size_t> kept = thinned(y, 300);
  EXPECT_LE(kept.size(), 602U + 1);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  for (const size_t i : {size_t{0}, size_t{1234}, size_t{5000}, size_t{7777}, size_t{9999}})
    EXPECT_TRUE(std::ranges::find(kept, i) != kept.end()) << i;
  EXPECT_EQ(thinned(std::vector<double>(602, 0.0), 300).size(), 602U);
  EXPECT_TRUE(thinned({}, 300).empty());
}

TEST(Thinning, SpacedRowsHaveBothEnds) {
  const std::vector<size_t> rows = spaced(10001, 100);
  EXPECT_EQ(rows.size(), 100U);
  EXPECT_EQ(rows.front(), 0U);
  EXPECT_EQ(rows.back(), 10000U);
  EXPECT_EQ(spaced(3, 100).size(), 3U);
}

}  // namespace axis_test
}  // namespace hgq::report
