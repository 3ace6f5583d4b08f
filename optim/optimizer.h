// The interface of an optimizer: once in each step it moves the parameters along their gradients.
//
//   hgq::Adam adam({.learning_rate = 5e-3});          // the optimizers themselves: optim/optimizers.h
//   adam.update(model.parameters());                  // after each backward pass
//
// A step does, in the order and the float32 arithmetic of Keras 2.15:
//   1. the learning rate: the number, or the schedule's value for the steps done so far;
//   2. clipping: `clipnorm` scales the gradient of each parameter to at most that norm, `global_clipnorm` scales all of
//      them by their common norm, `clipvalue` clips each element;
//   3. weight decay: value -= value * weight_decay * learning_rate;
//   4. the optimizer's own rule, one vectorised loop per parameter;
//   5. the parameter's constraint.
// Parameters that are not trainable, or frozen, are not changed, and neither are the gradients. Denormal results are
// flushed to 0.
//
// What an optimizer remembers of each parameter, such as momenta or mean squares, are its slots. They are made by the
// first step or by build(), so that later steps allocate nothing. The whole state of an optimizer is its slots, its
// count of steps, and its learning rate:
//
//   const OptimizerState state = adam.state();                                   // write
//   for (const NamedSlot& s : adam.slots()) write(s.name, s.values);
//   Adam again({.learning_rate = 5e-3});                                         // read, and continue
//   again.build(model.parameters());  again.restore(state, saved);
//
// An optimizer of your own derives from Optimizer and defines four functions: its name, its slots, the scalars of a
// step, and the loop over the elements of a parameter. adam.cpp, rmsprop.cpp and sgd.cpp are examples.
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

/// A view of what an optimizer remembers.
struct NamedSlot {
  std::string name;  // SLOT/PARAMETER, such as "m/dense/kernel"; for a scalar of the optimizer its name, "u_product"
  std::span<float> values;
};

struct OptimizerState {
  int64_t iterations = 0;   // steps done
  float learning_rate = 0;  // of the last step

  bool operator==(const OptimizerState&) const = default;
};

/// The settings that all optimizers share. 0 turns a setting off; at most one of the three clips may be on.
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

  /// The name of the class in Keras: "Adam".
  virtual std::string_view name() const = 0;

  /// Makes the slots for these parameters, unless that is done. An optimizer belongs to one list of parameters: throws
  /// ShapeError if it was built for another. The parameters must live until the last call of the optimizer.
  void build(std::span<Parameter* const> parameters);

  /// Does one step with Parameter::grad of each parameter; calls build() first.
  void update(std::span<Parameter* const> parameters);

  /// The number of steps done.
  int64_t iterations() const { return iterations_; }

  /// Whether the learning rate follows a schedule, or was given by follow(); then it cannot be set.
  bool has_schedule() const { return follows_ || !settings_.learning_rate.is_constant(); }
  /// What the learning rate follows.
  const Schedule& schedule() const { return settings_.learning_rate; }
  /// The learning rate follows `schedule` from now on, whose steps are counted from the step `first` of the optimizer.
  /// Not part of the saved state: whoever calls it does so again after restore().
  void follow(Schedule schedule, int64_t first);
  /// The learning rate of the last step; before any step, that of the first one.
  float learning_rate() const { return rate_of(iterations_ - 1); }
  /// Sets the learning rate from the next step on. Throws ConfigError if it follows a schedule, or if the rate is
  /// negative or not finite.
  void set_learning_rate(float learning_rate);

  OptimizerState state() const { return {iterations_, learning_rate()}; }
  /// Views of all slots in the order of the parameters, then of the scalars; without build() there are no slots. Valid
  /// as long as the optimizer.
  std::vector<NamedSlot> slots();
  /// Continues from a saved state; call build() first. `saved` has the names and sizes of slots(): throws FileError
  /// otherwise, and changes nothing. If the learning rate follows a schedule, it is that for the count of steps.
  void restore(const OptimizerState& state, std::span<const NamedTensor> saved);

 protected:
  static constexpr int kMaxSlots = 3;

  /// A slot of every parameter, and the value of its elements at the start.
  struct SlotSpec {
    std::string_view name;
    float start = 0;
  };

  /// Clips one element of a gradient; without clipping it returns the same number. NaN stays NaN.
  struct Clip {
    float scale = 1;
    float limit = std::numeric_limits<float>::infinity();
    float operator()(float gradient) const {
      const float g = gradient * scale;
      const float low = -limit > g ? -limit : g;
      return limit < low ? limit : low;
    }
  };

  /// One parameter in a step. Each array has `size` elements.
  struct ParameterUpdate {
    int64_t size;
    float* value;
    const float* gradient;
    Clip clip;
    std::array<float*, kMaxSlots> slots;  // in the order of slot_specs()
  };

  /// Throws ConfigError if a setting is negative or not finite, or if more than one way of clipping is on.
  explicit Optimizer(OptimizerSettings settings);

  /// The slots of a parameter, at most kMaxSlots. Called by build().
  virtual std::vector<SlotSpec> slot_specs() const = 0;
  /// Called at the beginning of step `t`, counted from 1, to compute what is the same for all parameters.
  virtual void begin_step(int64_t t, float learning_rate) = 0;
  /// Updates one parameter. The arrays do not overlap.
  virtual void apply(const ParameterUpdate& update) const = 0;
  /// Views of scalars that the optimizer remembers besides the slots; valid as long as the optimizer.
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

  float rate_of(int64_t step) const { return settings_.learning_rate(step > first_ ? step - first_ : 0); }

  OptimizerSettings settings_;
  bool follows_ = false;
  int64_t first_ = 0;  // step of the schedule's beginning
  int64_t iterations_ = 0;
  std::vector<SlotSpec> specs_;
  std::vector<Entry> entries_;
  Tensor slot_memory_;
};

}  // namespace hgq
