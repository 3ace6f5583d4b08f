// Differentiable bits, BOPs, penalties (quantization.md 1.5, 2.4).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace ops_bits_test {

using hgq::testing::Cut;
using hgq::testing::TapeLab;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(KernelBits, AreRightForAllGranularities) {
  for (const Shape& f_shape : {Shape{4, 3}, Shape{1, 3}, Shape{4, 1}, Shape{1, 1}}) {
    TapeLab lab;
    const Var f = lab.parameter("f", f_shape, -1, 4);
    const Var w = ops::quantize(lab.parameter("w", Shape{4, 3}), f, {}).value;
    lab.weigh(ops::kernel_bits(w, f, 12.0 / static_cast<double>(f_shape.size())));
    lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
  }
}

std::vector<float> kernel_bits_of(const std::vector<float>& w, const std::vector<float>& f, double degeneracy,
                                  std::vector<float>* gradient = nullptr) {
  TapeLab lab;
  Parameter& kernel = lab.own_parameter("w", Shape{static_cast<int64_t>(w.size())});
  Parameter& widths = lab.own_parameter("f", Shape{static_cast<int64_t>(f.size())});
  std::ranges::copy(w, kernel.value.data());
  std::ranges::copy(f, widths.value.data());
  const Var bits = ops::kernel_bits(lab.tape.parameter(kernel), lab.tape.parameter(widths), degeneracy);
  lab.tape.add_loss(ops::sum(bits), "sum");
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  executor.forward({});
  executor.backward();
  if (gradient != nullptr) gradient->assign(widths.grad.values().begin(), widths.grad.values().end());
  for (const float g : kernel.grad.values()) EXPECT_EQ(g, 0.0F);
  return {executor.value(bits).values().begin(), executor.value(bits).values().end()};
}

TEST(KernelBits, AtEdges) {
  // I = floor(log2 |q|) + 1, exactly at powers of two and just below; 0 for zero; relu(I + rne(f)).
  const std::vector<float> w{0.0F,     -0.0F,    1.0F,   -0.75F, 0.99999994F, 8192.0F,
                             32768.0F, 0x1p-13F, 1e-45F, -4.0F,  3.0F,        0.25F};
  const std::vector<float> f{5, 5, 2, 2, 2, 0, 0, 14, 3, -2, -2, 1.5F};
  const std::vector<float> want{0, 0, 3, 2, 2, 14, 16, 2, 0, 1, 0, 1};
  std::vector<float> gradient;
  EXPECT_EQ(kernel_bits_of(w, f, 4, &gradient), want);
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_EQ(gradient[i], want[i] > 0 ? 0.5F : 0.0F) << i;  // sqrt(1 / degeneracy), 0 where bits are 0
}

TEST(KernelBits, SharedOnesCountTheLargestForAll) {
  std::vector<float> gradient;
  EXPECT_EQ(kernel_bits_of({0.0F, 0.5F, -6.0F, 0.0F}, {1}, 4, &gradient), (std::vector<float>{4, 4, 4, 4}));
  EXPECT_EQ(gradient, std::vector<float>{2.0F});
  EXPECT_EQ(kernel_bits_of({0.0F, 0.0F}, {1}, 2), (std::vector<float>{0, 0}));
}

TEST(ActivationBits, AreRightBehindAQuantizerForAllGranularities) {
  for (const bool relu : {false, true}) {
    for (const auto& [sample, f_shape] :
         {std::pair{Shape{5}, Shape{1, 5}}, std::pair{Shape{5}, Shape{1, 1}}, std::pair{Shape{2, 3}, Shape{1, 1, 3}},
          std::pair{Shape{2, 3}, Shape{1, 2, 1}}}) {
      TapeLab lab;
      const Var x = lab.input("x", sample);
      const Var f = lab.parameter("f", f_shape, -1, 4);
      State& low = lab.own_state("low", f_shape, kInfinity);
      State& high = lab.own_state("high", f_shape, -kInfinity);
      const ops::Quantized q = ops::quantize(x, f, {.relu = relu, .record_min = &low, .record_max = &high});
      lab.weigh(q.value);
      lab.weigh(ops::activation_bits(q.record_min, q.record_max, f, sample, relu,
                                     static_cast<double>(sample.size()) / static_cast<double>(f_shape.size())));
      lab.expect_right();
    }
  }
}

TEST(ActivationBits, AtEdges) {
  struct Example {
    float low, high, f, plain, relu;
  };
  const Example examples[] = {
      {0, 1, 2, 3, 3},           {-1, 0, 2, 4, 0},
      {-1, 1, 2, 4, 3},          {-2, 1.75F, 2, 5, 3},
      {0, 0, 5, 0, 0},           {-0.25F, 0, 1, 1, 0},
      {0, 0.99999994F, 3, 3, 3}, {0, 8192, 0, 14, 14},
      {-4, -1, -2, 2, 0},        {kInfinity, -kInfinity, 7, 0, 0},
      {0, 1, 2.5F, 3, 3},        {0, 1, 3.5F, 5, 5},
      {-0.0F, 0.5F, 1, 1, 1},    {0, 1, -1, 0, 0},
  };
  for (const Example& e : examples) {
    for (const bool relu : {false, true}) {
      TapeLab lab;
      State& low = lab.own_state("low", Shape{1, 1}, e.low);
      State& high = lab.own_state("high", Shape{1, 1}, e.high);
      Parameter& f = lab.own_parameter("f", Shape{1, 1});
      f.value.fill(e.f);
      const Var bits =
          ops::activation_bits(lab.tape.state(low), lab.tape.state(high), lab.tape.parameter(f), Shape{3}, relu, 3);
      lab.tape.add_loss(ops::sum(bits), "sum");
      Workers workers(1);
      Executor executor(lab.tape, workers, {});
      executor.forward({});
      executor.backward();
      const float want = relu ? e.relu : e.plain;
      for (const float b : executor.value(bits).values())
        EXPECT_EQ(b, want) << e.low << " ... " << e.high << ", f " << e.f << (relu ? ", relu" : "");
      EXPECT_NEAR(f.grad.data()[0], want > 0 ? 3 * std::sqrt(1.0 / 3) : 0.0, 1e-6);
    }
  }
}

TEST(DenseBops, AreRight) {
  for (const Shape& sample : {Shape{4}, Shape{3, 4}, Shape{2, 2, 4}}) {
    TapeLab lab;
    lab.weigh(ops::dense_bops(lab.parameter("a", sample), lab.parameter("b", Shape{4, 3})));
    lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
  }
}

TEST(DenseBops, OfOneProduct) {
  TapeLab lab;
  Parameter& a = lab.own_parameter("a", Shape{2, 2});
  Parameter& b = lab.own_parameter("b", Shape{2, 3});
  std::ranges::copy(std::vector<float>{1, 2, 3, 4}, a.value.data());
  std::ranges::copy(std::vector<float>{1, 0, 2, 5, 3, 1}, b.value.data());
  const Var bops = ops::dense_bops(lab.tape.parameter(a), lab.tape.parameter(b));
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false});
  executor.forward({});
  EXPECT_EQ(executor.value(bops).data[0], 4.0F * 3 + 6.0F * 9);
  EXPECT_THROW(ops::dense_bops(lab.tape.parameter(b), lab.tape.parameter(a)), ShapeError);
}

TEST(ScaleBy, ReadsItsStateAtEachReplay) {
  TapeLab lab;
  State& beta = lab.own_state("beta", Shape{}, 3);
  const Var w = lab.parameter("w", Shape{4});
  const Var y = ops::scale_by(w, beta);
  lab.weigh(y);
  lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false});
  beta.value.fill(-2);
  executor.forward({});
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(executor.value(y).data[i], -2 * executor.value(w).data[i]);
}

TEST(Penalty, IsRightForEachNorm) {
  for (const auto norm : {ops::Norm::kSigned, ops::Norm::kAbsolute, ops::Norm::kSquare}) {
    TapeLab lab;
    lab.weigh(ops::penalty(lab.parameter("w", Shape{4, 3}), norm, 0.25F));
    lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
  }
}

TEST(Penalty, OfAbsoluteValuesHasNoGradientAtZero) {
  TapeLab lab;
  Parameter& w = lab.own_parameter("w", Shape{4});
  std::ranges::copy(std::vector<float>{0.0F, -0.0F, 1e-45F, -2.0F}, w.value.data());
  lab.tape.add_loss(ops::penalty(lab.tape.parameter(w), ops::Norm::kAbsolute, 0.5F), "l1");
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  executor.forward({});
  executor.backward();
  EXPECT_EQ(std::vector<float>(w.grad.values().begin(), w.grad.values().end()),
            (std::vector<float>{0, 0, 0.5F, -0.5F}));
}

}  // namespace ops_bits_test
}  // namespace hgq
