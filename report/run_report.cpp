#include "hgq/report/run_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/page.h"
#include "hgq/report/run_figures.h"
#include "hgq/report/run_sections.h"

namespace hgq::report {
namespace {

constexpr size_t kMostMetrics = 3;
constexpr int kDigits = 5;

std::string metric_note(const RunSummary& summary, const std::string& metric) {
  const auto found = std::ranges::find(summary.proxy, metric, &std::pair<std::string, double>::first);
  return found == summary.proxy.end() ? "" : concat("proxy ", number_text(found->second, kDigits));
}

void add_metrics(const RunSummary& summary, std::vector<Headline>& out) {
  std::vector<std::pair<std::string, double>> shown;
  for (const auto& metric : summary.model) {
    if (metric.first.find("loss") == std::string::npos) shown.push_back(metric);
  }
  if (shown.empty()) shown = summary.model;
  if (shown.size() > kMostMetrics) shown.resize(kMostMetrics);
  for (const auto& [name, value] : shown)
    out.push_back(
        {concat(name, ", ", summary.tested_on, " rows"), number_text(value, kDigits), metric_note(summary, name)});
}

/// Without a summary: the last epoch.
void add_last_epoch(const History& history, std::vector<Headline>& out) {
  if (history.size() == 0) return;
  const size_t last = history.size() - 1;
  out.push_back({"Epochs so far", count_text(history.epoch(last)), "the training has not ended"});
  for (const std::string& column : history.columns()) {
    if (column == "seconds" || column == "learning_rate" || out.size() > kMostMetrics + 1) continue;
    if (const std::optional<double> value = history.find(last, column))
      out.push_back({concat(column, ", last epoch"), number_text(*value, kDigits), ""});
  }
}

Headline verdict_of(const RunSummary& summary) {
  if (!summary.not_exported.empty()) return {"Proxy", "none", "the reason is below"};
  if (!summary.verify) return {"Proxy", "not compared", ""};
  const VerifyFacts& verify = *summary.verify;
  if (!summary.proxy_is_wrong.empty()) return {"Proxy", "wrong", "make no firmware of it"};
  if (verify.rows_differ == 0)
    return {"Proxy and model", "equal", concat("in every bit of ", count_text(verify.rows), " rows")};
  const std::string rows = concat(count_text(verify.rows_differ), verify.rows_differ == 1 ? " row" : " rows");
  return {"Proxy and model differ in", rows,
          verify.rows_differ_without_overflow == 0
              ? concat("of ", count_text(verify.rows), "; all have values out of range")
              : concat("of ", count_text(verify.rows), "; ", count_text(verify.rows_differ_without_overflow),
                       " without overflow")};
}

void add_costs(const RunFiles& run, std::vector<Headline>& out) {
  if (run.summary && run.summary->bops)
    out.push_back({"Exact BOPs", number_text(*run.summary->bops, kDigits), "bits × bits of all products"});
  if (run.resources) {
    const ResourceFacts& r = *run.resources;
    std::string note = fmt::format("± {:.0f} %, estimated", 100 * r.lut_spread);
    if (r.latency) note += concat("; ", *r.latency, *r.latency == 1 ? " clock" : " clocks");
    if (r.critical_path) note += fmt::format("; {:.1f} ns of logic", *r.critical_path);
    out.push_back({"LUTs", number_text(r.total_luts), note});
  }
  if (!run.network) return;
  const WeightCount weights = count_weights(run.network->layers);
  if (weights.weights == 0) return;
  const auto count = static_cast<double>(weights.weights);
  out.push_back({"Weights pruned", percent_text(static_cast<double>(weights.pruned) / count),
                 fmt::format("of {}; mean {:.2f} bits, at most {}", count_text(weights.weights),
                             static_cast<double>(weights.bits) / count, weights.most_bits)});
}

}  // namespace

Markup headline_of(const RunFiles& run) {
  std::vector<Headline> out;
  if (run.summary) {
    add_metrics(*run.summary, out);
  } else {
    add_last_epoch(run.history, out);
  }
  add_costs(run, out);
  if (run.summary) {
    out.push_back(verdict_of(*run.summary));
    if (run.summary->epochs) {
      const std::string time =
          run.summary->wall_seconds ? concat(number_text(*run.summary->wall_seconds, 3), " s in all") : std::string();
      out.push_back({"Epochs", count_text(*run.summary->epochs), time});
    }
  }
  Markup content = headlines(out);
  if (run.summary && !run.summary->proxy_is_wrong.empty())
    content += warning(concat("The proxy is wrong: ", run.summary->proxy_is_wrong));
  if (run.summary && !run.summary->not_exported.empty())
    content += warning(concat("There is no proxy: ", run.summary->not_exported));
  for (const std::string& missing : run.missing) content += warning(missing);
  return content;
}

std::string run_report(const RunFiles& run) {
  Page page{.title = run.name,
            .subtitle = "A quantized network for FPGAs, trained by hgq",
            .head = headline_of(run),
            .sections = {},
            .footer = ""};
  for (Section section :
       {front_section(run), curves_section(run), predictions_section(run), network_section(run), layers_section(run),
        verification_section(run), profile_section(run), data_section(run), origin_section(run)}) {
    if (!section.content.empty()) page.sections.push_back(std::move(section));
  }
  page.footer =
      "BOPs: for each product of a weight and a value, the bits of one times those of the other. Proxy: the network in "
      "fixed-point numbers that hls4ml turns into firmware. 0 bits: the weight or value is not built.";
  return to_html(page);
}

}  // namespace hgq::report
