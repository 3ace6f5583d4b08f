// The reports of an evaluation as JSON, and as tables.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "hgq/core/printable.h"
#include "hgq/deploy/evaluation_report.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json to_json(const ClassReport& report) {
  Json roc = Json::array();
  for (const RocPoint& point : report.roc)
    roc.push_back({{"false_positive_rate", point.false_positive_rate},
                   {"true_positive_rate", point.true_positive_rate},
                   {"threshold", number(static_cast<double>(point.threshold))}});
  return {{"name", report.name}, {"support", report.support},     {"predicted", report.predicted},
          {"hits", report.hits}, {"precision", report.precision}, {"recall", report.recall},
          {"f1", report.f1},     {"auc", number(report.auc)},     {"roc", std::move(roc)}};
}

Json to_json(const ResidualReport& report) {
  Json quantiles = Json::array();
  for (size_t i = 0; i < report.quantiles.size(); ++i)
    quantiles.push_back({{"share", kResidualQuantiles[i]}, {"value", report.quantiles[i]}});
  return {{"name", report.name},
          {"mean", report.mean},
          {"deviation", report.deviation},
          {"quantiles", std::move(quantiles)},
          {"histogram", {{"edges", report.edges}, {"counts", report.counts}}}};
}

size_t widest(const std::vector<ClassReport>& classes, size_t least) {
  for (const ClassReport& c : classes) least = std::max(least, printable(c.name).size());
  return least;
}

void add_confusion(const OutputReport& output, std::string& text) {
  constexpr size_t kMostClasses = 12;  // more do not fit into a terminal
  if (output.confusion.empty() || output.confusion.size() > kMostClasses) return;
  const size_t width = widest(output.classes, 9);
  text += fmt::format("\n{:<{}}", "true, said", width + 2);
  for (const ClassReport& c : output.classes) text += fmt::format(" {:>{}}", printable(c.name), width);
  text += "\n";
  for (size_t i = 0; i < output.confusion.size(); ++i) {
    text += fmt::format("{:<{}}", printable(output.classes[i].name), width + 2);
    for (const int64_t count : output.confusion[i]) text += fmt::format(" {:>{}}", count, width);
    text += "\n";
  }
}

}  // namespace

Json to_json(std::span<const OutputReport> outputs, const Metrics& metrics) {
  Json json{{"metrics", Json::object()}, {"outputs", Json::object()}};
  for (const auto& [name, value] : metrics.entries()) json["metrics"][name] = number(value);
  for (const OutputReport& output : outputs) {
    Json& own = json["outputs"][output.name] = {{"rows", output.rows}};
    for (const ClassReport& c : output.classes) own["classes"].push_back(to_json(c));
    if (!output.confusion.empty()) own["confusion"] = output.confusion;
    for (const ResidualReport& r : output.residuals) own["residuals"].push_back(to_json(r));
  }
  return json;
}

std::string describe(std::span<const OutputReport> outputs) {
  std::string text;
  for (const OutputReport& output : outputs) {
    text += fmt::format("\n{}: {} rows\n", printable(output.name), output.rows);
    if (!output.classes.empty()) {
      const size_t width = widest(output.classes, 9);
      text += fmt::format("{:<{}} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "class", width + 2, "precision", "recall", "F1",
                          "AUC", "support");
      for (const ClassReport& c : output.classes)
        text += fmt::format("{:<{}} {:>9.4f} {:>9.4f} {:>9.4f} {:>9.4f} {:>9}\n", printable(c.name), width + 2,
                            c.precision, c.recall, c.f1, c.auc, c.support);
      add_confusion(output, text);
    }
    for (const ResidualReport& r : output.residuals) {
      text +=
          fmt::format("{}: prediction - target: mean {:.6g}, deviation {:.6g}", printable(r.name), r.mean, r.deviation);
      if (!r.quantiles.empty())
        text += fmt::format(
            ", median {:.6g}, 68 % from {:.6g} to {:.6g}, 95 % from {:.6g} to {:.6g}, all from {:.6g} to {:.6g}",
            r.quantiles[3], r.quantiles[2], r.quantiles[4], r.quantiles[1], r.quantiles[5], r.quantiles[0],
            r.quantiles[6]);
      text += "\n";
    }
  }
  return text;
}

}  // namespace hgq
