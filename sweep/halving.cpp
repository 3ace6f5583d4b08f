#include "hgq/sweep/halving.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hgq/core/dominance.h"

namespace hgq::sweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The value of an objective, where larger is better; what is missing or not a number is worst.
double merit(const Standing& run, std::span<const Objective> objectives, size_t objective) {
  const std::optional<double> value = run.objectives[objective];
  if (!value || std::isnan(*value)) return -kInfinity;
  return objectives[objective].maximize ? *value : -*value;
}

bool beats(const Standing& a, const Standing& b, std::span<const Objective> objectives) {
  if (a.allowed != b.allowed) return a.allowed;
  const auto costs_of = [&](const Standing& run) { return [&](size_t o) { return -merit(run, objectives, o); }; };
  return dominates(objectives.size(), costs_of(a), costs_of(b));
}

/// How far each run of a front lies from its neighbours; those at its ends are infinitely far.
std::vector<double> crowding(std::span<const Standing> runs, std::span<const Objective> objectives,
                             const std::vector<size_t>& front) {
  std::vector<double> distance(runs.size(), 0);
  for (size_t o = 0; o < objectives.size(); ++o) {
    std::vector<size_t> order = front;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return merit(runs[a], objectives, o) < merit(runs[b], objectives, o); });
    const double width = merit(runs[order.back()], objectives, o) - merit(runs[order.front()], objectives, o);
    distance[order.front()] = distance[order.back()] = kInfinity;
    for (size_t i = 1; i + 1 < order.size() && width > 0 && std::isfinite(width); ++i)
      distance[order[i]] +=
          (merit(runs[order[i + 1]], objectives, o) - merit(runs[order[i - 1]], objectives, o)) / width;
  }
  return distance;
}

/// The runs that go on after each rung that is decided. `decided`: all of them are.
struct Decisions {
  std::vector<size_t> survivors;
  std::vector<int64_t> dropped_at;
  int64_t open_rung = 0;  // the first that is not decided; 0: none
};

Decisions decide(const SweepRecord& sweep) {
  Decisions decisions{.survivors = std::vector<size_t>(sweep.runs.size()),
                      .dropped_at = std::vector<int64_t>(sweep.runs.size(), 0)};
  std::iota(decisions.survivors.begin(), decisions.survivors.end(), size_t{0});
  if (!sweep.halving) return decisions;
  int64_t longest = 0;
  for (const RunRecord& run : sweep.runs) longest = std::max(longest, run.planned_epochs);
  for (size_t r = 0; r < sweep.halving->rungs.size() && sweep.halving->rungs[r] < longest; ++r) {
    std::vector<size_t> candidates;
    std::vector<Standing> standings;
    for (const size_t run : decisions.survivors) {
      if (!sweep.runs[run].at_rungs[r].reached) {
        decisions.open_rung = sweep.halving->rungs[r];
        return decisions;
      }
      if (sweep.runs[run].state == RunState::kFailed) continue;
      candidates.push_back(run);
      standings.push_back(sweep.runs[run].at_rungs[r]);
    }
    const std::vector<size_t> order = ranked(standings, sweep.objectives);
    const auto kept = static_cast<size_t>(std::ceil(sweep.halving->keep * static_cast<double>(order.size()) - 1e-9));
    decisions.survivors.clear();
    for (size_t i = 0; i < order.size(); ++i) {
      if (i < kept) decisions.survivors.push_back(candidates[order[i]]);
      if (i >= kept) decisions.dropped_at[candidates[order[i]]] = sweep.halving->rungs[r];
    }
    std::ranges::sort(decisions.survivors);
  }
  return decisions;
}

}  // namespace

std::vector<int> front_numbers(std::span<const Standing> runs, std::span<const Objective> objectives) {
  std::vector<int> fronts(runs.size(), -1);
  size_t left = runs.size();
  for (int front = 0; left > 0; ++front) {
    std::vector<size_t> members;
    for (size_t i = 0; i < runs.size(); ++i) {
      if (fronts[i] >= 0) continue;
      bool is_beaten = false;
      for (size_t j = 0; j < runs.size() && !is_beaten; ++j)
        is_beaten = fronts[j] < 0 && beats(runs[j], runs[i], objectives);
      if (!is_beaten) members.push_back(i);
    }
    for (const size_t member : members) fronts[member] = front;
    left -= members.size();
  }
  return fronts;
}

std::vector<size_t> ranked(std::span<const Standing> runs, std::span<const Objective> objectives) {
  const std::vector<int> fronts = front_numbers(runs, objectives);
  std::vector<size_t> order;
  for (int front = 0; order.size() < runs.size(); ++front) {
    std::vector<size_t> members;
    for (size_t i = 0; i < runs.size(); ++i) {
      if (fronts[i] == front) members.push_back(i);
    }
    const std::vector<double> distance = crowding(runs, objectives, members);
    std::stable_sort(members.begin(), members.end(), [&](size_t a, size_t b) { return distance[a] > distance[b]; });
    order.insert(order.end(), members.begin(), members.end());
  }
  return order;
}

NextRuns next_runs(const SweepRecord& sweep) {
  const Decisions decisions = decide(sweep);
  NextRuns next{.runs = {}, .until = decisions.open_rung};
  for (const size_t i : decisions.survivors) {
    const RunRecord& run = sweep.runs[i];
    if (run.state == RunState::kDone || run.state == RunState::kFailed) continue;
    if (next.until == 0 || run.epochs < next.until || run.state == RunState::kRunning) next.runs.push_back(i);
  }
  return next;
}

void mark_dropped(SweepRecord& sweep) {
  const Decisions decisions = decide(sweep);
  for (size_t i = 0; i < sweep.runs.size(); ++i) {
    RunRecord& run = sweep.runs[i];
    if (decisions.dropped_at[i] == 0 || run.state == RunState::kDone || run.state == RunState::kFailed) continue;
    run.state = RunState::kDropped;
    run.dropped_at = decisions.dropped_at[i];
  }
}

}  // namespace hgq::sweep
