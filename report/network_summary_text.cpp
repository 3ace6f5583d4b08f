// A summary as a table, and as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/printable.h"
#include "hgq/report/network_summary.h"

namespace hgq::report {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostTypes = 4;

/// What all layers have together.
struct Totals {
  int64_t parameters = 0, bit_widths = 0;
  BitCounts weights;
  double bops = 0;
  bool has_weights = false;
};

Totals totals_of(const NetworkSummary& summary) {
  Totals totals;
  for (const SummaryLayer& layer : summary.layers) {
    totals.parameters += layer.parameters;
    totals.bit_widths += layer.bit_widths;
    totals.bops += layer.bops.value_or(0);
    if (!layer.weights || (layer.parameters == 0)) continue;  // another call of a layer has the same weights
    totals.has_weights = true;
    totals.weights.count += layer.weights->count;
    totals.weights.zeros += layer.weights->zeros;
    totals.weights.total += layer.weights->total;
    totals.weights.most = std::max(totals.weights.most, layer.weights->most);
  }
  return totals;
}

std::string or_dash(const std::optional<double>& number) { return number ? fmt::format("{:.0f}", *number) : "-"; }
std::string mean_text(const std::optional<BitCounts>& counts) {
  return counts ? fmt::format("{:.2f}", counts->mean()) : "-";
}
std::string most_text(const std::optional<BitCounts>& counts) { return counts ? fmt::format("{}", counts->most) : "-"; }
std::string share_text(int64_t part, int64_t all) {
  return all > 0 ? fmt::format("{:.0f} %", 100.0 * static_cast<double>(part) / static_cast<double>(all)) : "-";
}

/// "fixed<5,2> x 12, fixed<4,2> x 3 and 5 more types".
std::string types_text(const SummaryLayer& layer) {
  std::string text;
  for (size_t i = 0; i < std::min(layer.types.size(), kMostTypes); ++i) {
    const auto& [type, count] = layer.types[i];
    text += (i == 0 ? "" : ", ") + type + (layer.types.size() > 1 ? fmt::format(" x {}", count) : "");
  }
  if (layer.types.size() > kMostTypes) text += fmt::format(" and {} more types", layer.types.size() - kMostTypes);
  return text;
}

std::string table_of(const NetworkSummary& summary) {
  size_t name = 12;
  size_t kind = 6;
  size_t shape = 6;
  for (const SummaryLayer& layer : summary.layers) {
    name = std::max(name, printable(layer.name).size());
    kind = std::max(kind, layer.kind.size());
    shape = std::max(shape, Json(layer.shape.dims()).dump().size());
  }
  const auto line = [&](const auto&... cells) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}} {:>9} {:>8} {:>5} {:>6} {:>8} {:>5} {:>8} {:>7} {:>8}\n", cells...);
  };
  std::string text = line("layer", name, "kind", kind, "shape", shape, "weights", "bits", "most", "zero", "out bits",
                          "most", "BOPs", "adders", "LUT");
  for (const SummaryLayer& layer : summary.layers) {
    const int64_t weights = layer.parameters - layer.bit_widths;
    text += line(printable(layer.name), name, layer.kind, kind, Json(layer.shape.dims()).dump(), shape,
                 weights > 0 ? fmt::format("{}", weights) : "-", mean_text(layer.weights), most_text(layer.weights),
                 layer.weights ? share_text(layer.weights->zeros, layer.weights->count) : "-", mean_text(layer.values),
                 most_text(layer.values), or_dash(layer.bops), or_dash(layer.adders), or_dash(layer.luts));
  }
  return text;
}

std::string totals_text(const NetworkSummary& summary) {
  const Totals totals = totals_of(summary);
  std::string text = fmt::format("parameters: {}", totals.parameters - totals.bit_widths);
  if (totals.bit_widths > 0) text += fmt::format(", and {} trained bit widths", totals.bit_widths);
  if (totals.has_weights) {
    text += fmt::format("; of {} weights in kernels {} are 0, the mean has {:.2f} bits", totals.weights.count,
                        share_text(totals.weights.zeros, totals.weights.count), totals.weights.mean());
  }
  text += "\n";
  if (summary.is_traced && !summary.is_proxy) text += fmt::format("BOPs in all: {:.0f}\n", totals.bops);
  return text;
}

std::string circuit_text(const NetworkSummary& summary) {
  if (!summary.circuit) return summary.no_circuit.empty() ? "" : bounded_message(summary.no_circuit) + "\n";
  const CircuitFacts& c = *summary.circuit;
  std::string text =
      fmt::format("as RTL, estimated: {:.0f} LUT (+- {:.0f} %) in {:.0f} adders, {:.1f} ns without registers\n", c.luts,
                  100 * c.lut_spread, c.adders, c.path_ns);
  if (c.clocks) {
    text += fmt::format("with a stage of at most {:g} ns: {} clock{}, {:.0f} FF (+- {:.0f} %)\n", c.stage_delay,
                        *c.clocks, *c.clocks == 1 ? "" : "s", c.ffs, 100 * c.ff_spread);
  } else {
    text += fmt::format("no stage can be as short as {:g} ns\n", c.stage_delay);
  }
  return text;
}

std::string scaling_text(const NetworkSummary& summary) {
  std::string text;
  for (const auto& [input, scaling] : summary.scaling) {
    text += fmt::format(
        "input {}: scaled by (x - offset) / divisor before the network; scaling.csv of the run and --json have the "
        "{}\n",
        printable(input), scaling.offset.size() == 1 ? "numbers" : "numbers of each feature");
  }
  return text;
}

Json counts_json(const std::optional<BitCounts>& counts) { return counts ? Json(counts->mean()) : Json(); }
Json most_json(const std::optional<BitCounts>& counts) { return counts ? Json(counts->most) : Json(); }
Json number_json(const std::optional<double>& number) { return number ? Json(*number) : Json(); }

Json layer_json(const SummaryLayer& layer) {
  Json types = Json::array();
  for (const auto& [type, count] : layer.types) types.push_back({{"type", type}, {"elements", count}});
  return {{"name", layer.name},
          {"kind", layer.kind},
          {"shape", layer.shape.dims()},
          {"parameters", layer.parameters},
          {"weights", layer.parameters - layer.bit_widths},
          {"bit_widths", layer.bit_widths},
          {"weight_bits", counts_json(layer.weights)},
          {"most_weight_bits", most_json(layer.weights)},
          {"zero_weights", layer.weights ? Json(layer.weights->zeros) : Json()},
          {"kernel_weights", layer.weights ? Json(layer.weights->count) : Json()},
          {"bits", counts_json(layer.values)},
          {"most_bits", most_json(layer.values)},
          {"elements_without_bits", layer.values ? Json(layer.values->zeros) : Json()},
          {"types", std::move(types)},
          {"bops", number_json(layer.bops)},
          {"adders", number_json(layer.adders)},
          {"luts", number_json(layer.luts)}};
}

}  // namespace

std::string summary_text(const NetworkSummary& summary) {
  std::string text = table_of(summary);
  bool opened = false;
  for (const SummaryLayer& layer : summary.layers) {
    if (layer.types.empty()) continue;
    if (!opened) text += "types of the outputs:\n";
    opened = true;
    text += fmt::format("  {}: {}\n", printable(layer.name), types_text(layer));
  }
  return text + totals_text(summary) + circuit_text(summary) + scaling_text(summary);
}

Json to_json(const NetworkSummary& summary) {
  const Totals totals = totals_of(summary);
  Json layers = Json::array();
  for (const SummaryLayer& layer : summary.layers) layers.push_back(layer_json(layer));
  Json json{{"layers", std::move(layers)},
            {"total",
             {{"parameters", totals.parameters},
              {"weights", totals.parameters - totals.bit_widths},
              {"bit_widths", totals.bit_widths},
              {"kernel_weights", totals.weights.count},
              {"zero_weights", totals.weights.zeros},
              {"weight_bits", totals.has_weights ? Json(totals.weights.mean()) : Json()},
              {"bops", summary.is_traced && !summary.is_proxy ? Json(totals.bops) : Json()}}},
            {"circuit", nullptr},
            {"no_circuit", summary.no_circuit.empty() ? Json() : Json(summary.no_circuit)},
            {"scaling", Json::object()}};
  if (summary.circuit) {
    const CircuitFacts& c = *summary.circuit;
    json["circuit"] = {{"adders", c.adders},
                       {"luts", c.luts},
                       {"lut_spread", c.lut_spread},
                       {"path_ns", c.path_ns},
                       {"stage_delay_ns", c.stage_delay},
                       {"clocks", c.clocks ? Json(*c.clocks) : Json()},
                       {"ffs", c.clocks ? Json(c.ffs) : Json()},
                       {"ff_spread", c.clocks ? Json(c.ff_spread) : Json()}};
  }
  for (const auto& [input, scaling] : summary.scaling)
    json["scaling"][input] = {{"offset", scaling.offset}, {"divisor", scaling.divisor}};
  return json;
}

}  // namespace hgq::report
