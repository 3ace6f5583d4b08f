#include "hgq/core/profile.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "hgq/core/clock.h"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace hgq {
namespace {

size_t at(int64_t i) { return static_cast<size_t>(i); }

}  // namespace

int64_t now_ticks() {
#if defined(__x86_64__)
  return static_cast<int64_t>(__rdtsc());
#else
  return std::chrono::steady_clock::now().time_since_epoch().count();
#endif
}

double Profile::Phase::shared_seconds() const {
  double sum = 0;
  for (const Region& region : regions) sum += region.seconds;
  return sum;
}

double Profile::Phase::task_seconds() const {
  double sum = 0;
  for (const Region& region : regions) {
    for (const double task : region.task_seconds) sum += task;
  }
  return sum;
}

Profile::Profile() {
  add_phase("other");
  inside_.reserve(8);
}

int Profile::add_phase(std::string_view name) {
  const auto found = std::ranges::find(phases_, name, &PhaseTicks::name);
  if (found != phases_.end()) return static_cast<int>(found - phases_.begin());
  phases_.push_back({.name = std::string(name), .regions = {}});
  return static_cast<int>(phases_.size()) - 1;
}

int Profile::add_operation(Operation operation, int threads) {
  operations_.push_back(std::move(operation));
  if (by_worker_.size() < at(threads)) by_worker_.resize(at(threads));
  for (std::vector<OperationTicks>& worker : by_worker_) worker.resize(operations_.size());
  return static_cast<int>(operations_.size()) - 1;
}

void Profile::start() {
  running_ = true;
  first_second_ = seconds_now();
  first_tick_ = last_change_ = now_ticks();
  inside_.assign(1, 0);
}

void Profile::stop() {
  if (!running_) return;
  const int64_t now = now_ticks();
  account(now);
  seconds_ += seconds_now() - first_second_;
  ticks_ += now - first_tick_;
  running_ = false;
  inside_.clear();
}

double Profile::seconds() const { return running_ ? seconds_ + seconds_now() - first_second_ : seconds_; }

void Profile::account(int64_t now) {
  phases_[at(inside_.back())].ticks += now - last_change_;
  last_change_ = now;
}

void Profile::begin_phase(int phase) {
  if (!running_) return;
  account(now_ticks());
  inside_.push_back(phase);
  ++phases_[at(phase)].calls;
}

void Profile::end_phase() {
  if (!running_ || inside_.size() < 2) return;
  account(now_ticks());
  inside_.pop_back();
}

void Profile::begin_region(int64_t tasks) {
  region_ = nullptr;
  if (!running_) return;
  std::vector<RegionTicks>& regions = phases_[at(inside_.back())].regions;
  auto found = std::ranges::find(regions, tasks, &RegionTicks::tasks);
  if (found == regions.end())
    found = regions.insert(regions.end(), {.tasks = tasks, .task_ticks = std::vector<int64_t>(at(tasks))});
  region_ = &*found;
}

void Profile::add_task(int64_t task, int64_t ticks) {
  if (region_ != nullptr) region_->task_ticks[at(task)] += ticks;
}

void Profile::end_region(int64_t ticks) {
  if (region_ == nullptr) return;
  ++region_->calls;
  region_->ticks += ticks;
  region_ = nullptr;
}

void Profile::add_operation_time(int operation, int worker, int64_t ticks, int64_t rows) {
  if (!running_) return;
  OperationTicks& sum = by_worker_[at(worker)][at(operation)];
  sum.ticks += ticks;
  sum.rows += rows;
  ++sum.calls;
}

std::vector<Profile::Phase> Profile::phases() const {
  const double per_tick = ticks_ > 0 ? seconds_ / static_cast<double>(ticks_) : 0;
  const auto seconds = [per_tick](int64_t ticks) { return per_tick * static_cast<double>(ticks); };
  std::vector<Phase> all;
  for (const PhaseTicks& phase : phases_) {
    Phase& made = all.emplace_back(
        Phase{.name = phase.name, .calls = phase.calls, .seconds = seconds(phase.ticks), .regions = {}});
    for (const RegionTicks& region : phase.regions) {
      Region& r = made.regions.emplace_back(
          Region{.tasks = region.tasks, .calls = region.calls, .seconds = seconds(region.ticks), .task_seconds = {}});
      for (const int64_t ticks : region.task_ticks) r.task_seconds.push_back(seconds(ticks));
    }
  }
  return all;
}

std::vector<Profile::OperationTime> Profile::operations() const {
  const double per_tick = ticks_ > 0 ? seconds_ / static_cast<double>(ticks_) : 0;
  std::vector<OperationTime> all;
  for (size_t o = 0; o < operations_.size(); ++o) {
    OperationTime& time = all.emplace_back(OperationTime{.operation = operations_[o]});
    int64_t ticks = 0;
    for (const std::vector<OperationTicks>& worker : by_worker_) {
      ticks += worker[o].ticks;
      time.calls += worker[o].calls;
      time.rows += worker[o].rows;
    }
    time.seconds = per_tick * static_cast<double>(ticks);
  }
  return all;
}

}  // namespace hgq
