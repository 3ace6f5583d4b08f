// From a list of layers with their parents to the model_config of a Keras 2 file (declared in keras_file.h).
#include <algorithm>
#include <map>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/data/keras_file.h"

namespace hgq {
namespace {

/// Layers and numbers of the calls of a graph.
using CallNumbers = std::map<std::string, std::pair<std::string, int64_t>>;

CallNumbers number_calls(const KerasGraph& graph) {
  CallNumbers numbers;
  std::map<std::string, int64_t> counts;
  for (const KerasNode& node : graph.nodes) {
    const std::string& layer = node.shared_with.empty() ? node.name : node.shared_with;
    numbers[node.name] = {layer, counts[layer]++};
  }
  return numbers;
}

Node reference(const std::string& call, const CallNumbers& numbers, bool with_arguments) {
  const auto& [layer, number] = numbers.at(call);
  std::vector<Node> items{Node::string(layer), Node::integer(number), Node::integer(0)};
  if (with_arguments) items.push_back(Node::map({}));
  return Node::list(std::move(items));
}

Node ends_list(const std::vector<std::string>& calls, const CallNumbers& numbers) {
  std::vector<Node> items;
  for (const std::string& call : calls) items.push_back(reference(call, numbers, false));
  return Node::list(std::move(items));
}

}  // namespace

Node keras_functional(const KerasGraph& graph) {
  const CallNumbers numbers = number_calls(graph);
  std::vector<Node> layers;
  std::vector<Node> call_order;
  for (const KerasNode& node : graph.nodes) call_order.push_back(Node::string(node.name));
  for (const KerasNode& first : graph.nodes) {
    if (!first.shared_with.empty()) continue;
    std::vector<Node> calls;
    std::vector<Node> names;
    std::vector<Node> proxy_names;
    bool renamed = false;
    for (const KerasNode& node : graph.nodes) {
      if (&node != &first && node.shared_with != first.name) continue;
      names.push_back(Node::string(node.name));
      renamed = renamed || !node.proxy_name.empty();
      proxy_names.push_back(Node::string(node.proxy_name.empty() ? node.name : node.proxy_name));
      if (node.inputs.empty()) continue;
      std::vector<Node> references;
      for (const std::string& input : node.inputs) references.push_back(reference(input, numbers, true));
      calls.push_back(Node::list(std::move(references)));
    }
    Node layer = Node::map({{"class_name", Node::string(first.class_name)},
                            {"config", first.config},
                            {"name", Node::string(first.name)},
                            {"inbound_nodes", Node::list(std::move(calls))}});
    if (names.size() > 1) layer.set("call_names", Node::list(std::move(names)));
    if (renamed) layer.set("proxy_names", Node::list(std::move(proxy_names)));
    layers.push_back(std::move(layer));
  }
  const bool any_shared = layers.size() < graph.nodes.size();
  Node config = Node::map({{"name", Node::string(graph.name)},
                           {"trainable", Node::boolean(true)},
                           {"layers", Node::list(std::move(layers))},
                           {"input_layers", ends_list(graph.inputs, numbers)},
                           {"output_layers", ends_list(graph.outputs, numbers)}});
  if (any_shared) config.set("call_order", Node::list(std::move(call_order)));
  return Node::map({{"class_name", Node::string("Functional")}, {"config", std::move(config)}});
}

std::vector<int> keras_order(const std::vector<std::vector<int>>& parents, const std::vector<int>& inputs,
                             const std::vector<int>& outputs) {
  constexpr int kUnseen = -1;
  std::vector<int> visit(parents.size(), kUnseen);
  std::vector<int> depth(parents.size(), 0);
  // The walk, with an explicit stack: a layer comes before its parents, and these in their order.
  int visited = 0;
  std::vector<int> stack(outputs.rbegin(), outputs.rend());
  while (!stack.empty()) {
    const int next = stack.back();
    stack.pop_back();
    int& place = visit[static_cast<size_t>(next)];
    if (place != kUnseen) continue;
    place = visited++;
    const std::vector<int>& read = parents[static_cast<size_t>(next)];
    stack.insert(stack.end(), read.rbegin(), read.rend());
  }
  // Children come after their parents, so going backward every depth is final before it is passed on.
  std::vector<int> order;
  for (int i = static_cast<int>(parents.size()) - 1; i >= 0; --i) {
    const auto at = static_cast<size_t>(i);
    if (visit[at] == kUnseen && std::ranges::count(inputs, i) == 0) continue;
    order.push_back(i);
    for (const int parent : parents[at]) {
      depth[static_cast<size_t>(parent)] = std::max(depth[static_cast<size_t>(parent)], depth[at] + 1);
    }
  }
  std::ranges::sort(order, [&](int a, int b) {
    const auto left = static_cast<size_t>(a);
    const auto right = static_cast<size_t>(b);
    return depth[left] != depth[right] ? depth[left] > depth[right] : visit[left] < visit[right];
  });
  return order;
}

}  // namespace hgq
