#include "hgq/deploy/evaluation_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "hgq/core/error.h"
#include "hgq/optim/class_rows.h"

namespace hgq {
namespace {

double quotient(double part, double whole) { return whole == 0 ? 0 : part / whole; }

/// The points of the curve from (0, 0) to (1, 1); those of equal scores are one. With `corners`, points on a straight
/// line between their neighbours are left out, so that the area is that of all points.
std::vector<RocPoint> roc_points(const std::vector<float>& scores, const std::vector<float>& labels, bool corners) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  struct Count {
    int64_t others, own;
    float threshold;
  };
  std::vector<Count> counts{{0, 0, std::numeric_limits<float>::infinity()}};
  const auto on_a_line = [](const Count& a, const Count& b, const Count& c) {
    return (b.others - a.others) * (c.own - b.own) == (c.others - b.others) * (b.own - a.own);
  };
  Count now = counts.front();
  for (size_t i = 0; i < order.size();) {
    now.threshold = scores[order[i]];
    for (; i < order.size() && scores[order[i]] == now.threshold; ++i)
      (labels[order[i]] > 0.5F ? now.own : now.others)++;
    if (corners && counts.size() > 1 && on_a_line(counts[counts.size() - 2], counts.back(), now)) counts.pop_back();
    counts.push_back(now);
  }
  std::vector<RocPoint> points;
  if (now.others == 0 || now.own == 0) return points;
  const auto share = [](int64_t count, int64_t of) { return static_cast<double>(count) / static_cast<double>(of); };
  for (const Count& c : counts) points.push_back({share(c.others, now.others), share(c.own, now.own), c.threshold});
  return points;
}

std::vector<RocPoint> roc_curve(const std::vector<float>& scores, const std::vector<float>& labels) {
  if (std::ranges::any_of(scores, [](float s) { return std::isnan(s); })) return {};
  std::vector<RocPoint> corners = roc_points(scores, labels, true);
  if (corners.size() <= kMostRocPoints) return corners;
  // Corners lie above and below a smooth curve by turns; of all points, equally distant ones follow it.
  const std::vector<RocPoint> all = roc_points(scores, labels, false);
  std::vector<RocPoint> points;
  for (size_t i = 0; i < kMostRocPoints; ++i) points.push_back(all[i * (all.size() - 1) / (kMostRocPoints - 1)]);
  return points;
}

void set_counts(ClassReport& report, int64_t support, int64_t predicted, int64_t hits) {
  report.support = support;
  report.predicted = predicted;
  report.hits = hits;
  report.precision = quotient(static_cast<double>(hits), static_cast<double>(predicted));
  report.recall = quotient(static_cast<double>(hits), static_cast<double>(support));
  report.f1 = quotient(2 * report.precision * report.recall, report.precision + report.recall);
}

void set_roc(ClassReport& report, const std::vector<float>& scores, const std::vector<float>& labels) {
  report.auc = area_under_curve(scores, labels);
  report.roc = roc_curve(scores, labels);
}

double quantile_of(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

ResidualReport residuals_of(std::string name, const std::vector<float>& predictions,
                            const std::vector<float>& targets) {
  ResidualReport report{.name = std::move(name)};
  std::vector<double> residuals;
  for (size_t i = 0; i < predictions.size(); ++i)
    residuals.push_back(static_cast<double>(predictions[i]) - static_cast<double>(targets[i]));
  if (residuals.empty()) return report;
  const auto count = static_cast<double>(residuals.size());
  for (const double r : residuals) report.mean += r / count;
  double squares = 0;
  for (const double r : residuals) squares += (r - report.mean) * (r - report.mean) / count;
  report.deviation = std::sqrt(squares);
  if (!std::isfinite(squares)) return report;  // NaN has no order, and so neither quantiles nor bins
  std::ranges::sort(residuals);
  for (const double q : kResidualQuantiles) report.quantiles.push_back(quantile_of(residuals, q));
  const double low = residuals.front();
  const double width = (residuals.back() - low) / static_cast<double>(kResidualBins);
  report.counts.resize(width > 0 ? kResidualBins : 1);
  for (size_t i = 0; i <= report.counts.size(); ++i)
    report.edges.push_back(i == report.counts.size() ? residuals.back() : low + width * static_cast<double>(i));
  for (const double r : residuals) {
    const auto bin = width > 0 ? static_cast<size_t>((r - low) / width) : 0;
    ++report.counts[std::min(bin, report.counts.size() - 1)];
  }
  return report;
}

}  // namespace

EvaluationReport::EvaluationReport(std::vector<EvaluatedOutput> outputs, const ModelExtras& extras) {
  HGQ_CHECK(extras.objective.losses.size() == outputs.size(), ConfigError, "a report needs the loss of each of the ",
            outputs.size(), " outputs, ", extras.objective.losses.size(), " are known");
  for (EvaluatedOutput& output : outputs) {
    const size_t o = collected_.size();
    Collected& c = collected_.emplace_back();
    c.kind = extras.objective.losses[o]->target_kind();
    if (o < extras.classes.size()) c.classes = extras.classes[o];
    if (o < extras.target_scaling.size()) c.scaling = extras.target_scaling[o];
    const auto columns = static_cast<size_t>(ClassRows::columns_of(output.shape));
    const size_t classes = c.kind == TargetKind::kBinary ? (columns == 1 ? 2 : 0) : columns;
    if (c.kind != TargetKind::kNumbers) c.confusion.assign(classes, std::vector<int64_t>(classes, 0));
    c.output = std::move(output);
  }
}

void EvaluationReport::add(const Batch& batch, std::span<const ConstTensorView> predictions) {
  HGQ_CHECK(predictions.size() == collected_.size() && batch.targets().size() >= collected_.size(), ShapeError,
            "there are predictions of ", predictions.size(), " outputs and ", batch.targets().size(),
            " targets, expected ", collected_.size());
  for (size_t o = 0; o < collected_.size(); ++o) {
    Collected& c = collected_[o];
    HGQ_CHECK(predictions[o].shape == c.output.shape.with_front(batch.rows()), ShapeError, "predictions of '",
              c.output.name, "' have shape ", predictions[o].shape, ", expected ",
              c.output.shape.with_front(batch.rows()));
    const ConstTensorView targets = batch.targets()[o];
    if (c.scaling.empty()) {
      c.rows.add(predictions[o], targets, c.kind, c.output.function);
    } else {
      std::vector<float> of_model(predictions[o].values().begin(), predictions[o].values().end());
      std::vector<float> wanted(targets.values().begin(), targets.values().end());
      c.scaling.undo(of_model);
      c.scaling.undo(wanted);
      c.rows.add({of_model.data(), predictions[o].shape}, {wanted.data(), targets.shape}, c.kind, c.output.function);
    }
    if (c.kind != TargetKind::kNumbers) add_classes(c, predictions[o], targets);
  }
}

void EvaluationReport::add_classes(Collected& into, ConstTensorView predictions, ConstTensorView targets) const {
  if (into.confusion.empty()) return;
  const ClassRows rows({predictions, targets, into.kind, into.output.function});
  const bool binary = into.kind == TargetKind::kBinary;
  for (int64_t r = 0; r < rows.size(); ++r) {
    if (binary) {
      ++into.confusion[rows.is_member(r, 0) ? 1 : 0][rows.probability_above(r, 0, 0.5) ? 1 : 0];
      continue;
    }
    int64_t own = 0;
    int64_t said = 0;
    for (int64_t c = 1; c < rows.columns(); ++c) {
      if (rows.share(r, c) > rows.share(r, own)) own = c;
      if (rows.prediction(r, c) > rows.prediction(r, said)) said = c;
    }
    ++into.confusion[static_cast<size_t>(own)][static_cast<size_t>(said)];
  }
}

namespace {

std::string class_name(const ClassMap& classes, size_t number) {
  return number < classes.names.size() ? classes.names[number] : concat(number);
}

/// Classes that exclude each other: from the confusion matrix, and a score for each class. Two classes may have one
/// score, that of the second.
std::vector<ClassReport> exclusive_classes(const ClassMap& classes, const std::vector<std::vector<int64_t>>& confusion,
                                           const EpochRows& rows) {
  std::vector<ClassReport> reports;
  for (size_t c = 0; c < confusion.size(); ++c) {
    ClassReport& report = reports.emplace_back(ClassReport{.name = class_name(classes, c)});
    int64_t predicted = 0;
    for (const std::vector<int64_t>& row : confusion) predicted += row[c];
    set_counts(report, std::accumulate(confusion[c].begin(), confusion[c].end(), int64_t{0}), predicted,
               confusion[c][c]);
    if (rows.scores.size() == confusion.size()) {
      set_roc(report, rows.scores[c], rows.labels[c]);
    } else if (!rows.scores.empty() && c == 1) {
      set_roc(report, rows.scores[0], rows.labels[0]);
    } else if (!rows.scores.empty()) {
      std::vector<float> scores = rows.scores[0];
      std::vector<float> labels = rows.labels[0];
      for (float& score : scores) score = -score;
      for (float& label : labels) label = 1 - label;
      set_roc(report, scores, labels);
    }
  }
  return reports;
}

/// Answers of their own, one for each column.
std::vector<ClassReport> answers(const EpochRows& rows, std::string_view function) {
  std::vector<ClassReport> reports;
  const float threshold = function == "sigmoid" ? 0.5F : 0.0F;
  for (size_t c = 0; c < rows.scores.size(); ++c) {
    ClassReport& report = reports.emplace_back(ClassReport{.name = concat(c)});
    int64_t support = 0;
    int64_t predicted = 0;
    int64_t hits = 0;
    for (size_t i = 0; i < rows.scores[c].size(); ++i) {
      const bool is = rows.labels[c][i] > 0.5F;
      const bool said = rows.scores[c][i] > threshold;
      support += is ? 1 : 0;
      predicted += said ? 1 : 0;
      hits += is && said ? 1 : 0;
    }
    set_counts(report, support, predicted, hits);
    set_roc(report, rows.scores[c], rows.labels[c]);
  }
  return reports;
}

}  // namespace

std::vector<OutputReport> EvaluationReport::outputs() const {
  std::vector<OutputReport> reports;
  for (const Collected& c : collected_) {
    OutputReport& report = reports.emplace_back(OutputReport{.name = c.output.name});
    report.rows = c.rows.scores.empty() ? 0 : static_cast<int64_t>(c.rows.scores.front().size());
    if (c.kind == TargetKind::kNumbers) {
      for (size_t i = 0; i < c.rows.scores.size(); ++i)
        report.residuals.push_back(
            residuals_of(c.rows.scores.size() == 1 ? c.output.name : concat(i), c.rows.scores[i], c.rows.labels[i]));
    } else if (c.confusion.empty()) {
      report.classes = answers(c.rows, c.output.function);
    } else {
      report.confusion = c.confusion;
      report.classes = exclusive_classes(c.classes, c.confusion, c.rows);
    }
  }
  return reports;
}

}  // namespace hgq
