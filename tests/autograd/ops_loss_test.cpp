// Losses and metrics, against central differences and Keras' formulas.
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace ops_loss_test {

using hgq::testing::Cut;
using hgq::testing::TapeLab;

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
  using Loss = Var (*)(Var, Var, Var);
  for (const Loss loss : {Loss{ops::mean_squared_error}, Loss{ops::mean_absolute_error},
                          Loss{[](Var p, Var t, Var w) { return ops::huber(p, t, 0.6F, w); }}}) {
    TapeLab lab;
    const Var x = ops::matmul(lab.input("x", Shape{2, 3}), lab.parameter("w", Shape{3, 2}));
    expect_right_loss(loss(x, lab.input("y", Shape{2, 2}, -2, 2, false), {}), lab, 1e-5);
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
  const auto squared = [](Var p, Var y) { return ops::mean_squared_error(p, y); };
  const auto absolute = [](Var p, Var y) { return ops::mean_absolute_error(p, y); };
  EXPECT_FLOAT_EQ(evaluate(Shape{2}, {0, 3}, Shape{2}, {0.5F, 0}, huber).loss, (0.125F + 2.5F) / 2);
  EXPECT_FLOAT_EQ(evaluate(Shape{2}, {1, 3}, Shape{2}, {0, 0}, squared).loss, 5);
  EXPECT_FLOAT_EQ(evaluate(Shape{2}, {1, -3}, Shape{2}, {0, 0}, absolute).loss, 2);
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

// ---- sample weights
/// Records a loss with weights, on a prediction and a target of its own kind.
struct WeightedLoss {
  const char* name;
  Shape prediction;
  float low, high;  // of the prediction
  Shape target;
  int64_t classes;  // 0: numbers from 0 to 1
  Var (*record)(Var, Var, Var);
};
const std::vector<WeightedLoss>& weighted_losses() {
  static const std::vector<WeightedLoss> all = {
      {"sparse", Shape{2, 5}, -6, 6, Shape{2}, 5,
       [](Var p, Var y, Var w) { return ops::sparse_categorical_crossentropy(p, y, true, w); }},
      {"sparse, probabilities", Shape{2, 4}, 0, 1, Shape{2}, 4,
       [](Var p, Var y, Var w) { return ops::sparse_categorical_crossentropy(p, y, false, w); }},
      {"categorical", Shape{2, 5}, -6, 6, Shape{2, 5}, 0,
       [](Var p, Var y, Var w) { return ops::categorical_crossentropy(p, y, true, w); }},
      {"categorical, probabilities", Shape{2, 4}, 0, 1, Shape{2, 4}, 0,
       [](Var p, Var y, Var w) { return ops::categorical_crossentropy(p, y, false, w); }},
      {"binary", Shape{2, 3}, -6, 6, Shape{2, 3}, 2,
       [](Var p, Var y, Var w) { return ops::binary_crossentropy(p, y, true, w); }},
      {"binary, probabilities", Shape{2, 3}, 0, 1, Shape{2, 3}, 2,
       [](Var p, Var y, Var w) { return ops::binary_crossentropy(p, y, false, w); }},
      {"mse", Shape{2, 3}, -2, 2, Shape{2, 3}, 0, ops::mean_squared_error},
      {"mae", Shape{2, 3}, 2, 4, Shape{2, 3}, 0, ops::mean_absolute_error},
      {"huber", Shape{2, 3}, -2, 2, Shape{2, 3}, 0, [](Var p, Var y, Var w) { return ops::huber(p, y, 0.6F, w); }}};
  return all;
}

TEST(WeightedLosses, HaveRightGradients) {
  for (const WeightedLoss& loss : weighted_losses()) {
    for (const Shape& weights : {Shape{}, Shape{1}, Shape{2}}) {  // one a row, and one a place
      SCOPED_TRACE(loss.name);
      TapeLab lab;
      const Var p = lab.input("p", loss.prediction, loss.low, loss.high);
      const Var y =
          loss.classes > 0 ? lab.labels("y", loss.target, loss.classes) : lab.input("y", loss.target, 0, 1, false);
      expect_right_loss(loss.record(p, y, lab.input("weights", weights, -1, 3, false)), lab, 1e-5);
    }
  }
}

TEST(WeightedLosses, WeightsOfOneChangeNoBit) {
  constexpr int64_t kRows = 67;
  const std::vector<float> ones(2 * kRows, 1.0F);
  for (const WeightedLoss& loss : weighted_losses()) {
    const Tensor p = testing::spread_numbers(loss.prediction.with_front(kRows), "p", loss.low, loss.high);
    const Shape target = loss.target.with_front(kRows);
    const Tensor y = loss.classes > 0 ? testing::class_numbers(target, "y", loss.classes)
                                      : testing::spread_numbers(target, "y", 0, 1);
    std::vector<Evaluated> results;
    for (const bool weighted : {false, true}) {
      Tape tape;
      const Var prediction = tape.input("p", loss.prediction, true);
      const Var of_y = tape.input("y", loss.target);
      tape.add_loss(loss.record(prediction, of_y, weighted ? tape.input("w", Shape{2}) : Var{}), "loss");
      Workers workers(1);
      Executor executor(tape, workers, {});
      std::vector<ConstTensorView> inputs{p.view(), y.view()};
      if (weighted) inputs.push_back({ones.data(), Shape{kRows, 2}});
      executor.forward(inputs);
      executor.backward();
      const auto g = executor.input_gradient(prediction).values();
      results.push_back({executor.loss(), {g.begin(), g.end()}});
    }
    EXPECT_EQ(results[0].loss, results[1].loss) << loss.name;
    EXPECT_EQ(results[0].gradient, results[1].gradient) << loss.name;
  }
}

// Values of Keras 2.15: Dense(3, use_bias=False), SGD of rate 1, one step with sample_weight.
constexpr float kX[] = {0.5F, -1, 1.5F, 0.25F, -0.75F, 2, 0.125F, -0.5F, 2, 1};
constexpr float kWeights[] = {2, 0, 0.5F, -1, 3};
constexpr float kClasses[] = {0, 2, 1, 1, 0};
constexpr float kNumbers[] = {0.5F, -1, 0.25F, 1, 0, 2, -0.5F, 1.5F, 0, 0.25F, 0.5F, -1, 1, 1, 1};
constexpr float kOneHot[] = {1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0};
constexpr float kBits[] = {1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 1};  // kNumbers > 0.3

struct KerasStep {
  const char* name;
  std::span<const float> target;
  Shape target_sample;
  Var (*record)(Var, Var, Var);
  double loss;
  std::vector<double> gradient;  // of the kernel [2, 3]
};

TEST(WeightedLosses, AreThoseOfKeras) {
  const std::vector<double> crossentropy{-1.0635039, 0.28117704, 0.78232676, -0.2583051, -0.01695919, 0.27526432};
  const std::vector<double> binary{-0.18226218, -0.12690718, -0.04312253, -2.7924776e-05, -0.13590384, -0.062766135};
  const KerasStep steps[] = {
      {"sparse", kClasses, Shape{},
       [](Var p, Var y, Var w) { return ops::sparse_categorical_crossentropy(p, y, true, w); }, 0.8867216110229492,
       crossentropy},
      {"sparse softmax", kClasses, Shape{},
       [](Var p, Var y, Var w) { return ops::sparse_categorical_crossentropy(ops::softmax(p), y, false, w); },
       0.8867216110229492, crossentropy},
      {"categorical", kOneHot, Shape{3},
       [](Var p, Var y, Var w) { return ops::categorical_crossentropy(p, y, true, w); }, 0.8867216110229492,
       crossentropy},
      {"binary", kBits, Shape{3}, [](Var p, Var y, Var w) { return ops::binary_crossentropy(p, y, true, w); },
       0.2831951379776001, binary},
      {"mse",
       kNumbers,
       Shape{3},
       ops::mean_squared_error,
       0.09101562947034836,
       {-0.3239584, -0.43385422, 0.49843755, -0.37916669, -0.14374995, 0.27708337}},
      {"mae",
       kNumbers,
       Shape{3},
       ops::mean_absolute_error,
       0.2958333492279053,
       {-0.31666672, -0.48333338, 0.41666672, -0.3666667, -0.033333302, 0.16666669}},
      {"huber",
       kNumbers,
       Shape{3},
       [](Var p, Var y, Var w) { return ops::huber(p, y, 0.5F, w); },
       0.05983072519302368,
       {-0.17135417, -0.21666668, 0.20364583, -0.16458336, -0.066666722, 0.095833346}},
  };
  for (const KerasStep& step : steps) {
    SCOPED_TRACE(step.name);
    Tape tape;
    const Var x = tape.input("x", Shape{2});
    const Var y = tape.input("y", step.target_sample);
    const Var w = tape.input("w", Shape{});
    Parameter kernel("kernel", Shape{2, 3});
    std::ranges::copy(std::vector<float>{0.5F, -0.25F, 0.75F, -0.5F, 1, 0.125F}, kernel.value.data());
    tape.add_loss(step.record(ops::matmul(x, tape.parameter(kernel)), y, w), "loss");
    Workers workers(1);
    Executor executor(tape, workers, {.largest_chunk = 2, .lanes = 2});
    executor.forward(
        {{{kX, Shape{5, 2}}, {step.target.data(), step.target_sample.with_front(5)}, {kWeights, Shape{5}}}});
    executor.backward();
    EXPECT_NEAR(static_cast<double>(executor.loss()), step.loss, 2e-7);
    for (size_t i = 0; i < step.gradient.size(); ++i)
      EXPECT_NEAR(static_cast<double>(kernel.grad.values()[i]), step.gradient[i], 4e-7) << i;
  }
}

TEST(WeightedLosses, OfAPlaceAreThoseOfKeras) {
  // Two rows of two places, the loss of a sample has shape [2]: sample_weight of shape [2, 2], or [2].
  const auto loss_of = [](std::span<const float> weights, const Shape& sample) {
    Tape tape;
    const Var p = tape.input("p", Shape{2, 3});
    const Var y = tape.input("y", Shape{2});
    tape.add_loss(ops::sparse_categorical_crossentropy(p, y, true, tape.input("w", sample)), "loss");
    std::vector<float> logits;
    constexpr float kKernel[] = {0.5F, -0.25F, 0.75F, -0.5F, 1, 0.125F};
    for (size_t r = 0; r < 4; ++r) {
      for (size_t j = 0; j < 3; ++j) logits.push_back(kX[2 * r] * kKernel[j] + kX[2 * r + 1] * kKernel[3 + j]);
    }
    Workers workers(1);
    Executor executor(tape, workers, {.gradients = false});
    executor.forward(
        {{{logits.data(), Shape{2, 2, 3}}, {kClasses, Shape{2, 2}}, {weights.data(), sample.with_front(2)}}});
    return static_cast<double>(executor.loss());
  };
  EXPECT_NEAR(loss_of(std::span(kWeights).first(4), Shape{2}), -0.11061352491378784, 2e-7);
  const std::vector<float> of_rows{3, 1};
  EXPECT_NEAR(loss_of(of_rows, Shape{}), 1.324133276939392, 2e-7);
}

TEST(WeightedLosses, MetricsAreThoseOfKerasTimesTheMeanWeight) {
  Tape tape;
  const Var x = tape.input("x", Shape{2});
  const Var labels = tape.input("labels", Shape{});
  const Var numbers = tape.input("numbers", Shape{3});
  const Var one_hot = tape.input("one_hot", Shape{3});
  const Var w = tape.input("w", Shape{});
  Parameter kernel("kernel", Shape{2, 3});
  std::ranges::copy(std::vector<float>{0.5F, -0.25F, 0.75F, -0.5F, 1, 0.125F}, kernel.value.data());
  const Var p = ops::matmul(x, tape.parameter(kernel));
  const Var sparse = ops::sparse_categorical_accuracy(p, labels, w);
  const Var dense = ops::categorical_accuracy(p, one_hot, w);
  const Var absolute = ops::mean_absolute_error(p, numbers, w);
  Workers workers(1);
  Executor executor(tape, workers, {.gradients = false, .largest_chunk = 2, .lanes = 2});
  executor.forward({{{kX, Shape{5, 2}},
                     {kClasses, Shape{5}},
                     {kNumbers, Shape{5, 3}},
                     {kOneHot, Shape{5, 3}},
                     {kWeights, Shape{5}}}});
  constexpr double kMeanWeight = 4.5 / 5;
  const auto value = [&](Var var) { return static_cast<double>(executor.value(var).data[0]) / kMeanWeight; };
  EXPECT_NEAR(value(sparse), 0.5555555820465088, 2e-7);  // weighted_metrics
  EXPECT_NEAR(value(dense), 0.5555555820465088, 2e-7);
  EXPECT_NEAR(value(absolute), 0.32870373129844666, 2e-7);
}

TEST(WeightedLosses, WeightsThatDoNotFitAreRefused) {
  TapeLab lab;
  const Var p = lab.input("p", Shape{4, 3});
  EXPECT_THROW(ops::mean_squared_error(p, lab.input("y", Shape{4, 3}), lab.input("w", Shape{3})), ShapeError);
  EXPECT_THROW(ops::sparse_categorical_crossentropy(p, lab.input("z", Shape{4}), true, lab.input("v", Shape{2})),
               ShapeError);
  EXPECT_THROW(ops::mean_squared_error(p, lab.input("u", Shape{4, 3}), lab.parameter("s", Shape{1})), ShapeError);
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

}  // namespace ops_loss_test
}  // namespace hgq
