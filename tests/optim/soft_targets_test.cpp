// Losses with smoothed labels, and of distillation: their values by the formulas of Keras and of Hinton et al.,
// computed here in double, and their gradients by central differences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/autograd/executor.h"
#include "hgq/optim/distillation.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace soft_targets_test {

constexpr int64_t kRows = 5;
constexpr int64_t kClasses = 3;

/// What a loss is computed of: predictions [rows, classes], targets, weights of the rows.
struct Given {
  TargetKind kind = TargetKind::kOneHot;
  std::string function;  // that makes the output; "": logits
  std::vector<float> predictions{}, targets{}, teacher{}, weights{};
};

/// Predictions of the right range, some of them far from 0.
Given some(TargetKind kind, const std::string& function, bool weighted) {
  Given g{.kind = kind, .function = function};
  for (int64_t r = 0; r < kRows; ++r) {
    double sum = 0;
    std::vector<double> logits;
    for (int64_t c = 0; c < kClasses; ++c) {
      logits.push_back(2.5 * std::sin(1.7 * static_cast<double>(r * kClasses + c)));
      sum += std::exp(logits.back());
    }
    double teacher_sum = 0;
    for (int64_t c = 0; c < kClasses; ++c) teacher_sum += 1.0 + static_cast<double>((r + 2 * c) % 4);
    for (int64_t c = 0; c < kClasses; ++c) {
      const double z = logits[static_cast<size_t>(c)];
      const double p = kind == TargetKind::kBinary ? 1 / (1 + std::exp(-z)) : std::exp(z) / sum;
      g.predictions.push_back(static_cast<float>(function.empty() ? z : p));
      const double share = 1.0 + static_cast<double>((r + 2 * c) % 4);
      g.teacher.push_back(static_cast<float>(kind == TargetKind::kBinary ? share / 5 : share / teacher_sum));
      if (kind != TargetKind::kClassNumbers) g.targets.push_back((r + c) % kClasses == 0 ? 1.0F : 0.0F);
    }
    if (kind == TargetKind::kClassNumbers) g.targets.push_back(static_cast<float>(r % kClasses));
    if (weighted) g.weights.push_back(0.5F + static_cast<float>(r));
  }
  return g;
}

using RecordLoss = std::function<Var(const OutputVars&, Var teacher)>;

/// The loss, and its gradient to the predictions.
std::pair<double, std::vector<float>> computed(const Given& g, const RecordLoss& record) {
  Tape tape;
  const Shape sample{kClasses};
  const Shape of_target = g.kind == TargetKind::kClassNumbers ? Shape{} : sample;
  OutputVars vars{tape.input("prediction", sample, true), tape.input("target", of_target), g.function};
  const Var teacher = tape.input("teacher", sample);
  std::vector<ConstTensorView> views{{g.predictions.data(), sample.with_front(kRows)},
                                     {g.targets.data(), of_target.with_front(kRows)},
                                     {g.teacher.data(), sample.with_front(kRows)}};
  if (!g.weights.empty()) {
    vars.weights = tape.input("weights", Shape{});
    views.push_back({g.weights.data(), Shape{kRows}});
  }
  const Var loss = record(vars, teacher);
  tape.add_loss(loss, "loss");
  Workers workers(1);
  Executor executor(tape, workers, {});
  executor.forward(views);
  executor.backward();
  const ConstTensorView gradient = executor.input_gradient(vars.prediction);
  return {static_cast<double>(executor.loss()), {gradient.values().begin(), gradient.values().end()}};
}

void expect_gradient(const Given& g, const RecordLoss& record) {
  const std::vector<float> gradient = computed(g, record).second;
  for (size_t i = 0; i < g.predictions.size(); ++i) {
    const float step = g.function.empty() ? 1e-2F : 1e-2F * g.predictions[i];
    Given more = g;
    Given less = g;
    more.predictions[i] += step;
    less.predictions[i] -= step;
    const double width = static_cast<double>(more.predictions[i]) - static_cast<double>(less.predictions[i]);
    const double slope = (computed(more, record).first - computed(less, record).first) / width;
    EXPECT_NEAR(static_cast<double>(gradient[i]), slope, 1e-2 * (1 + std::abs(slope))) << i;
  }
}

std::vector<double> log_probabilities(const Given& g, int64_t row, double temperature) {
  std::vector<double> logits;
  double sum = 0;
  for (int64_t c = 0; c < kClasses; ++c) {
    const auto p = static_cast<double>(g.predictions[static_cast<size_t>(row * kClasses + c)]);
    logits.push_back((g.function.empty() ? p : std::log(p)) / temperature);
    sum += std::exp(logits.back());
  }
  for (double& logit : logits) logit -= std::log(sum);
  return logits;
}

/// log p and log(1 - p) of an answer.
std::pair<double, double> log_answers(const Given& g, int64_t row, int64_t column, double temperature) {
  const auto p = static_cast<double>(g.predictions[static_cast<size_t>(row * kClasses + column)]);
  const double z = (g.function.empty() ? p : std::log(p / (1 - p))) / temperature;
  return {-std::log1p(std::exp(-z)), -std::log1p(std::exp(z))};
}

double weight_of(const Given& g, int64_t row) {
  return g.weights.empty() ? 1 : static_cast<double>(g.weights[static_cast<size_t>(row)]);
}

/// -sum y log p of targets y, or of binary ones the mean over the answers; the mean over the rows, weights as in Keras.
template <typename Target>
double crossentropy(const Given& g, double temperature, const Target& target) {
  double total = 0;
  for (int64_t r = 0; r < kRows; ++r) {
    const std::vector<double> logs = log_probabilities(g, r, temperature);
    for (int64_t c = 0; c < kClasses; ++c) {
      const double y = target(r, c);
      const auto [yes, no] = log_answers(g, r, c, temperature);
      const double of_answer = -(y * yes + (1 - y) * no) / static_cast<double>(kClasses);
      total += weight_of(g, r) * (g.kind == TargetKind::kBinary ? of_answer : -y * logs[static_cast<size_t>(c)]);
    }
  }
  return total / static_cast<double>(kRows);
}

/// Calls `test` with every kind of target, logits and probabilities, with and without weights.
template <typename Test>
void for_all(const Test& test) {
  for (const TargetKind kind : {TargetKind::kOneHot, TargetKind::kClassNumbers, TargetKind::kBinary}) {
    const std::string last = kind == TargetKind::kBinary ? "sigmoid" : "softmax";
    for (const std::string& function : {std::string(), last}) {
      for (const bool weighted : {false, true}) {
        SCOPED_TRACE(concat(static_cast<int>(kind), " ", function, " ", weighted));
        test(some(kind, function, weighted));
      }
    }
  }
}

std::string name_of(TargetKind kind) {
  if (kind == TargetKind::kBinary) return "binary_crossentropy";
  return kind == TargetKind::kOneHot ? "categorical_crossentropy" : "sparse_categorical_crossentropy";
}

LossPtr loss_of(const std::string& text) {
  ErrorList errors;
  LossPtr loss = make_loss(Node::from_yaml(text, "a.yaml", errors), built_in_training_kinds().losses, errors);
  errors.throw_if_any();
  return loss;
}

TEST(LabelSmoothing, IsThatOfKeras) {
  for (const double s : {0.1, 0.6}) {
    for_all([&](const Given& g) {
      const LossPtr loss = loss_of(concat("{", name_of(g.kind), ": {label_smoothing: ", s, "}}"));
      const RecordLoss record = [&](const OutputVars& vars, Var /*teacher*/) { return loss->record(vars); };
      const auto target = [&](int64_t r, int64_t c) {
        const bool sparse = g.kind == TargetKind::kClassNumbers;
        const double y = sparse ? (g.targets[static_cast<size_t>(r)] == static_cast<float>(c) ? 1 : 0)
                                : static_cast<double>(g.targets[static_cast<size_t>(r * kClasses + c)]);
        return y * (1 - s) + s / static_cast<double>(g.kind == TargetKind::kBinary ? 2 : kClasses);
      };
      EXPECT_NEAR(computed(g, record).first, crossentropy(g, 1, target), 2e-6);
      expect_gradient(g, record);
    });
  }
}

TEST(LabelSmoothing, ZeroIsTheLossAsItIs) {
  for_all([&](const Given& g) {
    const LossPtr plain = loss_of(name_of(g.kind));
    const LossPtr smooth = loss_of(concat("{", name_of(g.kind), ": {label_smoothing: 0}}"));
    const auto with = [&](const LossPtr& loss) {
      return computed(g, [&](const OutputVars& vars, Var /*teacher*/) { return loss->record(vars); });
    };
    EXPECT_EQ(with(plain), with(smooth));
  });
}

TEST(Distillation, IsTheDivergenceTimesTheSquareOfTheTemperature) {
  for (const double temperature : {1.0, 3.0}) {
    for_all([&](const Given& g) {
      const LossPtr loss = loss_of(name_of(g.kind));
      const RecordLoss record = [&](const OutputVars& vars, Var teacher) {
        return record_distillation(*loss, vars, teacher, temperature);
      };
      const auto p = [&](int64_t r, int64_t c) {
        return static_cast<double>(g.teacher[static_cast<size_t>(r * kClasses + c)]);
      };
      double entropy = 0;
      for (int64_t r = 0; r < kRows; ++r) {
        for (int64_t c = 0; c < kClasses; ++c) {
          const double own = -p(r, c) * std::log(p(r, c));
          const double other = -(1 - p(r, c)) * std::log1p(-p(r, c));
          entropy += weight_of(g, r) * (g.kind == TargetKind::kBinary ? (own + other) / kClasses : own);
        }
      }
      const double expected = crossentropy(g, temperature, p) - entropy / static_cast<double>(kRows);
      EXPECT_NEAR(computed(g, record).first, temperature * temperature * expected, 3e-5);
      expect_gradient(g, record);
    });
  }
}

TEST(Distillation, OfNumbersIsTheLossTowardsTheTeacher) {
  Given g = some(TargetKind::kOneHot, "", true);
  const auto with = [&](const LossPtr& loss, bool of_teacher) {
    return computed(g, [&](const OutputVars& vars, Var teacher) {
      return of_teacher ? record_distillation(*loss, vars, teacher, 1) : loss->record(vars);
    });
  };
  for (const char* const name : {"mse", "mae", "huber"}) {
    const auto towards_teacher = with(loss_of(name), true);
    const std::vector<float> targets = g.targets;
    g.targets = g.teacher;
    EXPECT_EQ(towards_teacher, with(loss_of(name), false)) << name;
    g.targets = targets;
  }
}

TEST(Distillation, TeachersAreSoftenedFromLogitsAndFromProbabilities) {
  const std::vector<float> logits{1.0F, -2.0F, 0.5F};
  std::vector<float> of_logits = logits;
  soften(of_logits, 3, TargetKind::kClassNumbers, "", 2);
  std::vector<float> of_probabilities = logits;
  soften(of_probabilities, 3, TargetKind::kOneHot, "", 1);
  const double sum = std::exp(0.5) + std::exp(-1.0) + std::exp(0.25);
  EXPECT_NEAR(static_cast<double>(of_logits[0]), std::exp(0.5) / sum, 1e-7);
  soften(of_probabilities, 3, TargetKind::kOneHot, "softmax", 2);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_NEAR(static_cast<double>(of_logits[i]), static_cast<double>(of_probabilities[i]), 1e-6);
  std::vector<float> answers{3.0F};
  soften(answers, 1, TargetKind::kBinary, "", 2);
  EXPECT_NEAR(static_cast<double>(answers[0]), 1 / (1 + std::exp(-1.5)), 1e-7);
  std::vector<float> numbers{3.0F};
  soften(numbers, 1, TargetKind::kNumbers, "", 2);
  EXPECT_EQ(numbers[0], 3.0F);
}

}  // namespace soft_targets_test
}  // namespace hgq
