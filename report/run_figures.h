// The figures of a run, from its files. None throws for a run whose files are incomplete: what is not there is left
// out.
//
//   std::vector<report::Figure> figures;
//   if (const auto front = report::front_figure(run)) figures.push_back(*front);
//   for (report::Figure& figure : report::curve_figures(run.history)) figures.push_back(std::move(figure));
//   const report::Markup content = report::grid(figures);
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hgq/report/figure.h"
#include "hgq/report/line_chart.h"
#include "hgq/report/run_files.h"

namespace hgq::report {

/// The pairs of a cost and a quality that the front of a run is about.
struct FrontAxes {
  std::string cost, quality;  // columns of history.csv: "bops", "val_accuracy"
};
/// Those of ParetoFront; without it BOPs and the first metric; nullopt if the run has no BOPs.
std::optional<FrontAxes> front_axes(const RunFiles& run);

/// The rows of a column that have a value, by epoch, as a curve.
Series series_of(const History& history, const std::string& column, const std::string& name);
/// "accuracy" for val_accuracy.
std::string without_validation(const std::string& metric);

/// Quality over cost: all epochs, the front with its epochs, the final model. nullopt if the run has none of these.
std::optional<Figure> front_figure(const RunFiles& run);
/// A figure for each column of history.csv but the times; a metric and that of the validation rows share one.
std::vector<Figure> curve_figures(const History& history);
/// The layers as a graph.
Figure network_figure(const NetworkFacts& network);
/// BOPs by layer, and LUTs by layer of the proxy, as far as they are known.
std::vector<Figure> cost_figures(const RunFiles& run);
/// A histogram of weight bits, one of activation bits, a map of the kernel: those that the layer has. Layers that only
/// move values have none.
std::vector<Figure> layer_figures(const LayerFacts& layer);

/// Weights of all kernels, each layer once.
struct WeightCount {
  int64_t weights = 0, pruned = 0, biases = 0;
  int64_t bits = 0;  // in all
  int most_bits = 0;
};
WeightCount count_weights(const std::vector<LayerFacts>& layers);
WeightCount count_weights(const LayerFacts& layer);
/// "4.7 (3-6)": mean, least and largest; "-" if there are none.
std::string bits_text(const std::vector<float>& bits);

}  // namespace hgq::report
