#include "hgq/report/json_value.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/config/node.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"
#include "hgq/deploy/profile_summary.h"

namespace hgq::report {
namespace {

constexpr size_t kMostBytes = size_t{1} << 28U;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// What to do about a damaged file. Only another call with the option writes a profile.
std::string remedy(const std::string& file) {
  return file.ends_with(kProfileName) ? "remove it, or write another one with 'hgq-train CONFIG --profile'"
                                      : "'hgq-train CONFIG --resume' writes the file again";
}

}  // namespace

JsonValue JsonValue::operator[](const std::string& key) const {
  std::string path = path_.empty() ? key : concat(path_, ".", key);
  if (value_ == nullptr) return {file_, nullptr, std::move(path)};
  if (!value_->is_object()) wrong("a map");
  const auto found = value_->find(key);
  return {file_, found == value_->end() ? nullptr : &*found, std::move(path)};
}

std::string JsonValue::text() const {
  if (value_ == nullptr) return "";
  if (!value_->is_string()) wrong("a text");
  return value_->get<std::string>();
}

std::optional<double> JsonValue::number() const {
  if (value_ == nullptr) return std::nullopt;
  if (value_->is_null()) return kNaN;
  if (!value_->is_number()) wrong("a number");
  return value_->get<double>();
}

double JsonValue::number_or_nan() const { return number().value_or(kNaN); }

std::optional<int64_t> JsonValue::integer() const {
  if (value_ == nullptr) return std::nullopt;
  if (!value_->is_number_integer() || std::abs(value_->get<double>()) > 9e18) wrong("an integer");
  return value_->get<int64_t>();
}

std::vector<std::pair<std::string, double>> JsonValue::numbers() const {
  std::vector<std::pair<std::string, double>> out;
  for (const auto& [name, value] : entries()) {
    if (const std::optional<double> number = value.number()) out.emplace_back(name, *number);
  }
  return out;
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::entries() const {
  std::vector<std::pair<std::string, JsonValue>> out;
  if (value_ == nullptr) return out;
  if (!value_->is_object()) wrong("a map");
  for (const auto& [name, value] : value_->items())
    out.emplace_back(name, JsonValue(file_, &value, concat(path_, ".", printable(name))));
  return out;
}

std::vector<JsonValue> JsonValue::items() const {
  std::vector<JsonValue> out;
  if (value_ == nullptr) return out;
  if (!value_->is_array()) wrong("a list");
  for (size_t i = 0; i < value_->size(); ++i) out.emplace_back(file_, &(*value_)[i], concat(path_, "[", i, "]"));
  return out;
}

std::vector<std::string> JsonValue::texts() const {
  std::vector<std::string> out;
  for (const JsonValue& item : items()) out.push_back(item.text());
  return out;
}

void JsonValue::wrong(const char* expected) const {
  const std::string found = value_ == nullptr ? std::string("nothing")
                                              : value_->dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  throw FileError(concat(file_, ": ", path_.empty() ? "" : concat(path_, ": "), "found ", printable(found),
                         ", expected ", expected, "; ", remedy(file_)));
}

nlohmann::json json_of_run(const std::string& path) {
  const std::string text = read_file(path, kMostBytes);
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    throw FileError(concat(path, ": is not JSON: ", json_reason(e.what()), "; ", remedy(path)));
  }
}

}  // namespace hgq::report
