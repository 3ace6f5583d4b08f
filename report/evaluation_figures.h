// What the predictions of a model are like (deploy/evaluation_report.h), as figures and tables.
//
//   const EvaluationFile evaluation = report::read_evaluation("runs/magic/evaluation.json");
//   for (const OutputReport& output : evaluation.outputs) {
//     const report::Markup content = report::grid(report::evaluation_figures(output));
//   }
#pragma once

#include <vector>

#include "hgq/deploy/evaluation_report.h"
#include "hgq/report/figure.h"

namespace hgq::report {

/// Of classes: confusion matrix, recall, ROC curves, and the rejection of others over the efficiency. Of a regression:
/// a histogram of the residuals of each column. What the report does not have is left out.
std::vector<Figure> evaluation_figures(const OutputReport& output);
/// Precision, recall, F1 and AUC of each class; or mean, deviation and quantiles of the residuals.
Table evaluation_table(const OutputReport& output);

}  // namespace hgq::report
