#include "hgq/callbacks/pareto_front.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/saved_state.h"
#include "hgq/core/dominance.h"
#include "hgq/core/error.h"
#include "hgq/data/atomic_file.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;

std::string file_name(int epoch) {
  std::string digits = concat(epoch);
  while (digits.size() < 4) digits.insert(0, "0");
  return "epoch_" + digits + ".h5";
}

}  // namespace

ParetoFront::ParetoFront(Options options) : options_(std::move(options)) {}

std::vector<WatchedMetric> ParetoFront::watches() const {
  std::vector<WatchedMetric> watched;
  for (const std::string& metric : options_.metrics)
    watched.push_back({.name = metric, .key = "metrics", .complete_logs = true});
  return watched;
}

bool ParetoFront::beats(const std::vector<double>& a, const std::vector<double>& b) const {
  const auto costs_of = [&](const std::vector<double>& metrics) {
    return [&](size_t i) { return options_.largest[i] ? -metrics[i] : metrics[i]; };
  };
  return dominates(a.size(), costs_of(a), costs_of(b));
}

void ParetoFront::on_train_begin(Training& t) {
  HGQ_CHECK(front_.empty() || front_.back().epoch <= t.epoch, FileError,
            "the checkpoint is damaged: ParetoFront: after ", t.epoch, " epochs its front has a point of epoch ",
            front_.back().epoch);
  if (options_.folder.empty()) return;
  make_folder(options_.folder);
  remove_left_overs(options_.folder);
  write_table();
  remove_others();  // what is newer than the checkpoint that is continued
}

void ParetoFront::on_log(Training& t) {
  if ((t.epoch + 1) % options_.every != 0) return;
  Point point{.epoch = t.epoch + 1, .metrics = {}, .file = file_name(t.epoch + 1)};
  for (const std::string& metric : options_.metrics) {
    const double* const value = t.logs.find(metric);
    if (value == nullptr || std::isnan(*value)) return;  // an epoch that lacks a metric is no candidate
    point.metrics.push_back(*value);
  }
  const auto not_worse = [&](const Point& p) { return beats(p.metrics, point.metrics) || p.metrics == point.metrics; };
  if (std::ranges::any_of(front_, not_worse)) return;
  std::erase_if(front_, [&](const Point& p) {
    if (!beats(point.metrics, p.metrics)) return false;
    files_.drop(path_of(p.file));
    others_are_there_ = true;
    return true;
  });
  front_.push_back(point);
  table_is_old_ = true;
  if (!options_.folder.empty() && t.model_file) files_.add(t.model_file(path_of(point.file)));
}

void ParetoFront::before_checkpoint(Training& /*t*/) {
  files_.write();
  if (table_is_old_ && !options_.folder.empty()) write_table();
  table_is_old_ = false;
}

void ParetoFront::on_checkpoint(Training& /*t*/) {
  if (others_are_there_) remove_others();
  others_are_there_ = false;
}

std::string ParetoFront::path_of(const std::string& file) const { return (fs::path(options_.folder) / file).string(); }

void ParetoFront::write_table() const {
  std::string text = "file,epoch";
  for (const std::string& metric : options_.metrics) text += "," + metric;
  text += "\n";
  for (const Point& p : front_) {
    text += concat(p.file, ",", p.epoch);
    for (const double v : p.metrics) text += concat(",", v);
    text += "\n";
  }
  write_file_atomically(path_of("pareto.csv"), text);
}

void ParetoFront::remove_others() const {
  if (options_.folder.empty()) return;
  std::vector<std::string> others;
  std::error_code error;
  for (fs::directory_iterator i(options_.folder, error), end; !error && i != end; i.increment(error)) {
    const std::string name = i->path().filename().string();
    if (!name.starts_with("epoch_") || !name.ends_with(".h5")) continue;
    if (std::ranges::find(front_, name, &Point::file) == front_.end()) others.push_back(i->path().string());
  }
  if (error) throw_system_error(concat(options_.folder, ": cannot be listed"), error.value());
  for (const std::string& path : others) remove_file(path);
}

nlohmann::json ParetoFront::state() const {
  nlohmann::json points = nlohmann::json::array();
  for (const Point& p : front_) {
    nlohmann::json metrics = nlohmann::json::array();
    for (const double value : p.metrics) metrics.push_back(exact_json(value));
    points.push_back({{"epoch", p.epoch}, {"metrics", std::move(metrics)}, {"file", p.file}});
  }
  return points;
}

void ParetoFront::restore(const nlohmann::json& state) {
  front_.clear();
  int64_t last = 0;
  for (const SavedState& saved : SavedState(state, "ParetoFront").items()) {
    last = saved.integer("epoch", last + 1, std::numeric_limits<int>::max());
    Point point{.epoch = static_cast<int>(last), .metrics = {}, .file = saved.text("file")};
    for (const SavedState& value : saved.at("metrics").items()) point.metrics.push_back(value.number());
    HGQ_CHECK(point.file == file_name(point.epoch) && point.metrics.size() == options_.metrics.size(), FileError,
              "the checkpoint is damaged: ", saved.place(), ": expected the file ", file_name(point.epoch), " and ",
              options_.metrics.size(), " metrics, found '", printable(point.file), "' and ", point.metrics.size());
    front_.push_back(std::move(point));
  }
}

namespace {

std::unique_ptr<Callback> make_pareto_front(ConfigReader& c, const CallbackContext& context) {
  ParetoFront::Options options;
  options.metrics = c.texts("metrics", "metrics by which models are compared", {"val_accuracy", "bops"});
  if (options.metrics.empty()) c.error("metrics", "found an empty list, expected names of metrics");
  const std::vector<std::string> best = c.texts("best", "max or min, for each metric", {"max", "min"});
  options.largest.clear();
  for (const std::string& word : best) {
    if (word != "max" && word != "min") c.error("best", concat("found '", word, "', expected max or min"));
    options.largest.push_back(word == "max");
  }
  if (options.largest.size() != options.metrics.size()) {
    c.error("best", concat("has ", options.largest.size(), " entries, expected one for each of the ",
                           options.metrics.size(), " metrics"));
    options.largest.resize(options.metrics.size(), false);
  }
  options.every = static_cast<int>(
      c.integer("every", "epochs from one candidate to the next", {.fallback = 1, .min = 1, .max = 1000000}));
  if (!context.folder.empty()) options.folder = (fs::path(context.folder) / "pareto").string();
  return std::make_unique<ParetoFront>(std::move(options));
}

}  // namespace

void register_pareto_front(CallbackKinds& kinds) {
  kinds.callbacks.add(
      {.name = "ParetoFront", .doc = "keeps the models that no other one beats", .make = make_pareto_front});
}

}  // namespace hgq
