// hgq-train front, pick: the saved models of runs, compared, and the one to build.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/apps/commands.h"
#include "hgq/apps/output_file.h"
#include "hgq/apps/rtl_progress.h"
#include "hgq/apps/run_candidates.h"
#include "hgq/apps/run_evaluation.h"
#include "hgq/apps/run_rtl.h"
#include "hgq/apps/write_report.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/shell_word.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/candidate_file.h"
#include "hgq/deploy/choice.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/report/comparison.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kMostLines = 40;

void say(const std::string& text) { std::cerr << "hgq-train: " << bounded_message(text) << "\n"; }

/// Which model of which run is being measured: one line on a terminal, otherwise a line for each run.
class MeasureLine {
 public:
  MeasureLine(size_t runs, bool quiet) : runs_(runs), quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}
  ~MeasureLine() { clear(); }
  MeasureLine(const MeasureLine&) = delete;
  MeasureLine& operator=(const MeasureLine&) = delete;

  void show(const std::string& run, size_t number, size_t model, size_t models) {
    if (quiet_ || (!terminal_ && run == last_)) return;
    last_ = run;
    const std::string text =
        terminal_ ? fmt::format("run {} of {}: model {} of {}", number + 1, runs_, model + 1, models)
                  : fmt::format("measuring run {} of {}, {} models: {}", number + 1, runs_, models, printable(run));
    std::cerr << (terminal_ ? "\r\x1b[K" : "hgq-train: ") << text << (terminal_ ? "" : "\n") << std::flush;
    open_ = terminal_;
  }
  void clear() {
    if (open_) std::cerr << "\r\x1b[K" << std::flush;
    open_ = false;
  }

 private:
  size_t runs_;
  bool quiet_;
  bool terminal_;
  bool open_ = false;
  std::string last_;
};

struct Measured {
  std::vector<Candidate> candidates;
  std::vector<std::string> data_files;
  size_t runs = 0, failed = 0;
};

/// Why a run has no model. One of a sweep tells with which exit code it has ended.
std::string why_no_model(const std::string& folder) {
  constexpr size_t kMostCode = 64;
  const std::string ended = (fs::path(folder) / "exit_code").string();
  const std::string code = fs::exists(ended) ? read_file(ended, kMostCode) : "";
  if (code.empty() || code == "0\n") return "has no model yet";
  return concat("has failed with exit code ", printable(code.substr(0, code.find('\n'))),
                " (see train.log in it), and has no model");
}

/// Only model.h5 can be made again, and only of a checkpoint.
void say_what_is_missing(const std::string& folder, const std::vector<std::string>& missing) {
  if (missing.empty()) return;
  const bool again =
      std::ranges::find(missing, "model.h5") != missing.end() && fs::exists(fs::path(folder) / "checkpoint.h5");
  const std::string command =
      concat("'hgq-train ", shell_word((fs::path(folder) / "config.yaml").string()), " --resume'");
  say(concat("warning: ", folder, ": ", join_names(missing), missing.size() == 1 ? " is" : " are",
             " missing, and not compared", again ? concat("; ", command, " writes model.h5 again") : std::string()));
}

/// A run that cannot be read is told, and does not stop the others.
Measured measure_all(const FrontCommand& command, const Registry& registry, Workers& workers) {
  CandidateOptions options;
  if (command.stage_delay) options.stage_delay = *command.stage_delay;
  options.circuit = !command.no_luts;
  const std::vector<std::string> folders = report::run_folders(command.runs);
  Measured measured;
  measured.runs = folders.size();
  MeasureLine line(folders.size(), command.quiet);
  for (size_t r = 0; r < folders.size(); ++r) {
    try {
      MeasuredRun run =
          measure_run(folders[r], registry, workers, options,
                      [&](const std::string& name, size_t m, size_t models) { line.show(name, r, m, models); });
      line.clear();
      if (run.candidates.empty()) say(concat("note: ", folders[r], ": ", why_no_model(folders[r])));
      say_what_is_missing(folders[r], run.missing);
      for (std::string& file : data_files(run.config.data_config)) measured.data_files.push_back(std::move(file));
      for (Candidate& candidate : run.candidates) measured.candidates.push_back(std::move(candidate));
    } catch (const RunError&) {  // the disk, or the memory
      throw;
    } catch (const Error& e) {
      line.clear();
      ++measured.failed;
      say(concat("error: ", folders[r], ": cannot be measured: ", e.what()));
    }
  }
  HGQ_CHECK(!measured.candidates.empty(), ConfigError, "no model could be measured");
  for (const std::string& warning : report::data_warnings(folders)) say("warning: " + warning);
  return measured;
}

/// The first metric on validation rows that is no loss, else their loss; without validation rows those of others.
std::string usual_quality(const std::vector<Candidate>& candidates) {
  for (const char* const prefix : {"val_", "test_", ""}) {
    std::string loss;
    for (const auto& [name, value] : candidates.front().values()) {
      if (!name.starts_with(prefix) || name == "exact_bops") continue;
      if (std::string_view(prefix).empty() && candidates.front().train.find(name) == nullptr) continue;
      if (name.find("loss") == std::string::npos) return name;
      if (name.find("task_loss") != std::string::npos) loss = name;
    }
    if (!loss.empty()) return loss;
  }
  return "exact_bops";
}

std::vector<Aim> aims_of(const FrontCommand& command, const std::vector<Candidate>& candidates) {
  std::vector<Aim> aims;
  for (const std::string& name : command.metrics) aims.push_back(Aim::from(name));
  if (!aims.empty()) return aims;
  const bool have_luts =
      std::ranges::all_of(candidates, [](const Candidate& c) { return c.circuit || !c.is_usable(); });
  return {Aim::from(usual_quality(candidates)), Aim::from(have_luts ? "luts" : "exact_bops")};
}

/// The columns of the table: the aims, then what else one wants to know.
std::vector<std::string> columns_of(const std::vector<Aim>& aims, const std::vector<Candidate>& candidates) {
  std::vector<std::string> columns;
  const auto add = [&](const std::string& name) {
    const auto has = [&](const Candidate& c) { return c.value(name).has_value(); };
    if (std::ranges::find(columns, name) == columns.end() && std::ranges::any_of(candidates, has))
      columns.push_back(name);
  };
  for (const Aim& aim : aims) {
    add(aim.name);
    if (aim.name.starts_with("val_")) add("test_" + aim.name.substr(4));
  }
  for (const char* const name : {"exact_bops", "luts", "ffs", "clocks", "latency_ns"}) add(name);
  return columns;
}

std::string number_text(const std::string& name, double value) {
  const bool whole = name == "exact_bops" || name == "luts" || name == "ffs" || name == "clocks";
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.5g}", value);
}

std::string table_of(const std::vector<Candidate>& candidates, const std::vector<size_t>& front,
                     const std::vector<Aim>& aims) {
  const std::vector<std::string> columns = columns_of(aims, candidates);
  std::string text;
  for (const std::string& column : columns) text += fmt::format("{:>{}} ", column, std::max<size_t>(column.size(), 8));
  text += " model\n";
  for (size_t i = 0; i < std::min(front.size(), kMostLines); ++i) {
    const Candidate& candidate = candidates[front[i]];
    for (const std::string& column : columns) {
      const std::optional<double> value = candidate.value(column);
      text += fmt::format("{:>{}} ", value ? number_text(column, *value) : "-", std::max<size_t>(column.size(), 8));
    }
    text += fmt::format(" {}/{}\n", printable(candidate.run), candidate.file);
  }
  if (front.size() > kMostLines) text += fmt::format("and {} more\n", front.size() - kMostLines);
  return text;
}

/// Tells what keeps models from the front.
void say_what_is_unusable(const std::vector<Candidate>& candidates) {
  const auto unusable = std::ranges::count_if(candidates, [](const Candidate& c) { return !c.is_usable(); });
  if (unusable == 0) return;
  const auto first = std::ranges::find_if(candidates, [](const Candidate& c) { return !c.is_usable(); });
  say(concat("note: ", unusable, " of ", candidates.size(), " models cannot be built; of ", first->run, "/",
             first->file, ": ", first->refused.empty() ? first->wrong : first->refused));
}

/// Tells which of these numbers some models that can be built do not have.
void say_what_is_unknown(const std::vector<Candidate>& candidates, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto lacks = [&](const Candidate& c) { return c.is_usable() && !c.value(name); };
    const auto without = std::ranges::count_if(candidates, lacks);
    if (without == 0) continue;
    const auto first = std::ranges::find_if(candidates, lacks);
    say(concat("note: ", without, " of ", candidates.size(), " models ", without == 1 ? "has" : "have", " no ", name,
               " and ", without == 1 ? "is" : "are", " not compared: ", first->run, "/", first->file,
               without == 1 ? "" : " and others"));
  }
}

/// "val_accuracy and luts"
std::string names_of(const std::vector<Aim>& aims) {
  std::string text;
  for (size_t i = 0; i < aims.size(); ++i) text += (i == 0 ? "" : i + 1 == aims.size() ? " and " : ", ") + aims[i].name;
  return text;
}

Json values_json(const Candidate& candidate) {
  Json json = to_json(candidate);
  for (const char* const set : {"train", "validation", "test"}) {
    for (Json& metric : json[set]) {
      if (metric["value"].is_string()) metric["value"] = nullptr;  // candidates.json has "nan" there
    }
  }
  for (const auto& [name, value] : candidate.values())
    json["values"][name] = std::isfinite(value) ? Json(value) : Json();
  return json;
}

/// The models were compared by their circuits without registers, at the least effort of the solver.
void say_what_is_over(const std::vector<Bound>& bounds, const RunRtl& made) {
  for (const Bound& bound : bounds) {
    const auto found = std::ranges::find(made.values, bound.name, &std::pair<std::string, double>::first);
    if (found == made.values.end() || bound.at_least || found->second <= bound.limit) continue;
    say(fmt::format(
        "warning: the RTL has an estimated {:.0f} {}, more than {}={:.6g}: the estimate for the choice is of "
        "the circuit without registers; a lower bound, or another --stage-delay, leaves room",
        found->second, bound.name, bound.name, bound.limit));
  }
}

/// The folder of a picked model: all that a run has at its end, of this model.
int write_picked(const PickCommand& command, const Candidate& picked, const Json& choice,
                 const std::vector<Bound>& bounds, const Registry& registry, Workers& workers) {
  RunModel run = load_run_model(picked.run, picked.file, registry);
  const DeploySets sets{
      .train = run.sets.train.get(), .validation = run.sets.validation.get(), .test = run.sets.test.get()};
  const Deployment done =
      deploy(run.loaded.model, run.loaded.extras.objective, sets, workers, deploy_options(run.config));
  Json summary = summary_of(done);
  summary["epochs"] = picked.epoch;
  summary["seed"] = run.config.seed;
  summary["picked"] = choice;
  const std::string no_evaluation =
      write_run_evaluation(command.out, run.loaded.model, run.loaded.extras, done, sets, workers);
  if (!no_evaluation.empty()) say("note: " + no_evaluation);
  write_deployment(command.out, run.loaded.model, run.loaded.extras, done, summary);
  write_file_atomically((fs::path(command.out) / "config.yaml").string(), run.config.resolved.to_yaml());
  std::string files = concat("files in ", printable(command.out), ": model.h5, ");
  if (done.proxy) files += "proxy.h5 (for hls4ml), ";
  for (const char* const name : {"scaling.csv", "output_scaling.csv"}) {
    if (fs::exists(fs::path(command.out) / name)) files += concat(name, ", ");
  }
  say(files + "summary.json, config.yaml, report.html");
  int code = kExitDone;
  if (command.rtl) {
    RtlSettings settings;
    settings.softmax = "logits";
    if (run.config.proxy.rtl) settings = *run.config.proxy.rtl;
    // Without other wishes it has the registers with which clocks and latency of the models were estimated.
    if (command.stage_delay || !run.config.proxy.rtl)
      settings.stage_delay = command.stage_delay.value_or(CandidateOptions{}.stage_delay);
    if (!command.language.empty()) settings.language = command.language;
    if (!command.target.empty()) settings.target = command.target;
    const Dataset& rows = sets.test != nullptr         ? *sets.test
                          : sets.validation != nullptr ? *sets.validation
                                                       : *sets.train;
    const RunRtl made = write_run_rtl(command.out, settings, rows, registry, workers);
    for (const std::string& text : made.notes) say(text);
    if (!command.json) std::cout << made.table;
    say_what_is_over(bounds, made);
    if (!made.written) code = kExitFailed;
  }
  return with_report(code, command.out, registry, workers);
}

}  // namespace

int run_front(const FrontCommand& command, const Registry& registry) {
  Workers workers(command.threads);
  std::vector<std::string> read;
  for (const std::string& folder : report::run_folders(command.runs)) {
    for (std::string& file : files_of_run(folder)) read.push_back(std::move(file));
  }
  check_output("--out", command.out, read);
  const Measured measured = measure_all(command, registry, workers);
  check_output("--out", command.out, measured.data_files);
  const std::vector<Aim> aims = aims_of(command, measured.candidates);
  for (const Aim& aim : aims) expect_number(measured.candidates, aim.name);
  const std::vector<size_t> front = front_of(measured.candidates, aims);
  say_what_is_unusable(measured.candidates);
  std::vector<std::string> names;
  for (const Aim& aim : aims) names.push_back(aim.name);
  say_what_is_unknown(measured.candidates, names);
  HGQ_CHECK(!front.empty(), ConfigError, "no model that can be built has all of ", names_of(aims),
            "; --metrics chooses others");
  if (!command.out.empty()) write_file_atomically(command.out, candidates_csv(measured.candidates, front));
  if (command.json) {
    Json json{{"models", Json::array()}, {"front", front}, {"metrics", Json::array()}};
    for (const Candidate& candidate : measured.candidates) json["models"].push_back(values_json(candidate));
    for (const Aim& aim : aims) json["metrics"].push_back({{"name", aim.name}, {"best", aim.largest ? "max" : "min"}});
    std::cout << json.dump(1) << "\n";
  } else {
    std::cout << table_of(measured.candidates, front, aims);
    std::cout << fmt::format("{} of {} models of {} runs are on the front of {}\n", front.size(),
                             measured.candidates.size(), measured.runs, names_of(aims));
  }
  if (!command.out.empty()) std::cerr << command.out << ": " << measured.candidates.size() << " models\n";
  if (measured.runs > 1 && !command.quiet) {
    std::string folders;
    for (const std::string& run : command.runs) folders += shell_word(run) + " ";
    say(concat("to look at them: hgq-train report ", folders, "--out front.html"));
  }
  return measured.failed > 0 ? kExitFailed : kExitDone;
}

int run_pick(const PickCommand& command, const Registry& registry) {
  std::error_code ignored;
  HGQ_CHECK(!fs::exists(command.out, ignored) || fs::is_empty(command.out, ignored), ConfigError, "'",
            printable(command.out), "' exists already; give another --out");
  Workers workers(command.threads);
  Wish wish;
  for (const std::string& bound : command.under) wish.bounds.push_back(Bound::from(bound, false));
  for (const std::string& bound : command.over) wish.bounds.push_back(Bound::from(bound, true));
  const Measured measured = measure_all(command, registry, workers);
  wish.best = command.best.empty() ? usual_quality(measured.candidates) : command.best;
  say_what_is_unusable(measured.candidates);
  const Choice choice = choose(measured.candidates, wish);
  std::vector<std::string> names{Aim::from(wish.best).name};
  for (const Bound& bound : wish.bounds) names.push_back(bound.name);
  say_what_is_unknown(measured.candidates, names);
  const Candidate& picked = measured.candidates[choice.index];
  Json json{{"run", picked.run},
            {"file", picked.file},
            {"epoch", picked.epoch},
            {"best", wish.best},
            {"within_bounds", choice.within},
            {"models", measured.candidates.size()}};
  for (const auto& [name, value] : picked.values()) json["values"][name] = std::isfinite(value) ? Json(value) : Json();
  for (const Bound& bound : wish.bounds)
    json["bounds"].push_back({{"name", bound.name}, {bound.at_least ? "at_least" : "at_most", bound.limit}});
  if (command.json) {
    std::cout << json.dump(1) << "\n";
  } else {
    std::cout << fmt::format("picked {}/{} of epoch {}, the best {} of {} models within the bounds, of {} in all\n",
                             printable(picked.run), picked.file, picked.epoch, wish.best, choice.within,
                             measured.candidates.size());
    for (const auto& [name, value] : picked.values()) std::cout << fmt::format("  {:<16} {:.6g}\n", name, value);
  }
  const int code = write_picked(command, picked, json, wish.bounds, registry, workers);
  return code == kExitDone && measured.failed > 0 ? kExitFailed : code;
}

}  // namespace hgq
