// profile.json as ProfileFacts.
#include "hgq/report/run_profile.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/deploy/profile_summary.h"
#include "hgq/report/json_value.h"

namespace hgq::report {
namespace {

std::optional<double> amount_if_any(const JsonValue& value) {
  const std::optional<double> number = value.number();
  if (number && !(std::isfinite(*number) && *number >= 0)) value.wrong("a number from 0");
  return number;
}

double amount_of(const JsonValue& value) { return amount_if_any(value).value_or(0); }

int64_t calls_of(const JsonValue& value) {
  const int64_t calls = value.count();
  if (calls < 0) value.wrong("a count");
  return calls;
}

std::string pass_of(const JsonValue& value) {
  std::string pass = value.text();
  if (value.is_there() && pass != "forward" && pass != "again" && pass != "backward")
    value.wrong("forward, again or backward");
  return pass;
}

std::vector<std::pair<int64_t, double>> speed_ups_of(const JsonValue& value) {
  std::vector<std::pair<int64_t, double>> out;
  for (const auto& [name, speed_up] : value.entries()) {
    int64_t threads = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), threads);
    if (error != std::errc() || end != name.data() + name.size() || threads < 1)
      value.wrong("numbers of threads as keys");
    if (!speed_up.is_there()) continue;
    out.emplace_back(threads, amount_of(speed_up));
  }
  std::ranges::sort(out);  // as texts, 16 comes before 2
  return out;
}

}  // namespace

double ProfileFacts::waiting(const Phase& phase) const {
  return waiting_share(phase.seconds, phase.shared, phase.busy, threads);
}

ProfileFacts read_profile(const std::string& path) {
  const nlohmann::json json = json_of_run(path);
  const JsonValue file(path, &json, "");
  ProfileFacts profile;
  profile.threads = file["threads"].integer().value_or(1);
  if (profile.threads < 1) file["threads"].wrong("a number of threads from 1");
  profile.seconds = amount_of(file["seconds"]);
  const JsonValue machine = file["machine"];
  profile.product_gflops = amount_if_any(machine["product_gflops"]);
  profile.copy_gbytes = amount_if_any(machine["copy_gbytes"]);
  profile.memory_gbytes = amount_if_any(machine["memory_gbytes"]);
  profile.barrier_microseconds = amount_if_any(machine["barrier_microseconds"]);
  for (const JsonValue& phase : file["phases"].items()) {
    profile.phases.push_back({.name = phase["name"].text(),
                              .calls = calls_of(phase["calls"]),
                              .seconds = amount_of(phase["seconds"]),
                              .shared = amount_of(phase["shared"]),
                              .busy = amount_of(phase["busy"])});
  }
  if (!file["seconds"].is_there()) {
    for (const ProfileFacts::Phase& phase : profile.phases) profile.seconds += phase.seconds;
  }
  for (const JsonValue& operation : file["operations"].items()) {
    profile.operations.push_back({.phase = operation["phase"].text(),
                                  .layer = operation["layer"].text(),
                                  .name = operation["operation"].text(),
                                  .pass = pass_of(operation["pass"]),
                                  .calls = calls_of(operation["calls"]),
                                  .seconds = amount_of(operation["seconds"]),
                                  .gflops = amount_of(operation["gflops"]),
                                  .gbytes = amount_of(operation["gbytes"])});
  }
  profile.product_share = amount_if_any(file["product_share"]);
  profile.serial_share = amount_if_any(file["serial_share"]);
  profile.speed_ups = speed_ups_of(file["simulated_speed_up"]);
  return profile;
}

}  // namespace hgq::report
