// An axis: from numbers to places on the paper, and the ticks that a reader expects.
//
//   const report::Axis bops = report::Axis::over(report::AxisKind::kLog, {1469, 11000}, {50, 430});
//   bops.at(5000);                                     // 50 at 1,469, 430 at 11,000
//   for (const report::Tick& tick : bops.ticks(6)) std::puts(tick.label.c_str());      // 2k, 5k, 10k
//
// Ticks are 1, 2 or 5 times a power of ten, inside the axis, with labels of one form: 0.80, 0.85; 5k, 10k; 10⁻⁶, 10⁻⁵.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hgq::report {

enum class AxisKind : uint8_t { kLinear, kLog };

struct Interval {
  double low = 0, high = 0;
  double length() const { return high - low; }
};

struct Tick {
  double value = 0;
  std::string label;
};

class Axis {
 public:
  /// An axis over these numbers, which lie at the pixels `from.low` to `from.high` (an axis that points up has
  /// low > high). An interval without length is widened; a logarithmic axis for numbers that are not all positive is
  /// linear. Numbers that are not finite become 0 and 1.
  static Axis over(AxisKind kind, Interval numbers, Interval pixels);
  /// The same with a margin of `share` of its length at both ends.
  static Axis with_margin(AxisKind kind, Interval numbers, Interval pixels, double share = 0.05);

  double at(double value) const;
  /// At most `most` ticks, and at least two where the numbers allow it.
  std::vector<Tick> ticks(int most) const;
  AxisKind kind() const { return kind_; }
  Interval numbers() const { return numbers_; }
  Interval pixels() const { return pixels_; }

 private:
  Axis(AxisKind kind, Interval numbers, Interval pixels) : kind_(kind), numbers_(numbers), pixels_(pixels) {}

  AxisKind kind_;
  Interval numbers_, pixels_;
};

/// The least and the largest of the numbers that are finite; [0, 1] if there is none.
Interval range_of(std::span<const double> values);
/// kLog for positive numbers of which the largest is more than `ratio` times the least.
AxisKind kind_for(std::span<const double> values, double ratio);

/// A number for a table or a sentence, with so many significant digits: 0.8281, 1,469, 9.5e-7. "-" if it is no number.
std::string number_text(double value, int digits = 4);
/// A count: 12,345.
std::string count_text(int64_t value);
/// A share of 1 as percent: "12.3 %".
std::string percent_text(double share);

}  // namespace hgq::report
