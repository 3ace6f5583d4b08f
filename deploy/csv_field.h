// A text as a field of a CSV file.
#pragma once

#include <string>

namespace hgq {

/// The text, in quotes where a reader would otherwise take it for several fields or lines.
inline std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

}  // namespace hgq
