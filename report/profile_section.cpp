// The section of a report about the time of its training, and its figures.
#include <fmt/format.h>

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/bar_chart.h"
#include "hgq/report/run_profile.h"
#include "hgq/report/run_sections.h"

namespace hgq::report {
namespace {

constexpr size_t kMostOperations = 25;
constexpr int kTimeDigits = 4;

std::string ratio_text(double part, double whole) { return whole > 0 ? percent_text(part / whole) : "-"; }

/// "GFLOP/s" of an operation beside that of the machine: "12.3", "45.6 %".
std::string of_machine(double rate, const std::optional<double>& machine) {
  return rate > 0 && machine ? ratio_text(rate, *machine) : "-";
}
std::string rate_text(double rate) { return rate > 0 ? number_text(rate, 3) : "-"; }

/// What the times are of, and what the machine gives.
std::string machine_text(const ProfileFacts& profile) {
  std::string out = fmt::format(
      "The call of hgq-train that wrote profile.json took {} s, up to the end of the training, on {} thread{}.",
      number_text(profile.seconds, kTimeDigits), profile.threads, profile.threads == 1 ? "" : "s");
  std::vector<std::string> rates;
  if (profile.product_gflops)
    rates.push_back(
        concat("a thread computes ", number_text(*profile.product_gflops, 3), " GFLOP/s in matrix products"));
  if (profile.copy_gbytes)
    rates.push_back(concat("a thread copies ", number_text(*profile.copy_gbytes, 3), " GB/s in its cache"));
  if (profile.memory_gbytes)
    rates.push_back(concat("all threads together copy ", number_text(*profile.memory_gbytes, 3), " GB/s from memory"));
  if (profile.barrier_microseconds && *profile.barrier_microseconds > 0)
    rates.push_back(concat("a barrier takes ", number_text(*profile.barrier_microseconds, 2), " µs"));
  for (size_t i = 0; i < rates.size(); ++i) out += concat(i == 0 ? " On this machine " : "; ", rates[i]);
  if (!rates.empty()) out += ".";
  return out;
}

std::string limits_text(const ProfileFacts& profile) {
  std::string out;
  if (profile.product_share)
    out += concat("The matrix products alone would take ", percent_text(*profile.product_share), " of the time. ");
  if (profile.serial_share) {
    out += concat("Serial, so that more threads make it no faster: ", percent_text(*profile.serial_share),
                  " of the time.");
  } else if (profile.threads > 1) {
    out += "A profile on one thread (--threads 1) tells, too, how much is serial and what more threads would bring.";
  }
  return out;
}

}  // namespace

Figure phase_figure(const ProfileFacts& profile) {
  BarChart chart{.title = "Seconds by phase", .unit = "seconds", .bars = {}};
  Table table{.columns = {{"phase", false}, {"calls"}, {"seconds"}, {"share"}, {"shared"}, {"waiting"}},
              .rows = {},
              .caption = "Shared: while the work was given out to the threads. Waiting: threads that had none."};
  for (const ProfileFacts::Phase& phase : profile.phases) {
    chart.bars.emplace_back(phase.name, phase.seconds);
    table.rows.push_back({phase.name, count_text(phase.calls), number_text(phase.seconds, kTimeDigits),
                          ratio_text(phase.seconds, profile.seconds), ratio_text(phase.shared, phase.seconds),
                          percent_text(profile.waiting(phase))});
  }
  Figure figure = bar_chart(chart);
  figure.table = std::move(table);
  return figure;
}

Figure layer_time_figure(const ProfileFacts& profile) {
  BarChart chart{.title = "Seconds by layer",
                 .unit = "seconds",
                 .bars = {},
                 .caption = profile.threads > 1 ? "Of all threads together." : ""};
  for (const ProfileFacts::Operation& operation : profile.operations) {
    const std::string layer = operation.layer.empty() ? "(no layer)" : operation.layer;
    const auto same = std::ranges::find(chart.bars, layer, &std::pair<std::string, double>::first);
    if (same == chart.bars.end()) {
      chart.bars.emplace_back(layer, operation.seconds);
    } else {
      same->second += operation.seconds;
    }
  }
  std::ranges::stable_sort(chart.bars, std::ranges::greater(), &std::pair<std::string, double>::second);
  return bar_chart(chart);
}

Table operation_table(const ProfileFacts& profile, size_t most) {
  Table table{.columns = {{"layer", false},
                          {"operation", false},
                          {"pass", false},
                          {"phase", false},
                          {"calls"},
                          {"seconds"},
                          {"share"},
                          {"GFLOP/s"},
                          {"of the machine's"},
                          {"GB/s"},
                          {"of the cache's"}},
              .rows = {},
              .caption =
                  "Seconds of all threads together; rates of a thread, beside those of the machine. Again: "
                  "computed again for the backward pass."};
  const double all = profile.seconds * static_cast<double>(profile.threads);
  for (size_t i = 0; i < std::min(most, profile.operations.size()); ++i) {
    const ProfileFacts::Operation& o = profile.operations[i];
    table.rows.push_back({o.layer.empty() ? "-" : o.layer, o.name, o.pass, o.phase, count_text(o.calls),
                          number_text(o.seconds, kTimeDigits), ratio_text(o.seconds, all), rate_text(o.gflops),
                          of_machine(o.gflops, profile.product_gflops), rate_text(o.gbytes),
                          of_machine(o.gbytes, profile.copy_gbytes)});
  }
  return table;
}

Table speed_up_table(const ProfileFacts& profile) {
  Table table{.columns = {{"threads"}, {"times faster"}, {"of each thread used"}},
              .rows = {},
              .caption = "By a schedule of the measured pieces of work"};
  for (const auto& [threads, speed_up] : profile.speed_ups)
    table.rows.push_back(
        {count_text(threads), number_text(speed_up, 3), percent_text(speed_up / static_cast<double>(threads))});
  return table;
}

Section profile_section(const RunFiles& run) {
  Section section{"profile", "Where the time went", {}};
  if (!run.profile) return section;
  const ProfileFacts& profile = *run.profile;
  if (profile.phases.empty() && profile.operations.empty()) {
    section.content += warning("profile.json holds no phases and no operations.");
    return section;
  }
  section.content += paragraph(machine_text(profile));
  if (const std::string limits = limits_text(profile); !limits.empty()) section.content += paragraph(limits);
  if (!profile.phases.empty()) {
    Figure phases = phase_figure(profile);
    const Table table = std::move(phases.table);
    phases.table = {};
    section.content += pair(to_markup(phases), to_markup(table));
  }
  if (!profile.operations.empty()) {
    section.content += element("h3", {}, "Operations that take longest");
    section.content += to_markup(operation_table(profile, kMostOperations));
    if (profile.operations.size() > kMostOperations)
      section.content += folded(concat("Table of all ", profile.operations.size()),
                                to_markup(operation_table(profile, profile.operations.size())));
  }
  Markup speed_ups;
  if (const Table table = speed_up_table(profile); !table.rows.empty())
    speed_ups = element("h3", {}, "More threads") + to_markup(table);
  const Markup layers = profile.operations.empty() ? Markup() : to_markup(layer_time_figure(profile));
  if (!layers.empty() && !speed_ups.empty()) {
    section.content += pair(layers, speed_ups);
  } else {
    section.content += layers + speed_ups;
  }
  return section;
}

}  // namespace hgq::report
