// Cross-entropies: losses of networks that tell classes apart.
#include "hgq/core/error.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

class SparseCategoricalCrossentropy final : public Loss {
 public:
  std::string_view name() const override { return "sparse_categorical_crossentropy"; }
  TargetKind target_kind() const override { return TargetKind::kClassNumbers; }
  Shape target_shape(const Shape& prediction) const override {
    HGQ_CHECK(prediction.rank() > 0, ShapeError, name(), ": the output has no dim of classes");
    return Shape(prediction.dims().first(static_cast<size_t>(prediction.rank() - 1)));
  }
  Var record(const OutputVars& o) const override {
    return ops::sparse_categorical_crossentropy(o.prediction, o.target, o.output_function != "softmax", o.weights);
  }
};

class CategoricalCrossentropy final : public Loss {
 public:
  std::string_view name() const override { return "categorical_crossentropy"; }
  TargetKind target_kind() const override { return TargetKind::kOneHot; }
  Var record(const OutputVars& o) const override {
    return ops::categorical_crossentropy(o.prediction, o.target, o.output_function != "softmax", o.weights);
  }
};

class BinaryCrossentropy final : public Loss {
 public:
  std::string_view name() const override { return "binary_crossentropy"; }
  TargetKind target_kind() const override { return TargetKind::kBinary; }
  Var record(const OutputVars& o) const override {
    return ops::binary_crossentropy(o.prediction, o.target, o.output_function != "sigmoid", o.weights);
  }
};

}  // namespace

LossPtr sparse_categorical_crossentropy() { return std::make_shared<SparseCategoricalCrossentropy>(); }
LossPtr categorical_crossentropy() { return std::make_shared<CategoricalCrossentropy>(); }
LossPtr binary_crossentropy() { return std::make_shared<BinaryCrossentropy>(); }

void register_losses_of_classes(TrainingKinds& kinds) {
  kinds.losses.add({.name = "sparse_categorical_crossentropy",
                    .aliases = {"SparseCategoricalCrossentropy"},
                    .doc = "targets: one class number (or text label) for each row; the network: a logit for each "
                           "class, or their softmax as last layer",
                    .make = [](ConfigReader&) { return sparse_categorical_crossentropy(); }});
  kinds.losses.add({.name = "categorical_crossentropy",
                    .aliases = {"CategoricalCrossentropy"},
                    .doc = "targets: a row of 0 and 1 (or of shares) with a column for each class, or class numbers "
                           "or text labels, which are turned into it; the network: as above",
                    .make = [](ConfigReader&) { return categorical_crossentropy(); }});
  kinds.losses.add({.name = "binary_crossentropy",
                    .aliases = {"BinaryCrossentropy"},
                    .doc = "targets: 0 and 1, numbers between them, or two text labels; the network: a logit for each "
                           "of them, or its sigmoid as last layer",
                    .make = [](ConfigReader&) { return binary_crossentropy(); }});
}

}  // namespace hgq
