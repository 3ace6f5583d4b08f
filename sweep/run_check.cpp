#include "hgq/sweep/run_check.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"
#include "hgq/data/bytes.h"
#include "hgq/data/h5_length.h"

namespace hgq::sweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostText = size_t{1} << 28U;

bool is_number(std::string_view field) {
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  return error == std::errc() && end == field.data() + field.size();
}

void check_summary(const std::string& path) {
  const std::string text = read_file(path, kMostText);
  HGQ_CHECK(text.starts_with('{') && nlohmann::json::accept(text), FileError, path, ": is not JSON, or cut off");
}

/// Each line: a file, its epoch, and as many numbers as the header has names.
void check_front(const std::string& path) {
  const std::string text = read_file(path, kMostText);
  HGQ_CHECK(text.starts_with("file,epoch") && text.ends_with('\n'), FileError, path,
            text.ends_with('\n') ? ": found no header 'file,epoch,...'" : ": is cut off");
  const auto commas = std::count(text.begin(), std::find(text.begin(), text.end(), '\n'), ',');
  int64_t line = 1;
  for (size_t at = text.find('\n') + 1; at < text.size();) {
    const size_t end = text.find('\n', at);
    const std::string_view row = std::string_view(text).substr(at, end - at);
    ++line;
    HGQ_CHECK(std::ranges::count(row, ',') == commas, FileError, path, ":", line, ": found ",
              std::ranges::count(row, ',') + 1, " values, expected ", commas + 1);
    for (size_t comma = row.find(','); comma != std::string_view::npos;) {
      const size_t next = row.find(',', comma + 1);
      const std::string_view field = row.substr(comma + 1, next == std::string_view::npos ? next : next - comma - 1);
      HGQ_CHECK(is_number(field), FileError, path, ":", line, ": found '", printable(std::string(field)),
                "', expected a number");
      comma = next;
    }
    at = end + 1;
  }
}

}  // namespace

std::string damaged_result(const std::string& run_folder) {
  const auto in_run = [&](const char* name) { return (fs::path(run_folder) / name).string(); };
  try {
    if (fs::exists(in_run("summary.json"))) check_summary(in_run("summary.json"));
    if (fs::exists(in_run("model.h5"))) check_h5_length(*open_bytes(in_run("model.h5"), "a model"));
    if (fs::exists(in_run("pareto/pareto.csv"))) check_front(in_run("pareto/pareto.csv"));
  } catch (const FileError& e) {
    return e.what();
  }
  return "";
}

}  // namespace hgq::sweep
