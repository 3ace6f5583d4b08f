// A condition over what an epoch has measured, as a config writes it: "bops < 3000 && val_accuracy > 0.9".
//
// It is a formula (autograd/expression.h) whose variables are the names in the logs, with the operators < <= > >= == !=
// && || and the functions of formulas.
//
//   const Condition small("bops <= 3000");
//   if (small.holds(t.logs).value_or(false)) std::puts("within the budget");
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/autograd/expression.h"
#include "hgq/callbacks/callback.h"
#include "hgq/config/config_reader.h"

namespace hgq {

class Condition {
 public:
  /// Throws ConfigError if it cannot be parsed, has no variable, or compares nothing.
  explicit Condition(std::string_view text);
  /// Reads a key; nothing if it is missing, or after an error. `fallback` as for ConfigReader::node(): "required" or
  /// "".
  static std::optional<Condition> from(ConfigReader& c, const std::string& key, std::string_view doc,
                                       std::string_view fallback = "");

  /// Whether it is neither 0 nor NaN; nothing if the logs lack one of its names, as they do between the epochs in which
  /// it is measured.
  std::optional<bool> holds(const Metrics& logs) const;
  /// Adds its names, for Callback::watches().
  void add_watched(std::vector<WatchedMetric>& watched, const std::string& key, bool complete_logs) const;
  /// "bops < 3000 (bops is 2950)"
  std::string describe(const Metrics& logs) const;
  const std::string& text() const { return expression_.text(); }

 private:
  NamedExpression expression_;
};

}  // namespace hgq
