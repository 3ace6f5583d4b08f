#include "hgq/optim/loss.h"

#include <algorithm>
#include <array>

#include "hgq/core/error.h"

namespace hgq {
namespace {

using Kind = Loss::Kind;

struct LossName {
  std::string_view name;
  Kind kind;
};

// The first name of a kind is the one that is shown.
constexpr std::array kNames{
    LossName{"sparse_categorical_crossentropy", Kind::kSparseCategoricalCrossentropy},
    LossName{"categorical_crossentropy", Kind::kCategoricalCrossentropy},
    LossName{"binary_crossentropy", Kind::kBinaryCrossentropy},
    LossName{"mse", Kind::kMeanSquaredError},
    LossName{"mae", Kind::kMeanAbsoluteError},
    LossName{"huber", Kind::kHuber},
    LossName{"mean_squared_error", Kind::kMeanSquaredError},
    LossName{"mean_absolute_error", Kind::kMeanAbsoluteError},
    LossName{"SparseCategoricalCrossentropy", Kind::kSparseCategoricalCrossentropy},
    LossName{"CategoricalCrossentropy", Kind::kCategoricalCrossentropy},
    LossName{"BinaryCrossentropy", Kind::kBinaryCrossentropy},
    LossName{"MeanSquaredError", Kind::kMeanSquaredError},
    LossName{"MeanAbsoluteError", Kind::kMeanAbsoluteError},
    LossName{"Huber", Kind::kHuber},
};

}  // namespace

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const LossName& n : kNames) names.emplace_back(n.name);
  return names;
}

Loss Loss::from_node(const Node& node, ErrorList& errors) {
  const NamedNode named = read_named(node, "a loss", errors);
  if (named.name.empty()) return {};
  const auto found = std::ranges::find(kNames, std::string_view(named.name), &LossName::name);
  if (found == kNames.end()) {
    errors.add(node.place(),
               concat("unknown loss '", printable(named.name), "'", suggestion(named.name, loss_names())));
    return {};
  }
  Loss loss{.kind = found->kind};
  ConfigReader c(named.arguments, named.name, errors);
  if (loss.kind == Kind::kHuber)
    loss.delta = c.number("delta", "where the square becomes a line", {.fallback = 1, .min = 0, .above_min = true});
  c.finish();
  return loss;
}

std::string_view Loss::name() const { return std::ranges::find(kNames, kind, &LossName::kind)->name; }

TargetKind Loss::target_kind() const {
  switch (kind) {
    case Kind::kSparseCategoricalCrossentropy:
      return TargetKind::kClassNumbers;
    case Kind::kCategoricalCrossentropy:
      return TargetKind::kOneHot;
    case Kind::kBinaryCrossentropy:
      return TargetKind::kBinary;
    default:
      return TargetKind::kNumbers;
  }
}

Shape Loss::target_shape(const Shape& prediction) const {
  if (kind != Kind::kSparseCategoricalCrossentropy) return prediction;
  HGQ_CHECK(prediction.rank() > 0, ShapeError, name(), ": the output has no dim of classes");
  return Shape(prediction.dims().first(static_cast<size_t>(prediction.rank() - 1)));
}

Var Loss::record(Var prediction, Var target, std::string_view output_function, Var weights) const {
  switch (kind) {
    case Kind::kSparseCategoricalCrossentropy:
      return ops::sparse_categorical_crossentropy(prediction, target, output_function != "softmax", weights);
    case Kind::kCategoricalCrossentropy:
      return ops::categorical_crossentropy(prediction, target, output_function != "softmax", weights);
    case Kind::kBinaryCrossentropy:
      return ops::binary_crossentropy(prediction, target, output_function != "sigmoid", weights);
    case Kind::kMeanSquaredError:
      return ops::mean_squared_error(prediction, target, weights);
    case Kind::kMeanAbsoluteError:
      return ops::mean_absolute_error(prediction, target, weights);
    default:
      return ops::huber(prediction, target, static_cast<float>(delta), weights);
  }
}

Loss sparse_categorical_crossentropy() { return {.kind = Kind::kSparseCategoricalCrossentropy}; }
Loss categorical_crossentropy() { return {.kind = Kind::kCategoricalCrossentropy}; }
Loss binary_crossentropy() { return {.kind = Kind::kBinaryCrossentropy}; }
Loss mse() { return {.kind = Kind::kMeanSquaredError}; }
Loss mae() { return {.kind = Kind::kMeanAbsoluteError}; }
Loss huber(double delta) { return {.kind = Kind::kHuber, .delta = delta}; }

}  // namespace hgq
