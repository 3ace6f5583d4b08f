#include "hgq/deploy/scaling_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace hgq {
namespace {

/// A name as a field of a CSV file, in quotes where it needs them.
std::string field(const std::string& name) {
  if (name.find_first_of(",\"\r\n") == std::string::npos) return name;
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace

std::string scaling_csv(std::span<const std::string> inputs, std::span<const Scaling> scaling) {
  std::string text;
  for (size_t i = 0; i < std::min(inputs.size(), scaling.size()); ++i) {
    for (size_t f = 0; f < scaling[i].offset.size(); ++f)
      text += fmt::format("{},{},{},{}\n", field(inputs[i]), f, scaling[i].offset[f], scaling[i].divisor[f]);
  }
  return text.empty() ? "" : "input,feature,offset,divisor\n" + text;
}

}  // namespace hgq
