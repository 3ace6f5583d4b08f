#include "hgq/sweep/table.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/progress_line.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq::sweep {
namespace {

using Row = std::vector<std::string>;

/// A field of CSV, in quotes where it needs them.
std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

/// The keys that the axes set, in the order of their first appearance.
std::vector<std::string> axis_keys(const SweepRecord& sweep) {
  std::vector<std::string> keys;
  for (const RunRecord& run : sweep.runs) {
    for (const Setting& setting : run.values) {
      if (std::ranges::find(keys, setting.key) == keys.end()) keys.push_back(setting.key);
    }
  }
  return keys;
}

std::string value_of(const RunRecord& run, const std::string& key) {
  const auto found = std::ranges::find(run.values, key, &Setting::key);
  return found == run.values.end() ? "" : value_text(found->value);
}

std::vector<Row> rows_of(const SweepRecord& sweep, const std::vector<std::string>& key_titles,
                         std::string (*number)(double)) {
  const std::vector<std::string> keys = axis_keys(sweep);
  std::vector<Row> rows{{"run", "state"}};
  rows[0].insert(rows[0].end(), key_titles.begin(), key_titles.end());
  for (const Objective& objective : sweep.objectives) rows[0].push_back(objective.name);
  if (!sweep.constraints.empty()) rows[0].emplace_back("allowed");
  for (const char* const title : {"epochs", "message"}) rows[0].emplace_back(title);
  for (const RunRecord& run : sweep.runs) {
    Row row{run.name, std::string(state_name(run.state))};
    for (const std::string& key : keys) row.push_back(value_of(run, key));
    for (const std::optional<double>& value : run.last.objectives) row.push_back(value ? number(*value) : "");
    if (!sweep.constraints.empty()) row.emplace_back(run.epochs == 0 ? "" : run.last.allowed ? "yes" : "no");
    row.push_back(std::to_string(run.epochs));
    row.push_back(run.message);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::string value_text(const Node& value) {
  if (value.is_scalar()) return value.text();
  return value.is_null() ? "null" : value.to_json().dump();
}

std::string runs_csv(const SweepRecord& sweep) {
  std::string text;
  for (const Row& row : rows_of(sweep, axis_keys(sweep), [](double value) { return concat(value); })) {
    for (size_t i = 0; i < row.size(); ++i) text += (i > 0 ? "," : "") + quoted(row[i]);
    text += "\n";
  }
  return text;
}

nlohmann::json runs_json(const SweepRecord& sweep) {
  using Json = nlohmann::json;
  Json runs = Json::array();
  for (const RunRecord& run : sweep.runs) {
    Json values = Json::object(), objectives = Json::object();
    for (const Setting& setting : run.values) values[setting.key] = setting.value.to_json();
    for (size_t o = 0; o < sweep.objectives.size(); ++o) {
      const std::optional<double>& value = run.last.objectives[o];
      objectives[sweep.objectives[o].name] = value ? Json(*value) : Json();
    }
    runs.push_back({{"run", run.name},
                    {"state", state_name(run.state)},
                    {"folder", run.folder},
                    {"values", std::move(values)},
                    {"objectives", std::move(objectives)},
                    {"allowed", run.last.allowed},
                    {"epochs", run.epochs},
                    {"seconds", run.seconds},
                    {"message", run.message}});
  }
  Json objectives = Json::object();
  for (const Objective& objective : sweep.objectives) objectives[objective.name] = objective.maximize ? "max" : "min";
  return {{"folder", sweep.folder}, {"objectives", std::move(objectives)}, {"runs", std::move(runs)}};
}

std::string runs_text(const SweepRecord& sweep) {
  std::vector<std::string> titles = axis_keys(sweep);
  for (std::string& key : titles) {  // the last part of a key, where that is enough
    const std::string last = key.substr(key.rfind('.') + 1);
    const auto ends_so = [&](const std::string& other) { return other == last || other.ends_with("." + last); };
    if (std::ranges::count_if(axis_keys(sweep), ends_so) == 1) key = last;
  }
  std::vector<Row> rows = rows_of(sweep, titles, short_number);
  std::vector<size_t> widths(rows[0].size(), 0);
  for (Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += (i > 0 ? "  " : "") + row[i] + std::string(widths[i] - row[i].size(), ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace hgq::sweep
