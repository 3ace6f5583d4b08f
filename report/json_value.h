// A value of a JSON file of a run, and where it is: "verify.rows". Keys may be missing, as in the file of an earlier
// version, but what is there has its type; otherwise a FileError names file, place, and what was found.
//
//   const std::string file = "runs/magic/summary.json";  // outlives the values, as `json` does
//   const nlohmann::json json = report::json_of_run(file);
//   const report::JsonValue summary(file, &json, "");
//   const int64_t rows = summary["verify"]["rows"].count();      // 0 if there is none
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hgq::report {

class JsonValue {
 public:
  /// `value`: nullptr if it is missing. Both must outlive it.
  JsonValue(const std::string& file, const nlohmann::json* value, std::string path)
      : file_(file), value_(value), path_(std::move(path)) {}
  JsonValue(std::string&& file, const nlohmann::json* value, std::string path) = delete;

  JsonValue operator[](const std::string& key) const;
  bool is_there() const { return value_ != nullptr; }
  /// Empty, nothing, 0 if there is none.
  std::string text() const;
  /// JSON has no NaN: null stands for it.
  std::optional<double> number() const;
  /// NaN if there is none.
  double number_or_nan() const;
  std::optional<int64_t> integer() const;
  int64_t count() const { return integer().value_or(0); }
  std::vector<std::pair<std::string, double>> numbers() const;
  std::vector<std::pair<std::string, JsonValue>> entries() const;
  std::vector<JsonValue> items() const;
  std::vector<std::string> texts() const;
  /// Throws FileError, which says that something else is expected here.
  [[noreturn]] void wrong(const char* expected) const;

 private:
  const std::string& file_;
  const nlohmann::json* value_;
  std::string path_;
};

/// Throws FileError if the file cannot be read or is not JSON.
nlohmann::json json_of_run(const std::string& path);

}  // namespace hgq::report
