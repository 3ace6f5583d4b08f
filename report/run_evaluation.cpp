// evaluation.json as an EvaluationFile, and the section about it.
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/evaluation_figures.h"
#include "hgq/report/json_value.h"
#include "hgq/report/run_files.h"
#include "hgq/report/run_sections.h"

namespace hgq::report {
namespace {

constexpr size_t kMostTableRows = 30;

std::vector<double> numbers_of(const JsonValue& list) {
  std::vector<double> out;
  for (const JsonValue& item : list.items()) out.push_back(item.number_or_nan());
  return out;
}

std::vector<int64_t> counts_of(const JsonValue& list) {
  std::vector<int64_t> out;
  for (const JsonValue& item : list.items()) {
    out.push_back(item.count());
    if (out.back() < 0) item.wrong("a count");
  }
  return out;
}

ClassReport class_of(const JsonValue& value) {
  ClassReport report{.name = value["name"].text(),
                     .support = value["support"].count(),
                     .predicted = value["predicted"].count(),
                     .hits = value["hits"].count(),
                     .precision = value["precision"].number_or_nan(),
                     .recall = value["recall"].number_or_nan(),
                     .f1 = value["f1"].number_or_nan(),
                     .auc = value["auc"].number_or_nan()};
  for (const JsonValue& point : value["roc"].items()) {
    const double threshold = point["threshold"].number_or_nan();  // null stands for the infinite one, too
    report.roc.push_back(
        {.false_positive_rate = point["false_positive_rate"].number_or_nan(),
         .true_positive_rate = point["true_positive_rate"].number_or_nan(),
         .threshold = std::isnan(threshold) ? std::numeric_limits<float>::infinity() : static_cast<float>(threshold)});
  }
  return report;
}

ResidualReport residuals_of(const JsonValue& value) {
  ResidualReport report{.name = value["name"].text(),
                        .mean = value["mean"].number_or_nan(),
                        .deviation = value["deviation"].number_or_nan()};
  for (const JsonValue& quantile : value["quantiles"].items())
    report.quantiles.push_back(quantile["value"].number_or_nan());
  if (!report.quantiles.empty() && report.quantiles.size() != std::size(kResidualQuantiles))
    value["quantiles"].wrong("7 quantiles");
  const JsonValue histogram = value["histogram"];
  report.edges = numbers_of(histogram["edges"]);
  report.counts = counts_of(histogram["counts"]);
  if (report.edges.size() != report.counts.size() + (report.counts.empty() ? 0 : 1))
    histogram.wrong("one more edge than counts");
  return report;
}

OutputReport output_of(const std::string& name, const JsonValue& value) {
  OutputReport output{.name = name, .rows = value["rows"].count()};
  for (const JsonValue& c : value["classes"].items()) output.classes.push_back(class_of(c));
  for (const JsonValue& row : value["confusion"].items()) {
    output.confusion.push_back(counts_of(row));
    if (output.confusion.back().size() != output.classes.size()) row.wrong("a number for each class");
  }
  if (!output.confusion.empty() && output.confusion.size() != output.classes.size())
    value["confusion"].wrong("a row for each class");
  for (const JsonValue& r : value["residuals"].items()) output.residuals.push_back(residuals_of(r));
  return output;
}

}  // namespace

EvaluationFile read_evaluation(const std::string& path) {
  const nlohmann::json json = json_of_run(path);
  const JsonValue file(path, &json, "");
  EvaluationFile evaluation;
  evaluation.tested_on = file["tested_on"].text();
  for (const auto& [name, value] : file["metrics"].numbers()) evaluation.metrics.set(name, value);
  for (const auto& [name, value] : file["outputs"].entries()) evaluation.outputs.push_back(output_of(name, value));
  return evaluation;
}

Section predictions_section(const RunFiles& run) {
  Section section{"predictions", "Predictions", {}};
  if (!run.evaluation || run.evaluation->outputs.empty()) return section;
  const EvaluationFile& evaluation = *run.evaluation;
  section.title = concat("Predictions for the ", evaluation.tested_on, " rows");
  for (const OutputReport& output : evaluation.outputs) {
    if (evaluation.outputs.size() > 1)
      section.content += element("h3", {}, concat(output.name, ", ", count_text(output.rows), " rows"));
    const Table table = evaluation_table(output);
    if (table.rows.size() > kMostTableRows) {
      section.content += folded(concat("Table of all ", table.rows.size()), to_markup(table));
    } else if (!table.rows.empty()) {
      section.content += to_markup(table);
    }
    section.content += grid(evaluation_figures(output));
  }
  return section;
}

}  // namespace hgq::report
