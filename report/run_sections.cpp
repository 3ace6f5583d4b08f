#include "hgq/report/run_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/run_figures.h"

namespace hgq::report {
namespace {

constexpr size_t kMostListedTypes = 6;
constexpr size_t kMostDetailedLayers = 60;

std::string types_text(const QuantizerFacts& quantizer) {
  std::string out;
  for (size_t i = 0; i < std::min(kMostListedTypes, quantizer.types.size()); ++i)
    out += concat(i > 0 ? ", " : "", quantizer.types[i].first,
                  quantizer.types[i].second > 1 ? concat(" × ", count_text(quantizer.types[i].second)) : std::string());
  if (quantizer.types.size() > kMostListedTypes)
    out += concat(", and ", quantizer.types.size() - kMostListedTypes, " more");
  return out;
}

Markup types_table(const std::vector<QuantizerFacts>& quantizers) {
  Table table{
      .columns = {{"quantizer", false}, {"elements"}, {"types", false}, {"rounding", false}, {"overflow", false}},
      .rows = {},
      .caption =
          "fixed<b, i>: b bits in all, i of them before the point, the sign among them; ufixed: without "
          "sign. Elements that share a type count once."};
  for (const QuantizerFacts& q : quantizers) {
    int64_t elements = 0;
    for (const auto& type : q.types) elements += type.second;
    table.rows.push_back({q.name, count_text(elements), types_text(q), q.rounding, q.overflow});
  }
  return to_markup(table);
}

Markup layers_table(const NetworkFacts& network) {
  Table table{.columns = {{"layer", false},
                          {"kind", false},
                          {"output", false},
                          {"weights"},
                          {"pruned"},
                          {"weight bits, mean"},
                          {"most"},
                          {"activation bits, mean (range)", false},
                          {"BOPs"}},
              .rows = {},
              .caption = ""};
  for (const LayerFacts& layer : network.layers) {
    const WeightCount count = count_weights(layer);
    const auto weights = static_cast<double>(count.weights);
    table.rows.push_back({layer.name, layer.kind, to_string(layer.shape),
                          count.weights > 0 ? count_text(count.weights) : "",
                          count.weights > 0 ? percent_text(static_cast<double>(count.pruned) / weights) : "",
                          count.weights > 0 ? fmt::format("{:.2f}", static_cast<double>(count.bits) / weights) : "",
                          count.weights > 0 ? concat(count.most_bits) : "",
                          layer.kind == "Input" ? "float32" : bits_text(layer.activation_bits),
                          layer.bops && *layer.bops > 0 ? number_text(*layer.bops, 6) : ""});
  }
  return to_markup(table);
}

}  // namespace

Section front_section(const RunFiles& run) {
  Section section{"front", "Quality over cost", {}};
  std::optional<Figure> figure = front_figure(run);
  if (!figure) return section;
  const Table table = std::move(figure->table);
  figure->table = {};
  section.content = table.rows.empty() ? to_markup(*figure) : pair(to_markup(*figure), to_markup(table));
  return section;
}

Section curves_section(const RunFiles& run) {
  Section section{"curves", "Training", {}};
  if (run.history.size() > 0) section.content = grid(curve_figures(run.history));
  return section;
}

Section network_section(const RunFiles& run) {
  Section section{"network", "Network", {}};
  if (run.network) {
    section.content += layers_table(*run.network);
  }
  Markup costs;
  for (const Figure& figure : cost_figures(run)) costs += to_markup(figure);
  if (!run.no_resources.empty()) costs += element("p", {{"class", "note"}}, run.no_resources);
  if (!run.network) {
    section.content += costs;
  } else if (const Figure graph = network_figure(*run.network); graph.is_wide) {
    section.content += to_markup(graph) + costs;
  } else {
    section.content += pair(to_markup(graph), costs);
  }
  return section;
}

Section layers_section(const RunFiles& run) {
  Section section{"layers", "Bits of each layer", {}};
  size_t shown = 0;
  size_t left_out = 0;
  std::vector<Figure> without_weights;
  for (const LayerFacts& layer : run.network ? run.network->layers : std::vector<LayerFacts>()) {
    std::vector<Figure> figures = layer_figures(layer);
    if (figures.empty()) continue;
    if (++shown > kMostDetailedLayers) {
      ++left_out;
    } else if (layer.kernel_bits.empty() || !layer.is_first_call) {
      for (Figure& figure : figures) {
        figure.title = concat(figure.title, " of ", layer.name);
        without_weights.push_back(std::move(figure));
      }
    } else {
      section.content +=
          element("h3", {}, concat(layer.name, " (", layer.kind, " ", to_string(layer.shape), ")")) + grid(figures);
    }
  }
  if (!without_weights.empty()) section.content += element("h3", {}, "Layers without weights") + grid(without_weights);
  if (left_out > 0) section.content += paragraph(concat(left_out, " more layers are only in the table above."));
  if (!run.quantizers.empty())
    section.content += element("h3", {}, "Fixed-point types of the proxy") + types_table(run.quantizers);
  return section;
}

Section verification_section(const RunFiles& run) {
  Section section{"verification", "Verification of the proxy", {}};
  if (!run.summary || !run.summary->verify) return section;
  const VerifyFacts& verify = *run.summary->verify;
  section.content += paragraph(
      verify.rows_differ == 0
          ? concat("On all ", count_text(verify.rows), " ", run.summary->tested_on,
                   " rows the proxy computes the same bits as the model.")
          : concat("Of ", count_text(verify.rows), " ", run.summary->tested_on, " rows, ",
                   count_text(verify.rows_differ), " differ; ", count_text(verify.rows_differ_without_overflow),
                   " of them without a value out of range. ", count_text(verify.rows_with_overflow),
                   " rows have values out of range, which the model holds and the proxy does not."));
  if (verify.cover_factor > 0)
    section.content += paragraph(concat("A cover factor of ", number_text(verify.cover_factor),
                                        " (export.trace.cover_factor) would hold all of these rows."));
  Table overflows{
      .columns = {{"quantizer", false}, {"values out of range"}, {"advice", false}}, .rows = {}, .caption = ""};
  for (const OverflowFact& fact : verify.overflows) {
    if (fact.values > 0 || !fact.advice.empty())
      overflows.rows.push_back({fact.quantizer, count_text(fact.values), fact.advice});
  }
  if (!overflows.rows.empty()) {
    section.content += element("h3", {}, "Overflows") + to_markup(overflows);
  } else {
    section.content += paragraph("No value leaves its range.");
  }
  for (const std::string& line : verify.without_bits) section.content += warning(line);
  if (!verify.differences.empty()) {
    Table rows{.columns = {{"row"}, {"layer", false}, {"model"}, {"proxy"}, {"reason", false}},
               .rows = {},
               .caption = "Where the first of these rows part"};
    for (const DifferenceFact& d : verify.differences)
      rows.rows.push_back({count_text(d.row), d.layer, number_text(d.model, 6), number_text(d.proxy, 6), d.reason});
    section.content += element("h3", {}, "Rows that differ") + to_markup(rows);
  }
  return section;
}

}  // namespace hgq::report
