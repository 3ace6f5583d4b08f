#include "hgq/deploy/profile_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/printable.h"

namespace hgq {
namespace {

constexpr int kSimulated[] = {2, 8, 16, 64};

/// The seconds of one call of a region with these seconds for each task.
double makespan(const std::vector<double>& tasks, int threads) {
  std::vector<double> busy_until(static_cast<size_t>(threads), 0.0);
  for (const double task : tasks) *std::ranges::min_element(busy_until) += task;
  return *std::ranges::max_element(busy_until);
}

std::string_view name_of(Profile::Pass pass) {
  switch (pass) {
    case Profile::Pass::kForward:
      return "forward";
    case Profile::Pass::kAgain:
      return "again";
    default:
      return "backward";
  }
}

double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

}  // namespace

double ProfileSummary::serial_share() const {
  double serial = 0;
  for (const Phase& phase : phases) {
    serial += phase.seconds - phase.shared;
    for (const Profile::Region& region : phase.regions) {
      if (region.tasks < 2) serial += region.seconds;
    }
  }
  return seconds > 0 ? serial / seconds : 0;
}

double ProfileSummary::speed_up(int on_threads) const {
  const auto time_on = [&](int count) {
    const double barrier = count > 1 ? machine.barrier_seconds * static_cast<double>(count) / std::max(threads, 2) : 0;
    double sum = 0;
    for (const Phase& phase : phases) {
      sum += phase.seconds - phase.shared;
      for (const Profile::Region& region : phase.regions) {
        std::vector<double> tasks = region.task_seconds;
        for (double& task : tasks) task /= static_cast<double>(std::max<int64_t>(region.calls, 1));
        sum += static_cast<double>(region.calls) * (makespan(tasks, count) + (region.tasks > 1 ? barrier : 0));
      }
    }
    return sum;
  };
  const double alone = time_on(1);
  const double together = time_on(on_threads);
  return together > 0 ? alone / together : 1;
}

double waiting_share(double seconds, double shared, double busy, int64_t threads) {
  if (seconds <= 0) return 0;
  const auto count = static_cast<double>(threads);
  const double idle = seconds - busy / count - (seconds - shared) / count;
  return std::clamp(idle / seconds, 0.0, 1.0);  // clocks are not exact
}

ProfileSummary summarize(const Profile& profile, const MachineRates& machine, int threads) {
  ProfileSummary summary{.threads = threads,
                         .seconds = profile.seconds(),
                         .machine = machine,
                         .phases = {},
                         .operations = {},
                         .product_share = {}};
  const std::vector<Profile::Phase> phases = profile.phases();
  for (const Profile::Phase& phase : phases) {
    if (phase.seconds <= 0) continue;
    summary.phases.push_back({.name = phase.name,
                              .calls = phase.calls,
                              .seconds = phase.seconds,
                              .shared = phase.shared_seconds(),
                              .busy = phase.task_seconds(),
                              .regions = phase.regions});
  }
  for (const Profile::OperationTime& time : profile.operations()) {
    if (time.calls == 0) continue;
    const Profile::Operation& o = time.operation;
    const std::string& phase = phases[static_cast<size_t>(o.phase)].name;
    const auto same = std::ranges::find_if(summary.operations, [&](const ProfileSummary::Operation& other) {
      return other.phase == phase && other.layer == o.layer && other.name == o.name && other.pass == o.pass;
    });
    ProfileSummary::Operation& sum = same != summary.operations.end()
                                         ? *same
                                         : summary.operations.emplace_back(ProfileSummary::Operation{
                                               .phase = phase, .layer = o.layer, .name = o.name, .pass = o.pass});
    sum.calls += time.calls;
    sum.seconds += time.seconds;
    sum.flops += 2 * o.products_per_row * static_cast<double>(time.rows);
    sum.bytes += o.bytes_per_row * static_cast<double>(time.rows) + o.bytes_per_call * static_cast<double>(time.calls);
  }
  std::ranges::stable_sort(summary.phases, std::greater<>(), &ProfileSummary::Phase::seconds);
  std::ranges::stable_sort(summary.operations, std::greater<>(), &ProfileSummary::Operation::seconds);
  return summary;
}

std::string describe(const ProfileSummary& s, size_t most_operations) {
  std::string text = fmt::format(
      "{:.4g} s on {} thread{}; a thread gives {:.0f} GFLOP/s in products and copies {:.0f} GB/s in its cache; from "
      "memory {:.0f} GB/s in all; a barrier takes {:.2g} us\n\n",
      s.seconds, s.threads, s.threads == 1 ? "" : "s", s.machine.product_flops * 1e-9, s.machine.copy_bytes * 1e-9,
      s.machine.memory_bytes * 1e-9, s.machine.barrier_seconds * 1e6);
  text +=
      fmt::format("{:<32} {:>9} {:>10} {:>7} {:>7} {:>8}\n", "phase", "calls", "seconds", "share", "shared", "waiting");
  for (const ProfileSummary::Phase& p : s.phases)
    text += fmt::format("{:<32} {:>9} {:>10.4g} {:>6.1f}% {:>6.1f}% {:>7.1f}%\n", p.name, p.calls, p.seconds,
                        percent(p.seconds, s.seconds), percent(p.shared, p.seconds),
                        100 * waiting_share(p.seconds, p.shared, p.busy, s.threads));
  text += fmt::format("\n{:<34} {:<26} {:<9} {:>8} {:>10} {:>7} {:>8} {:>7}\n", "layer", "operation", "pass", "calls",
                      "seconds", "share", "GFLOP/s", "GB/s");
  for (size_t i = 0; i < std::min(most_operations, s.operations.size()); ++i) {
    const ProfileSummary::Operation& o = s.operations[i];
    text += fmt::format("{:<34} {:<26} {:<9} {:>8} {:>10.4g} {:>6.1f}% {:>8} {:>7.1f}\n",
                        printable(o.layer.empty() ? "-" : o.layer), o.name, name_of(o.pass), o.calls, o.seconds,
                        percent(o.seconds, s.seconds * s.threads),
                        o.flops > 0 ? fmt::format("{:.1f}", o.flops / o.seconds * 1e-9) : "-",
                        o.seconds > 0 ? o.bytes / o.seconds * 1e-9 : 0);
  }
  if (s.operations.size() > most_operations) {
    double rest = 0;
    for (size_t i = most_operations; i < s.operations.size(); ++i) rest += s.operations[i].seconds;
    text += fmt::format("and {} more, {:.1f}%\n", s.operations.size() - most_operations,
                        percent(rest, s.seconds * s.threads));
  }
  text += "\n";
  if (s.product_share)
    text += fmt::format("matrix products alone would take {:.1f}% of the time\n", 100 * *s.product_share);
  if (s.threads == 1) {
    text += fmt::format("serial: {:.2f}%; more threads, by a schedule of the measured tasks:", 100 * s.serial_share());
    for (const int threads : kSimulated)
      text += fmt::format(" {}: x {:.1f}{}", threads, s.speed_up(threads), threads == 64 ? "\n" : ",");
  }
  return text;
}

nlohmann::json to_json(const ProfileSummary& s) {
  nlohmann::json json{{"threads", s.threads},
                      {"seconds", s.seconds},
                      {"machine",
                       {{"product_gflops", s.machine.product_flops * 1e-9},
                        {"copy_gbytes", s.machine.copy_bytes * 1e-9},
                        {"memory_gbytes", s.machine.memory_bytes * 1e-9},
                        {"barrier_microseconds", s.machine.barrier_seconds * 1e6}}},
                      {"phases", nlohmann::json::array()},
                      {"operations", nlohmann::json::array()}};
  for (const ProfileSummary::Phase& p : s.phases)
    json["phases"].push_back(
        {{"name", p.name}, {"calls", p.calls}, {"seconds", p.seconds}, {"shared", p.shared}, {"busy", p.busy}});
  for (const ProfileSummary::Operation& o : s.operations)
    json["operations"].push_back({{"phase", o.phase},
                                  {"layer", o.layer},
                                  {"operation", o.name},
                                  {"pass", name_of(o.pass)},
                                  {"calls", o.calls},
                                  {"seconds", o.seconds},
                                  {"gflops", o.seconds > 0 ? o.flops / o.seconds * 1e-9 : 0},
                                  {"gbytes", o.seconds > 0 ? o.bytes / o.seconds * 1e-9 : 0}});
  if (s.product_share) json["product_share"] = *s.product_share;
  if (s.threads == 1) {
    json["serial_share"] = s.serial_share();
    for (const int threads : kSimulated) json["simulated_speed_up"][std::to_string(threads)] = s.speed_up(threads);
  }
  return json;
}

}  // namespace hgq
