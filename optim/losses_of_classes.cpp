// Cross-entropies: losses of networks that tell classes apart.
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "hgq/autograd/smooth_labels.h"
#include "hgq/core/error.h"
#include "hgq/optim/keras_keys.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

/// A cross-entropy. Whether it is given logits follows from the function that makes the output; a config that says it,
/// as those that Keras has saved do, must say the same.
class Crossentropy : public Loss {
 public:
  Crossentropy(std::optional<bool> from_logits, std::optional<double> smoothing)
      : from_logits_(from_logits), smoothing_(smoothing) {}
  nlohmann::json arguments() const override {
    nlohmann::json arguments = nlohmann::json::object();
    if (smoothing_) arguments["label_smoothing"] = *smoothing_;
    return arguments;
  }

 protected:
  bool smooths() const { return smoothing_.value_or(0) > 0; }
  /// The target with smoothed labels; as it is if they are not smoothed.
  Var smoothed(Var target, int64_t classes, bool sparse) const {
    return smooths() ? ops::smooth_labels(target, classes, sparse, static_cast<float>(*smoothing_)) : target;
  }
  /// Whether the output gives logits, as it is not made by `function`. Throws ConfigError if the config says otherwise.
  bool takes_logits(const OutputVars& o, std::string_view function) const {
    const bool logits = o.output_function != function;
    HGQ_CHECK(!from_logits_ || *from_logits_ == logits, ConfigError, "loss '", name(), "': from_logits is ",
              *from_logits_ ? "true" : "false", ", but the output is ", logits ? "not " : "", "made by ", function,
              logits
                  ? concat("; put HActivation: {activation: ", function, "} at the end of the model, or leave it out")
                  : std::string("; take that activation away, or leave it out"));
    return logits;
  }

 private:
  std::optional<bool> from_logits_;
  std::optional<double> smoothing_;
};

class SparseCategoricalCrossentropy final : public Crossentropy {
 public:
  using Crossentropy::Crossentropy;
  std::string_view name() const override { return "sparse_categorical_crossentropy"; }
  TargetKind target_kind() const override { return TargetKind::kClassNumbers; }
  Shape target_shape(const Shape& prediction) const override {
    HGQ_CHECK(prediction.rank() > 0, ShapeError, name(), ": the output has no dim of classes");
    return Shape(prediction.dims().first(static_cast<size_t>(prediction.rank() - 1)));
  }
  Var record(const OutputVars& o) const override {
    const bool logits = takes_logits(o, "softmax");
    if (!smooths()) return ops::sparse_categorical_crossentropy(o.prediction, o.target, logits, o.weights);
    const Var target = smoothed(o.target, o.prediction.shape()[-1], true);
    return ops::categorical_crossentropy(o.prediction, target, logits, o.weights);
  }
};

class CategoricalCrossentropy final : public Crossentropy {
 public:
  using Crossentropy::Crossentropy;
  std::string_view name() const override { return "categorical_crossentropy"; }
  TargetKind target_kind() const override { return TargetKind::kOneHot; }
  Var record(const OutputVars& o) const override {
    const bool logits = takes_logits(o, "softmax");
    return ops::categorical_crossentropy(o.prediction, smoothed(o.target, o.prediction.shape()[-1], false), logits,
                                         o.weights);
  }
};

class BinaryCrossentropy final : public Crossentropy {
 public:
  using Crossentropy::Crossentropy;
  std::string_view name() const override { return "binary_crossentropy"; }
  TargetKind target_kind() const override { return TargetKind::kBinary; }
  Var record(const OutputVars& o) const override {
    return ops::binary_crossentropy(o.prediction, smoothed(o.target, 2, false), takes_logits(o, "sigmoid"), o.weights);
  }
};

template <typename L>
LossPtr make_crossentropy(ConfigReader& c) {
  const std::optional<bool> from_logits = read_keras_crossentropy_keys(c);
  std::optional<double> smoothing;
  c.known("label_smoothing");
  // A key that says the default is as none, so that files of models without it stay as they were.
  const Node* const written = c.map().is_map() ? c.map().find("label_smoothing") : nullptr;
  const bool is_default = written == nullptr || written->is_null() ||
                          (written->is_scalar() && decimal_number(*written) == std::optional(0.0));
  if (c.docs() != nullptr || !is_default) {
    smoothing = c.number("label_smoothing",
                         "share of each target that is spread equally over the classes, as in Keras; also with class "
                         "numbers",
                         {.fallback = 0, .min = 0, .max = 1, .below_max = true});
  }
  return std::make_shared<L>(from_logits, smoothing);
}

}  // namespace

LossPtr sparse_categorical_crossentropy() {
  return std::make_shared<SparseCategoricalCrossentropy>(std::nullopt, std::nullopt);
}
LossPtr categorical_crossentropy() { return std::make_shared<CategoricalCrossentropy>(std::nullopt, std::nullopt); }
LossPtr binary_crossentropy() { return std::make_shared<BinaryCrossentropy>(std::nullopt, std::nullopt); }

void register_losses_of_classes(TrainingKinds& kinds) {
  kinds.losses.add({.name = "sparse_categorical_crossentropy",
                    .aliases = {"SparseCategoricalCrossentropy"},
                    .doc = "targets: one class number (or text label) for each row; the network: a logit for each "
                           "class, or their softmax as last layer",
                    .make = make_crossentropy<SparseCategoricalCrossentropy>});
  kinds.losses.add({.name = "categorical_crossentropy",
                    .aliases = {"CategoricalCrossentropy"},
                    .doc = "targets: a row of 0 and 1 (or of shares) with a column for each class, or class numbers "
                           "or text labels, which are turned into it; the network: as above",
                    .make = make_crossentropy<CategoricalCrossentropy>});
  kinds.losses.add({.name = "binary_crossentropy",
                    .aliases = {"BinaryCrossentropy"},
                    .doc = "targets: 0 and 1, numbers between them, or two text labels; the network: a logit for each "
                           "of them, or its sigmoid as last layer",
                    .make = make_crossentropy<BinaryCrossentropy>});
}

}  // namespace hgq
