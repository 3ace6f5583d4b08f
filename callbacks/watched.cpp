#include "hgq/callbacks/watched.h"

#include <algorithm>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr std::string_view kValidation = "val_";

bool has(std::span<const std::string> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// Names that the trainer itself logs, once every on_epoch_end is done.
const std::vector<std::string>& own_names() {
  static const std::vector<std::string> kNames{"beta", "learning_rate", "seconds"};
  return kNames;
}

class Measured {
 public:
  Measured(std::span<const std::unique_ptr<Callback>> callbacks, std::span<const std::string> measured, bool validation)
      : callbacks_(callbacks), validation_(validation), names_(measured.begin(), measured.end()) {
    for (const std::string& name : measured) {
      if (validation) names_.push_back(std::string(kValidation) + name);
    }
  }

  /// What the callback at this place finds in on_epoch_end, or, if `complete`, in on_log.
  std::vector<std::string> names_for(size_t callback, bool complete) const {
    std::vector<std::string> names = names_;
    for (size_t i = 0; i < (complete ? callbacks_.size() : callback); ++i) {
      if (callbacks_[i] == nullptr) continue;
      for (std::string& name : callbacks_[i]->adds()) names.push_back(std::move(name));
    }
    if (complete) names.insert(names.end(), own_names().begin(), own_names().end());
    return names;
  }

  /// Says so if a callback adds this metric only after the epoch by which it must have been measured.
  std::string measured_late(const WatchedMetric& watched) const {
    if (watched.by_epoch == 0) return "";
    for (const auto& callback : callbacks_) {
      if (callback == nullptr || callback->interval() <= watched.by_epoch || !has(callback->adds(), watched.name))
        continue;
      return concat("'", printable(watched.name), "' is measured only every ", callback->interval(), " epochs (",
                    callback->name(), ": every), but is needed after epoch ", watched.by_epoch);
    }
    return "";
  }

  /// What is to be done about a name that is not among those that a callback finds.
  std::string advice(const WatchedMetric& watched, size_t callback) const {
    for (size_t i = callback; i < callbacks_.size(); ++i) {
      if (callbacks_[i] != nullptr && has(callbacks_[i]->adds(), watched.name))
        return concat(" before this callback runs, as ", callbacks_[i]->name(), " comes after it; put ",
                      callbacks_[i]->name(), " before it");
    }
    const std::vector<std::string> names = names_for(callback, watched.complete_logs);
    const std::string there_are = concat("; there are: ", join_names(names));
    const bool of_validation = watched.name.starts_with(kValidation);
    const std::string bare = of_validation ? watched.name.substr(kValidation.size()) : watched.name;
    if (of_validation && !validation_)
      return concat(", as the run has no validation set; give one (data.validation)",
                    has(names_, bare) ? concat(", or take '", bare, "'") : "", there_are);
    if (watched.name.find("bops") != std::string::npos && !has(names, "bops"))
      return concat("; put FreeBOPs or CalibratedBOPs into the callbacks", there_are);
    return concat(did_you_mean(watched.name, names), there_are);
  }

 private:
  std::span<const std::unique_ptr<Callback>> callbacks_;
  bool validation_;
  std::vector<std::string> names_;  // of training and validation
};

}  // namespace

std::vector<UnmeasuredMetric> find_unmeasured(std::span<const std::unique_ptr<Callback>> callbacks,
                                              std::span<const std::string> measured, bool validation) {
  const Measured all(callbacks, measured, validation);
  std::vector<UnmeasuredMetric> found;
  for (size_t i = 0; i < callbacks.size(); ++i) {
    if (callbacks[i] == nullptr) continue;
    for (const WatchedMetric& watched : callbacks[i]->watches()) {
      const std::string where =
          concat(watched.place.empty() ? callbacks[i]->name() : watched.place, ": ", watched.key, ": ");
      if (has(all.names_for(i, watched.complete_logs), watched.name)) {
        const std::string late = all.measured_late(watched);
        if (!late.empty()) found.push_back({i, watched.key, concat(where, late)});
        continue;
      }
      found.push_back(
          {i, watched.key, concat(where, "'", printable(watched.name), "' is not measured", all.advice(watched, i))});
    }
  }
  return found;
}

std::vector<std::string> ambiguous_names(std::span<const std::unique_ptr<Callback>> callbacks,
                                         std::span<const std::string> measured, bool validation) {
  // A metric that is listed twice is the same number.
  std::vector<std::string> names(measured.begin(), measured.end());
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());  // clang 14 cannot read ranges::unique
  const Measured all(callbacks, names, validation);
  names = all.names_for(callbacks.size(), true);
  std::ranges::sort(names);
  std::vector<std::string> ambiguous;
  for (size_t i = 0; i + 1 < names.size(); ++i) {
    if (names[i] == names[i + 1] && !has(ambiguous, names[i])) ambiguous.push_back(names[i]);
  }
  return ambiguous;
}

std::string two_values_called(const std::string& name) {
  return concat("two values of an epoch would be called '", printable(name),
                "'; give a metric, an output or a callback another name");
}

std::vector<UnmeasuredMetric> find_rivals(std::span<const std::unique_ptr<Callback>> callbacks) {
  std::vector<UnmeasuredMetric> found;
  const Callback* first = nullptr;
  for (size_t i = 0; i < callbacks.size(); ++i) {
    const Callback* const callback = callbacks[i].get();
    if (callback == nullptr || !callback->sets_beta()) continue;
    if (first != nullptr)
      found.push_back({i, "",
                       concat(callback->name(), ": sets beta, and so does ", first->name(),
                              " before it; one of them would undo what the other does, so take one of them out")});
    if (first == nullptr) first = callback;
  }
  std::vector<std::string> files;
  for (size_t i = 0; i < callbacks.size(); ++i) {
    std::string file = callbacks[i] == nullptr ? "" : callbacks[i]->writes();
    if (file.empty()) continue;
    if (has(files, file))
      found.push_back({i, "",
                       concat(callbacks[i]->name(), ": writes '", printable(file),
                              "', and so does one before it; give one of them another `file`")});
    files.push_back(std::move(file));
  }
  return found;
}

void check_watched(std::span<const std::unique_ptr<Callback>> callbacks, std::span<const std::string> measured,
                   bool validation) {
  std::vector<std::string> lines;
  for (const std::string& name : ambiguous_names(callbacks, measured, validation))
    lines.push_back(two_values_called(name));
  for (UnmeasuredMetric& unmeasured : find_unmeasured(callbacks, measured, validation))
    lines.push_back(std::move(unmeasured.message));
  for (UnmeasuredMetric& rival : find_rivals(callbacks)) lines.push_back(std::move(rival.message));
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  HGQ_CHECK(lines.empty(), ConfigError, text);
}

}  // namespace hgq
