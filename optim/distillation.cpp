#include "hgq/optim/distillation.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "hgq/autograd/unary_function.h"

namespace hgq {
namespace {

constexpr double kFloor = 1e-7;  // probabilities are clipped as those of Keras' losses

double clipped(double p) { return std::clamp(p, kFloor, 1 - kFloor); }

/// log(p), and log(p / (1 - p)); the slope of a clipped p is 0.
std::shared_ptr<const ops::UnaryFunction> log_of_probability() {
  ops::UnaryFunction f{.name = "log_of_probability"};
  f.value = [](double p) { return std::log(clipped(p)); };
  f.derivative = [](double p, double /*y*/) { return p == clipped(p) ? 1 / p : 0; };
  return std::make_shared<const ops::UnaryFunction>(std::move(f));
}
std::shared_ptr<const ops::UnaryFunction> log_of_odds() {
  ops::UnaryFunction f{.name = "log_of_odds"};
  f.value = [](double p) { return std::log(clipped(p)) - std::log1p(-clipped(p)); };
  f.derivative = [](double p, double /*y*/) { return p == clipped(p) ? 1 / (p * (1 - p)) : 0; };
  return std::make_shared<const ops::UnaryFunction>(std::move(f));
}

}  // namespace

Var record_distillation(const Loss& loss, const OutputVars& student, Var teacher, double temperature) {
  const TargetKind kind = loss.target_kind();
  if (kind == TargetKind::kNumbers)
    return loss.record({student.prediction, teacher, student.output_function, student.weights});
  const bool binary = kind == TargetKind::kBinary;
  Var logits = student.prediction;
  if (binary && student.output_function == "sigmoid") logits = ops::unary(logits, log_of_odds());
  if (!binary && student.output_function == "softmax") logits = ops::unary(logits, log_of_probability());
  if (temperature != 1) logits = ops::scale(logits, static_cast<float>(1 / temperature));
  const auto crossentropy = [&](Var prediction, bool from_logits) {
    return binary ? ops::binary_crossentropy(prediction, teacher, from_logits, student.weights)
                  : ops::categorical_crossentropy(prediction, teacher, from_logits, student.weights);
  };
  // The entropy of the teacher is a constant, without which the loss would not be 0 for a perfect student.
  const Var divergence = ops::subtract(crossentropy(logits, true), crossentropy(teacher, false));
  return ops::scale(divergence, static_cast<float>(temperature * temperature));
}

void soften(std::span<float> outputs, int64_t columns, TargetKind targets, std::string_view function,
            double temperature) {
  if (targets == TargetKind::kNumbers) return;
  if (targets == TargetKind::kBinary) {
    for (float& output : outputs) {
      const double p = clipped(static_cast<double>(output));
      const double logit = function == "sigmoid" ? std::log(p) - std::log1p(-p) : static_cast<double>(output);
      output = static_cast<float>(1 / (1 + std::exp(-logit / temperature)));
    }
    return;
  }
  std::vector<double> logits(static_cast<size_t>(columns));
  for (size_t row = 0; row + logits.size() <= outputs.size(); row += logits.size()) {
    const std::span<float> own = outputs.subspan(row, logits.size());
    for (size_t c = 0; c < logits.size(); ++c) {
      const auto output = static_cast<double>(own[c]);
      logits[c] = (function == "softmax" ? std::log(clipped(output)) : output) / temperature;
    }
    const double top = *std::ranges::max_element(logits);
    double sum = 0;
    for (double& logit : logits) sum += logit = std::exp(logit - top);
    for (size_t c = 0; c < logits.size(); ++c) own[c] = static_cast<float>(logits[c] / sum);
  }
}

}  // namespace hgq
