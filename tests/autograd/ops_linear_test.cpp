// Products, and batch norm fused into a kernel.
#include <gtest/gtest.h>

#include <cmath>

#include "tape_lab.h"

namespace hgq {
namespace ops_linear_test {

using hgq::testing::Cut;
using hgq::testing::TapeLab;

TEST(Linear, MatmulOfRows) {
  for (const auto& [sample, units] :
       {std::pair{Shape{5}, 3}, std::pair{Shape{1}, 1}, std::pair{Shape{2, 4}, 3}, std::pair{Shape{17}, 33}}) {
    TapeLab lab;
    lab.weigh(ops::matmul(lab.input("x", sample), lab.parameter("w", Shape{sample[-1], units})));
    lab.expect_right();
  }
}

TEST(Linear, MatmulOfStepValues) {
  TapeLab lab;
  lab.weigh(ops::matmul(lab.parameter("a", Shape{4, 5}), lab.parameter("b", Shape{5, 3})));
  lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
}

// k <= 2 n works on the covariance of x, in bands of 16 rows, k > 2 n on products with x w.
TEST(Linear, ChannelMomentsInAllItsForms) {
  for (const auto& [k, n] : {std::pair{3, 4}, std::pair{4, 2}, std::pair{1, 1}, std::pair{5, 2}, std::pair{9, 1},
                             std::pair{48, 24}, std::pair{51, 30}}) {
    SCOPED_TRACE(std::to_string(k) + " inputs, " + std::to_string(n) + " channels");
    TapeLab lab;
    lab.weigh(ops::channel_moments(lab.input("x", Shape{k}), lab.parameter("w", Shape{k, n}, -0.5F, 0.5F)));
    lab.expect_right({.gradient = 2e-4, .value = 5e-5});
  }
}

TEST(Linear, ChannelMomentsTakeLeadingDimsForRows) {
  for (const int n : {4, 1}) {
    TapeLab lab;
    lab.weigh(ops::channel_moments(lab.input("x", Shape{2, 3}), lab.parameter("w", Shape{3, n})));
    lab.expect_right({.gradient = 2e-4, .value = 5e-5});
  }
}

// A large mean costs no digits: the variance of 1000 + u is that of u.
TEST(Linear, ChannelMomentsOfValuesFarFromZero) {
  for (const int64_t n : {2, 1}) {
    TapeLab lab;
    const Var x = lab.input("x", Shape{3}, 1000, 1002);
    Parameter& w = lab.own_parameter("w", Shape{3, n});
    const Var moments = ops::channel_moments(x, lab.tape.parameter(w));
    lab.weigh(moments);
    lab.expect_right({.gradient = 5e-4, .value = 1});  // the twin in float is the less exact one: it sums z itself
    Workers workers(2);
    Executor executor(lab.tape, workers, {.largest_chunk = 37, .lanes = 3});
    const std::vector<Tensor> inputs = lab.make_inputs(513);
    executor.forward(testing::views_of(inputs));
    for (int64_t j = 0; j < n; ++j) {
      std::vector<double> z(513);
      double mean = 0;
      for (size_t r = 0; r < z.size(); ++r) {
        for (size_t i = 0; i < 3; ++i) {
          z[r] += static_cast<double>(inputs[0].values()[r * 3 + i]) *
                  static_cast<double>(w.value.values()[i * static_cast<size_t>(n) + static_cast<size_t>(j)]);
        }
        mean += z[r] / 513;
      }
      double variance = 0;
      for (const double v : z) variance += (v - mean) * (v - mean) / 513;
      EXPECT_NEAR(executor.value(moments).data[j] / mean, 1.0, 1e-6);
      EXPECT_NEAR(executor.value(moments).data[n + j] / variance, 1.0, 1e-5);
    }
  }
}

struct Norm {
  bool gamma, beta, moments_with_bias;
};

class BatchNormFuse : public ::testing::TestWithParam<Norm> {};

TEST_P(BatchNormFuse, IsRightBehindMoments) {
  const auto [gamma, beta, with_bias] = GetParam();
  for (const auto& [k, n] : {std::pair{3, 4}, std::pair{7, 2}}) {
    TapeLab lab;
    const Var x = lab.input("x", Shape{k});
    const Var w = lab.parameter("w", Shape{k, n});
    const Var g = gamma ? lab.parameter("gamma", Shape{n}, 0.5F, 2) : Var{};
    const Var b = beta ? lab.parameter("beta", Shape{n}) : Var{};
    const Var bias = beta ? lab.parameter("bias", Shape{n}) : Var{};
    const ops::FusedKernel fused =
        ops::batch_norm_fuse(w, g, b, bias, ops::channel_moments(x, w), {.moments_with_bias = with_bias});
    EXPECT_EQ(fused.bias.valid(), beta);
    const Var z = ops::matmul(x, fused.kernel);
    lab.weigh(beta ? ops::add(z, fused.bias) : z);
    lab.expect_right({.gradient = 2e-3, .value = 1e-4});  // with one row everything is taken 1 / sqrt(epsilon) times
  }
}
INSTANTIATE_TEST_SUITE_P(All, BatchNormFuse,
                         ::testing::Values(Norm{true, true, false}, Norm{true, false, false}, Norm{false, true, false},
                                           Norm{false, false, false}, Norm{true, false, true}));

TEST(BatchNorm, MakesChannelsOfMeanBetaAndDeviationGamma) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{4});
  const Var w = lab.parameter("w", Shape{4, 3});
  const Var gamma = lab.parameter("gamma", Shape{3}, 0.5F, 2);
  const Var beta = lab.parameter("beta", Shape{3});
  const Var bias = lab.parameter("bias", Shape{3});
  State& mean = lab.own_state("mean", Shape{3}, 1);
  State& variance = lab.own_state("variance", Shape{3}, 2);
  const Var moments = ops::channel_moments(x, w);
  const ops::FusedKernel fused =
      ops::batch_norm_fuse(w, gamma, beta, bias, moments,
                           {.momentum = 0.75F, .epsilon = 0, .moving_mean = &mean, .moving_variance = &variance});
  const Var z = ops::add(ops::matmul(x, fused.kernel), fused.bias);
  lab.tape.keep(z);
  Workers workers(2);
  Executor executor(lab.tape, workers, {.gradients = false, .largest_chunk = 50, .lanes = 3});
  const std::vector<Tensor> inputs = lab.make_inputs(513);
  executor.forward(testing::views_of(inputs));
  const ConstTensorView rows = executor.rows_of(z);
  for (int64_t j = 0; j < 3; ++j) {
    double sum = 0;
    double squares = 0;
    for (int64_t r = 0; r < 513; ++r) sum += static_cast<double>(rows.data[r * 3 + j]) / 513;
    for (int64_t r = 0; r < 513; ++r)
      squares +=
          (static_cast<double>(rows.data[r * 3 + j]) - sum) * (static_cast<double>(rows.data[r * 3 + j]) - sum) / 513;
    EXPECT_NEAR(sum, executor.value(beta).data[j], 1e-5);
    EXPECT_NEAR(std::sqrt(squares), executor.value(gamma).data[j], 1e-5);
    // Moving statistics: m <- momentum m + (1 - momentum) batch, the mean that of z0 + b.
    EXPECT_FLOAT_EQ(mean.value.data()[j],
                    0.75F + 0.25F * (executor.value(moments).data[j] + executor.value(bias).data[j]));
    EXPECT_FLOAT_EQ(variance.value.data()[j], 1.5F + 0.25F * executor.value(moments).data[3 + j]);
  }
}

TEST(BatchNorm, AConstantBatchHasVarianceZeroAndNothingBlowsUp) {
  for (const int n : {4, 1}) {
    TapeLab lab;
    const Var x = lab.input("x", Shape{3});
    const Var w = lab.parameter("w", Shape{3, n});
    const Var gamma = lab.parameter("gamma", Shape{n}, 0.5F, 2);
    const Var moments = ops::channel_moments(x, w);
    lab.weigh(ops::matmul(x, ops::batch_norm_fuse(w, gamma, {}, {}, moments, {}).kernel));
    Workers workers(1);
    Executor executor(lab.tape, workers, {.largest_chunk = 3, .lanes = 2});
    Tensor constant(Shape{11, 3});
    constant.fill(0.7F);
    const Tensor upstream = testing::spread_numbers(Shape{11, n}, "upstream");
    executor.forward({{constant.view(), upstream.view()}});
    executor.backward();
    for (int64_t j = 0; j < n; ++j) {
      EXPECT_GE(executor.value(moments).data[n + j], 0.0F);
      EXPECT_LT(executor.value(moments).data[n + j], 1e-10F);
    }
    for (const float g : executor.input_gradient(x).values()) EXPECT_TRUE(std::isfinite(g));
  }
}

}  // namespace ops_linear_test
}  // namespace hgq
