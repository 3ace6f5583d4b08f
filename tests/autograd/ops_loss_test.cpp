// Losses and metrics, against central differences and Keras' formulas.
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace {

using testing::Cut;
using testing::TapeLab;

void expect_right_loss(Var loss, TapeLab& lab, double value = 2e-6) {
  lab.tape.add_loss(loss, "loss", 1.5F);
  lab.expect_right({.gradient = 2e-4, .value = value});
}

TEST(Losses, SparseCategoricalCrossentropyFromLogits) {
  for (const Shape& sample : {Shape{5}, Shape{1}, Shape{3, 4}}) {
    TapeLab lab;
    const Var x = lab.input("x", sample, -6, 6);
    Shape labels = sample;
    labels.set(-1, 1);
    expect_right_loss(ops::sparse_categorical_crossentropy(x, lab.labels("y", labels, sample[-1]), true), lab);
  }
}

TEST(Losses, CategoricalCrossentropyFromLogitsTakesAnyDistribution) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{5}, -6, 6);
  expect_right_loss(ops::categorical_crossentropy(x, lab.input("y", Shape{5}, 0, 1, false), true), lab);
}

TEST(Losses, CrossentropiesFromProbabilities) {
  {
    TapeLab lab;
    const Var p = ops::softmax(lab.input("x", Shape{4}));
    expect_right_loss(ops::sparse_categorical_crossentropy(p, lab.labels("y", Shape{}, 4), false), lab);
  }
  {
    TapeLab lab;  // not normalised: Keras divides by the sum
    expect_right_loss(
        ops::sparse_categorical_crossentropy(lab.input("p", Shape{4}, 0, 1), lab.labels("y", Shape{}, 4), false), lab);
  }
  {
    TapeLab lab;
    expect_right_loss(
        ops::categorical_crossentropy(lab.input("p", Shape{4}, 0, 1), lab.input("y", Shape{4}, 0, 1, false), false),
        lab);
  }
}

TEST(Losses, BinaryCrossentropy) {
  for (const bool from_logits : {true, false}) {
    TapeLab lab;
    const Var x = lab.input("x", Shape{3}, from_logits ? -6.0F : 0.0F, from_logits ? 6.0F : 1.0F);
    expect_right_loss(ops::binary_crossentropy(x, lab.labels("y", Shape{3}, 2), from_logits), lab);
  }
}

TEST(Losses, MeansOverElements) {
  using Loss = Var (*)(Var, Var);
  for (const Loss loss : {Loss{ops::mean_squared_error}, Loss{ops::mean_absolute_error},
                          Loss{[](Var p, Var t) { return ops::huber(p, t, 0.6F); }}}) {
    TapeLab lab;
    const Var x = ops::matmul(lab.input("x", Shape{2, 3}), lab.parameter("w", Shape{3, 2}));
    expect_right_loss(loss(x, lab.input("y", Shape{2, 2}, -2, 2, false)), lab, 1e-5);
  }
}

/// The value and the gradients of a loss of one batch.
struct Evaluated {
  float loss;
  std::vector<float> gradient;
};
template <typename Function>
Evaluated evaluate(const Shape& sample, const std::vector<float>& prediction, const Shape& target_sample,
                   const std::vector<float>& target, Function record) {
  Tape tape;
  const Var p = tape.input("p", sample, true);
  const Var y = tape.input("y", target_sample);
  tape.add_loss(record(p, y), "loss");
  Workers workers(1);
  Executor executor(tape, workers, {});
  const int64_t rows = static_cast<int64_t>(prediction.size()) / sample.size();
  executor.forward({{{prediction.data(), sample.with_front(rows)}, {target.data(), target_sample.with_front(rows)}}});
  executor.backward();
  const auto g = executor.input_gradient(p).values();
  return {executor.loss(), {g.begin(), g.end()}};
}

TEST(Losses, ExtremeLogitsStayFinite) {
  const auto sparse = [](Var p, Var y) { return ops::sparse_categorical_crossentropy(p, y, true); };
  const Evaluated far = evaluate(Shape{3}, {1000, -1000, 0}, Shape{}, {1}, sparse);
  EXPECT_EQ(far.loss, 2000.0F);
  EXPECT_EQ(far.gradient, (std::vector<float>{1, -1, 0}));
  const auto binary = [](Var p, Var y) { return ops::binary_crossentropy(p, y, true); };
  const Evaluated wrong = evaluate(Shape{1}, {-200}, Shape{1}, {1}, binary);
  EXPECT_EQ(wrong.loss, 200.0F);
  EXPECT_EQ(wrong.gradient[0], -1.0F);
}

TEST(Losses, ProbabilitiesAreClippedAsInKeras) {
  const auto sparse = [](Var p, Var y) { return ops::sparse_categorical_crossentropy(p, y, false); };
  const Evaluated zero = evaluate(Shape{2}, {1, 0}, Shape{}, {1}, sparse);
  EXPECT_NEAR(zero.loss, -std::log(1e-7), 1e-4);
  EXPECT_TRUE(std::isfinite(zero.gradient[0]) && std::isfinite(zero.gradient[1]));
  const auto binary = [](Var p, Var y) { return ops::binary_crossentropy(p, y, false); };
  const Evaluated sure = evaluate(Shape{1}, {0}, Shape{1}, {1}, binary);
  EXPECT_NEAR(sure.loss, -std::log(2e-7), 1e-4);
  EXPECT_EQ(sure.gradient[0], 0.0F);
}

TEST(Losses, KnownValues) {
  const auto huber = [](Var p, Var y) { return ops::huber(p, y, 1); };
  EXPECT_FLOAT_EQ(evaluate(Shape{2}, {0, 3}, Shape{2}, {0.5F, 0}, huber).loss, (0.125F + 2.5F) / 2);
  EXPECT_FLOAT_EQ(evaluate(Shape{2}, {1, 3}, Shape{2}, {0, 0}, ops::mean_squared_error).loss, 5);
  EXPECT_FLOAT_EQ(evaluate(Shape{2}, {1, -3}, Shape{2}, {0, 0}, ops::mean_absolute_error).loss, 2);
  const auto sparse = [](Var p, Var y) { return ops::sparse_categorical_crossentropy(p, y, true); };
  EXPECT_FLOAT_EQ(evaluate(Shape{4}, {0, 0, 0, 0}, Shape{}, {2}, sparse).loss, std::log(4.0F));
}

TEST(Losses, TargetsThatDoNotFitAreRefused) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{4});
  EXPECT_THROW(ops::sparse_categorical_crossentropy(x, lab.input("a", Shape{4}), true), ShapeError);
  EXPECT_THROW(ops::categorical_crossentropy(x, lab.input("b", Shape{3}), true), ShapeError);
  EXPECT_THROW(ops::mean_squared_error(x, lab.input("c", Shape{5})), ShapeError);
  EXPECT_THROW(ops::sparse_categorical_crossentropy(lab.input("d", Shape{}), lab.input("e", Shape{}), true),
               ShapeError);
  const Var w = lab.parameter("w", Shape{4});
  EXPECT_THROW(ops::mean_squared_error(w, w), ShapeError);
}

TEST(Metrics, AreSharesOfHits) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{3});
  const Var sparse = ops::sparse_categorical_accuracy(x, lab.labels("y", Shape{}, 3));
  const Var dense = ops::categorical_accuracy(x, lab.input("one_hot", Shape{3}));
  const Var binary = ops::binary_accuracy(x, lab.input("bits", Shape{3}), 0.5F);
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false, .largest_chunk = 2, .lanes = 2});
  const float prediction[] = {1, 1, 0, 0, 2, 1, 0.5F, 0, 3, 1, 0, 0};  // the tie of the first row goes to class 0
  const float labels[] = {0, 2, 2, 1};
  const float one_hot[] = {0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0};
  const float bits[] = {1, 1, 0, 0, 1, 0, 1, 0, 1, 1, 1, 0};
  executor.forward({{{prediction, Shape{4, 3}}, {labels, Shape{4}}, {one_hot, Shape{4, 3}}, {bits, Shape{4, 3}}}});
  EXPECT_EQ(executor.value(sparse).data[0], 0.5F);
  EXPECT_EQ(executor.value(dense).data[0], 0.75F);
  EXPECT_EQ(executor.value(binary).data[0], 0.75F);
}

TEST(Metrics, SendNoGradient) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{3});
  const Var y = lab.labels("y", Shape{}, 3);
  lab.tape.add_loss(ops::sparse_categorical_crossentropy(x, y, true), "loss");
  lab.tape.add_loss(ops::scale(ops::sparse_categorical_accuracy(x, y), 100), "not differentiable");
  lab.expect_right(513, Cut{100, 3, 2}, {}, 24);
}

}  // namespace
}  // namespace hgq
