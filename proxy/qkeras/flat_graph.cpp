#include "hgq/proxy/qkeras/flat_graph.h"

#include <map>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {
namespace {

class Flattener {
 public:
  /// `path` is that of the call of the model with this graph, such as "block_1/", and `layers` that of the model
  /// itself, such as "block/"; both are empty for the outermost model. `inputs` are the values that the call reads.
  /// Returns the names of its outputs.
  std::vector<std::string> add(const KerasGraph& graph, const std::string& path, const std::string& layers,
                               const std::vector<std::string>& inputs) {
    std::map<std::string, std::string> names;  // in this graph -> in the flat one
    const bool nested = !path.empty();
    for (size_t i = 0; nested && i < graph.inputs.size(); ++i) {
      HGQ_CHECK(graph.inputs.size() == inputs.size(), FileError, "model '", path.substr(0, path.size() - 1), "': has ",
                graph.inputs.size(), " inputs, and is called with ", inputs.size());
      names[graph.inputs[i]] = inputs[i];
    }
    for (const KerasNode& node : graph.nodes) {
      if (names.contains(node.name)) continue;
      const std::string& layer = node.shared_with.empty() ? node.name : node.shared_with;
      KerasNode flat = node;
      flat.class_name = node.class_name.substr(node.class_name.rfind('>') + 1);
      flat.inputs.clear();
      for (const std::string& input : node.inputs) flat.inputs.push_back(known(names, input, node));
      if (nested && graph.inputs.empty() && node.inputs.empty()) flat.inputs = inputs;  // the head of a Sequential
      if (is_nested_model(flat.class_name)) {
        add_model(flat, path, layers + layer + "/", names);
        continue;
      }
      flat.name = path + node.name;
      flat.proxy_name = layer;
      flat.shared_with = layers + layer;
      names[node.name] = flat.name;
      flat_.nodes.push_back(std::move(flat));
    }
    std::vector<std::string> outputs;
    for (const std::string& output : graph.outputs) outputs.push_back(known(names, output, graph.nodes.back()));
    return outputs;
  }

  KerasGraph take(const KerasGraph& graph) {
    flat_.name = graph.name;
    flat_.inputs = graph.inputs;
    flat_.outputs = add(graph, "", "", {});
    return std::move(flat_);
  }

 private:
  using Names = std::map<std::string, std::string>;

  static const std::string& known(const Names& names, const std::string& name, const KerasNode& reader) {
    const auto found = names.find(name);
    HGQ_CHECK(found != names.end(), FileError, reader.config.place(), ": '", reader.name, "' reads '", name,
              "', which is not there");
    return found->second;
  }

  void add_model(const KerasNode& node, const std::string& path, const std::string& layers, Names& names) {
    const KerasGraph inside = nested_graph(node);
    const std::vector<std::string> outputs = add(inside, path + node.name + "/", layers, node.inputs);
    if (outputs.size() == 1) names[node.name] = outputs[0];
    for (size_t o = 0; o < outputs.size(); ++o) names[node.name + "/" + inside.outputs[o]] = outputs[o];
  }

  KerasGraph flat_;
};

}  // namespace

KerasGraph flat_graph(const KerasGraph& graph) { return Flattener().take(graph); }

KerasLayerWeights weights_at(const KerasFile& file, const std::string& path) {
  const size_t slash = path.find('/');
  const KerasLayerWeights* const group = file.find(path.substr(0, slash));
  if (group == nullptr) return {path, {}};
  if (slash == std::string::npos) return *group;
  for (size_t from = slash + 1;; from = path.find('/', from) + 1) {  // the longest end of the path that matches
    const std::string layer = path.substr(from) + "/";
    KerasLayerWeights found{path, {}};
    for (const KerasWeight& weight : group->weights) {
      if (weight.name.starts_with(layer) || weight.name.find("/" + layer) != std::string::npos)
        found.weights.push_back(weight);
    }
    if (!found.weights.empty() || path.find('/', from) == std::string::npos) return found;
  }
}

}  // namespace hgq
