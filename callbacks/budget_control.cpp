#include "hgq/callbacks/budget_control.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/saved_state.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

// Batches: the time over which the gate measures the rate of x, and how far it looks ahead, which is about the memory
// of Adam's and of usual momentum.
constexpr double kWindow = 6;
constexpr double kAhead = 15;
constexpr double kMostRate = 0.05;  // of x in a batch; a jump by one bit is not a rate
// The half width of the gate in x.
constexpr double kBand = 0.025;
// Change of u for a rate that is off, and the time of the approach as a share of reach_, with a least number of
// batches.
constexpr double kGain = 10;
constexpr double kApproach = 0.12;
constexpr double kLeastApproach = 20;
// The rate that u follows is measured over this share of reach_: as u moves by many times the rate, its noise would
// come through.
constexpr double kSlowWindow = 0.05;
// Past its ceiling u rises only if the cost falls at less than this share of x in reach_, and more the later it is, as
// where the task holds it up, and no further than by kMostPast, and 1 more in each reach_. Where bit widths already
// move as fast as they can, a larger beta would only cost accuracy.
constexpr double kPastCeiling = 0.2;
constexpr double kMorePastCeiling = 0.05;
constexpr double kMostPast = 1;
// Of reach_, the share that the descent is planned for; of u, the most that it rises and falls in reach_, and that it
// falls while the gate is shut.
constexpr double kDescent = 0.4;
constexpr double kMostRise = 20;
constexpr double kMostFall = 100;
constexpr double kMostFallShut = 3;
// u does not go further than so far below its ceiling.
constexpr double kDeepest = 25;
// Without a beta to begin with: beta * BOPs is this share of the task's loss.
constexpr double kFirstShare = 1e-3;
// The target is aimed at a little from above, as what is lost does not come back.
constexpr double kAim = 1.01;
// Near the target the ratio of cost and BOPs changes by this share of what is new: a last batch has some noise.
constexpr double kNear = 0.3;
constexpr double kNewRatio = 0.4;
// The mean of the cost is trimmed by this share of what it was off in an epoch that was so close to the target.
constexpr double kTrim = 0.2;
constexpr double kClose = 0.1;
constexpr double kMostTrim = 0.1;
constexpr double kTaskWindow = 20;
// log(cost / target) is not followed beyond this; a network without BOPs has -inf.
constexpr double kFarthest = 30;

double log_ratio(double a, double b) { return std::clamp(std::log(a / b), -kFarthest, kFarthest); }

}  // namespace

void BudgetControl::begin(int64_t batches, int epochs) {
  batches_ = static_cast<double>(std::max<int64_t>(batches, 1));
  reach_ = std::max(options_.settle * batches_ * epochs, 1.0);
}

double BudgetControl::after_batch(const Reading& reading) {
  const double raw = log_ratio(reading.bops, kAim * options_.target);
  // Ranges that were emptied at the beginning of the epoch (ResetMinMax) are too small for some batches, and with them
  // the BOPs. Like the largest of so many random numbers, they come back with the logarithm of the number of rows.
  if (reading.batch == 0) dropped_ = steps_ == 0 ? 0 : std::clamp(last_ - raw, 0.0, 0.5);
  last_ = raw;
  const double missing =
      batches_ > 1 ? std::max(0.0, 1 - std::log(1 + static_cast<double>(reading.batch)) / std::log(batches_)) : 0;
  const double x = raw + ratio_ + trim_ + dropped_ * missing;
  const double task_loss = std::isfinite(reading.task_loss) ? std::abs(reading.task_loss) : 0;
  if (steps_ == 0) {
    first_ = near_ = far_ = slow_ = x;
    task_loss_ = task_loss;
    const double least = std::max(task_loss, 1e-12) / options_.target;
    u_ = std::log(reading.beta > 0 ? reading.beta : kFirstShare * least);
  }
  ++steps_;
  move(x, task_loss);
  return std::clamp(std::exp(u_) * gate_, options_.min_beta, options_.max_beta);
}

void BudgetControl::move(double x, double task_loss) {
  near_ += (x - near_) * 2 / kWindow;
  far_ += (near_ - far_) * 2 / kWindow;
  task_loss_ += (task_loss - task_loss_) / kTaskWindow;
  const double rate = std::clamp((near_ - far_) * 2 / kWindow, -kMostRate, kMostRate);
  const double later = near_ + rate * (kAhead + kWindow / 2);
  gate_ = std::clamp((later + kBand) / (2 * kBand), 0.0, 1.0);

  const double elapsed = static_cast<double>(steps_) / reach_;
  const double most = std::max(std::abs(first_), 0.2) / (kDescent * reach_);
  double planned = std::clamp(-near_ / std::max(kApproach * reach_, kLeastApproach), -most, most);
  const double ceiling = std::log(std::max(task_loss_, 1e-12) / options_.target);
  if (u_ > ceiling) planned = std::max(planned, -(kPastCeiling + kMorePastCeiling * elapsed) * near_ / reach_);
  const double window = std::max(kWindow, kSlowWindow * reach_);
  slow_ += (near_ - slow_) * 2 / window;
  const double limit = kMostRise / reach_;
  double change = std::clamp(kGain * ((near_ - slow_) * 2 / window - planned), -limit, limit);
  if (gate_ < 1) {
    const double fall = gate_ > 0 ? kMostFall : kMostFallShut;
    change = std::min(change, std::clamp(kGain * (rate - planned), -fall / reach_, limit));
  }
  const double highest = ceiling + kMostPast + elapsed;
  u_ = std::clamp(u_ + change, ceiling - kDeepest, std::max(u_, highest));
}

void BudgetControl::after_epoch(double cost, double bops) {
  if (!(cost > 0) || !(bops > 0)) return;
  const double ratio = log_ratio(cost, bops);
  const double off = log_ratio(cost, kAim * options_.target);
  ratio_ += (std::abs(off) < kNear ? kNewRatio : 1) * (ratio - ratio_);
  if (std::abs(off) < kClose) trim_ = std::clamp(trim_ + kTrim * off, -kMostTrim, kMostTrim);
}

nlohmann::json BudgetControl::state() const {
  return {{"steps", steps_},
          {"u", exact_json(u_)},
          {"near", exact_json(near_)},
          {"far", exact_json(far_)},
          {"slow", exact_json(slow_)},
          {"first", exact_json(first_)},
          {"ratio", exact_json(ratio_)},
          {"trim", exact_json(trim_)},
          {"last", exact_json(last_)},
          {"dropped", exact_json(dropped_)},
          {"task_loss", exact_json(task_loss_)},
          {"gate", exact_json(gate_)}};
}

void BudgetControl::restore(const nlohmann::json& json, const std::string& place) {
  const SavedState state(json, place);
  steps_ = state.integer("steps", 0, std::numeric_limits<int64_t>::max());
  const auto finite = [&](const char* key) {
    const double value = state.number(key);
    HGQ_CHECK(std::isfinite(value), FileError, "the checkpoint is damaged: ", place, ".", key, " is not finite");
    return value;
  };
  u_ = finite("u");
  near_ = finite("near");
  far_ = finite("far");
  slow_ = finite("slow");
  first_ = finite("first");
  ratio_ = finite("ratio");
  trim_ = finite("trim");
  last_ = finite("last");
  dropped_ = finite("dropped");
  task_loss_ = finite("task_loss");
  gate_ = finite("gate");
}

}  // namespace hgq
