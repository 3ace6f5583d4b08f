#include "hgq/apps/resolved_config.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "hgq/apps/layer_list.h"
#include "hgq/config/config_reader.h"

namespace hgq {
namespace {

void set_unless_null(Node& map, const std::string& key, const Node& value) {
  if (!value.is_null()) map.set(key, value);
}

/// Each layer with its name, in the order of the config.
Node resolved_layers(const Node& layers, const LayerKinds* kinds) {
  const std::vector<std::string> names = names_in_list(layers, kinds);
  std::vector<Node> items;
  for (std::size_t i = 0; i < names.size(); ++i) {
    ErrorList ignored;
    const NamedNode named = read_named(layers.items()[i], "a layer", ignored);
    Node arguments = Node::map({{"name", Node::scalar(names[i])}});
    for (const auto& [key, value] : named.arguments.entries()) {
      if (key != "name")
        arguments.set(key, key == "layers" && is_structure(named.name) ? resolved_layers(value, kinds) : value);
    }
    items.push_back(Node::map({{named.name, std::move(arguments)}}));
  }
  return Node::list(std::move(items));
}

Node resolved_model(const ModelConfig& model, const Node& layers, const Node& outputs, const LayerKinds* kinds) {
  Node node;
  if (!model.weights.file.empty()) node.set("weights", to_node(model.weights));
  set_unless_null(node, "kernel_quantizer", model.kernel_quantizer);
  set_unless_null(node, "activation_quantizer", model.activation_quantizer);
  node.set("beta", Node::number(model.beta));
  node.set("layers", resolved_layers(layers, kinds));
  set_unless_null(node, "outputs", outputs);
  return node;
}

Node resolved_train(const TrainConfig& train) {
  const bool one_loss =
      !train.losses.empty() && std::all_of(train.losses.begin(), train.losses.end(), [&](const OutputLoss& l) {
        return l.weight == 1 && same_value(l.loss, train.losses.front().loss);
      });
  Node losses = one_loss ? train.losses.front().loss : Node();
  Node weights;
  for (const OutputLoss& loss : train.losses) {
    if (!one_loss) losses.set(loss.output, loss.loss);
    if (!one_loss) weights.set(loss.output, Node::number(loss.weight));
  }
  Node node;
  node.set("loss", losses);
  set_unless_null(node, "loss_weights", weights);
  node.set("optimizer", train.optimizer);
  node.set("metrics", to_node(train.metrics));
  if (!train.weighted_metrics.empty()) node.set("weighted_metrics", to_node(train.weighted_metrics));
  node.set("batch_size", Node::integer(train.batch_size));
  node.set("epochs", Node::integer(train.epochs));
  node.set("shuffle", Node::boolean(train.shuffle));
  set_unless_null(node, "class_weight", train.class_weight);
  if (!train.distillation.empty()) node.set("distillation", to_node(train.distillation));
  if (!train.freeze.names.empty()) node.set("freeze", names_node(train.freeze.names));
  if (!train.phases.empty()) node.set("phases", to_node(train.phases));
  if (train.schedule_epochs) node.set("schedule_epochs", Node::integer(*train.schedule_epochs));
  return node;
}

Node resolved_export(const ExportConfig& proxy) {
  Node trace;
  trace.set("data", names_node(proxy.trace.data));
  trace.set("cover_factor", Node::number(proxy.trace.cover_factor));
  trace.set("batch_size", Node::integer(proxy.trace.batch_size));
  Node node;
  node.set("trace", std::move(trace));
  node.set("overflow", Node::scalar(proxy.saturate ? "sat" : "wrap"));
  if (proxy.accum_fp_max_offset) node.set("accum_fp_max_offset", Node::integer(*proxy.accum_fp_max_offset));
  node.set("unary_lut_max_table_size", Node::integer(proxy.unary_lut_max_table_size));
  if (proxy.rtl) node.set("rtl", to_node(*proxy.rtl));
  return node;
}

}  // namespace

Node with_absolute_paths(const Node& node, const std::string& folder, bool is_path) {
  if (const auto text = text_of(node); text && !text->empty() && is_path) {
    const std::filesystem::path path = std::filesystem::path(folder) / *text;
    return Node::scalar(std::filesystem::absolute(path).lexically_normal().string());
  }
  Node copy = node;
  for (Node& item : copy.items()) item = with_absolute_paths(item, folder, is_path);
  for (auto& [key, value] : copy.entries()) value = with_absolute_paths(value, folder, key == "file");
  return copy;
}

Node resolved_config(const RunConfig& config, const Node& layers, const Node& outputs, const std::string& folder,
                     const LayerKinds* kinds) {
  Node node;
  node.set("seed", Node::integer(config.seed));
  node.set("data", with_absolute_paths(config.data, folder, false));
  node.set("model", resolved_model(config.model, layers, outputs, kinds));
  node.set("train", resolved_train(config.train));
  node.set("callbacks", Node::list(config.callbacks));
  node.set("export", resolved_export(config.proxy));
  return node;
}

}  // namespace hgq
