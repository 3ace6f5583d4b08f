// Labels beside points of a chart, where nothing is yet: none covers a point or another label. What finds no place is
// left out.
//
//   report::Drawing drawing(400, 300);
//   report::PointLabels labels({40, 20, 340, 240});
//   labels.keep_free({100, 100}, 5);
//   labels.draw(drawing, {100, 100}, "30");
#pragma once

#include <string>
#include <vector>

#include "hgq/report/drawing.h"

namespace hgq::report {

class PointLabels {
 public:
  /// `plot`: the box that no label leaves.
  explicit PointLabels(const Box& plot) : plot_(plot) {}
  void keep_free(Place point, double radius);
  void draw(Drawing& drawing, Place point, const std::string& label);

 private:
  Box plot_;
  std::vector<Box> taken_;
};

}  // namespace hgq::report
