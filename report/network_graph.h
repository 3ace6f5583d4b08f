// A network as boxes from top to bottom: each layer with its name, kind and shape, each link with the bits that go
// through it.
//
//   report::NetworkGraph graph{.title = "Network"};
//   graph.nodes.push_back({.name = "inp_q", .detail = "HQuantize [10]", .output = "4.7 bits"});
//   graph.nodes.push_back({.name = "out", .detail = "HDense [2]", .output = "8 bits", .reads = {0}});
//   const report::Figure figure = report::network_graph(graph);
#pragma once

#include <string>
#include <vector>

#include "hgq/report/figure.h"

namespace hgq::report {

struct GraphNode {
  std::string name;
  std::string detail;        // a second line: kind and shape
  std::string output{};      // beside the links that leave it: the bits of its values; empty: not known
  std::vector<int> reads{};  // nodes before this one
  bool has_weights = false;  // drawn stronger
};

struct NetworkGraph {
  std::string title;
  std::vector<GraphNode> nodes;
  std::string caption{};
};

/// Throws ShapeError if a node reads one that does not come before it.
Figure network_graph(const NetworkGraph& graph);

}  // namespace hgq::report
