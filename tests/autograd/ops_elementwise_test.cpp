// Sums, products, functions of one number, softmax, dropout, shapes.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace ops_elementwise_test {

using hgq::testing::Cut;
using hgq::testing::TapeLab;

TEST(Elementwise, BinaryOperationsOfTwoRowValues) {
  for (const auto op : {ops::add, ops::subtract, ops::multiply}) {
    TapeLab lab;
    lab.weigh(op(lab.input("a", Shape{2, 3}), lab.input("b", Shape{2, 3})));
    lab.expect_right();
  }
}

TEST(Elementwise, ABinaryOperationRepeatsAStepValueOverRowsAndLeadingDims) {
  for (const auto op : {ops::add, ops::subtract, ops::multiply}) {
    for (const Shape& tail : {Shape{}, Shape{3}, Shape{2, 3}}) {
      TapeLab lab;
      lab.weigh(op(lab.input("a", Shape{2, 3}), lab.parameter("b", tail)));
      lab.expect_right();
    }
  }
}

TEST(Elementwise, BinaryOperationsOfTwoStepValues) {
  for (const auto op : {ops::add, ops::subtract, ops::multiply}) {
    TapeLab lab;
    lab.weigh(op(lab.parameter("a", Shape{4, 3}), lab.parameter("b", Shape{3})));
    lab.expect_right(1, Cut{512, 16, 1}, {}, 0);
  }
}

TEST(Elementwise, AValueUsedTwiceGetsBothGradients) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{3});
  const Var w = lab.parameter("w", Shape{3});
  lab.weigh(ops::add(ops::multiply(x, x), ops::multiply(ops::multiply(x, w), w)));
  lab.weigh(ops::square(x));
  lab.expect_right();
}

TEST(Elementwise, Scale) {
  TapeLab lab;
  lab.weigh(ops::scale(lab.input("x", Shape{5}), -0.75F));
  lab.weigh(ops::scale(lab.parameter("w", Shape{5}), 3.0F));
  lab.expect_right();
}

TEST(Elementwise, Unary) {
  const auto function = std::make_shared<const ops::UnaryFunction>(
      ops::UnaryFunction{"softplus", [](double x) { return std::log1p(std::exp(x)); },
                         [](double x, double /*y*/) { return 1 / (1 + std::exp(-x)); }});
  TapeLab lab;
  lab.weigh(ops::unary(lab.input("x", Shape{5}), function));
  lab.weigh(ops::unary(lab.parameter("w", Shape{5}), function));
  lab.expect_right();
}

TEST(Elementwise, Relu) {
  TapeLab lab;
  lab.weigh(ops::relu(lab.input("x", Shape{5})));
  lab.expect_right();
}

TEST(Elementwise, ReluOfNothingLetsNoGradientThrough) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{6});
  const Var y = ops::relu(x);
  lab.weigh(y);
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float values[] = {0.0F, -0.0F, 1e-45F, -1e-45F, kInfinity, -kInfinity};
  const float ones[] = {1, 1, 1, 1, 1, 1};
  executor.forward({{{values, Shape{1, 6}}, {ones, Shape{1, 6}}}});
  executor.backward();
  const float want[] = {0, 0, 1e-45F, 0, kInfinity, 0};
  const float slopes[] = {0, 0, 1, 0, 1, 0};
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(executor.rows_of(y).data[i], want[i]) << i;
    EXPECT_EQ(executor.input_gradient(x).data[i], slopes[i]) << i;
  }
}

TEST(Elementwise, Softmax) {
  for (const Shape& sample : {Shape{4}, Shape{3, 5}, Shape{1}}) {
    TapeLab lab;
    lab.weigh(ops::softmax(lab.input("x", sample)));
    lab.expect_right();
  }
}

TEST(Elementwise, SoftmaxOfLargeNumbersIsFinite) {
  TapeLab lab;
  const Var y = ops::softmax(lab.input("x", Shape{3}));
  lab.tape.keep(y);
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false});
  const float values[] = {3e38F, 3e38F, -3e38F};
  executor.forward({{{values, Shape{1, 3}}}});
  EXPECT_EQ(executor.rows_of(y).data[0], 0.5F);
  EXPECT_EQ(executor.rows_of(y).data[1], 0.5F);
  EXPECT_EQ(executor.rows_of(y).data[2], 0.0F);
}

TEST(Elementwise, Dropout) {
  TapeLab lab;
  lab.weigh(ops::dropout(lab.input("x", Shape{5}), 0.3F));
  lab.expect_right();
}

TEST(Elementwise, DropoutKeepsItsShareAndTheMeanAndDependsOnTheStep) {
  TapeLab lab;
  const Var y = ops::dropout(lab.input("x", Shape{10}), 0.25F);
  lab.tape.keep(y);
  Workers workers(2);
  Executor executor(lab.tape, workers, {.gradients = false, .seed = 5});
  Tensor ones(Shape{2000, 10});
  ones.fill(1);
  const auto run = [&](uint64_t step) {
    executor.forward({{ones.view()}}, step);
    const auto v = executor.rows_of(y).values();
    return std::vector<float>(v.begin(), v.end());
  };
  const std::vector<float> first = run(0);
  int kept = 0;
  for (const float v : first) {
    EXPECT_TRUE(v == 0.0F || v == 1.0F / 0.75F) << v;
    kept += v != 0.0F ? 1 : 0;
  }
  EXPECT_NEAR(kept, 15000, 5 * std::sqrt(20000 * 0.25 * 0.75));
  EXPECT_EQ(run(0), first);
  EXPECT_NE(run(1), first);
}

TEST(Elementwise, DropoutOfEverythingIsRefused) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{2});
  EXPECT_THROW(ops::dropout(x, 1.0F), ShapeError);
  EXPECT_THROW(ops::dropout(x, -0.1F), ShapeError);
}

TEST(Shapes, ReshapePermuteConcatenate) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{2, 3, 4});
  const Var y = lab.input("y", Shape{2, 1, 4});
  lab.weigh(ops::reshape(x, Shape{6, 4}));
  lab.weigh(ops::permute(x, {2, 0, 1}));
  // Transpositions of matrices, which are moved in blocks of 4 by 4, and permutations that are none.
  const Var tall = lab.input("tall", Shape{9, 6});
  const Var several = lab.input("several", Shape{3, 4, 5});
  for (int i = 0; i < 2; ++i) lab.weigh(ops::permute(tall, {1, 0}));  // the second adds its gradient
  for (int i = 0; i < 2; ++i) lab.weigh(ops::permute(several, {0, 2, 1}));
  lab.weigh(ops::permute(several, {1, 2, 0}));
  lab.weigh(ops::permute(several, {1, 0, 2}));
  lab.weigh(ops::permute(several, {2, 1, 0}));
  lab.weigh(ops::concatenate({x, y, x}, 1));
  lab.weigh(ops::permute(lab.parameter("w", Shape{2, 3}), {1, 0}));
  lab.weigh(ops::concatenate({lab.parameter("a", Shape{2, 2}), lab.parameter("b", Shape{2, 1})}, -1));
  lab.expect_right();
}

TEST(Shapes, PermuteMovesElements) {
  TapeLab lab;
  const Var y = ops::permute(lab.input("x", Shape{2, 3}), {1, 0});
  EXPECT_EQ(y.shape(), (Shape{3, 2}));
  lab.tape.keep(y);
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false});
  const float values[] = {1, 2, 3, 4, 5, 6};
  executor.forward({{{values, Shape{1, 2, 3}}}});
  const float want[] = {1, 4, 2, 5, 3, 6};
  for (int i = 0; i < 6; ++i) EXPECT_EQ(executor.rows_of(y).data[i], want[i]) << i;
}

TEST(Shapes, WhatDoesNotFitIsRefusedWithBothShapes) {
  TapeLab lab;
  const Var a = lab.input("a", Shape{2, 3});
  const Var b = lab.input("b", Shape{3, 2});
  const Var w = lab.parameter("w", Shape{4});
  EXPECT_THROW(ops::add(a, b), ShapeError);
  EXPECT_THROW(ops::add(a, w), ShapeError);
  EXPECT_THROW(ops::add(w, a), ShapeError);
  EXPECT_THROW(ops::reshape(a, Shape{7}), ShapeError);
  EXPECT_THROW(ops::permute(a, {0, 0}), ShapeError);
  EXPECT_THROW(ops::permute(a, {0}), ShapeError);
  EXPECT_THROW(ops::concatenate({a, b}, 0), ShapeError);
  EXPECT_THROW(ops::concatenate({a}, 2), ShapeError);
  EXPECT_THROW(ops::concatenate({}, 0), ShapeError);
  EXPECT_THROW(ops::matmul(a, w), ShapeError);
  EXPECT_THROW(ops::matmul(a, b), ShapeError);
  Tape other;
  EXPECT_THROW(ops::add(a, other.input("x", Shape{2, 3})), ShapeError);
}

TEST(Reductions, SumAndMean) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{2, 3});
  const Var w = lab.parameter("w", Shape{5});
  lab.tape.add_loss(ops::sum(ops::square(x)), "sum");
  lab.tape.add_loss(ops::mean(ops::multiply(x, x)), "mean", 7.0F);
  lab.tape.add_loss(ops::mean(ops::square(w)), "mean of w");
  lab.tape.add_loss(ops::sum(ops::square(w)), "sum of w", 0.5F);
  lab.expect_right();
}

TEST(Reductions, AMeanUsedByRowsIsABarrier) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{3});
  const Var centred = ops::subtract(x, ops::mean(x));
  const Var variance = ops::mean(ops::square(centred));
  lab.weigh(ops::multiply(centred, variance));
  lab.expect_right();
}

}  // namespace ops_elementwise_test
}  // namespace hgq
