// Where the boxes of a directed graph go: in ranks from top to bottom, each node below all that it reads, with few
// crossings. A link over several ranks bends around the boxes between.
//
//   const std::vector<std::vector<int>> parents{{}, {0}, {0}, {1, 2}};
//   const report::GraphLayout layout = report::lay_out(parents);
//   layout.places[3].rank;         // 2
//
// The usual way (Sugiyama): ranks by the longest way, nodes of no size where links pass a rank, orders by means of
// neighbours up and down, keeping the order with the fewest crossings.
#pragma once

#include <vector>

namespace hgq::report {

struct GraphPlace {
  int rank = 0;       // from the top
  double column = 0;  // of its middle; neighbours in a rank are at least 1 apart, 0.4 where a link passes
};

struct GraphLink {
  int from = 0, to = 0;           // nodes
  std::vector<GraphPlace> bends;  // where it passes the ranks between them
};

struct GraphLayout {
  std::vector<GraphPlace> places;  // of each node
  std::vector<GraphLink> links;
  int ranks = 0;
  double columns = 0;  // columns are from 0 to this
};

/// `parents` are the nodes that each node reads, all before itself. Throws ShapeError if they are not.
GraphLayout lay_out(const std::vector<std::vector<int>>& parents);

}  // namespace hgq::report
