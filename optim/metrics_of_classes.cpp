// Accuracies. `accuracy` is the one of the loss's kind of targets. Binary accuracy is at 0 for logits, at 0.5 behind a
// sigmoid.
#include "hgq/optim/keras_keys.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

Var record_accuracy(const OutputVars& o, TargetKind targets) {
  if (targets == TargetKind::kClassNumbers) return ops::sparse_categorical_accuracy(o.prediction, o.target, o.weights);
  if (targets == TargetKind::kOneHot) return ops::categorical_accuracy(o.prediction, o.target, o.weights);
  return ops::binary_accuracy(o.prediction, o.target, o.output_function == "sigmoid" ? 0.5F : 0.0F, o.weights);
}

class Accuracy final : public Metric {
 public:
  std::string_view name() const override { return "accuracy"; }
  std::string why_unfit(TargetKind targets) const override {
    return targets == TargetKind::kNumbers ? "; take mse or mae" : "";
  }
  Var record(const OutputVars& output, TargetKind targets) const override { return record_accuracy(output, targets); }
};

/// The accuracy for one kind of targets.
class AccuracyFor final : public Metric {
 public:
  AccuracyFor(std::string_view name, TargetKind targets) : name_(name), targets_(targets) {}
  std::string_view name() const override { return name_; }
  std::string why_unfit(TargetKind targets) const override {
    const bool numbers = targets == TargetKind::kClassNumbers;
    if (numbers == (targets_ == TargetKind::kClassNumbers)) return "";
    return numbers ? "whose targets are class numbers" : "whose targets are one value for each output";
  }
  Var record(const OutputVars& output, TargetKind /*targets*/) const override {
    return record_accuracy(output, targets_);
  }

 private:
  std::string_view name_;
  TargetKind targets_;
};

}  // namespace

MetricPtr accuracy() { return std::make_shared<Accuracy>(); }

void register_metrics_of_classes(TrainingKinds& kinds) {
  kinds.metrics.add(
      {.name = "accuracy",
       .aliases = {"acc"},
       .doc = "share of rows that are classified right: one of the next three, by the loss; not for regressions",
       .make = [](ConfigReader&) { return accuracy(); }});
  kinds.metrics.add(
      {.name = "binary_accuracy",
       .aliases = {"BinaryAccuracy"},
       .doc = "with binary_crossentropy: a logit above 0 (behind a sigmoid: a value above 0.5) counts as 1",
       .make = [](ConfigReader& c) -> MetricPtr {
         read_keras_binary_accuracy_keys(c);
         return std::make_shared<AccuracyFor>("binary_accuracy", TargetKind::kBinary);
       }});
  kinds.metrics.add({.name = "sparse_categorical_accuracy",
                     .aliases = {"SparseCategoricalAccuracy"},
                     .doc = "with sparse_categorical_crossentropy: the largest output is that of the class",
                     .make = [](ConfigReader&) -> MetricPtr {
                       return std::make_shared<AccuracyFor>("sparse_categorical_accuracy", TargetKind::kClassNumbers);
                     }});
  kinds.metrics.add({.name = "categorical_accuracy",
                     .aliases = {"CategoricalAccuracy"},
                     .doc = "with categorical_crossentropy: the largest output is that of the class",
                     .make = [](ConfigReader&) -> MetricPtr {
                       return std::make_shared<AccuracyFor>("categorical_accuracy", TargetKind::kOneHot);
                     }});
}

}  // namespace hgq
