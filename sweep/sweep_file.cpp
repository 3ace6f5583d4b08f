#include "hgq/sweep/sweep_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "hgq/config/similar_file.h"
#include "hgq/core/error.h"
#include "hgq/sweep/batch.h"

namespace hgq::sweep {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostEpochs = int64_t{1} << 31;

class Reader {
 public:
  Reader(std::string path, const ConfigTools& tools, ErrorList& errors, std::vector<KeyDoc>* docs = nullptr)
      : tools_(tools), errors_(errors), docs_(docs) {
    file_.path = std::move(path);
    folder_ = fs::absolute(file_.path).lexically_normal().parent_path().string();
  }

  SweepFile read(const Node& written) {
    const Node tree = with_paths(written);
    ConfigReader c(tree, "", errors_, docs_);
    read_base(c);
    file_.seed = static_cast<uint64_t>(c.integer("seed", "of random draws", {.fallback = 0, .min = 0}));
    read_set(c.node("set", "KEY.PATH: VALUE, the same in every run", "map"));
    read_axes(c.node("axes", "what differs from run to run", "map of axes", "required"), c);
    read_objectives(c);
    read_constraints(c, tree);
    if (const Node* const halving = c.node("halving", "successive halving of the runs", "map"); halving != nullptr)
      read_halving(*halving);
    read_options(c.node("slurm", "options of sbatch: {partition: short, time: 02:00:00}", "map"), "slurm", file_.slurm);
    read_options(c.node("htcondor", "lines of the submit description: {request_memory: 2GB}", "map"), "htcondor",
                 file_.htcondor);
    c.finish();
    file_.resolved = tree;
    file_.resolved.set("base", Node::scalar(file_.base));
    return std::move(file_);
  }

 private:
  /// The tree with absolute paths in the values of `set` and `axes`.
  Node with_paths(const Node& written) const {
    Node tree = written;
    if (!tree.is_map() || !tools_.with_absolute_paths) return tree;
    const auto change = [&](const std::string& key, Node& value) {
      Node changed = tools_.with_absolute_paths(key, value, folder_);
      if (changed.place().empty()) changed.set_places(value.place());
      changed.set_key_place(value.key_place());
      value = std::move(changed);
    };
    const auto change_list = [&](const std::string& key, Node& list) {
      for (Node& item : list.items()) change(key, item);
    };
    if (Node* const set = tree.find("set"); set != nullptr && set->is_map()) {
      for (auto& [key, value] : set->entries()) change(key, value);
    }
    Node* const axes = tree.find("axes");
    if (axes == nullptr || !axes->is_map()) return tree;
    for (auto& [key, axis] : axes->entries()) {
      if (axis.is_list()) change_list(key, axis);
      if (!axis.is_map()) continue;
      if (Node* const values = axis.find("values")) change_list(key, *values);
      if (Node* const cases = axis.find("cases")) {
        for (Node& item : cases->items()) {
          for (auto& [case_key, value] : item.entries()) change(case_key, value);
        }
      }
    }
    return tree;
  }

  void read_base(ConfigReader& c) {
    const size_t before = errors_.size();
    const std::string base = c.text("base", "the config that the runs are made of", std::nullopt);
    if (errors_.size() > before) return;
    file_.base = (fs::path(folder_) / base).lexically_normal().string();
    std::error_code ignored;
    if (tools_.check && (base.empty() || !fs::exists(file_.base, ignored)))
      c.error("base", concat("'", printable(base), "': there is no such file", similar_file(file_.base, ".yaml")));
  }

  void take_key(const std::string& key, const std::string& place, const std::string& where) {
    if (key.empty() || key.front() == '.' || key.back() == '.' || key.find("..") != std::string::npos)
      errors_.add(place, concat(where, ": found '", printable(key), "', expected KEY.PATH, such as train.epochs"));
    const auto [known, is_new] = keys_.emplace(key, where);
    if (!is_new && known->second != where)
      errors_.add(place,
                  concat(where, ": '", printable(key), "' is set by ", known->second, ", too; expected one of them"));
  }

  void read_set(const Node* node) {
    if (node == nullptr) return;
    if (!node->is_map()) {
      errors_.add(node->place(), concat("set: found ", describe(*node), ", expected a map {KEY.PATH: VALUE}"));
      return;
    }
    for (const auto& [key, value] : node->entries()) {
      take_key(key, value.key_place(), "`set`");
      file_.set.push_back({key, value, value.key_place()});
    }
  }

  void read_axes(const Node* node, ConfigReader& c) {
    if (node == nullptr) {
      if (docs_ != nullptr) read_axis("", Node::map({}), 0, errors_, docs_);
      return;
    }
    if (!node->is_map() || node->entries().empty()) {
      c.error("axes", concat("found ", node->is_map() ? "an empty map" : describe(*node),
                             ", expected a map such as {model.beta: [1.0e-6, 1.0e-5]}"));
      return;
    }
    for (const auto& [key, value] : node->entries()) {
      Axis axis = read_axis(key, value, file_.seed, errors_);
      for (const std::string& set : axis.keys)
        take_key(set, value.key_place(), concat("the axis '", printable(key), "'"));
      file_.axes.push_back(std::move(axis));
    }
    check_draws();
  }

  /// Random axes are drawn together, so that 20 draws of three of them are 20 runs and not 8000.
  void check_draws() {
    const Axis* first = nullptr;
    for (const Axis& axis : file_.axes) {
      if (!axis.random || axis.points.empty()) continue;
      if (first != nullptr && axis.points.size() != first->points.size())
        errors_.add(axis.place,
                    concat("axes.", axis.title, ": found random: ", axis.points.size(), ", but axes.", first->title,
                           " has random: ", first->points.size(),
                           "; axes that are drawn at random are drawn together, so expected the same number"));
      if (first == nullptr) first = &axis;
    }
  }

  void read_objectives(ConfigReader& c) {
    const Node* const node = c.node("objectives", "what the runs are compared by: columns of history.csv",
                                    "map: {maximize: NAME or [NAME, ...], minimize: ...}", "required");
    const Node none;
    if (node == nullptr && docs_ == nullptr) return;
    const Node& objectives = node == nullptr ? none : *node;
    ConfigReader o(objectives, "objectives", errors_, docs_);
    for (const char* const key : {"maximize", "minimize"}) {
      const bool maximize = std::string_view(key) == "maximize";
      size_t index = 0;
      for (const std::string& name : o.texts(key, maximize ? "larger is better" : "smaller is better", {})) {
        if (std::ranges::any_of(file_.objectives, [&](const Objective& other) { return other.name == name; }))
          o.error(key, concat("'", printable(name), "' is an objective already; expected each once"));
        file_.objectives.push_back({name, maximize, place_of_text(objectives, key, index++)});
      }
    }
    o.finish();
    if (!o.failed() && file_.objectives.empty())
      errors_.add(node == nullptr ? "" : node->place(),
                  "objectives: found none, expected such as {maximize: val_accuracy, minimize: bops}");
  }

  void read_constraints(ConfigReader& c, const Node& tree) {
    size_t index = 0;
    for (const std::string& text : c.texts("constraints", "what a run must satisfy, as \"bops < 20000\"", {})) {
      const std::string place = place_of_text(tree, "constraints", index++);
      try {
        file_.constraints.emplace_back(text);
        file_.constraint_places.push_back(place);
      } catch (const ConfigError& e) {
        errors_.add(place, concat("constraints: ", e.what()));
      }
    }
  }

  /// The place of a text, or of one in a list of texts.
  static std::string place_of_text(const Node& map, const std::string& key, size_t index) {
    const Node* const value = map.find(key);
    if (value == nullptr) return "";
    return index < value->items().size() ? value->items()[index].place() : value->place();
  }

  void read_halving(const Node& node) {
    ConfigReader c(node, "halving", errors_, docs_);
    Halving halving;
    const double factor =
        c.number("factor", "from each rung to the next", {.fallback = 3, .min = 1, .above_min = true});
    const std::optional<int64_t> first =
        c.optional_integer("first", "the epoch of the first rung", {.min = 1, .max = kMostEpochs});
    halving.rungs =
        c.integers("rungs", "the epochs of all rungs, instead of first and factor", {}, {.min = 1, .max = kMostEpochs});
    halving.keep = c.number("keep", "the part of the runs that goes on at a rung; 1/factor if not given",
                            {.fallback = 1 / factor, .min = 0, .max = 1, .above_min = true, .below_max = true});
    c.finish();
    if (c.failed()) return;
    if (first && !halving.rungs.empty()) c.error("first", "stands beside `rungs`; expected one of them");
    if (!first && halving.rungs.empty()) c.error("first", "is missing: the epoch at which the first runs are stopped");
    if (c.failed()) return;
    if (!std::ranges::is_sorted(halving.rungs) || std::ranges::adjacent_find(halving.rungs) != halving.rungs.end())
      c.error("rungs", "expected epochs that rise");
    if (first) {
      for (double rung = static_cast<double>(*first); rung < static_cast<double>(kMostEpochs);
           rung = std::max(rung + 1, std::round(rung * factor)))
        if (halving.rungs.size() < 64)
          halving.rungs.push_back(static_cast<int64_t>(rung));
        else
          break;
    }
    const Node* const at = node.find(first ? "first" : "rungs");
    halving.place = at == nullptr ? node.place() : at->place();
    file_.halving = std::move(halving);
  }

  void read_options(const Node* node, const char* section, std::vector<std::pair<std::string, std::string>>& options) {
    if (node == nullptr) return;
    if (!node->is_map()) {
      errors_.add(node->place(), concat(section, ": found ", describe(*node), ", expected a map of options"));
      return;
    }
    for (const auto& [key, value] : node->entries()) {
      if (const ReservedOption* const reserved = find_reserved(section, key)) {
        errors_.add(value.key_place(),
                    concat(section, ".", printable(key), ": is set by hgq-train itself; ", reserved->what_to_do));
        continue;
      }
      const bool is_line =
          key.find_first_of("\n\r") == std::string::npos && value.text().find_first_of("\n\r") == std::string::npos;
      if (!value.is_scalar() || !is_line)
        errors_.add(value.place(), concat(section, ".", printable(key), ": found ", describe(value),
                                          ", expected one line of text, a number, or a boolean"));
      options.emplace_back(key, value.text());
    }
  }

  const ConfigTools& tools_;
  ErrorList& errors_;
  std::vector<KeyDoc>* docs_;
  std::string folder_;
  SweepFile file_;
  std::map<std::string, std::string> keys_;  // and what sets them
};

}  // namespace

SweepFile read_sweep_file(const std::string& path, const ConfigTools& tools, ErrorList& errors) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    errors.add(path, "there is no such file" + similar_file(path, ".yaml"));
    return {};
  }
  if (fs::is_directory(path, ignored)) {
    const std::string inside = (fs::path(path) / "sweep.yaml").string();
    errors.add(path, concat("is a folder, expected the file of a sweep (YAML)",
                            fs::exists(inside, ignored) ? concat(", did you mean '", inside, "'?") : ""));
    return {};
  }
  const Node tree = Node::from_yaml_file(path, errors);
  if (tree.is_map() && tree.find("base") == nullptr && tree.find("model") != nullptr) {
    errors.add(path, "is the config of a run; expected the file of a sweep, which names such a config as `base`");
    return {};
  }
  if (!tree.is_map()) {
    if (errors.empty())
      errors.add(tree.place().empty() ? path : tree.place(),
                 concat("found ", describe(tree), ", expected the sections base, axes and objectives"));
    return {};
  }
  return Reader(path, tools, errors).read(tree);
}

std::vector<WatchedMetric> watched_metrics(const SweepFile& file) {
  std::vector<WatchedMetric> watched;
  const int64_t first_rung = file.halving && !file.halving->rungs.empty() ? file.halving->rungs.front() : 0;
  for (const Objective& objective : file.objectives)
    watched.push_back({.name = objective.name,
                       .key = "objectives",
                       .complete_logs = true,
                       .by_epoch = first_rung,
                       .place = objective.place});
  for (size_t i = 0; i < file.constraints.size(); ++i) {
    const size_t before = watched.size();
    file.constraints[i].add_watched(watched, "constraints", true);
    for (size_t added = before; added < watched.size(); ++added) watched[added].place = file.constraint_places[i];
  }
  return watched;
}

std::vector<KeyDoc> sweep_file_docs() {
  ErrorList ignored;
  std::vector<KeyDoc> docs;
  const ConfigTools none;
  Reader("", none, ignored, &docs).read(Node::map({}));
  return docs;
}

}  // namespace hgq::sweep
