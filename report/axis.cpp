#include "hgq/report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace hgq::report {
namespace {

constexpr double kTiny = 1e-9;
// Numbers beyond these are not told apart on an axis, so that no power, sum or quotient here overflows.
constexpr double kLeast = 1e-290;
constexpr double kLargest = 1e290;

std::string superscript(int number) {
  static constexpr std::array<const char*, 10> kDigits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = number < 0 ? "⁻" : "";
  for (const char digit : fmt::format("{}", std::abs(number))) out += kDigits.at(static_cast<size_t>(digit - '0'));
  return out;
}

int exponent_of(double value) { return static_cast<int>(std::floor(std::log10(std::abs(value)) + kTiny)); }

/// Digits without zeros at the end: 0.50 and 1.00 become 0.5 and 1.
std::string without_zeros(std::string number) {
  if (number.find('.') == std::string::npos) return number;
  number.erase(number.find_last_not_of('0') + 1);
  if (number.ends_with('.')) number.pop_back();
  return number;
}

std::string power_label(double value) {
  const int exponent = exponent_of(value);
  const double mantissa = value / std::pow(10.0, exponent);
  const std::string power = "10" + superscript(exponent);
  return std::abs(mantissa - 1) < 1e-6 ? power : without_zeros(fmt::format("{:.2f}", mantissa)) + "×" + power;
}

/// Labels for numbers whose distance is `step` or a multiple of it.
std::string linear_label(double value, double step, double largest) {
  struct Unit {
    double factor;
    const char* name;
  };
  static constexpr std::array<Unit, 4> kUnits{{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}}};
  if (std::abs(value) < step * 1e-6) return "0";
  if (largest < 1e-3 || largest >= 1e13) return (value < 0 ? "−" : "") + power_label(std::abs(value));
  const auto* unit =
      std::ranges::find_if(kUnits, [&](const Unit& u) { return largest >= u.factor * (u.factor == 1e3 ? 10 : 1); });
  if (unit == kUnits.end()) unit = &kUnits.back();
  const double digits = -std::floor(std::log10(step / unit->factor) + kTiny);
  const int decimals = static_cast<int>(std::clamp(digits, 0.0, 15.0));
  return fmt::format("{}{:.{}f}{}", value < 0 ? "−" : "", std::abs(value) / unit->factor, decimals, unit->name);
}

double nice_step(double length, int most) {
  const double raw = length / std::max(1, most);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - kTiny)) return factor * power;
  }
  return 10 * power;
}

std::vector<Tick> linear_ticks(Interval numbers, int most) {
  double step = nice_step(numbers.length(), most);
  const auto first = [&] { return std::ceil(numbers.low / step - kTiny); };
  const auto last = [&] { return std::floor(numbers.high / step + kTiny); };
  while (last() - first() + 1 > most) step = nice_step(step * most * 1.5, most);
  const double largest = std::max(std::abs(first() * step), std::abs(last() * step));
  std::vector<Tick> ticks;
  for (double i = first(); i <= last(); ++i) ticks.push_back({i * step, linear_label(i * step, step, largest)});
  return ticks;
}

std::string log_label(double value) {
  if (value >= 0.01 * (1 - kTiny) && value < 1e12) {
    const double step = std::pow(10.0, exponent_of(value));
    const bool thousands = value >= 1e3 * (1 - kTiny) && value < 1e4;
    return thousands ? fmt::format("{:g}k", value / 1e3) : without_zeros(linear_label(value, step, value));
  }
  return power_label(value);
}

/// Every `every`th power of ten, with these multiples of it.
std::vector<Tick> decade_ticks(Interval numbers, const std::vector<double>& factors, int every) {
  const int low = static_cast<int>(std::floor(std::log10(numbers.low) - kTiny));
  const int high = static_cast<int>(std::ceil(std::log10(numbers.high) + kTiny));
  std::vector<Tick> ticks;
  for (int decade = low; decade <= high; ++decade) {
    if (decade % every != 0) continue;
    for (const double factor : factors) {
      const double value = factor * std::pow(10.0, decade);
      if (value >= numbers.low * (1 - kTiny) && value <= numbers.high * (1 + kTiny))
        ticks.push_back({value, log_label(value)});
    }
  }
  return ticks;
}

std::vector<Tick> log_ticks(Interval numbers, int most) {
  const auto room = static_cast<size_t>(std::max(most, 1));
  std::vector<Tick> decades;
  for (int every = 1; every < 700; ++every) {
    decades = decade_ticks(numbers, {1}, every);
    if (decades.size() <= room) break;
  }
  if (decades.size() >= 3) return decades;
  for (const std::vector<double>& factors : {std::vector<double>{1, 2, 5}, {1, 3}}) {
    std::vector<Tick> ticks = decade_ticks(numbers, factors, 1);
    if (ticks.size() >= 2 && ticks.size() <= room) return ticks;
  }
  if (decades.size() >= 2) return decades;
  std::vector<Tick> ticks = linear_ticks(numbers, most);  // less than a decade
  std::erase_if(ticks, [&](const Tick& tick) { return tick.value < numbers.low * (1 - kTiny); });
  return ticks;
}

bool usable(Interval numbers) {
  return std::abs(numbers.low) < kLargest && std::abs(numbers.high) < kLargest;  // false for NaN, too
}

}  // namespace

Axis Axis::over(AxisKind kind, Interval numbers, Interval pixels) {
  if (!usable(numbers)) numbers = {0, 1};
  if (numbers.low > numbers.high) std::swap(numbers.low, numbers.high);
  if (kind == AxisKind::kLog && numbers.low < kLeast) kind = AxisKind::kLinear;
  const double scale = std::max(std::abs(numbers.low), std::abs(numbers.high));
  if (numbers.length() <= scale * 1e-12 || scale < kLeast) {
    const double half = scale >= kLeast ? scale * 0.1 : 0.5;
    numbers = {numbers.low - half, numbers.high + half};
  }
  return {kind, numbers, pixels};
}

Axis Axis::with_margin(AxisKind kind, Interval numbers, Interval pixels, double share) {
  const Axis tight = over(kind, numbers, pixels);
  const Interval n = tight.numbers();
  if (tight.kind() == AxisKind::kLog) {
    const double factor = std::pow(n.high / n.low, share);
    return over(kind, {n.low / factor, n.high * factor}, pixels);
  }
  const double margin = n.length() * share;
  return over(tight.kind(), {n.low - margin, n.high + margin}, pixels);
}

double Axis::at(double value) const {
  const double share = kind_ == AxisKind::kLog
                           ? std::log(std::max(value, std::numeric_limits<double>::min()) / numbers_.low) /
                                 std::log(numbers_.high / numbers_.low)
                           : (value - numbers_.low) / numbers_.length();
  return pixels_.low + std::clamp(share, 0.0, 1.0) * (pixels_.high - pixels_.low);
}

std::vector<Tick> Axis::ticks(int most) const {
  return kind_ == AxisKind::kLog ? log_ticks(numbers_, most) : linear_ticks(numbers_, most);
}

Interval range_of(std::span<const double> values) {
  Interval range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    range.low = std::min(range.low, v);
    range.high = std::max(range.high, v);
  }
  return range.low <= range.high ? range : Interval{0, 1};
}

AxisKind kind_for(std::span<const double> values, double ratio) {
  const Interval range = range_of(values);
  return range.low > 0 && range.high > ratio * range.low ? AxisKind::kLog : AxisKind::kLinear;
}

std::string count_text(int64_t value) {
  std::string digits = fmt::format("{}", value);
  const size_t begin = value < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > begin + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string number_text(double value, int digits) {
  if (std::isnan(value)) return "-";
  if (std::isinf(value)) return value > 0 ? "∞" : "−∞";
  const double magnitude = std::abs(value);
  const bool is_whole = magnitude == std::floor(magnitude);
  if ((is_whole || magnitude >= std::pow(10.0, digits - 1)) && magnitude < 1e15) return count_text(std::llround(value));
  if (magnitude >= 1e-4 || magnitude == 0) {
    std::string out = fmt::format("{:.{}g}", value, digits);
    return out.find('e') == std::string::npos ? out : fmt::format("{:.{}f}", value, digits + 3);
  }
  return fmt::format("{:.{}g}", value, digits);
}

std::string percent_text(double share) { return fmt::format("{:.1f} %", 100 * share); }

}  // namespace hgq::report
