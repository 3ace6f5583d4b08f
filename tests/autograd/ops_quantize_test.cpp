// Quantizer, clip, f of a bias, adapted bits (quantization.md 1.1 to 1.4, 1.7).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace ops_quantize_test {

using hgq::testing::Cut;
using hgq::testing::TapeLab;
using ops::RoundingStrategy;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Rows of `sample` through a quantizer with f of shape `f`.
struct QuantizerCase {
  Shape sample, f;
};

class QuantizeRows : public ::testing::TestWithParam<std::tuple<RoundingStrategy, bool, bool, bool>> {};

TEST_P(QuantizeRows, IsRightForAllGranularities) {
  const auto [strategy, exact_scale, relu, with_bias] = GetParam();
  const std::vector<QuantizerCase> cases{{Shape{5}, Shape{1, 5}},
                                         {Shape{5}, Shape{1, 1}},
                                         {Shape{2, 3}, Shape{1, 1, 3}},
                                         {Shape{2, 3}, Shape{1, 2, 1}},
                                         {Shape{2, 3}, Shape{1, 2, 3}},
                                         {Shape{70}, Shape{1, 70}},
                                         {Shape{2, 2, 3}, Shape{1, 2, 1, 3}}};
  for (const auto& [sample, f_shape] : cases) {
    SCOPED_TRACE(to_string(sample) + " with f " + to_string(f_shape));
    TapeLab lab;
    const Var x = lab.input("x", sample);
    const Var f = lab.parameter("f", f_shape, -1, 4);
    const Var bias = with_bias ? lab.parameter("bias", Shape{sample[-1]}, -0.5F, 0.5F) : Var{};
    State& low = lab.own_state("low", f_shape, kInfinity);
    State& high = lab.own_state("high", f_shape, -kInfinity);
    const ops::Quantized q = ops::quantize(x, f,
                                           {.strategy = strategy,
                                            .scale_of_rounded_f = exact_scale,
                                            .relu = relu,
                                            .record_min = &low,
                                            .record_max = &high},
                                           bias);
    lab.weigh(q.value);
    lab.expect_right();
  }
}
INSTANTIATE_TEST_SUITE_P(All, QuantizeRows,
                         ::testing::Combine(::testing::Values(RoundingStrategy::kStandard, RoundingStrategy::kFloor),
                                            ::testing::Bool(), ::testing::Bool(), ::testing::Bool()));
INSTANTIATE_TEST_SUITE_P(Random, QuantizeRows,
                         ::testing::Combine(::testing::Values(RoundingStrategy::kStochastic, RoundingStrategy::kNoise),
                                            ::testing::Values(true), ::testing::Bool(), ::testing::Bool()));

TEST(Quantize, StepValuesAreRight) {
  for (const Shape& f_shape : {Shape{4, 3}, Shape{1, 3}, Shape{4, 1}, Shape{1, 1}}) {
    TapeLab lab;
    lab.weigh(ops::quantize(lab.parameter("w", Shape{4, 3}), lab.parameter("f", f_shape, -1, 4), {}).value);
    lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
  }
}

TEST(Quantize, OutsideTrainingThereIsNoGradientToFAndRandomStrategiesRound) {
  for (const auto strategy : {RoundingStrategy::kStandard, RoundingStrategy::kStochastic, RoundingStrategy::kNoise,
                              RoundingStrategy::kFloor}) {
    TapeLab lab;
    const Var x = lab.input("x", Shape{4});
    Parameter& f = lab.own_parameter("f", Shape{1, 4}, -1, 4);
    const Var q =
        ops::quantize(x, lab.tape.parameter(f), {.strategy = strategy, .scale_of_rounded_f = false, .train = false})
            .value;
    lab.weigh(q);
    lab.expect_right(513, Cut{100, 3, 2}, {}, 24);
    Workers workers(1);
    Executor executor(lab.tape, workers, {});
    const std::vector<Tensor> inputs = lab.make_inputs(20);
    executor.forward(testing::views_of(inputs));
    executor.backward();
    for (const float g : f.grad.values()) EXPECT_EQ(g, 0.0F);
    for (size_t i = 0; i < 80; ++i) {
      const double scale = std::exp2(std::nearbyint(static_cast<double>(f.value.values()[i % 4])));
      const double y = static_cast<double>(inputs[0].values()[i]) * scale;
      const double n = strategy == RoundingStrategy::kFloor ? std::floor(y) : std::floor(y + 0.5);
      EXPECT_EQ(executor.rows_of(q).data[i], n / scale) << i;
    }
  }
}

/// q(x) of one number with f bits, alone and in a row of many (the loops take blocks of rows and of 64 elements).
float quantized(float x, float f, RoundingStrategy strategy, int64_t rows, int64_t size) {
  TapeLab lab;
  Parameter& parameter = lab.own_parameter("f", Shape{1, 1});
  parameter.value.fill(f);
  const Var q = ops::quantize(lab.input("x", Shape{size}), lab.tape.parameter(parameter), {.strategy = strategy}).value;
  lab.tape.keep(q);
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false});
  Tensor data(Shape{rows, size});
  data.fill(x);
  executor.forward({{data.view()}});
  const float first = executor.rows_of(q).data[0];
  for (const float v : executor.rows_of(q).values()) EXPECT_EQ(v, first);
  return first;
}

TEST(Quantize, ValuesOfTheSpecification) {
  struct Example {
    float x, f, standard, floor;
  };
  const Example examples[] = {
      {0.0F, 0, 0.0F, 0.0F},
      {-0.0F, 0, 0.0F, 0.0F},
      {0.5F, 0, 1.0F, 0.0F},    // half goes up
      {-0.5F, 0, 0.0F, -1.0F},  // also for negatives
      {1.5F, 0, 2.0F, 1.0F},
      {-1.5F, 0, -1.0F, -2.0F},
      {2.5F, 0, 3.0F, 2.0F},
      {0.49999997F, 0, 1.0F, 0.0F},             // the sum is rounded to float32 (quantization.md 1.1)
      {8388609.0F, 0, 8388610.0F, 8388609.0F},  // quantization.md 1.1
      {1.0F, 2, 1.0F, 1.0F},
      {0.124F, 2, 0.0F, 0.0F},
      {0.125F, 2, 0.25F, 0.0F},
      {5.0F, -2, 4.0F, 4.0F},
      {6.0F, -2, 8.0F, 4.0F},
      {1.3F, 2.5F, 1.25F, 1.25F},    // f half to even: 2
      {1.3F, 3.5F, 1.3125F, 1.25F},  // 4
      {1e-45F, 23, 0.0F, 0.0F},      // subnormal
      {-1e-45F, 23, 0.0F, -0x1p-23F},
      {0x1p-24F, 23, 0x1p-23F, 0.0F},
      {16777216.0F, -23, 16777216.0F, 16777216.0F},
      {3e38F, 0, 3e38F, 3e38F},
      {kInfinity, 0, kInfinity, kInfinity},
      {-kInfinity, 0, -kInfinity, -kInfinity},
  };
  for (const Example& e : examples) {
    for (const auto& [rows, size] : {std::pair{1, 1}, std::pair{9, 3}, std::pair{5, 130}}) {
      EXPECT_EQ(quantized(e.x, e.f, RoundingStrategy::kStandard, rows, size), e.standard) << e.x << " with f " << e.f;
      EXPECT_EQ(quantized(e.x, e.f, RoundingStrategy::kFloor, rows, size), e.floor) << e.x << " with f " << e.f;
    }
  }
}

TEST(Quantize, EdgeValuesAreThoseOfTheTwinBitByBit) {
  std::vector<float> edges{0.0F, -0.0F, 1e-45F, -1e-45F, 1e-38F, -1.17549435e-38F};
  for (int e = -30; e <= 30; ++e) {
    for (const float factor : {1.0F, 1.5F, 0.99999994F, 1.0000001F, 2.5F}) {
      edges.push_back(std::ldexp(factor, e));
      edges.push_back(-std::ldexp(factor, e));
    }
  }
  for (const auto strategy : {RoundingStrategy::kStandard, RoundingStrategy::kFloor}) {
    for (const bool exact : {true, false}) {
      for (const bool relu : {false, true}) {
        TapeLab lab;
        const auto n = static_cast<int64_t>(edges.size());
        State& low = lab.own_state("low", Shape{1, 1}, kInfinity);
        State& high = lab.own_state("high", Shape{1, 1}, -kInfinity);
        const ops::Quantized q = ops::quantize(
            lab.input("x", Shape{1}), lab.parameter("f", Shape{1, 1}, 1, 6),
            {.strategy = strategy, .scale_of_rounded_f = exact, .relu = relu, .record_min = &low, .record_max = &high});
        lab.tape.keep(q.value);
        for (const Cut& cut : {Cut{512, 16, 1}, Cut{10, 3, 2}})
          lab.expect_values_exact({{{edges.data(), Shape{n, 1}}}}, cut);
      }
    }
  }
}

TEST(Quantize, ExtremeBitWidthsKeepTheirScale) {
  for (const float f : {-126.0F, -100.0F, 100.0F, 126.0F}) {
    const float step = std::ldexp(1.0F, static_cast<int>(-f));
    EXPECT_EQ(quantized(step, f, RoundingStrategy::kStandard, 3, 2), step) << f;
    EXPECT_EQ(quantized(3 * step / 4, f, RoundingStrategy::kFloor, 3, 2), 0.0F) << f;
  }
}

TEST(Quantize, RecordsHoldTheRangeBeforeTheReluAndOnlyWiden) {
  TapeLab lab;
  State& low = lab.own_state("low", Shape{1, 2}, kInfinity);
  State& high = lab.own_state("high", Shape{1, 2}, -kInfinity);
  Parameter& f = lab.own_parameter("f", Shape{1, 2});
  f.value.fill(1);
  const ops::Quantized q = ops::quantize(lab.input("x", Shape{2}), lab.tape.parameter(f),
                                         {.relu = true, .record_min = &low, .record_max = &high});
  lab.tape.keep(q.value);
  Workers workers(2);
  Executor executor(lab.tape, workers, {.gradients = false, .largest_chunk = 1, .lanes = 2});
  const float first[] = {-1.2F, 3, 0.3F, -2};
  executor.forward({{{first, Shape{2, 2}}}});
  EXPECT_EQ(low.value.data()[0], -1.0F);
  EXPECT_EQ(low.value.data()[1], -2.0F);
  EXPECT_EQ(high.value.data()[0], 0.5F);
  EXPECT_EQ(high.value.data()[1], 3.0F);
  EXPECT_EQ(executor.rows_of(q.value).data[0], 0.0F);
  EXPECT_EQ(executor.rows_of(q.value).data[2], 0.5F);
  const float second[] = {0, 4, 7, 0};
  executor.forward({{{second, Shape{2, 2}}}});
  EXPECT_EQ(low.value.data()[0], -1.0F);
  EXPECT_EQ(high.value.data()[0], 7.0F);
  EXPECT_EQ(high.value.data()[1], 4.0F);
  EXPECT_EQ(executor.value(q.record_max).data[1], 4.0F);
}

TEST(Quantize, RandomNumbersDependOnSeedStepAndElementNotOnTheCut) {
  for (const auto strategy : {RoundingStrategy::kStochastic, RoundingStrategy::kNoise}) {
    TapeLab lab;
    Parameter& f = lab.own_parameter("f", Shape{1, 1});
    const Var q = ops::quantize(lab.input("x", Shape{3}), lab.tape.parameter(f), {.strategy = strategy}).value;
    lab.tape.keep(q);
    const std::vector<Tensor> inputs = lab.make_inputs(513);
    const auto run = [&](int64_t chunk, int threads, uint64_t seed, uint64_t step) {
      Workers workers(threads);
      Executor executor(lab.tape, workers, {.gradients = false, .largest_chunk = chunk, .lanes = 3, .seed = seed});
      executor.forward(testing::views_of(inputs), step);
      const auto v = executor.rows_of(q).values();
      return std::vector<float>(v.begin(), v.end());
    };
    const std::vector<float> first = run(512, 1, 1, 0);
    EXPECT_EQ(run(31, 2, 1, 0), first);
    EXPECT_NE(run(512, 1, 2, 0), first);
    EXPECT_NE(run(512, 1, 1, 1), first);
  }
}

TEST(Quantize, ShapesThatDoNotFitAreRefused) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{2, 3});
  EXPECT_THROW(ops::quantize(x, lab.parameter("a", Shape{2, 3}), {}), ShapeError);
  EXPECT_THROW(ops::quantize(x, lab.parameter("b", Shape{1, 2, 2}), {}), ShapeError);
  EXPECT_THROW(ops::quantize(x, lab.parameter("c", Shape{2, 2, 3}), {}), ShapeError);
  EXPECT_THROW(ops::quantize(x, lab.parameter("d", Shape{1, 2, 3}), {}, lab.parameter("bias", Shape{2})), ShapeError);
}

TEST(Clip, IsInPlaceAndItsGradientIsNotMasked) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{4});
  Parameter& f = lab.own_parameter("f", Shape{1, 4});
  const float values[] = {-7, 2, 9, 3};
  std::copy_n(values, 4, f.value.data());
  const Var clipped = ops::clip_in_place(f, lab.tape.parameter(f), -3, 5);
  lab.weigh(ops::quantize(x, clipped, {}).value);
  lab.expect_right(17, Cut{512, 16, 1}, {}, 0);
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  const std::vector<Tensor> inputs = lab.make_inputs(17);
  executor.forward(testing::views_of(inputs));
  executor.backward();
  const float want[] = {-3, 2, 5, 3};
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(f.value.data()[i], want[i]);
    EXPECT_NE(f.grad.data()[i], 0.0F);
  }
}

TEST(BiasF, IsTheMaxOverAllDimsButTheChannel) {
  TapeLab lab;
  const Var b = lab.parameter("b", Shape{3});
  const Var f = lab.parameter("f", Shape{1, 4, 3}, 0, 6);
  lab.weigh(ops::quantize(b, ops::bias_f(f, 3), {}).value);
  lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
}

TEST(BiasF, TiesShareTheGradient) {
  TapeLab lab;
  Parameter& f = lab.own_parameter("f", Shape{1, 4, 2});
  const float values[] = {1, 5, 3, 5, 3, 5, 3, 5};
  std::copy_n(values, 8, f.value.data());
  const Var highest = ops::bias_f(lab.tape.parameter(f), 2);
  lab.tape.add_loss(ops::sum(highest), "sum");
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  executor.forward({});
  executor.backward();
  const float want[] = {0, 0.25F, 1.0F / 3, 0.25F, 1.0F / 3, 0.25F, 1.0F / 3, 0.25F};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(f.grad.data()[i], want[i]) << i;
}

// The bias comes before its quantizer's clip of that call (quantization.md 1.3): f out of range counts as it is, in
// value and gradient.
TEST(BiasF, IsThatBeforeTheClip) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{2, 3});
  const Var b = lab.parameter("b", Shape{3});
  Parameter& f = lab.own_parameter("f", Shape{1, 2, 3}, 6, 9);
  const Var raw = lab.tape.parameter(f);
  const Var highest = ops::bias_f(raw, 3);
  const Var qb = ops::quantize(b, highest, {}).value;
  const Var clipped = ops::clip_in_place(f, raw, -2, 4);
  lab.weigh(qb);
  lab.weigh(ops::quantize(x, clipped, {}, qb).value);
  lab.expect_right(33, Cut{10, 2, 2}, {}, 0);
}

TEST(BiasF, OneEntryServesAllChannelsOthersMustFit) {
  TapeLab lab;
  EXPECT_EQ(ops::bias_f(lab.parameter("one", Shape{1, 4, 1}), 3).shape(), Shape{1});
  const Var two = lab.parameter("two", Shape{1, 2});
  EXPECT_THROW(ops::bias_f(two, 3), ShapeError);
}

TEST(AdaptBits, CountsFromEachWeightsOwnTopBitOnceAndIsUsedInTheSameStep) {
  TapeLab lab;
  Parameter& f = lab.own_parameter("f", Shape{1, 2});
  f.value.fill(2);
  Parameter& w = lab.own_parameter("w", Shape{3, 2});
  const float weights[] = {0.25F, 0.0F, -1.0F, 8.0F, 4.0F, 0.0F};
  std::copy_n(weights, 6, w.value.data());
  State& adapted = lab.own_state("adapted", Shape{1}, 0);
  const Var f_now = ops::adapt_bits(f, lab.tape.parameter(w), adapted);
  lab.weigh(ops::quantize(lab.tape.parameter(w), f_now, {}).value);
  lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  executor.forward({});
  EXPECT_EQ(f.value.data()[0], 0.0F);   // 2 - log2 4
  EXPECT_EQ(f.value.data()[1], -1.0F);  // 2 - log2 8; zero weights do not count
  EXPECT_EQ(executor.value(f_now).data[1], -1.0F);
  EXPECT_EQ(adapted.value.data()[0], 1.0F);
  f.value.fill(5);
  executor.forward({});
  EXPECT_EQ(f.value.data()[0], 5.0F);
  EXPECT_EQ(executor.value(f_now).data[0], 5.0F);
}

TEST(AdaptBits, AZeroWeightAloneGivesInfinity) {
  TapeLab lab;
  Parameter& f = lab.own_parameter("f", Shape{1, 1});
  Parameter& w = lab.own_parameter("w", Shape{1, 1});
  w.value.fill(0);
  State& adapted = lab.own_state("adapted", Shape{1}, 0);
  ops::adapt_bits(f, lab.tape.parameter(w), adapted);
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false});
  executor.forward({});
  EXPECT_EQ(f.value.data()[0], kInfinity);
}

}  // namespace ops_quantize_test
}  // namespace hgq
