#include "hgq/data/scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data_files.h"

namespace hgq {
namespace scaling_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Scaling, StandardIsMeanAndPopulationDeviation) {
  ScalingFit fit(ScaleKind::kStandard, Shape{2});
  fit.add(std::vector<float>{1, 10, 2, 20});
  fit.add(std::vector<float>{3, 30, 6, 40});
  const Scaling scaling = fit.result();
  EXPECT_THAT(scaling.offset, ElementsAre(3.0, 25.0));
  EXPECT_THAT(scaling.divisor, ElementsAre(std::sqrt(14.0 / 4), std::sqrt(500.0 / 4)));
  std::vector<float> values = {1, 40};
  scaling.apply(values);
  EXPECT_EQ(values[0], static_cast<float>(-2.0 / std::sqrt(3.5)));
  EXPECT_EQ(values[1], static_cast<float>(15.0 / std::sqrt(125.0)));
}

TEST(Scaling, HugeNumbersDoNotOverflow) {
  const std::vector<double> small{1, -3, 0, 2.5, 7, 1e-3};
  for (const int exponent : {440, 449, 500, 600, 1019}) {
    // Numbers that are small, and of which the squares overflow later; the first feature is for comparison.
    std::vector<double> values;
    for (const double x : small) values.insert(values.end(), {x, std::ldexp(x, exponent)});
    ScalingFit fit(ScaleKind::kStandard, Shape{2});
    fit.add(values);
    const Scaling scaling = fit.result();
    EXPECT_NEAR(std::ldexp(scaling.offset[1], -exponent) / scaling.offset[0], 1, 1e-12) << exponent;
    EXPECT_NEAR(std::ldexp(scaling.divisor[1], -exponent) / scaling.divisor[0], 1, 1e-12) << exponent;
    std::vector<float> scaled(values.size());
    scaling.apply(values, scaled);
    for (size_t i = 0; i < scaled.size(); i += 2) EXPECT_NEAR(scaled[i + 1], scaled[i], 1e-6F);
  }
}

TEST(Scaling, AConstantFeatureHasTheDivisorOne) {
  ScalingFit fit(ScaleKind::kStandard, Shape{1});
  fit.add(std::vector<float>(1000, 0.1F));  // 0.1 has no exact sum: a deviation by sums of squares would not be 0
  EXPECT_THAT(fit.result().divisor, ElementsAre(1.0));
  EXPECT_THAT(fit.result().offset, ElementsAre(static_cast<double>(0.1F)));
  ScalingFit minmax(ScaleKind::kMinMax, Shape{1});
  minmax.add(std::vector<float>(10, 7.0F));
  std::vector<float> values = {7};
  minmax.result().apply(values);
  EXPECT_THAT(values, ElementsAre(0.0F));
}

TEST(Scaling, MinmaxGoesFromZeroToOne) {
  ScalingFit fit(ScaleKind::kMinMax, Shape{2});
  fit.add(std::vector<float>{-1, 5, 3, 5.5F, 0, 7});
  std::vector<float> values = {-1, 7, 3, 5, 1, 6};
  fit.result().apply(values);
  EXPECT_THAT(values, ElementsAre(0, 1, 1, 0, 0.5F, 0.5F));
}

TEST(Scaling, PowersOfTwoHoldAllValues) {
  ScalingFit fit(ScaleKind::kPowerOfTwo, Shape{5});
  fit.add(std::vector<float>{-3, 0, 0.25F, 4, 1e-20F});
  fit.add(std::vector<double>{2, 0, -0.2, 1, std::nextafter(std::ldexp(1.0, -66), 1.0)});
  EXPECT_THAT(fit.result().offset, ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(fit.result().divisor, ElementsAre(4, 1, 0.25, 4, std::ldexp(1.0, -65)));
}

TEST(Scaling, EveryKindIsFoundByItsName) {
  for (const std::string& name : scale_kind_names()) EXPECT_EQ(to_string(scale_kind_of(name)), name);
}

TEST(Scaling, PiecesOfAnySizeGiveTheSameBits) {
  std::vector<float> values(3000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = 1e3F + std::sin(static_cast<float>(i));
  ScalingFit whole(ScaleKind::kStandard, Shape{3});
  whole.add(values);
  ScalingFit pieces(ScaleKind::kStandard, Shape{3});
  for (size_t i = 0; i < values.size(); i += 33)
    pieces.add(std::span(values).subspan(i, std::min<size_t>(33, values.size() - i)));
  EXPECT_EQ(whole.result().offset, pieces.result().offset);
  EXPECT_EQ(whole.result().divisor, pieces.result().divisor);
}

TEST(Scaling, AFeatureIsAnElementOfTheLastDim) {
  EXPECT_EQ(feature_count(Shape{16}), 16);
  EXPECT_EQ(feature_count(Shape{8, 2}), 2);
  EXPECT_EQ(feature_count(Shape{}), 1);
  ScalingFit fit(ScaleKind::kMinMax, Shape{2, 2});
  fit.add(std::vector<float>{0, 10, 4, 20});
  EXPECT_THAT(fit.result().divisor, ElementsAre(4, 10));
}

TEST(Scaling, NoneChangesNothing) {
  ScalingFit fit(ScaleKind::kNone, Shape{2});
  fit.add(std::vector<float>{1, 2});
  EXPECT_TRUE(fit.result().empty());
  std::vector<float> values = {1, 2};
  fit.result().apply(values);
  EXPECT_THAT(values, ElementsAre(1, 2));
}

TEST(Scaling, AScalingOfOtherFeaturesIsRefused) {
  const Scaling scaling{{0, 0}, {1, 1}};
  EXPECT_THAT(message_of([&] { scaling.check(Shape{3}, "muon"); }),
              HasSubstr("input 'muon' has 3 features, but its scaling was fitted on 2"));
  std::vector<float> values(3);
  EXPECT_THAT(message_of([&] { scaling.apply(values); }), HasSubstr("3 values are not whole rows of 2 features"));
}

}  // namespace scaling_test
}  // namespace hgq
