// Losses of networks that predict numbers: mean squared error, mean absolute error, Huber's.
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

class MeanSquaredError final : public Loss {
 public:
  std::string_view name() const override { return "mse"; }
  Var record(const OutputVars& o) const override { return ops::mean_squared_error(o.prediction, o.target, o.weights); }
};

class MeanAbsoluteError final : public Loss {
 public:
  std::string_view name() const override { return "mae"; }
  Var record(const OutputVars& o) const override { return ops::mean_absolute_error(o.prediction, o.target, o.weights); }
};

class Huber final : public Loss {
 public:
  explicit Huber(ConfigReader& c)
      : Loss(c),
        delta_(c.number("delta", "where the square becomes a line", {.fallback = 1, .min = 0, .above_min = true})) {}
  std::string_view name() const override { return "huber"; }
  Var record(const OutputVars& o) const override {
    return ops::huber(o.prediction, o.target, static_cast<float>(delta_), o.weights);
  }

 private:
  double delta_;
};

LossPtr make_huber(ConfigReader& c) { return std::make_shared<Huber>(c); }

}  // namespace

LossPtr mse() { return std::make_shared<MeanSquaredError>(); }
LossPtr mae() { return std::make_shared<MeanAbsoluteError>(); }
LossPtr huber(double delta) {
  const Node keys = Node::map({{"delta", Node::number(delta)}});
  ErrorList errors;
  ConfigReader c(keys, "huber", errors);
  LossPtr loss = make_huber(c);
  errors.throw_if_any();
  return loss;
}

void register_losses_of_numbers(TrainingKinds& kinds) {
  kinds.losses.add({.name = "mse",
                    .aliases = {"mean_squared_error", "MeanSquaredError"},
                    .doc = "targets: numbers in the shape of the output; mean of the squared differences",
                    .make = [](ConfigReader&) { return mse(); }});
  kinds.losses.add({.name = "mae",
                    .aliases = {"mean_absolute_error", "MeanAbsoluteError"},
                    .doc = "targets: numbers in the shape of the output; mean of the absolute differences",
                    .make = [](ConfigReader&) { return mae(); }});
  kinds.losses.add({.name = "huber",
                    .aliases = {"Huber"},
                    .doc = "targets: numbers in the shape of the output; half the square up to delta, a line beyond",
                    .make = make_huber});
}

}  // namespace hgq
