// What an optimizer is: it moves parameters along their gradients, once per step.
//
//   hgq::Adam adam({.learning_rate = 5e-3});          // the optimizers themselves: optim/optimizers.h
//   adam.update(model.parameters());                  // after each backward pass
//
// A step does, in the order and the float32 arithmetic of Keras 2.15:
//   1. the learning rate: the number, or the schedule's value for the steps done so far;
//   2. clipping: `clipnorm` scales each parameter's gradient to that norm at most, `global_clipnorm` all by their
//      common norm, `clipvalue` cuts each element;
//   3. weight decay: value -= value * weight_decay * learning_rate;
//   4. the optimizer's own rule, one vectorised loop per parameter;
//   5. the parameter's constraint.
// Parameters that are not trainable are left alone. The gradients themselves are not changed.
//
// What an optimizer remembers of each parameter (momenta, mean squares) are its slots. They are made when the
// parameters are first seen, so a later step allocates nothing. Slots, the count of steps and a learning rate that was
// set are all of its state:
//
//   const OptimizerState state = adam.state();                                   // write
//   for (const NamedSlot& s : adam.slots()) write(s.name, s.values);
//   Adam again({.learning_rate = 5e-3});                                         // and go on
//   again.build(model.parameters());  again.restore(state, saved);
//
// An optimizer of your own derives from Optimizer and says three things: its slots, what a step's scalars are, its
// loop.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/parameter.h"
#include "hgq/core/tensor.h"
#include "hgq/optim/schedule.h"

namespace hgq {

struct NamedSlot {
  std::string name;  // SLOT/PARAMETER, "m/dense/kernel"; a scalar of the optimizer itself has no parameter: "u_product"
  std::span<float> values;
};

struct OptimizerState {
  int64_t iterations = 0;
  float learning_rate = 0;

  bool operator==(const OptimizerState&) const = default;
};

/// What all optimizers have in common; 0 means without.
struct OptimizerSettings {
  Schedule learning_rate;
  double weight_decay = 0;
  double clipnorm = 0;
  double clipvalue = 0;
  double global_clipnorm = 0;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Keras' class name.
  virtual std::string_view name() const = 0;

  /// Makes the slots for these parameters; does nothing where that is done. Throws ShapeError where others were built
  /// before: an optimizer belongs to one set of parameters. The parameters must outlive the optimizer, or its last
  /// call.
  void build(std::span<Parameter* const> parameters);

  /// One step; builds before the first.
  void update(std::span<Parameter* const> parameters);

  /// Steps done.
  int64_t iterations() const { return iterations_; }

  /// Whether the learning rate follows a schedule, and so cannot be set.
  bool has_schedule() const { return !settings_.learning_rate.is_constant(); }
  /// That of the last step; before the first, that of the first.
  float learning_rate() const { return settings_.learning_rate(iterations_ > 0 ? iterations_ - 1 : 0); }
  /// Holds from the next step on. Throws ConfigError where a schedule is in use, or the rate is negative or not finite.
  void set_learning_rate(float learning_rate);

  OptimizerState state() const { return {iterations_, learning_rate()}; }
  /// Views of all that is remembered, in the order of the parameters; empty before `build`. Valid as long as the
  /// optimizer.
  std::vector<NamedSlot> slots();
  /// Goes on from a saved state. Call `build` first. Throws FileError where the slots do not have the names and sizes
  /// of `slots()`; nothing is changed then. A schedule takes its rate from the count of steps.
  void restore(const OptimizerState& state, std::span<const NamedTensor> saved);

 protected:
  static constexpr int kMaxSlots = 3;

  /// A slot that every parameter has, and the value that it starts with.
  struct SlotSpec {
    std::string_view name;
    float start = 0;
  };

  /// gradient -> clipped gradient; without clipping the same number. A NaN stays one.
  struct Clip {
    float scale = 1;
    float limit = std::numeric_limits<float>::infinity();
    float operator()(float gradient) const {
      const float g = gradient * scale;
      const float low = -limit > g ? -limit : g;
      return limit < low ? limit : low;
    }
  };

  struct ParameterUpdate {
    int64_t size;
    float* value;
    const float* gradient;
    Clip clip;
    std::array<float*, kMaxSlots> slots;  // in the order of slot_specs()
  };

  /// Throws ConfigError for a rate that is negative or not finite, or more than one way of clipping.
  explicit Optimizer(OptimizerSettings settings);

  /// At most kMaxSlots. Called by `build`.
  virtual std::vector<SlotSpec> slot_specs() const = 0;
  /// Called before the parameters of step `t`, counted from 1.
  virtual void begin_step(int64_t t, float learning_rate) = 0;
  /// The rule for one parameter. Arrays do not overlap.
  virtual void apply(const ParameterUpdate& update) const = 0;
  /// Scalars that the optimizer remembers beside the slots.
  virtual std::vector<NamedSlot> scalars() { return {}; }

 private:
  struct Entry {
    Parameter* parameter;
    int64_t size;
    std::array<float*, kMaxSlots> slots;
  };

  bool is_built_for(std::span<Parameter* const> parameters) const;
  Clip clip_for(const Entry& entry, const Clip& common) const;
  Clip common_clip() const;

  OptimizerSettings settings_;
  int64_t iterations_ = 0;
  std::vector<SlotSpec> specs_;
  std::vector<Entry> entries_;
  Tensor slot_memory_;
};

}  // namespace hgq
