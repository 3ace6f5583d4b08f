#include "hgq/report/point_labels.h"

#include <algorithm>
#include <array>

namespace hgq::report {
namespace {

constexpr double kLabelSize = 11;

}  // namespace

void PointLabels::keep_free(Place point, double radius) {
  taken_.push_back({point.x - radius, point.y - radius, 2 * radius, 2 * radius});
}

void PointLabels::draw(Drawing& drawing, Place point, const std::string& label) {
  const double width = text_width(label, kLabelSize);
  struct Offset {
    double x, y;
  };
  const std::array<Offset, 8> offsets{{{-width / 2, -8},
                                       {-width / 2, 17},
                                       {8, 4},
                                       {-width - 8, 4},
                                       {-width - 5, -5},
                                       {6, 14},
                                       {6, -5},
                                       {-width - 5, 14}}};
  for (const Offset& offset : offsets) {
    const Box box{point.x + offset.x, point.y + offset.y - kLabelSize + 2, width, kLabelSize};
    const bool inside = box.x >= plot_.x && box.x + box.width <= plot_.x + plot_.width && box.y >= plot_.y &&
                        box.y + box.height <= plot_.y + plot_.height;
    if (!inside || std::ranges::any_of(taken_, [&](const Box& other) { return box.overlaps(other); })) continue;
    drawing.text({box.x, point.y + offset.y}, label, "mark-label");
    taken_.push_back(box);
    return;
  }
}

}  // namespace hgq::report
