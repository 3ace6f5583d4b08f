// What the predictions of a model are like, beyond a number: confusion matrix, precision and recall of each class, ROC
// curves, residuals of regressions.
//
//   EvaluationReport report(evaluated_outputs(model), extras);
//   for (const Batch& batch : data.batches(kPredictedRows)) report.add(batch, views_of(predictor.run(batch.inputs())));
//   for (const OutputReport& output : report.outputs()) output.classes;
//
// Every row counts once, whatever its sample weight.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hgq/data/dataset.h"
#include "hgq/deploy/model_extras.h"
#include "hgq/optim/epoch_means.h"
#include "hgq/optim/prediction_evaluation.h"

namespace hgq {

/// With a threshold just below `threshold`, these shares of the other rows and of the rows of the class are above it.
struct RocPoint {
  double false_positive_rate, true_positive_rate;
  float threshold;  // of EpochRows::scores; infinite for the first point
};

/// A class against all others, or an answer of its own.
struct ClassReport {
  std::string name;
  int64_t support = 0;                       // rows of the class
  int64_t predicted = 0;                     // rows that are said to be of the class
  int64_t hits = 0;                          // both
  double precision = 0, recall = 0, f1 = 0;  // 0 where there is nothing to divide by
  /// Exact area under the ROC curve (optim/metric.h); NaN if all rows are of one kind.
  double auc = 0;
  /// The corners of the ROC curve; of a curve with more than kMostRocPoints corners so many points at equal distances.
  std::vector<RocPoint> roc{};
};
inline constexpr size_t kMostRocPoints = 500;

/// Of the differences prediction - target of a column, in the unit of the targets.
struct ResidualReport {
  std::string name;
  double mean = 0, deviation = 0;   // the population's
  std::vector<double> quantiles{};  // at kResidualQuantiles, interpolated linearly
  std::vector<double> edges{};      // of the bins of a histogram: equal ones from the least residual to the largest
  std::vector<int64_t> counts{};    // of the bins; the last one includes its right edge
};
inline constexpr double kResidualQuantiles[] = {0, 0.025, 0.16, 0.5, 0.84, 0.975, 1};
inline constexpr size_t kResidualBins = 50;

struct OutputReport {
  std::string name;
  int64_t rows = 0;                    // that were compared, or positions of rows
  std::vector<ClassReport> classes{};  // empty for regressions
  std::vector<std::vector<int64_t>>
      confusion{};                          // [true class][predicted class]; empty if there are answers of their own
  std::vector<ResidualReport> residuals{};  // of regressions, for each column
};

class EvaluationReport {
 public:
  /// For predictions of these outputs, with losses, classes and scaling of `extras`; losses must be known.
  EvaluationReport(std::vector<EvaluatedOutput> outputs, const ModelExtras& extras);
  /// Adds the rows of a batch, as PredictionEvaluation::add().
  void add(const Batch& batch, std::span<const ConstTensorView> predictions);
  std::vector<OutputReport> outputs() const;

 private:
  struct Collected {
    EvaluatedOutput output;
    TargetKind kind{};
    ClassMap classes;
    Scaling scaling;
    EpochRows rows;  // scores and labels of each column, in the unit of the targets
    std::vector<std::vector<int64_t>> confusion{};
  };
  void add_classes(Collected& into, ConstTensorView predictions, ConstTensorView targets) const;

  std::vector<Collected> collected_;
};

/// {rows, metrics: {NAME: n}, outputs: {NAME: {classes: [...], confusion: [...], residuals: [...]}}}; NaN is null.
nlohmann::json to_json(std::span<const OutputReport> outputs, const Metrics& metrics);

/// Tables for a terminal.
std::string describe(std::span<const OutputReport> outputs);

}  // namespace hgq
