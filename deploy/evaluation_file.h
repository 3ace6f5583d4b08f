// What a run says of its predictions at its end: evaluation.json, the report of deploy/evaluation_report.h on the test
// rows, which report::read_evaluation() reads.
//
//   EvaluationFile evaluation{.tested_on = "test", .metrics = done.model_metrics};
//   evaluation.outputs = report_predictions(model, extras, test, workers);
//   write_evaluation("runs/magic", evaluation);
//
// The file is {tested_on, metrics, outputs}, the last two as `hgq-train eval --report` writes them. The same model and
// rows give the same bytes.
#pragma once

#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/evaluation_report.h"
#include "hgq/deploy/model_extras.h"
#include "hgq/layers/model.h"

namespace hgq {

/// The name of the file in the folder of a run.
inline constexpr const char* kEvaluationName = "evaluation.json";

struct EvaluationFile {
  std::string tested_on;  // "test", "validation" or "train"
  Metrics metrics;
  std::vector<OutputReport> outputs{};  // in the order of their names
};

/// The reports on all rows of a data set, which takes 8 bytes of memory for each number that is predicted. Throws
/// ConfigError or ShapeError if model, losses and rows do not fit each other.
std::vector<OutputReport> report_predictions(Model& model, const ModelExtras& extras, const Dataset& data,
                                             Workers& workers);

void write_evaluation(const std::string& folder, const EvaluationFile& evaluation);

}  // namespace hgq
