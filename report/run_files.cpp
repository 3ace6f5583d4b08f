#include "hgq/report/run_files.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/data/csv.h"
#include "hgq/deploy/measured_candidates.h"
#include "hgq/deploy/profile_summary.h"
#include "hgq/report/run_proxy.h"

namespace hgq::report {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostHistory = size_t{1} << 30U;

double number_of(std::string_view field, const std::string& where) {
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  HGQ_CHECK(error == std::errc() && end == field.data() + field.size(), FileError, where, ": found '", printable(field),
            "', expected a number");
  return value;
}

}  // namespace

std::string folder_name(const std::string& folder) {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(folder, error);
  const fs::path& used = error ? fs::path(folder) : path;
  return used.has_filename() ? used.filename().string() : used.parent_path().filename().string();
}

std::string read_config_text(const std::string& path) { return read_file(path, size_t{1} << 20U); }

History read_history(const std::string& path) {
  try {
    return History::from_file(read_file(path, kMostHistory));
  } catch (const FileError& e) {
    throw FileError(concat(path, ": ", e.what()));
  }
}

std::optional<double> find_number(const NamedNumbers& numbers, const std::string& name) {
  const auto found = std::ranges::find(numbers, name, &NamedNumbers::value_type::first);
  return found == numbers.end() ? std::nullopt : std::optional<double>(found->second);
}

bool holds_run(const std::string& folder) {
  for (const char* const name : {"history.csv", "checkpoint.h5", "model.h5", "summary.json", "config.yaml"}) {
    if (fs::is_regular_file(fs::path(folder) / name)) return true;
  }
  return false;
}

RunFront read_front(const std::string& path) {
  RunFront front;
  const std::string text = read_file(path, kMostHistory);
  const size_t end = text.find('\n');
  const std::string header = text.substr(0, end);
  HGQ_CHECK(end != std::string::npos && header.starts_with("file,epoch"), FileError, path,
            ": found no header 'file,epoch,...', expected the list that the callback ParetoFront writes");
  for (size_t at = header.find(',', 5); at != std::string::npos; at = header.find(',', at + 1))
    front.metrics.push_back(header.substr(at + 1, header.find(',', at + 1) - at - 1));
  if (end + 1 >= text.size()) return front;  // no model has been kept yet
  const auto table = CsvTable::open(open_bytes(path), {.separator = ',', .header = true, .comment = ""});
  CsvTable::Rows rows(*table, 0);
  while (rows.next()) {
    const std::span<const std::string_view> fields = rows.fields();
    const std::string where = concat(path, ":", rows.line());
    FrontPoint point{.file = std::string(fields[0]), .epoch = 0, .values = {}};
    const double epoch = number_of(fields[1], where);
    HGQ_CHECK(epoch >= 1 && epoch < 1e9, FileError, where, ": found epoch ", epoch, ", expected one from 1");
    point.epoch = static_cast<int>(epoch);
    for (size_t i = 2; i < fields.size(); ++i) point.values.push_back(number_of(fields[i], where));
    front.points.push_back(std::move(point));
  }
  return front;
}

RunFiles read_run(const std::string& folder, const Registry& registry, Workers& workers, const ReadOptions& options) {
  const fs::path path(folder);
  HGQ_CHECK(fs::exists(path), FileError, "'", printable(folder), "': there is no such folder; expected that of a run");
  HGQ_CHECK(fs::is_directory(path), FileError, "'", printable(folder),
            "' is a file; expected the folder of a run, which holds it");
  HGQ_CHECK(holds_run(folder), FileError, "'", printable(folder),
            "' holds no run: none of config.yaml, history.csv, checkpoint.h5, model.h5 and summary.json is in it");
  RunFiles run;
  run.name = folder_name(folder);
  const auto has = [&](const char* name, const std::string& otherwise) {
    if (fs::exists(path / name)) return true;
    if (!otherwise.empty()) run.missing.push_back(concat("There is no ", name, ": ", otherwise));
    return false;
  };
  const auto file = [&](const char* name) { return (path / name).string(); };

  if (has("config.yaml", "the config of the run is not shown.")) {
    run.config_text = read_config_text(file("config.yaml"));
    ErrorList errors;
    run.config = Node::from_yaml(run.config_text, file("config.yaml"), errors);
    if (!errors.empty()) throw FileError(errors.messages().front());
  }
  if (has("summary.json", "the training has not ended, so nothing is tested and verified yet."))
    run.summary = read_summary(file("summary.json"));
  const bool is_picked = run.summary && !run.summary->picked_from.empty();
  if (has("history.csv",
          is_picked ? concat("the model was picked from ", run.summary->picked_from, ", whose run has the curves.")
                    : "there are no curves; the file is written with the first checkpoint."))
    run.history = read_history(file("history.csv"));
  if (has("pareto/pareto.csv", "")) run.front = read_front(file("pareto/pareto.csv"));
  for (const Candidate& candidate : read_candidates(folder)) {
    if (candidate.file == "model.h5") run.measured = candidate.values();
  }
  if (has(kEvaluationName, "")) run.evaluation = read_evaluation(file(kEvaluationName));
  if (has(kProfileName, "")) {
    try {
      run.profile = read_profile(file(kProfileName));
    } catch (const FileError& e) {
      run.missing.push_back(concat("Where the time went is not shown: ", e.what(), "."));
    }
  }
  if (has("model.h5", fs::exists(path / "checkpoint.h5")
                          ? "the network is that of checkpoint.h5, the newest state of the training."
                          : "the network is not shown.")) {
    try {
      run.network = read_network(file("model.h5"), registry);
    } catch (const Error& e) {  // the model of a training that went astray is kept as it is
      if (!run.summary || run.summary->bops || run.summary->not_exported.empty()) throw;
      run.missing.push_back(concat("The network is not shown: ", e.what(), "."));
    }
  } else if (has("checkpoint.h5", "")) {
    run.network = read_network(file("checkpoint.h5"), registry);
  }
  const std::string refused = run.summary && !run.summary->not_exported.empty() ? run.summary->not_exported
                                                                                : "it is made when the training ends.";
  if (has("proxy.h5", refused)) read_proxy(file("proxy.h5"), registry, workers, options, run);
  if (fs::exists(path / "rtl" / "report.json")) {
    run.resources = read_rtl_resources(file("rtl"));
    run.no_resources.clear();
  }
  return run;
}

}  // namespace hgq::report
