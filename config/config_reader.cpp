#include "hgq/config/config_reader.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {
namespace {

template <typename Number>
std::string range_text(Number min, Number max, bool has_min, bool has_max, bool above_min, bool below_max) {
  if (has_min && has_max) return concat(" in ", above_min ? "(" : "[", min, ", ", max, below_max ? ")" : "]");
  if (has_min) return concat(above_min ? " above " : " of at least ", min);
  if (has_max) return concat(below_max ? " below " : " of at most ", max);
  return "";
}

std::string expected_number(const NumberRule& rule) {
  return "a number" + range_text(rule.min, rule.max, std::isfinite(rule.min), std::isfinite(rule.max), rule.above_min,
                                 rule.below_max);
}

std::string expected_integer(const IntegerRule& rule) {
  using Limits = std::numeric_limits<int64_t>;
  return "an integer" +
         range_text(rule.min, rule.max, rule.min != Limits::min(), rule.max != Limits::max(), false, false);
}

std::optional<double> number_within(const Node& node, const NumberRule& rule) {
  const auto value = decimal_number(node);
  if (!value || *value < rule.min || *value > rule.max) return std::nullopt;
  if ((rule.above_min && *value == rule.min) || (rule.below_max && *value == rule.max)) return std::nullopt;
  return value;
}

std::optional<int64_t> integer_within(const Node& node, const IntegerRule& rule) {
  const auto value = decimal_integer(node);
  return value && *value >= rule.min && *value <= rule.max ? value : std::nullopt;
}

template <typename T>
std::string list_text(const std::vector<T>& values) {
  std::string out;
  for (const T& value : values) out += concat(out.empty() ? "" : ", ", value);
  return "[" + out + "]";
}

}  // namespace

namespace {

/// Beside class_name, Keras writes the arguments into `config`, and some keys that say nothing of the thing itself.
void check_long_form(const Node& node, ErrorList& errors) {
  const std::vector<std::string> known{
      "class_name",   "config",         "module",           "registered_name",
      "build_config", "compile_config", "shared_object_id", "__passive_serialization__"};
  for (const auto& [key, value] : node.entries()) {
    if (std::ranges::find(known, key) != known.end()) continue;
    const std::string hint = did_you_mean(key, std::vector<std::string>{"config"});
    errors.add(value.key_place(), concat("unknown key '", printable(key), "' beside class_name",
                                         hint.empty() ? "; arguments stand under config" : hint));
  }
}

}  // namespace

NamedNode read_named(const Node& node, std::string_view what, ErrorList& errors) {
  const std::string form = concat("expected ", what, " as NAME or {NAME: {...}}");
  NamedNode named;
  if (const auto name = text_of(node)) {
    named.name = *name;
    named.arguments.set_place(node.place());
    named.arguments.set_key_place(node.place());
    return named;
  }
  if (!node.is_map() || node.entries().empty()) {
    errors.add(node.place(), concat("found ", describe(node), ", ", form));
    return named;
  }
  if (node.find("class_name") != nullptr) {
    if (const auto name = text_of(node["class_name"])) named.name = *name;
    if (named.name.empty()) errors.add(node.place(), "class_name is not a name");
    check_long_form(node, errors);
    named.arguments = node["config"];
    named.arguments.set_key_place(node["class_name"].place());
    return named;
  }
  if (node.entries().size() > 1) {
    const auto& [second, value] = node.entries()[1];
    errors.add(value.key_place(),
               concat("'", printable(second), "' stands beside '", printable(node.entries()[0].first), "', ", form,
                      "; arguments are indented deeper than the name"));
    return named;
  }
  named.name = node.entries()[0].first;
  named.arguments = node.entries()[0].second;
  return named;
}

ConfigReader::ConfigReader(const Node& node, std::string section, ErrorList& errors, std::vector<KeyDoc>* docs)
    : node_(node),
      section_(std::move(section)),
      errors_(errors),
      docs_(docs),
      errors_before_(errors.size()),
      resolved_(std::make_shared<nlohmann::json>(nlohmann::json::object())) {
  if (!node_.is_map() && !node_.is_null()) {
    errors_.add(node_.place(), concat(section_, section_.empty() ? "" : ": ", "found ", describe(node_),
                                      ", expected a map (key: value)"));
  }
}

bool ConfigReader::has(const std::string& key) const {
  const Node* value = node_.find(key);
  return value != nullptr && !value->is_null();
}

std::string ConfigReader::label(const std::string& key) const { return section_.empty() ? key : section_ + "." + key; }

void ConfigReader::known(const std::string& key) { asked_.insert(key); }

void ConfigReader::known(const std::string& key, nlohmann::json value) {
  known(key);
  resolve(key, std::move(value));
}

void ConfigReader::resolve(const std::string& key, nlohmann::json value) { (*resolved_)[key] = std::move(value); }

void ConfigReader::expect_written(const nlohmann::json& written) {
  for (const auto& [key, value] : resolved_->items()) {
    if (written.contains(key)) continue;
    error(key, "is read, but would not be written into files; the constructor must pass the reader to its base class");
  }
}

void ConfigReader::error(const std::string& key, const std::string& message) {
  const Node* value = node_.find(key);
  errors_.add(value == nullptr ? node_.key_place() : value->place(), concat(label(printable(key)), ": ", message));
}

void ConfigReader::missing(const std::string& key, std::string_view doc) {
  errors_.add(node_.key_place(), concat(section_, section_.empty() ? "" : ": ", "missing key '", key, "'",
                                        doc.empty() ? "" : " (", doc, doc.empty() ? "" : ")"));
}

const Node* ConfigReader::take(const std::string& key, std::string_view doc, const std::string& expected, bool required,
                               const std::string& fallback) {
  asked_.insert(key);
  if (docs_ != nullptr) {
    docs_->push_back({section_, key, expected, required ? "required" : fallback, std::string(doc)});
  }
  const Node* value = node_.find(key);
  const bool readable = node_.is_map() || node_.is_null();
  if (value == nullptr) {
    if (required && readable) missing(key, doc);
    return nullptr;
  }
  if (!value->is_null()) return value;
  if (required || value->text().empty()) {
    error(key, concat("found ", describe(*value), ", expected ", expected));
  }
  return nullptr;
}

void ConfigReader::wrong_value(const std::string& key, const Node& value, const std::string& expected) {
  std::string hint;
  if (value.is_scalar()) {
    if (expected.starts_with("a number") || expected.starts_with("numbers")) hint = number_hint(value);
    if (expected.starts_with("an integer") || expected.starts_with("integers")) hint = integer_hint(value);
    if (expected == "true or false") hint = boolean_hint(value);
    if (expected.starts_with("text") && !text_of(value))
      hint = concat(" (if it is meant: \"", printable(value.text()), "\")");
  }
  errors_.add(value.place(), concat(label(key), ": found ", describe(value), ", expected ", expected, hint));
}

template <typename Value>
Value ConfigReader::keep(const std::string& key, Value value) {
  resolve(key, value);
  return value;
}

template <typename Value>
std::optional<Value> ConfigReader::keep(const std::string& key, std::optional<Value> value) {
  resolve(key, value ? nlohmann::json(*value) : nlohmann::json());
  return value;
}

std::optional<double> ConfigReader::read_number(const std::string& key, std::string_view doc, const NumberRule& rule,
                                                const std::string& fallback) {
  const Node* value = take(key, doc, expected_number(rule), rule.required, fallback);
  if (value == nullptr) return std::nullopt;
  const auto read = number_within(*value, rule);
  if (!read) wrong_value(key, *value, expected_number(rule));
  return read;
}

std::optional<int64_t> ConfigReader::read_integer(const std::string& key, std::string_view doc, const IntegerRule& rule,
                                                  const std::string& fallback) {
  const Node* value = take(key, doc, expected_integer(rule), rule.required, fallback);
  if (value == nullptr) return std::nullopt;
  const auto read = integer_within(*value, rule);
  if (!read) wrong_value(key, *value, expected_integer(rule));
  return read;
}

double ConfigReader::number(const std::string& key, std::string_view doc, const NumberRule& rule) {
  return keep(key, read_number(key, doc, rule, concat(rule.fallback)).value_or(rule.fallback));
}

int64_t ConfigReader::integer(const std::string& key, std::string_view doc, const IntegerRule& rule) {
  return keep(key, read_integer(key, doc, rule, concat(rule.fallback)).value_or(rule.fallback));
}

std::optional<double> ConfigReader::optional_number(const std::string& key, std::string_view doc,
                                                    const NumberRule& rule) {
  return keep(key, read_number(key, doc, rule, "none"));
}

std::optional<int64_t> ConfigReader::optional_integer(const std::string& key, std::string_view doc,
                                                      const IntegerRule& rule) {
  return keep(key, read_integer(key, doc, rule, "none"));
}

bool ConfigReader::boolean(const std::string& key, std::string_view doc, bool fallback) {
  const Node* value = take(key, doc, "true or false", false, fallback ? "true" : "false");
  if (value == nullptr) return keep(key, fallback);
  const auto read = true_or_false(*value);
  if (!read) wrong_value(key, *value, "true or false");
  return keep(key, read.value_or(fallback));
}

std::string ConfigReader::text(const std::string& key, std::string_view doc,
                               const std::optional<std::string>& fallback) {
  const Node* value = take(key, doc, "text", !fallback, fallback.value_or(""));
  if (value == nullptr) return keep(key, fallback.value_or(""));
  const auto read = text_of(*value);
  if (!read) wrong_value(key, *value, "text");
  return keep(key, read.value_or(fallback.value_or("")));
}

std::string ConfigReader::choice(const std::string& key, std::string_view doc, std::span<const std::string> choices,
                                 const std::string& fallback) {
  const std::string expected = (choices.size() == 1 ? "" : "one of ") + join_names(choices);
  const Node* value = take(key, doc, expected, fallback.empty(), fallback);
  if (value == nullptr) return keep(key, fallback);
  if (value->is_scalar() && std::find(choices.begin(), choices.end(), value->text()) != choices.end())
    return keep(key, value->text());
  wrong_value(key, *value, expected + (value->is_scalar() ? did_you_mean(value->text(), choices) : ""));
  return keep(key, fallback);
}

std::string ConfigReader::choice(const std::string& key, std::string_view doc,
                                 std::initializer_list<std::string> choices, const std::string& fallback) {
  return choice(key, doc, std::span<const std::string>(choices.begin(), choices.size()), fallback);
}

std::span<const Node> ConfigReader::items_of(const Node& value) const {
  return value.is_list() ? std::span<const Node>(value.items()) : std::span<const Node>(&value, 1);
}

template <typename Value, typename ReadItem>
std::optional<std::vector<Value>> ConfigReader::read_list(const std::string& key, const Node& value,
                                                          const std::string& what, const ReadItem& read_item) {
  std::vector<Value> read;
  for (const Node& item : items_of(value)) {
    const std::optional<Value> one = read_item(item);
    if (!one) {
      wrong_value(key, item, what);
      return std::nullopt;
    }
    read.push_back(*one);
  }
  return read;
}

std::vector<int64_t> ConfigReader::integers(const std::string& key, std::string_view doc, std::vector<int64_t> fallback,
                                            const IntegerRule& each, int size) {
  const std::string count = size > 0 ? concat("a list of ", size) : std::string("a list");
  const std::string what = expected_integer(each);
  const Node* value = take(key, doc, concat(count, ", each ", what), each.required, list_text(fallback));
  if (value == nullptr) return keep(key, std::move(fallback));
  auto read = read_list<int64_t>(key, *value, what, [&](const Node& item) { return integer_within(item, each); });
  if (read && size > 0 && read->size() != static_cast<std::size_t>(size)) {
    errors_.add(value->place(), concat(label(key), ": found ", read->size(), " values, expected ", size));
    read.reset();
  }
  return keep(key, std::move(read).value_or(std::move(fallback)));
}

std::vector<double> ConfigReader::numbers(const std::string& key, std::string_view doc, std::vector<double> fallback,
                                          const NumberRule& each) {
  const std::string what = expected_number(each);
  const Node* value = take(key, doc, "a list, each " + what, each.required, list_text(fallback));
  if (value == nullptr) return keep(key, std::move(fallback));
  auto read = read_list<double>(key, *value, what, [&](const Node& item) { return number_within(item, each); });
  return keep(key, std::move(read).value_or(std::move(fallback)));
}

std::vector<std::string> ConfigReader::texts(const std::string& key, std::string_view doc,
                                             std::vector<std::string> fallback) {
  const Node* value = take(key, doc, "a list of texts", false, list_text(fallback));
  if (value == nullptr) return keep(key, std::move(fallback));
  auto read = read_list<std::string>(key, *value, "text", text_of);
  return keep(key, std::move(read).value_or(std::move(fallback)));
}

const Node* ConfigReader::node(const std::string& key, std::string_view doc, std::string_view type,
                               std::string_view fallback) {
  asked_.insert(key);
  if (docs_ != nullptr) docs_->push_back({section_, key, std::string(type), std::string(fallback), std::string(doc)});
  const Node* value = node_.find(key);
  if (value != nullptr && !value->is_null()) return value;
  if (fallback == "required" && value != nullptr) error(key, concat("found ", describe(*value), ", expected ", type));
  if (fallback == "required" && value == nullptr && (node_.is_map() || node_.is_null())) missing(key, doc);
  return nullptr;
}

void ConfigReader::finish() {
  const std::vector<std::string> names(asked_.begin(), asked_.end());
  std::vector<std::string> open;  // that the map does not have yet: the likelier ones
  std::copy_if(names.begin(), names.end(), std::back_inserter(open),
               [this](const std::string& name) { return node_.find(name) == nullptr; });
  for (const auto& [key, value] : node_.entries()) {
    if (asked_.contains(key)) continue;
    const bool one_is_open = !open.empty() && (nearest_name(key, names).empty() || !nearest_name(key, open).empty());
    const std::string near = did_you_mean(key, one_is_open ? open : names);
    errors_.add(value.key_place(),
                concat("unknown key '", printable(key), "' ", section_.empty() ? "at the top level" : "in " + section_,
                       near.empty() ? suggestion(key, names) : concat(near, " There are: ", join_names(names))));
  }
}

}  // namespace hgq
