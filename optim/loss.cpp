#include "hgq/optim/loss.h"

#include <algorithm>
#include <array>

#include "hgq/core/error.h"
#include "hgq/optim/loss_docs.h"

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

Loss read_loss(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs) {
  const NamedNode named = read_named(node, "a loss", errors);
  if (named.name.empty()) return {};
  const auto found = std::ranges::find(kNames, std::string_view(named.name), &LossName::name);
  if (found == kNames.end()) {
    errors.add(node.place(),
               concat("unknown loss '", printable(named.name), "'", suggestion(named.name, loss_names())));
    return {};
  }
  Loss loss{.kind = found->kind};
  ConfigReader c(named.arguments, named.name, errors, docs);
  if (loss.kind == Kind::kHuber)
    loss.delta = c.number("delta", "where the square becomes a line", {.fallback = 1, .min = 0, .above_min = true});
  c.finish();
  return loss;
}

/// What its targets are, and what the network gives.
std::string doc_of(Kind kind) {
  switch (kind) {
    case Kind::kSparseCategoricalCrossentropy:
      return "targets: one class number (or text label) for each row; the network: a logit for each class, or their "
             "softmax as last layer";
    case Kind::kCategoricalCrossentropy:
      return "targets: a row of 0 and 1 (or of shares) with a column for each class, or class numbers or text labels, "
             "which are turned into it; the network: as above";
    case Kind::kBinaryCrossentropy:
      return "targets: 0 and 1, numbers between them, or two text labels; the network: a logit for each of them, or "
             "its "
             "sigmoid as last layer";
    case Kind::kMeanSquaredError:
      return "targets: numbers in the shape of the output; mean of the squared differences";
    case Kind::kMeanAbsoluteError:
      return "targets: numbers in the shape of the output; mean of the absolute differences";
    case Kind::kHuber:
      return "targets: numbers in the shape of the output; half the square up to delta, a line beyond";
  }
  return "";
}

}  // namespace

std::vector<ObjectDoc> loss_docs() {
  std::vector<ObjectDoc> docs;
  std::vector<Kind> kinds;
  for (const LossName& n : kNames) {
    const auto known = std::ranges::find(kinds, n.kind);
    if (known != kinds.end()) {
      docs[static_cast<size_t>(known - kinds.begin())].aliases.emplace_back(n.name);
      continue;
    }
    kinds.push_back(n.kind);
    ErrorList ignored;
    ObjectDoc doc{.name = std::string(n.name), .aliases = {}, .scalar = {}, .doc = doc_of(n.kind), .keys = {}};
    read_loss(Node::scalar(doc.name), ignored, &doc.keys);
    docs.push_back(std::move(doc));
  }
  return docs;
}

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const LossName& n : kNames) names.emplace_back(n.name);
  return names;
}

Loss Loss::from_node(const Node& node, ErrorList& errors) { return read_loss(node, errors, nullptr); }

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
