#include "hgq/optim/optimizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/flush_denormals.h"
#include "hgq/core/ordered_sum.h"

namespace hgq {
namespace {

constexpr int64_t kFloatsPerLine = static_cast<int64_t>(kAlignment / sizeof(float));

int64_t padded(int64_t floats) { return (floats + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine; }

double sum_of_squares(const float* values, int64_t count) {
  return ordered_sum(count, [values](int64_t i) {
    const auto v = static_cast<double>(values[i]);
    return v * v;
  });
}

/// The factor that brings a gradient of this norm to `limit` at most; NaN where the norm is.
float scale_to(double squares, double limit) {
  const double norm = std::sqrt(squares);
  return norm <= limit ? 1.0F : static_cast<float>(limit / norm);
}

void decay_weights(float* value, int64_t size, float weight_decay, float learning_rate) {
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) value[i] -= value[i] * weight_decay * learning_rate;
}

void check_not_negative(std::string_view what, double value) {
  HGQ_CHECK(std::isfinite(value) && value >= 0, ConfigError, "optimizer: ", what, " is ", value,
            ", expected a finite number that is not negative");
}

}  // namespace

Optimizer::Optimizer(OptimizerSettings settings) : settings_(std::move(settings)) {
  if (!has_schedule()) check_not_negative("learning_rate", static_cast<double>(learning_rate()));
  check_not_negative("weight_decay", settings_.weight_decay);
  check_not_negative("clipnorm", settings_.clipnorm);
  check_not_negative("clipvalue", settings_.clipvalue);
  check_not_negative("global_clipnorm", settings_.global_clipnorm);
  const int ways = (settings_.clipnorm > 0) + (settings_.clipvalue > 0) + (settings_.global_clipnorm > 0);
  HGQ_CHECK(ways <= 1, ConfigError, "optimizer: clipnorm, clipvalue and global_clipnorm exclude each other, found ",
            ways, " of them");
}

bool Optimizer::is_built_for(std::span<Parameter* const> parameters) const {
  return std::equal(entries_.begin(), entries_.end(), parameters.begin(), parameters.end(),
                    [](const Entry& entry, const Parameter* parameter) { return entry.parameter == parameter; });
}

void Optimizer::build(std::span<Parameter* const> parameters) {
  if (is_built_for(parameters)) return;
  HGQ_CHECK(entries_.empty(), ShapeError, "optimizer ", name(), ": built for ", entries_.size(),
            " parameters, called with ", parameters.size(),
            " others; every set of parameters needs an optimizer of its own");
  specs_ = slot_specs();
  int64_t floats = 0;
  for (const Parameter* parameter : parameters) floats += padded(parameter->value.size()) * std::ssize(specs_);
  slot_memory_ = Tensor(Shape{floats});
  float* next = slot_memory_.data();
  for (Parameter* parameter : parameters) {
    Entry entry{.parameter = parameter, .size = parameter->value.size(), .slots = {}};
    for (size_t s = 0; s < specs_.size(); ++s) {
      entry.slots[s] = next;
      std::fill_n(next, entry.size, specs_[s].start);
      next += padded(entry.size);
    }
    entries_.push_back(entry);
  }
}

Optimizer::Clip Optimizer::common_clip() const {
  Clip clip;
  if (settings_.clipvalue > 0) clip.limit = static_cast<float>(settings_.clipvalue);
  if (settings_.global_clipnorm > 0) {
    double squares = 0;
    for (const Entry& entry : entries_) {
      if (entry.parameter->is_trained()) squares += sum_of_squares(entry.parameter->grad.data(), entry.size);
    }
    // Like Keras: a common norm that is not finite makes every gradient NaN, so that the run stops rather than drifts.
    clip.scale =
        std::isfinite(squares) ? scale_to(squares, settings_.global_clipnorm) : std::numeric_limits<float>::quiet_NaN();
  }
  return clip;
}

Optimizer::Clip Optimizer::clip_for(const Entry& entry, const Clip& common) const {
  Clip clip = common;
  if (settings_.clipnorm > 0)
    clip.scale = scale_to(sum_of_squares(entry.parameter->grad.data(), entry.size), settings_.clipnorm);
  return clip;
}

void Optimizer::update(std::span<Parameter* const> parameters) {
  build(parameters);
  const FlushDenormals flush;
  const float rate = rate_of(iterations_);
  begin_step(iterations_ + 1, rate);
  const Clip common = common_clip();
  const auto weight_decay = static_cast<float>(settings_.weight_decay);
  for (const Entry& entry : entries_) {
    Parameter& parameter = *entry.parameter;
    if (!parameter.is_trained()) continue;
    if (weight_decay > 0) decay_weights(parameter.value.data(), entry.size, weight_decay, rate);
    apply({.size = entry.size,
           .value = parameter.value.data(),
           .gradient = parameter.grad.data(),
           .clip = clip_for(entry, common),
           .slots = entry.slots});
    if (parameter.constraint) parameter.constraint(parameter.value.view());
  }
  ++iterations_;
}

void Optimizer::set_learning_rate(float learning_rate) {
  HGQ_CHECK(!has_schedule(), ConfigError, "optimizer ", name(),
            ": its learning rate follows a schedule and cannot be set; give a number as learning_rate, or leave out "
            "what sets it");
  check_not_negative("learning_rate", static_cast<double>(learning_rate));
  settings_.learning_rate = learning_rate;
}

void Optimizer::follow(Schedule schedule, int64_t first) {
  settings_.learning_rate = std::move(schedule);
  first_ = first;
  follows_ = true;
}

std::vector<NamedSlot> Optimizer::slots() {
  std::vector<NamedSlot> result;
  for (const Entry& entry : entries_) {
    for (size_t s = 0; s < specs_.size(); ++s) {
      result.push_back(
          {concat(specs_[s].name, "/", entry.parameter->name), {entry.slots[s], static_cast<size_t>(entry.size)}});
    }
  }
  for (NamedSlot& scalar : scalars()) result.push_back(std::move(scalar));
  return result;
}

void Optimizer::restore(const OptimizerState& state, std::span<const NamedTensor> saved) {
  HGQ_CHECK(state.iterations >= 0, FileError, "optimizer ", name(), ": saved after ", state.iterations, " steps");
  const std::vector<NamedSlot> own = slots();
  HGQ_CHECK(own.size() == saved.size(), FileError, "optimizer ", name(), ": ", saved.size(), " slots saved, expected ",
            own.size());
  std::vector<const NamedTensor*> source;
  for (const NamedSlot& slot : own) {
    const auto found =
        std::find_if(saved.begin(), saved.end(), [&](const NamedTensor& tensor) { return tensor.name == slot.name; });
    HGQ_CHECK(found != saved.end(), FileError, "optimizer ", name(), ": no saved slot '", slot.name, "'");
    HGQ_CHECK(found->value.size() == std::ssize(slot.values), FileError, "optimizer ", name(), ": saved slot '",
              slot.name, "' has ", found->value.size(), " values, expected ", slot.values.size());
    source.push_back(&*found);
  }
  if (!has_schedule()) set_learning_rate(state.learning_rate);
  for (size_t s = 0; s < own.size(); ++s) std::ranges::copy(source[s]->value.values(), own[s].values.begin());
  iterations_ = state.iterations;
}

}  // namespace hgq
