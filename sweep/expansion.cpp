#include "hgq/sweep/expansion.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "hgq/autograd/expression.h"
#include "hgq/core/error.h"

namespace hgq::sweep {
namespace {

/// The formula of `{expression: "2 * units"}`; nullptr if the value is none.
const Node* formula_of(const Node& value) {
  const bool is_formula = value.is_map() && value.entries().size() == 1 && value.entries()[0].first == "expression";
  return is_formula ? &value.entries()[0].second : nullptr;
}

std::string last_part(const std::string& key) { return key.substr(key.rfind('.') + 1); }

std::string identity_of(const Node& value) {
  const std::optional<double> number = decimal_number(value);
  const std::optional<int64_t> integer = decimal_integer(value);
  if (integer) return concat(*integer);
  if (number) return number_node(*number).text();
  if (value.is_scalar() || value.is_null()) return value.to_json().dump();
  std::string text;
  for (const Node& item : value.items()) text += identity_of(item) + ",";
  for (const auto& [key, item] : value.entries()) text += nlohmann::json(key).dump() + ":" + identity_of(item) + ",";
  return value.is_list() ? "[" + text + "]" : "{" + text + "}";
}

/// Which keys formulas know by which names.
class Names {
 public:
  explicit Names(const std::vector<Axis>& axes) {
    for (const Axis& axis : axes) {
      for (const std::string& key : axis.keys) {
        const bool is_named = !axis.name.empty() && axis.keys.size() == 1;
        keys_[is_named ? axis.name : last_part(key)].insert(key);
      }
    }
  }

  /// The key of a name; empty after an error.
  std::string key_of(const std::string& name, const std::string& place, ErrorList& errors) const {
    const auto found = keys_.find(name);
    std::vector<std::string> names;
    for (const auto& [known, keys] : keys_) names.push_back(known);
    if (found == keys_.end()) {
      errors.add(place, concat("expression: '", printable(name), "' is no axis", suggestion(name, names)));
      return "";
    }
    if (found->second.size() > 1) {
      const std::vector<std::string> keys(found->second.begin(), found->second.end());
      errors.add(place, concat("expression: '", printable(name), "' may be ", join_names(keys),
                               "; give the axis a name: {name: NAME, values: [...]}"));
      return "";
    }
    return *found->second.begin();
  }

 private:
  std::map<std::string, std::set<std::string>> keys_;
};

class Expansion {
 public:
  Expansion(const SweepFile& file, ErrorList& errors) : file_(file), errors_(errors), names_(file.axes) {
    group_axes();
  }

  std::vector<RunPlan> runs() {
    std::vector<RunPlan> runs;
    if (!check_size()) return runs;
    std::set<std::string> known;
    std::vector<size_t> at(groups_.size(), 0);
    for (bool more = true; more;) {
      RunPlan run = plan(at);
      if (known.insert(identity(run.values)).second) runs.push_back(std::move(run));
      more = false;
      for (size_t g = groups_.size(); g-- > 0 && !more;) {
        at[g] = (at[g] + 1) % size_of(groups_[g]);
        more = at[g] != 0;
      }
    }
    return runs;
  }

 private:
  using Group = std::vector<const Axis*>;  // that move together

  static size_t size_of(const Group& group) { return group.front()->points.size(); }

  void group_axes() {
    std::optional<size_t> random;
    for (const Axis& axis : file_.axes) {
      if (axis.random && random) {
        groups_[*random].push_back(&axis);
        continue;
      }
      if (axis.random) random = groups_.size();
      groups_.push_back({&axis});
    }
  }

  bool check_size() {
    double size = 1;
    for (const Group& group : groups_) size *= static_cast<double>(size_of(group));
    if (size > static_cast<double>(kMostRuns))
      errors_.add(file_.path, concat("axes: their product is ", size, " runs, expected at most ", kMostRuns));
    return size >= 1 && size <= static_cast<double>(kMostRuns);
  }

  RunPlan plan(const std::vector<size_t>& at) {
    RunPlan run;
    for (size_t g = 0; g < groups_.size(); ++g) {
      for (const Axis* const axis : groups_[g]) {
        for (const Setting& value : axis->points[at[g]]) run.values.push_back(value);
      }
    }
    const Settings given = run.values;
    for (Setting& value : run.values) {
      if (const Node* const formula = formula_of(value.value)) value.value = computed(*formula, given);
    }
    for (const Setting& setting : file_.set) {
      if (formula_of(setting.value) == nullptr) run.settings.push_back(setting);
    }
    run.settings.insert(run.settings.end(), run.values.begin(), run.values.end());
    for (const Setting& setting : file_.set) {
      if (const Node* const formula = formula_of(setting.value))
        run.settings.push_back({setting.key, computed(*formula, given), setting.place});
    }
    return run;
  }

  /// The value of a formula with the values of a run.
  Node computed(const Node& formula, const Settings& given) {
    Node value;
    value.set_places(formula.place());
    const std::optional<std::string> text = text_of(formula);
    const std::optional<double> constant = decimal_number(formula);
    if (!text) {
      errors_.add(formula.place(),
                  concat("expression: found ", describe(formula), ", expected a formula such as \"2 * units\"",
                         constant ? "; a number stands without `expression`" : ""));
      return value;
    }
    try {
      const NamedExpression expression = parse_named_expression(*text);
      std::vector<double> arguments;
      for (const std::string& name : expression.names()) {
        const std::optional<double> argument = value_of(name, formula, given);
        if (!argument) return value;
        arguments.push_back(*argument);
      }
      const double result = expression.value(arguments);
      if (!std::isfinite(result)) {
        errors_.add(formula.place(), concat("expression: '", printable(*text), "' is ", result, " for ",
                                            values_text(expression.names(), arguments), "; expected a finite number"));
        return value;
      }
      value = number_node(result);
      value.set_places(formula.place());
    } catch (const ConfigError& e) {
      errors_.add(formula.place(), concat("expression: ", e.what()));
    }
    return value;
  }

  static std::string values_text(const std::vector<std::string>& names, const std::vector<double>& values) {
    std::string text;
    for (size_t i = 0; i < names.size(); ++i) text += concat(i > 0 ? ", " : "", names[i], " = ", values[i]);
    return text.empty() ? "no variable" : text;
  }

  std::optional<double> value_of(const std::string& name, const Node& formula, const Settings& given) {
    const std::string key = names_.key_of(name, formula.place(), errors_);
    if (key.empty()) return std::nullopt;
    const auto found = std::ranges::find(given, key, &Setting::key);
    if (found == given.end()) {
      errors_.add(formula.place(), concat("expression: '", printable(name), "' is not set in every case of its axis"));
      return std::nullopt;
    }
    const std::optional<double> value = decimal_number(found->value);
    if (!value)
      errors_.add(formula.place(),
                  concat("expression: '", printable(name), "' is ", describe(found->value), ", expected a number"));
    return value;
  }

  const SweepFile& file_;
  ErrorList& errors_;
  Names names_;
  std::vector<Group> groups_;
};

}  // namespace

std::vector<RunPlan> expand(const SweepFile& file, ErrorList& errors) { return Expansion(file, errors).runs(); }

std::string identity(const Settings& values) {
  std::string text;
  for (const Setting& setting : values) text += concat(setting.key, "=", identity_of(setting.value), "\n");
  return text;
}

}  // namespace hgq::sweep
