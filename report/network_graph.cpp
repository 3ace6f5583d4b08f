#include "hgq/report/network_graph.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/report/drawing.h"
#include "hgq/report/graph_layout.h"

namespace hgq::report {
namespace {

constexpr double kBoxHeight = 40;
constexpr double kGap = 22;  // between boxes side by side
constexpr double kLeastBox = 120;
constexpr double kMostBox = 190;
constexpr double kRank = 82;
constexpr double kStub = 19;  // a link leaves its box straight, so that its label has room beside it
constexpr double kMargin = 10;
constexpr size_t kMostNodeName = 22;
constexpr double kBold = 1.12;  // how much wider bold letters are

double box_width(const NetworkGraph& graph) {
  double width = kLeastBox;
  for (const GraphNode& node : graph.nodes) {
    width = std::max({width, kBold * text_width(shortened(node.name, kMostNodeName)) + 16,
                      text_width(shortened(node.detail, kMostNodeName + 3), 11) + 16});
  }
  return std::min(width, kMostBox);
}

class Painter {
 public:
  Painter(const NetworkGraph& graph, const GraphLayout& layout)
      : graph_(graph),
        layout_(layout),
        box_(box_width(graph)),
        column_(box_ + kGap),
        width_(std::max(300.0, layout.columns * column_ + box_ + 2 * kMargin + 70)),
        left_((width_ - layout.columns * column_) / 2),
        drawing_(width_, layout.ranks * kRank - (kRank - kBoxHeight) + 2 * kMargin + 22) {}

  Markup paint(const std::string& description) {
    for (const GraphLink& link : layout_.links) draw_link(link);
    for (size_t i = 0; i < graph_.nodes.size(); ++i) draw_box(i);
    draw_labels();
    return drawing_.finish(graph_.title, description);
  }

 private:
  Place top_of(const GraphPlace& place) const { return {left_ + place.column * column_, kMargin + place.rank * kRank}; }

  void draw_link(const GraphLink& link) {
    Place at = top_of(layout_.places[static_cast<size_t>(link.from)]);
    at.y += kBoxHeight;
    std::string path = concat("M", coordinate(at.x), " ", coordinate(at.y), "v", kStub);
    at.y += kStub;
    const auto curve_to = [&](Place to) {
      const double middle = (at.y + to.y) / 2;
      path += at.x == to.x ? concat("L", coordinate(to.x), " ", coordinate(to.y))
                           : concat("C", coordinate(at.x), " ", coordinate(middle), " ", coordinate(to.x), " ",
                                    coordinate(middle), " ", coordinate(to.x), " ", coordinate(to.y));
      at = to;
    };
    for (const GraphPlace& bend : link.bends) {
      curve_to(top_of(bend));
      at.y += kBoxHeight;
      path += concat("V", coordinate(at.y));
    }
    Place end = top_of(layout_.places[static_cast<size_t>(link.to)]);
    curve_to({end.x, end.y - 4});
    drawing_.path(path, "link");
    drawing_.path(concat("M", coordinate(end.x - 4), " ", coordinate(end.y - 6), "l4 6l4-6z"), "arrow");
  }

  void draw_box(size_t i) {
    const GraphNode& node = graph_.nodes[i];
    const Place top = top_of(layout_.places[i]);
    drawing_.rectangle({top.x - box_ / 2, top.y, box_, kBoxHeight}, node.has_weights ? "box strong" : "box",
                       concat(node.name, ": ", node.detail, node.output.empty() ? "" : ", ", node.output), 5);
    drawing_.text({top.x, top.y + 17}, shortened(node.name, kMostNodeName), "node-name", Anchor::kMiddle);
    drawing_.text({top.x, top.y + 32}, shortened(node.detail, kMostNodeName + 3), "node-detail", Anchor::kMiddle);
  }

  /// The bits are written once below each box, right of the first link that leaves it; for an output at its end.
  void draw_labels() {
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      const GraphNode& node = graph_.nodes[i];
      if (node.output.empty()) continue;
      const Place top = top_of(layout_.places[i]);
      const bool is_read = std::ranges::any_of(
          layout_.links, [&](const GraphLink& link) { return static_cast<size_t>(link.from) == i; });
      if (is_read) {
        drawing_.text({top.x + 6, top.y + kBoxHeight + 14}, node.output, "link-label");
      } else {
        drawing_.text({top.x, top.y + kBoxHeight + 15}, node.output, "link-label", Anchor::kMiddle);
      }
    }
  }

  const NetworkGraph& graph_;
  const GraphLayout& layout_;
  double box_, column_, width_, left_;
  Drawing drawing_;
};

std::string names_of(const NetworkGraph& graph, const std::vector<int>& nodes) {
  std::string out;
  for (const int i : nodes) out += (out.empty() ? "" : ", ") + graph.nodes[static_cast<size_t>(i)].name;
  return out;
}

}  // namespace

Figure network_graph(const NetworkGraph& graph) {
  std::vector<std::vector<int>> parents;
  for (const GraphNode& node : graph.nodes) parents.push_back(node.reads);
  const GraphLayout layout = lay_out(parents);
  Figure figure{.title = graph.title,
                .drawing = {},
                .caption = graph.caption,
                .table = {.columns = {{"layer", false}, {"what", false}, {"reads", false}, {"output", false}},
                          .rows = {},
                          .caption = ""}};
  std::string description = concat("A graph of ", graph.nodes.size(), " layers.");
  for (const GraphNode& node : graph.nodes) {
    const std::string reads = names_of(graph, node.reads);
    figure.table.rows.push_back({node.name, node.detail, reads, node.output});
    description += concat(" ", node.name, " (", node.detail, ")", reads.empty() ? "" : " reads ", reads, ".");
  }
  figure.is_wide = layout.columns > 2.4;
  figure.drawing = Painter(graph, layout).paint(description);
  return figure;
}

}  // namespace hgq::report
