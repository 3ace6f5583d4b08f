// The report of an RTL project, as JSON and as a table.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "hgq/core/printable.h"
#include "hgq/core/version.h"
#include "hgq/rtl/module_plan.h"
#include "hgq/rtl/pipeline.h"
#include "hgq/rtl/to_rtl.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

Json counts_json(const rtl::ResourceCounts& counts) {
  return {{"adders", counts.adders},
          {"adder_bits", counts.adder_bits},
          {"three_operand_bits", counts.three_bits},
          {"mux_bits", counts.mux_bits},
          {"gate_bits", counts.gate_bits},
          {"comparison_bits", counts.comparison_bits},
          {"table_bits", counts.table_bits},
          {"register_bits", counts.register_bits},
          {"estimated_luts", counts.luts},
          {"estimated_ffs", counts.ffs}};
}

/// Where each feature lies in the vector of all ports of one side, and how its bits are to be read.
Json ports_json(const rtl::Circuit& circuit, const std::vector<rtl::Port>& ports,
                const std::vector<rtl::InputQuantizer>* quantizers) {
  Json list = Json::array();
  int64_t lowest = 0;
  for (size_t p = 0; p < ports.size(); ++p) {
    const rtl::Port& port = ports[p];
    Json features = Json::array();
    for (size_t e = 0; e < port.features.size(); ++e) {
      const rtl::Feature& feature = port.features[e];
      if (feature.node < 0) continue;
      const rtl::Node& node = circuit.node(feature.node);
      features.push_back({{"element", e},
                          {"lowest_bit", lowest},
                          {"bits", node.bits},
                          {"signed", node.is_signed()},
                          {"fraction", -feature.exponent}});
      lowest += node.bits;
    }
    Json entry{{"name", port.name}, {"shape", port.shape.dims()}, {"features", features}};
    if (quantizers != nullptr) {
      const rtl::InputQuantizer& quantizer = (*quantizers)[p];
      entry["quantizer"] = quantizer.layer;
      entry["rounding"] = to_string(quantizer.operation.rounding);
      entry["overflow"] = to_string(quantizer.operation.overflow);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

/// The modules of layers, and where they are. A layer of which only wires are left has none.
Json modules_json(const rtl::ModulePlan& plan, const rtl::Circuit& circuit, rtl::HdlLanguage language) {
  Json list = Json::array();
  for (const rtl::LayerModule& module : plan.layers) {
    if (module.writes.empty()) continue;
    list.push_back({{"layer", circuit.layers[static_cast<size_t>(module.layer)]},
                    {"module", module.name},
                    {"file", rtl::source_path(module.name, language)}});
  }
  return list;
}

template <typename Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

/// Features of all ports, and those without a wire.
std::pair<size_t, size_t> features_of(const std::vector<rtl::Port>& ports) {
  size_t all = 0;
  size_t none = 0;
  for (const rtl::Port& port : ports) {
    all += port.features.size();
    none += static_cast<size_t>(std::ranges::count(port.features, -1, &rtl::Feature::node));
  }
  return {all, none};
}

/// What is not in the circuit: features that nothing reads or that are always 0, and rows and columns of kernels.
Json trimmed_json(const RtlProject& project) {
  const auto [inputs, unused] = features_of(project.circuit.inputs);
  const auto [outputs, constant] = features_of(project.circuit.outputs);
  int64_t rows = 0;
  int64_t units = 0;
  for (const rtl::SolvedLayer& layer : project.lowered.solved) {
    rows += layer.kernel_inputs - layer.inputs;
    units += layer.kernel_units - layer.outputs;
  }
  return {{"unused_inputs", unused}, {"constant_outputs", constant}, {"kernel_rows", rows}, {"kernel_units", units}};
}

}  // namespace

Json to_json(const RtlProject& project, const RtlOptions& options) {
  std::map<std::string, const rtl::SolvedLayer*> solved;
  for (const rtl::SolvedLayer& layer : project.lowered.solved) solved[layer.layer] = &layer;
  Json layers = Json::array();
  for (const rtl::LayerEstimate& layer : project.estimate.layers) {
    Json entry = counts_json(layer);
    entry["name"] = layer.layer;
    entry["first_level"] = layer.first_level;
    entry["last_level"] = layer.last_level;
    if (const auto found = solved.find(layer.layer); found != solved.end()) {
      const rtl::SolvedLayer& s = *found->second;
      entry["matrix"] = {{"kernel", {s.kernel_inputs, s.kernel_units}},
                         {"inputs", s.inputs},
                         {"outputs", s.outputs},
                         {"positions", s.positions},
                         {"adders", s.adders},
                         {"adder_bits", s.adder_bits},
                         {"solver_seconds", s.solver_seconds}};
    }
    layers.push_back(std::move(entry));
  }
  const rtl::HdlOptions& hdl = options.hdl;
  const rtl::ModulePlan plan = rtl::plan_modules(project.circuit);
  const bool clocked = rtl::is_clocked(project.circuit);
  const std::optional<int> depth = extra_depth_of(options);
  Json json{{"format", "hgq-rtl 1"},
            {"hgq", kVersion},
            {"name", project.circuit.name},
            {"language", to_string(hdl.language)},
            {"target", to_string(hdl.target)},
            {"softmax", to_string(options.softmax)},
            {"effort", to_string(options.effort)},
            {"top", plan.top},
            {"top_ports", plan.ports_top},
            {"modules", modules_json(plan, project.circuit, hdl.language)},
            {"clock", clocked},
            {"clock_enable", clocked && hdl.clock_enable},
            {"reset", clocked && hdl.reset},
            {"clock_period_ns", hdl.clock_period_ns},
            {"part", hdl.part},
            {"asked",
             {{"latency", or_null(options.latency)},
              {"stage_delay_ns", or_null(options.stage_delay)},
              {"stage_levels", or_null(options.stage_levels)},
              {"solver_seconds", or_null(options.solver_seconds)}}},
            {"extra_depth", depth ? Json(*depth) : Json("free")},
            {"latency", project.circuit.latency},
            {"critical_path_ns", project.critical_path},
            {"seconds", project.seconds},
            {"rows", project.rows},
            {"rows_with_overflow", project.rows_with_overflow},
            {"inputs", ports_json(project.circuit, project.circuit.inputs, &project.lowered.quantizers)},
            {"outputs", ports_json(project.circuit, project.circuit.outputs, nullptr)},
            {"layers", layers},
            {"total", counts_json(project.estimate.total)},
            {"lut_spread", project.estimate.lut_spread},
            {"ff_spread", project.estimate.ff_spread},
            {"trimmed", trimmed_json(project)},
            {"notes", project.notes}};
  return json;
}

std::string describe(const RtlProject& project) {
  std::string text = fmt::format("{:<28} {:>7} {:>8} {:>7} {:>9} {:>8} {:>8} {:>7}\n", "layer", "adders", "bits",
                                 "levels", "registers", "LUT", "FF", "solver");
  std::map<std::string, double> seconds;
  for (const rtl::SolvedLayer& layer : project.lowered.solved) seconds[layer.layer] = layer.solver_seconds;
  const auto row = [&](const std::string& name, const rtl::ResourceCounts& counts, const std::string& levels,
                       const std::string& solver) {
    text += fmt::format("{:<28} {:>7} {:>8} {:>7} {:>9} {:>8.0f} {:>8.0f} {:>7}\n", printable(name), counts.adders,
                        counts.adder_bits + counts.three_bits, levels, counts.register_bits, counts.luts, counts.ffs,
                        solver);
  };
  for (const rtl::LayerEstimate& layer : project.estimate.layers) {
    const auto found = seconds.find(layer.layer);
    row(layer.layer, layer,
        layer.last_level > layer.first_level ? fmt::format("{}-{}", layer.first_level + 1, layer.last_level) : "",
        found == seconds.end() ? "" : fmt::format("{:.2g} s", found->second));
  }
  double solver = 0;
  for (const auto& [layer, time] : seconds) solver += time;
  row("total", project.estimate.total, "", fmt::format("{:.2g} s", solver));
  text += fmt::format("estimated: {:.0f} LUT (+-{:.0f} %), {:.0f} FF; {:.2f} ns of logic in the slowest stage\n",
                      project.estimate.total.luts, 100 * project.estimate.lut_spread, project.estimate.total.ffs,
                      project.critical_path);
  if (project.circuit.latency == 0) {
    text += "combinational: outputs follow inputs without a clock\n";
  } else {
    text += fmt::format("a row each clock, outputs {} {} later\n", project.circuit.latency,
                        project.circuit.latency == 1 ? "clock" : "clocks");
  }
  const auto [inputs, unused] = features_of(project.circuit.inputs);
  const auto [outputs, constant] = features_of(project.circuit.outputs);
  text += fmt::format("inputs {}, of which {} are not used; outputs {}, of which {} are always 0\n", inputs, unused,
                      outputs, constant);
  const Json trimmed = trimmed_json(project);
  text +=
      fmt::format("not built: {} rows of kernels without weights or with inputs of 0, {} units that nothing needs\n",
                  trimmed.at("kernel_rows").get<int64_t>(), trimmed.at("kernel_units").get<int64_t>());
  text += fmt::format("{} rows, {} with overflow: the circuit equals the emulator in every bit\n", project.rows,
                      project.rows_with_overflow);
  return text;
}

}  // namespace hgq
