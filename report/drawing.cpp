#include "hgq/report/drawing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "hgq/core/error.h"

namespace hgq::report {
namespace {

constexpr double kLegendSample = 18;
constexpr double kLegendGap = 14;
constexpr double kLegendLine = 16;
constexpr int kYTicks = 6;
constexpr size_t kMostLabel = 36;

std::string anchor_text(Anchor anchor) {
  return anchor == Anchor::kStart ? "" : anchor == Anchor::kMiddle ? "middle" : "end";
}

Markup tip_of(std::string_view tip) { return tip.empty() ? Markup() : element("title", {}, tip); }

Markup maybe_empty(std::string_view name, std::initializer_list<Attribute> attributes, std::string_view tip) {
  return tip.empty() ? empty_element(name, attributes) : element(name, attributes, tip_of(tip));
}

double entry_width(const LegendEntry& entry) {
  return kLegendSample + 4 + text_width(shortened(entry.name, kMostLabel)) + kLegendGap;
}

/// Where the legend begins: beside the label of the vertical axis, which stands above it.
double legend_start(const std::string& y_label) { return 2 + text_width(shortened(y_label, kMostLabel)) + 18; }

void draw_legend(Drawing& drawing, const Frame& frame) {
  double x = std::max(frame.plot.x, legend_start(frame.y_label));
  double y = 12;
  for (const LegendEntry& entry : frame.legend) {
    if (x > frame.plot.x && x + entry_width(entry) - kLegendGap > drawing.width()) {
      x = frame.plot.x;
      y += kLegendLine;
    }
    if (entry.is_line) {
      drawing.line({x, y - 4}, {x + kLegendSample, y - 4}, entry.role);
    } else {
      drawing.mark({x + kLegendSample / 2, y - 4}, 4, entry.shape, entry.role);
    }
    drawing.text({x + kLegendSample + 4, y}, shortened(entry.name, kMostLabel), "label");
    x += entry_width(entry);
  }
}

std::string axis_data(const Axis& axis) {
  return fmt::format("{} {:.9g} {:.9g} {:.6g} {:.6g}", axis.kind() == AxisKind::kLog ? "log" : "linear",
                     axis.numbers().low, axis.numbers().high, axis.pixels().low, axis.pixels().high);
}

/// How many lines the label of the vertical axis and the legend beside it take in a drawing of this width, whose plot
/// begins at `left`.
int legend_lines(const Frame& frame, double left, double width) {
  int lines = 1;
  double x = std::max(left, legend_start(frame.y_label));
  for (const LegendEntry& entry : frame.legend) {
    if (x > left && x + entry_width(entry) - kLegendGap > width) {
      x = left;
      ++lines;
    }
    x += entry_width(entry);
  }
  return lines;
}

}  // namespace

// Widths of DejaVu Sans, the widest of the fonts that readers usually have: with another one there is more room.
double text_width(std::string_view text, double size) {
  double width = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;  // a further byte of a character
    if (std::string_view("ijl.,:;'|! ").find(c) != std::string_view::npos) {
      width += 0.34;
    } else if (std::string_view("frt()[]/-").find(c) != std::string_view::npos) {
      width += 0.42;
    } else if (std::string_view("mwMW@%").find(c) != std::string_view::npos) {
      width += 0.97;
    } else {
      width += c >= 'A' && c <= 'Z' ? 0.7 : 0.63;
    }
  }
  return width * size;
}

std::string coordinate(double value) {
  if (!std::isfinite(value)) return "0";
  std::string out = fmt::format("{:.1f}", value);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out == "-0" ? "0" : out;
}

void Drawing::line(Place from, Place to, std::string_view role) {
  add(empty_element("line", {{"class", std::string(role)},
                             {"x1", coordinate(from.x)},
                             {"y1", coordinate(from.y)},
                             {"x2", coordinate(to.x)},
                             {"y2", coordinate(to.y)}}));
}

void Drawing::rectangle(const Box& box, std::string_view role, std::string_view tip, double corner) {
  add(maybe_empty("rect",
                  {{"class", std::string(role)},
                   {"x", coordinate(box.x)},
                   {"y", coordinate(box.y)},
                   {"width", coordinate(std::max(0.0, box.width))},
                   {"height", coordinate(std::max(0.0, box.height))},
                   {"rx", corner > 0 ? coordinate(corner) : ""}},
                  tip));
}

void Drawing::circle(Place centre, double radius, std::string_view role, std::string_view tip) {
  add(maybe_empty("circle",
                  {{"class", std::string(role)},
                   {"cx", coordinate(centre.x)},
                   {"cy", coordinate(centre.y)},
                   {"r", coordinate(radius)}},
                  tip));
}

void Drawing::mark(Place centre, double radius, MarkShape shape, std::string_view role, std::string_view tip) {
  if (shape == MarkShape::kDisc) return circle(centre, radius, role, tip);
  const auto path = [&](double x, double y, std::initializer_list<std::pair<double, double>> steps) {  // in radii
    std::string d = concat("M", coordinate(centre.x + x * radius), " ", coordinate(centre.y + y * radius), "l");
    for (const auto& [dx, dy] : steps) d += concat(coordinate(dx * radius), " ", coordinate(dy * radius), " ");
    d.back() = 'z';
    return d;
  };
  std::string d;
  if (shape == MarkShape::kSquare) {
    d = path(-0.9, -0.9, {{1.8, 0}, {0, 1.8}, {-1.8, 0}});
  } else if (shape == MarkShape::kTriangle) {
    d = path(0, -1.2, {{1.15, 2.1}, {-2.3, 0}});
  } else if (shape == MarkShape::kDiamond) {
    d = path(0, -1.35, {{1.35, 1.35}, {-1.35, 1.35}, {-1.35, -1.35}});
  } else {
    d = path(-0.45, -1.25,
             {{0.9, 0},
              {0, 0.8},
              {0.8, 0},
              {0, 0.9},
              {-0.8, 0},
              {0, 0.8},
              {-0.9, 0},
              {0, -0.8},
              {-0.8, 0},
              {0, -0.9},
              {0.8, 0}});
  }
  add(maybe_empty("path", {{"class", std::string(role)}, {"d", d}}, tip));
}

void Drawing::text(Place place, std::string_view text, std::string_view role, Anchor anchor) {
  add(element("text",
              {{"class", std::string(role)},
               {"x", coordinate(place.x)},
               {"y", coordinate(place.y)},
               {"text-anchor", anchor_text(anchor)}},
              text));
}

void Drawing::path(std::string_view data, std::string_view role, std::string_view name) {
  add(empty_element("path",
                    {{"class", std::string(role)}, {"d", std::string(data)}, {"data-name", std::string(name)}}));
}

void Drawing::set_axes(const Axis& x, const Axis& y, std::string_view x_name) {
  x_axis_ = axis_data(x);
  y_axis_ = axis_data(y);
  x_name_ = x_name;
}

Markup Drawing::finish(std::string_view title, std::string_view description) const {
  // Between these sizes its text can be read: 8 to 15 pixels high. A narrower page scrolls it.
  const std::string style = fmt::format("min-width:{:.0f}px;max-width:{:.0f}px", width_ * 0.66, width_ * 1.2);
  return element("svg",
                 {{"viewBox", fmt::format("0 0 {} {}", coordinate(width_), coordinate(height_))},
                  {"role", "img"},
                  {"aria-label", fmt::format("{}. {}", title, description)},
                  {"style", style},
                  {"data-x", x_axis_},
                  {"data-y", y_axis_},
                  {"data-x-name", x_name_}},
                 content_);
}

double label_room(const Axis& axis, int most) {
  double room = 0;
  for (const Tick& tick : axis.ticks(most)) room = std::max(room, text_width(tick.label));
  return room;
}

PlotAxes place_plot(Frame& frame, const AxisSpan& x, const AxisSpan& y, double width, double height) {
  constexpr double kRightOfPlot = 12;
  const auto vertical = [&](Interval pixels) { return Axis::with_margin(y.kind, y.numbers, pixels, y.margin); };
  const double left = std::max(34.0, label_room(vertical({height + 40, 40}), kYTicks) + 10);
  const double top = 10 + kLegendLine * legend_lines(frame, left, width);
  frame.plot = {left, top, width - left - kRightOfPlot, height};
  return {.x = Axis::with_margin(x.kind, x.numbers, {left, left + frame.plot.width}, x.margin),
          .y = vertical({top + height, top})};
}

void draw_frame(Drawing& drawing, const Frame& frame, const Axis& x, const Axis& y) {
  const Box& plot = frame.plot;
  const double bottom = plot.y + plot.height;
  const double right = plot.x + plot.width;
  for (const Tick& tick : y.ticks(kYTicks)) {
    const double at = y.at(tick.value);
    drawing.line({plot.x, at}, {right, at}, "grid");
    drawing.text({plot.x - 6, at + 4}, tick.label, "tick", Anchor::kEnd);
  }
  double free_from = 0;  // so that labels of the horizontal axis never touch
  for (const Tick& tick : x.ticks(std::max(2, static_cast<int>(plot.width / 58)))) {
    const double at = x.at(tick.value);
    const double half = text_width(tick.label) / 2;
    drawing.line({at, bottom}, {at, bottom + 4}, "axis");
    if (at - half < free_from) continue;
    drawing.text({std::min(at, drawing.width() - half), bottom + 17}, tick.label, "tick", Anchor::kMiddle);
    free_from = at + half + 6;
  }
  drawing.line({plot.x, bottom}, {right, bottom}, "axis");
  drawing.text({plot.x + plot.width / 2, bottom + 34}, shortened(frame.x_label, kMostLabel), "label", Anchor::kMiddle);
  drawing.text({2, 12}, shortened(frame.y_label, kMostLabel), "label");
  draw_legend(drawing, frame);
}

}  // namespace hgq::report
