#include "hgq/callbacks/condition.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {

Condition::Condition(std::string_view text) : expression_(parse_named_expression(text)) {
  HGQ_CHECK(!expression_.names().empty(), ConfigError, "'", printable(expression_.text()),
            "' has no name of a metric, so it is the same in every epoch; expected a condition such as 'bops < 3000'");
  const bool compares = text.find_first_of("<>") != std::string_view::npos ||
                        text.find("==") != std::string_view::npos || text.find("!=") != std::string_view::npos;
  HGQ_CHECK(compares, ConfigError, "'", printable(expression_.text()),
            "' compares nothing; expected a comparison, such as 'bops < 5000'");
}

std::optional<Condition> Condition::from(ConfigReader& c, const std::string& key, std::string_view doc,
                                         std::string_view fallback) {
  const Node* const node = c.node(key, doc, "a condition such as \"bops < 3000 && val_accuracy > 0.9\"", fallback);
  if (node == nullptr) return std::nullopt;
  const std::optional<std::string> text = text_of(*node);
  if (!text) {
    c.error(key, concat("found ", hgq::describe(*node), ", expected a condition such as \"bops < 3000\""));
    return std::nullopt;
  }
  c.resolve(key, nlohmann::json(*text));
  try {
    return Condition(*text);
  } catch (const ConfigError& e) {
    c.error(key, e.what());
    return std::nullopt;
  }
}

std::optional<bool> Condition::holds(const Metrics& logs) const {
  std::vector<double> values;
  for (const std::string& name : expression_.names()) {
    const double* const value = logs.find(name);
    if (value == nullptr) return std::nullopt;
    values.push_back(*value);
  }
  const double result = expression_.value(values);
  return result != 0 && !std::isnan(result);
}

void Condition::add_watched(std::vector<WatchedMetric>& watched, const std::string& key, bool complete_logs) const {
  for (const std::string& name : expression_.names())
    watched.push_back({.name = name, .key = key, .complete_logs = complete_logs});
}

std::string Condition::describe(const Metrics& logs) const {
  std::string values;
  for (const std::string& name : expression_.names()) {
    const double* const value = logs.find(name);
    values +=
        concat(values.empty() ? "" : ", ", printable(name), " is ", value == nullptr ? "missing" : concat(*value));
  }
  return concat(printable(text()), " (", values, ")");
}

}  // namespace hgq
