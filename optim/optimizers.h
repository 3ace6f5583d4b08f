// The optimizers, with the names, arguments, defaults and formulas of Keras 2.15.
//
//   hgq::Adam adam({.learning_rate = 5e-3, .clipnorm = 1.0});
//   hgq::SGD sgd({.learning_rate = hgq::ExponentialDecay{.initial_learning_rate = 0.1, .decay_steps = 500,
//                                                        .decay_rate = 0.9},
//                 .momentum = 0.9});
//
// In the formulas g is the clipped gradient, w the parameter, lr the learning rate, and t the step, counted from 1.
// They are computed in float32 for each element. Slots start at 0. Every optimizer also takes weight_decay, clipnorm,
// clipvalue and global_clipnorm (optim/optimizer.h), which 0 turns off.
#pragma once

#include <string_view>
#include <vector>

#include "hgq/optim/optimizer.h"

namespace hgq {

struct SGDOptions {
  Schedule learning_rate = 0.01;
  double momentum = 0;  // from 0 to 1
  bool nesterov = false;
  double weight_decay = 0;
  double clipnorm = 0;
  double clipvalue = 0;
  double global_clipnorm = 0;
};

/// m = momentum m - lr g;  w += m; with nesterov w += momentum m - lr g. Without momentum there is no slot, and
/// w -= lr g.
class SGD : public Optimizer {
 public:
  explicit SGD(const SGDOptions& options = {});
  std::string_view name() const override { return "SGD"; }

 protected:
  std::vector<SlotSpec> slot_specs() const override;
  void begin_step(int64_t t, float learning_rate) override;
  void apply(const ParameterUpdate& update) const override;

 private:
  float momentum_;
  bool nesterov_;
  float learning_rate_ = 0;
};

struct AdamOptions {
  Schedule learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  double weight_decay = 0;
  double clipnorm = 0;
  double clipvalue = 0;
  double global_clipnorm = 0;
};

/// m += (g - m)(1 - beta_1);  v += (g^2 - v)(1 - beta_2);  w -= lr sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) +
/// epsilon). With amsgrad the largest v so far (slot vhat) replaces v.
class Adam : public Optimizer {
 public:
  explicit Adam(const AdamOptions& options = {});
  std::string_view name() const override { return "Adam"; }

 protected:
  std::vector<SlotSpec> slot_specs() const override;
  void begin_step(int64_t t, float learning_rate) override;
  void apply(const ParameterUpdate& update) const override;

 private:
  double beta_1_, beta_2_;
  float epsilon_;
  bool amsgrad_;
  float alpha_ = 0;
};

struct AdamWOptions {
  Schedule learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  bool amsgrad = false;
  double weight_decay = 0.004;
  double clipnorm = 0;
  double clipvalue = 0;
  double global_clipnorm = 0;
};

/// Adam whose weight decay is not 0 by default.
class AdamW : public Adam {
 public:
  explicit AdamW(const AdamWOptions& options = {});
  std::string_view name() const override { return "AdamW"; }
};

struct AdamaxOptions {
  Schedule learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  double weight_decay = 0;
  double clipnorm = 0;
  double clipvalue = 0;
  double global_clipnorm = 0;
};

/// m as Adam;  u = max(beta_2 u, |g|);  w -= lr m / ((1 - beta_1^t)(u + epsilon)).
class Adamax : public Optimizer {
 public:
  explicit Adamax(const AdamaxOptions& options = {});
  std::string_view name() const override { return "Adamax"; }

 protected:
  std::vector<SlotSpec> slot_specs() const override;
  void begin_step(int64_t t, float learning_rate) override;
  void apply(const ParameterUpdate& update) const override;

 private:
  double beta_1_;
  float beta_2_, epsilon_;
  float learning_rate_ = 0;
  float correction_ = 1;
};

using NadamOptions = AdamaxOptions;

/// m, v as Adam;  u_t = beta_1 (1 - 0.96^t / 2), U = u_1 ... u_t (scalar slot u_product, from 1);
/// w -= lr (u_{t+1} m / (1 - U u_{t+1}) + (1 - u_t) g / (1 - U)) / (sqrt(v / (1 - beta_2^t)) + epsilon).
class Nadam : public Optimizer {
 public:
  explicit Nadam(const NadamOptions& options = {});
  std::string_view name() const override { return "Nadam"; }

 protected:
  std::vector<SlotSpec> slot_specs() const override;
  void begin_step(int64_t t, float learning_rate) override;
  void apply(const ParameterUpdate& update) const override;
  std::vector<NamedSlot> scalars() override;

 private:
  float beta_1_, beta_2_, epsilon_;
  float u_product_ = 1;
  struct {
    float learning_rate, momentum, momentum_correction, gradient, gradient_correction, v_correction;
  } step_{};
};

struct RMSpropOptions {
  Schedule learning_rate = 0.001;
  double rho = 0.9;
  double momentum = 0;
  double epsilon = 1e-7;
  bool centered = false;
  double weight_decay = 0;
  double clipnorm = 0;
  double clipvalue = 0;
  double global_clipnorm = 0;
};

/// velocity = rho velocity + (1 - rho) g^2;  i = lr g / sqrt(velocity + epsilon);  w -= i. With centered,
/// average_gradient = rho average_gradient + (1 - rho) g, and velocity - average_gradient^2 replaces velocity in the
/// root. With momentum, momentum_slot = momentum momentum_slot + i, and w -= momentum_slot.
class RMSprop : public Optimizer {
 public:
  explicit RMSprop(const RMSpropOptions& options = {});
  std::string_view name() const override { return "RMSprop"; }

 protected:
  std::vector<SlotSpec> slot_specs() const override;
  void begin_step(int64_t t, float learning_rate) override;
  void apply(const ParameterUpdate& update) const override;

 private:
  double rho_;
  float momentum_, epsilon_;
  bool centered_;
  float learning_rate_ = 0;
};

struct AdagradOptions {
  Schedule learning_rate = 0.001;
  double initial_accumulator_value = 0.1;
  double epsilon = 1e-7;
  double weight_decay = 0;
  double clipnorm = 0;
  double clipvalue = 0;
  double global_clipnorm = 0;
};

/// accumulator += g^2, from initial_accumulator_value;  w -= lr g / sqrt(accumulator + epsilon).
class Adagrad : public Optimizer {
 public:
  explicit Adagrad(const AdagradOptions& options = {});
  std::string_view name() const override { return "Adagrad"; }

 protected:
  std::vector<SlotSpec> slot_specs() const override;
  void begin_step(int64_t t, float learning_rate) override;
  void apply(const ParameterUpdate& update) const override;

 private:
  float start_, epsilon_;
  float learning_rate_ = 0;
};

}  // namespace hgq
