// summary.json as a RunSummary.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"
#include "hgq/report/run_files.h"

namespace hgq::report {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostBytes = size_t{1} << 28U;

/// A value of the file, and where it is: "verify.rows". Keys may be missing, but what is there has its type.
class Value {
 public:
  Value(const std::string& file, const Json* value, std::string path)
      : file_(file), value_(value), path_(std::move(path)) {}

  Value operator[](const std::string& key) const {
    const std::string path = path_.empty() ? key : concat(path_, ".", key);
    if (value_ == nullptr) return {file_, nullptr, path};
    if (!value_->is_object()) wrong("a map");
    const auto found = value_->find(key);
    return {file_, found == value_->end() ? nullptr : &*found, path};
  }
  bool is_there() const { return value_ != nullptr; }
  std::string text() const {
    if (value_ == nullptr) return "";
    if (!value_->is_string()) wrong("a text");
    return value_->get<std::string>();
  }
  /// JSON has no NaN: null stands for it.
  std::optional<double> number() const {
    if (value_ == nullptr) return std::nullopt;
    if (value_->is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (!value_->is_number()) wrong("a number");
    return value_->get<double>();
  }
  std::optional<int64_t> integer() const {
    if (value_ == nullptr) return std::nullopt;
    if (!value_->is_number_integer() || std::abs(value_->get<double>()) > 9e18) wrong("an integer");
    return value_->get<int64_t>();
  }
  int64_t count() const { return integer().value_or(0); }
  NamedNumbers numbers() const {
    NamedNumbers out;
    for (const auto& [name, value] : entries()) {
      if (const std::optional<double> number = value.number()) out.emplace_back(name, *number);
    }
    return out;
  }
  std::vector<std::pair<std::string, Value>> entries() const {
    std::vector<std::pair<std::string, Value>> out;
    if (value_ == nullptr) return out;
    if (!value_->is_object()) wrong("a map");
    for (const auto& [name, value] : value_->items())
      out.emplace_back(name, Value(file_, &value, concat(path_, ".", printable(name))));
    return out;
  }
  std::vector<Value> items() const {
    std::vector<Value> out;
    if (value_ == nullptr) return out;
    if (!value_->is_array()) wrong("a list");
    for (size_t i = 0; i < value_->size(); ++i) out.emplace_back(file_, &(*value_)[i], concat(path_, "[", i, "]"));
    return out;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const Value& item : items()) out.push_back(item.text());
    return out;
  }

 private:
  [[noreturn]] void wrong(const char* expected) const {
    const std::string found = value_->dump(-1, ' ', true, Json::error_handler_t::replace);
    throw FileError(concat(file_, ": ", path_.empty() ? "" : concat(path_, ": "), "found ", printable(found),
                           ", expected ", expected, "; 'hgq-train CONFIG --resume' writes the file again"));
  }

  const std::string& file_;
  const Json* value_;
  std::string path_;
};

VerifyFacts verify_of(const Value& verify) {
  VerifyFacts facts;
  facts.rows = verify["rows"].count();
  facts.rows_differ = verify["rows_differ"].count();
  facts.rows_differ_without_overflow = verify["rows_differ_without_overflow"].count();
  facts.rows_differ_without_bits = verify["rows_differ_without_bits"].count();
  facts.rows_with_overflow = verify["rows_with_overflow"].count();
  facts.cover_factor = verify["cover_factor"].number().value_or(0);
  for (const auto& [quantizer, count] : verify["overflows"].entries())
    facts.overflows.push_back({quantizer, count.count(), ""});
  for (const Value& advice : verify["advice"].items()) {
    const std::string quantizer = advice["quantizer"].text();
    const auto found = std::ranges::find(facts.overflows, quantizer, &OverflowFact::quantizer);
    if (found == facts.overflows.end()) {
      facts.overflows.push_back({quantizer, 0, advice["text"].text()});
    } else {
      found->advice = advice["text"].text();
    }
  }
  for (const Value& without : verify["without_bits"].items()) facts.without_bits.push_back(without["text"].text());
  for (const Value& d : verify["differences"].items()) {
    facts.differences.push_back({.row = d["row"].count(),
                                 .layer = d["layer"].text(),
                                 .reason = d["reason"].text(),
                                 .model = d["model"].number().value_or(0),
                                 .proxy = d["proxy"].number().value_or(0)});
  }
  return facts;
}

}  // namespace

RunSummary read_summary(const std::string& path) {
  const std::string text = read_file(path, kMostBytes);
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& e) {
    throw FileError(
        concat(path, ": is not JSON: ", json_reason(e.what()), "; 'hgq-train CONFIG --resume' writes the file again"));
  }
  const Value file(path, &json, "");
  RunSummary summary;
  summary.bops = file["bops"].number();
  summary.bops_per_layer = file["bops_per_layer"].numbers();
  summary.bits_per_layer = file["bits_per_layer"].numbers();
  summary.tested_on = file["tested_on"].text();
  summary.rows = file["rows"].integer();
  summary.epochs = file["epochs"].integer();
  summary.seed = file["seed"].integer();
  summary.threads = file["threads"].integer();
  summary.model = file["model"].numbers();
  summary.proxy = file["proxy"].numbers();
  summary.data_rows = file["data_rows"].numbers();
  if (file["verify"].is_there()) summary.verify = verify_of(file["verify"]);
  summary.notes = file["notes"].texts();
  summary.not_exported = file["not_exported"].text();
  summary.proxy_is_wrong = file["proxy_is_wrong"].text();
  for (const auto& [name, version] : file["versions"].entries()) summary.versions.emplace_back(name, version.text());
  summary.wall_seconds = file["wall_seconds"].number();
  summary.samples_per_second = file["samples_per_second"].number();
  return summary;
}

}  // namespace hgq::report
