#include "hgq/deploy/candidate_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/saved_state.h"
#include "hgq/core/error.h"
#include "hgq/deploy/csv_field.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

Json metrics_json(const Metrics& metrics) {
  Json all = Json::array();  // their order is that of the columns of a table
  for (const auto& [name, value] : metrics.entries()) all.push_back({{"name", name}, {"value", exact_json(value)}});
  return all;
}

Metrics metrics_from(const SavedState& saved) {
  Metrics metrics;
  for (const SavedState& entry : saved.items()) metrics.set(entry.text("name"), entry.at("value").number());
  return metrics;
}

Json circuit_json(const CircuitFacts& circuit) {
  Json json{{"luts", circuit.luts},
            {"lut_spread", circuit.lut_spread},
            {"adders", circuit.adders},
            {"path_ns", circuit.path_ns},
            {"ffs", circuit.ffs}};
  if (circuit.clocks) json["clocks"] = *circuit.clocks;
  if (circuit.latency_ns) json["latency_ns"] = *circuit.latency_ns;
  return json;
}

CircuitFacts circuit_from(const SavedState& saved, const Json& json) {
  CircuitFacts circuit;
  circuit.luts = saved.at("luts").number();
  circuit.lut_spread = saved.at("lut_spread").number();
  circuit.adders = saved.at("adders").number();
  circuit.path_ns = saved.at("path_ns").number();
  circuit.ffs = saved.at("ffs").number();
  if (json.contains("clocks")) circuit.clocks = saved.integer("clocks", 0, 1'000'000);
  if (json.contains("latency_ns")) circuit.latency_ns = saved.at("latency_ns").number();
  return circuit;
}

/// A field on one line: messages may have several.
std::string field(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return csv_field(text);
}

std::string what_is_wrong(const Candidate& candidate) {
  if (!candidate.refused.empty()) return "no proxy: " + candidate.refused;
  if (!candidate.wrong.empty()) return "the proxy is wrong: " + candidate.wrong;
  return candidate.no_circuit.empty() ? "" : "no circuit: " + candidate.no_circuit;
}

}  // namespace

Json to_json(const Candidate& candidate) {
  Json json{{"run", candidate.run},
            {"file", candidate.file},
            {"epoch", candidate.epoch},
            {"train", metrics_json(candidate.train)},
            {"validation", metrics_json(candidate.validation)},
            {"test", metrics_json(candidate.test)},
            {"rows", candidate.rows},
            {"rows_differ", candidate.rows_differ},
            {"rows_with_overflow", candidate.rows_with_overflow},
            {"refused", candidate.refused},
            {"wrong", candidate.wrong},
            {"no_circuit", candidate.no_circuit}};
  if (candidate.exact_bops) json["exact_bops"] = *candidate.exact_bops;
  if (candidate.circuit) json["circuit"] = circuit_json(*candidate.circuit);
  return json;
}

Candidate candidate_from(const Json& json, const std::string& where) {
  const SavedState saved(json, where);
  constexpr int64_t kMost = int64_t{1} << 53;
  Candidate candidate;
  candidate.run = saved.text("run");
  candidate.file = saved.text("file");
  candidate.epoch = static_cast<int>(saved.integer("epoch", 0, 1'000'000'000));
  candidate.train = metrics_from(saved.at("train"));
  candidate.validation = metrics_from(saved.at("validation"));
  candidate.test = metrics_from(saved.at("test"));
  candidate.rows = saved.integer("rows", 0, kMost);
  candidate.rows_differ = saved.integer("rows_differ", 0, kMost);
  candidate.rows_with_overflow = saved.integer("rows_with_overflow", 0, kMost);
  candidate.refused = saved.text("refused");
  candidate.wrong = saved.text("wrong");
  candidate.no_circuit = saved.text("no_circuit");
  if (json.contains("exact_bops")) candidate.exact_bops = saved.at("exact_bops").number();
  if (json.contains("circuit")) candidate.circuit = circuit_from(saved.at("circuit"), json.at("circuit"));
  return candidate;
}

std::string candidates_csv(const std::vector<Candidate>& candidates, const std::vector<size_t>& front) {
  std::vector<std::string> columns;
  for (const Candidate& candidate : candidates) {
    for (const auto& [name, value] : candidate.values()) {
      if (name != "epoch" && std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  std::string text = "run,file,epoch,on_front,usable";
  for (const std::string& column : columns) text += "," + field(column);
  text += ",message\n";
  for (size_t c = 0; c < candidates.size(); ++c) {
    const Candidate& candidate = candidates[c];
    const bool on_front = std::ranges::find(front, c) != front.end();
    text += fmt::format("{},{},{},{},{}", field(candidate.run), field(candidate.file), candidate.epoch,
                        on_front ? 1 : 0, candidate.is_usable() ? 1 : 0);
    for (const std::string& column : columns) {
      const std::optional<double> value = candidate.value(column);
      text += value ? fmt::format(",{}", *value) : ",";
    }
    text += "," + field(what_is_wrong(candidate)) + "\n";
  }
  return text;
}

}  // namespace hgq
