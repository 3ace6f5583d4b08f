#include "hgq/callbacks/progress_line.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace hgq {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

int length(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string first_characters(std::string_view text, int count) {
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (begins_character(text[end]) && count-- == 0) break;
  }
  return std::string(text.substr(0, end));
}

}  // namespace

std::string short_number(double value) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  constexpr std::array<const char*, 5> kUnits{"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  double scaled = value;
  // 999.96k is 1M once it is rounded to what is shown.
  while (unit + 1 < kUnits.size() && std::abs(scaled) >= (unit == 0 ? 999.95 : 999.5)) {
    scaled /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{:.4g}", scaled);
  const double size = std::abs(scaled);
  return fmt::format("{:.{}f}{}", scaled, size < 9.995 ? 2 : size < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string short_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds > 1e9) return "-";
  const auto s = static_cast<int64_t>(std::max(seconds, 0.0));
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
}

int terminal_columns(int descriptor) {
  constexpr int kFallback = 80;
  int columns = 0;
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) == 0) columns = size.ws_col;
  if (const char* const text = std::getenv("COLUMNS")) {
    const std::string_view all(text);
    int given = 0;
    const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), given);
    if (error == std::errc() && end == all.data() + all.size() && given > 0)
      columns = columns > 0 ? std::min(columns, given) : given;
  }
  return columns > 0 ? columns : kFallback;
}

std::string fitted(const std::vector<std::string>& parts, int columns) {
  std::string line;
  for (const std::string& part : parts) {
    if (line.empty()) {
      line = first_characters(part, std::max(columns, 0));
    } else if (length(line) + 2 + length(part) <= columns) {
      line += "  " + part;
    } else {
      break;
    }
  }
  return line;
}

}  // namespace hgq
