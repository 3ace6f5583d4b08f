// A drawing in SVG, element by element. Colours come from the page: a class is a role (series s0 to s5, axis, grid),
// and the style sheet gives it a colour for light, dark and paper.
//
//   report::Drawing drawing(440, 280);
//   drawing.line({40, 250}, {430, 250}, "axis");
//   drawing.text({235, 276}, "epoch", "label", report::Anchor::kMiddle);
//   const report::Markup svg = drawing.finish("Loss", "Loss of 30 epochs, from 0.55 to 0.41");
//
// Lengths are CSS pixels at the size for which the drawing is made. A page shows it smaller or larger, within limits at
// which its text can be read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/report/axis.h"
#include "hgq/report/markup.h"

namespace hgq::report {

struct Place {
  double x = 0, y = 0;
};
struct Box {
  double x = 0, y = 0, width = 0, height = 0;
  bool overlaps(const Box& other) const {
    return x < other.x + other.width && other.x < x + width && y < other.y + other.height && other.y < y + height;
  }
};
/// Shapes of marks, which tell runs apart where colours do not.
enum class MarkShape : uint8_t { kDisc, kSquare, kTriangle, kDiamond, kPlus };
enum class Anchor : uint8_t { kStart, kMiddle, kEnd };

/// Height of the ordinary text in drawings.
inline constexpr double kTextSize = 12;
/// About how wide a text is.
double text_width(std::string_view text, double size = kTextSize);
/// A coordinate as it is written: one decimal, none if it is 0.
std::string coordinate(double value);

class Drawing {
 public:
  Drawing(double width, double height) : width_(width), height_(height) {}

  void line(Place from, Place to, std::string_view role);
  /// `tip` is shown when the mouse rests on it, without a script.
  void rectangle(const Box& box, std::string_view role, std::string_view tip = "", double corner = 0);
  void circle(Place centre, double radius, std::string_view role, std::string_view tip = "");
  void mark(Place centre, double radius, MarkShape shape, std::string_view role, std::string_view tip = "");
  void text(Place place, std::string_view text, std::string_view role, Anchor anchor = Anchor::kStart);
  /// `data` is the d of a path; `name`, if given, is that of a series, for the hover.
  void path(std::string_view data, std::string_view role, std::string_view name = "");
  void add(const Markup& markup) { content_ += markup; }
  /// What the script of the page needs to read numbers off the drawing.
  void set_axes(const Axis& x, const Axis& y, std::string_view x_name);

  double width() const { return width_; }
  double height() const { return height_; }
  /// `description` says in a sentence or two what can be seen, for those who cannot see it.
  Markup finish(std::string_view title, std::string_view description) const;

 private:
  double width_, height_;
  Markup content_;
  std::string x_axis_, y_axis_, x_name_;
};

/// One entry of a legend: what a line or mark stands for.
struct LegendEntry {
  std::string name;
  std::string role;     // of the line or mark
  bool is_line = true;  // otherwise a mark
  MarkShape shape = MarkShape::kDisc;
};

/// The frame of a chart: axes with ticks and grid, labels, legend; `plot` is the inside.
struct Frame {
  Box plot;
  std::string x_label, y_label;
  std::vector<LegendEntry> legend;
};
void draw_frame(Drawing& drawing, const Frame& frame, const Axis& x, const Axis& y);
/// How much room the tick labels of a vertical axis need.
double label_room(const Axis& axis, int most);
/// What an axis shows, before it is known where it is.
struct AxisSpan {
  AxisKind kind = AxisKind::kLinear;
  Interval numbers;
  double margin = 0.05;  // at both ends, as a share of its length
};
struct PlotAxes {
  Axis x, y;
};
/// Sets frame.plot, `height` high, in a drawing of this width, so that tick labels, legend and the label of the
/// vertical axis fit around it, and makes its axes. The drawing needs kBelowPlot below the plot.
PlotAxes place_plot(Frame& frame, const AxisSpan& x, const AxisSpan& y, double width, double height);
inline constexpr double kBelowPlot = 40;

}  // namespace hgq::report
