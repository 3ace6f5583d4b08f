// The figures of layers: the network, costs, bits.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/bar_chart.h"
#include "hgq/report/heat_map.h"
#include "hgq/report/network_graph.h"
#include "hgq/report/run_figures.h"

namespace hgq::report {
namespace {

double mean_of(const std::vector<float>& bits) {
  double sum = 0;
  for (const float b : bits) sum += static_cast<double>(b);
  return bits.empty() ? 0 : sum / static_cast<double>(bits.size());
}

std::string output_label(const LayerFacts& layer) {
  if (layer.kind == "Input") return "float32";
  if (layer.activation_bits.empty()) return "";
  return fmt::format("{:.1f} bits", mean_of(layer.activation_bits));
}

}  // namespace

WeightCount count_weights(const LayerFacts& layer) {
  WeightCount count;
  if (!layer.is_first_call) return count;
  count.weights = static_cast<int64_t>(layer.kernel_bits.size());
  count.biases = layer.bias_count;
  for (const int b : layer.kernel_bits) {
    count.pruned += b == 0 ? 1 : 0;
    count.bits += b;
    count.most_bits = std::max(count.most_bits, b);
  }
  return count;
}

WeightCount count_weights(const std::vector<LayerFacts>& layers) {
  WeightCount total;
  for (const LayerFacts& layer : layers) {
    const WeightCount one = count_weights(layer);
    total.weights += one.weights;
    total.pruned += one.pruned;
    total.biases += one.biases;
    total.bits += one.bits;
    total.most_bits = std::max(total.most_bits, one.most_bits);
  }
  return total;
}

std::string bits_text(const std::vector<float>& bits) {
  if (bits.empty()) return "-";
  const auto [least, most] = std::ranges::minmax(bits);
  return fmt::format("{:.2f} ({:g} to {:g})", mean_of(bits), least, most);
}

Figure network_figure(const NetworkFacts& network) {
  NetworkGraph graph{.title = "Layers of the network", .nodes = {}, .caption = ""};
  bool has_bits = false;
  for (const LayerFacts& layer : network.layers) {
    graph.nodes.push_back({.name = layer.name,
                           .detail = concat(layer.kind, " ", to_string(layer.shape)),
                           .output = output_label(layer),
                           .reads = layer.reads,
                           .has_weights = !layer.kernel_bits.empty()});
    has_bits = has_bits || !layer.activation_bits.empty();
  }
  graph.caption = has_bits ? "On the links: the mean number of bits of a value. Layers with weights have a blue border."
                           : "The bits of the values are not known, as the ranges have not been traced yet.";
  return network_graph(graph);
}

std::vector<Figure> cost_figures(const RunFiles& run) {
  std::vector<Figure> figures;
  NamedNumbers bops;
  if (run.network) {
    for (const LayerFacts& layer : run.network->layers) {
      if (layer.bops && *layer.bops > 0) bops.emplace_back(layer.name, *layer.bops);
    }
  }
  if (!bops.empty()) figures.push_back(bar_chart({.title = "Exact BOPs by layer", .unit = "BOPs", .bars = bops}));
  if (!run.resources) return figures;
  NamedNumbers luts;
  for (const auto& [layer, count] : run.resources->luts) {
    if (count > 0) luts.emplace_back(layer, std::round(count));
  }
  const std::string from = run.resources->source == "proxy.h5"
                               ? "Estimated of the circuit of proxy.h5, combinational, at low effort."
                               : "As estimated in rtl/report.json.";
  if (!luts.empty()) {
    figures.push_back(bar_chart(
        {.title = "LUTs by layer of the proxy",
         .unit = "LUTs",
         .bars = luts,
         .caption = concat(from, " Nine of ten circuits are within ",
                           fmt::format("{:.0f} %", 100 * run.resources->lut_spread), " of what yosys needs.")}));
  }
  return figures;
}

std::vector<Figure> layer_figures(const LayerFacts& layer) {
  std::vector<Figure> figures;
  const bool has_kernel = layer.is_first_call && !layer.kernel_bits.empty();
  if (has_kernel) figures.push_back(bit_histogram("Weight bits", "weights", layer.kernel_bits));
  if (layer.quantizes && !layer.activation_bits.empty()) {
    std::vector<int> bits;
    for (const float b : layer.activation_bits) bits.push_back(static_cast<int>(std::lround(b)));
    figures.push_back(bit_histogram("Activation bits", "values", bits, "not built"));
  }
  if (has_kernel && layer.kernel_shape.rank() >= 2) {
    const int64_t columns = layer.kernel_shape[-1];
    const bool is_dense = layer.kernel_shape.rank() == 2;
    figures.push_back(heat_map({.title = concat("Bits of the kernel ", to_string(layer.kernel_shape)),
                                .rows = layer.kernel_shape.size() / std::max<int64_t>(1, columns),
                                .columns = columns,
                                .bits = layer.kernel_bits,
                                .row_name = is_dense ? "input" : "place in the window, channel",
                                .column_name = is_dense ? "unit" : "filter"}));
  }
  return figures;
}

}  // namespace hgq::report
