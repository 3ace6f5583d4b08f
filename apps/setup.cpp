#include "hgq/apps/setup.h"

#include <algorithm>

#include "hgq/callbacks/registry.h"
#include "hgq/core/error.h"
#include "hgq/layers/registry.h"

namespace hgq {
namespace {

LayerDefaults defaults_of(const ModelConfig& model, ErrorList& errors) {
  LayerDefaults defaults;
  defaults.kq = QuantizerConfig::from_node(model.kernel_quantizer, get_default_kq_conf(), "kernel_quantizer", errors);
  defaults.paq =
      QuantizerConfig::from_node(model.activation_quantizer, get_default_paq_conf(), "activation_quantizer", errors);
  defaults.beta = model.beta;
  return defaults;
}

std::string callback_name(const Node& node) {
  if (node.is_scalar()) return node.text();
  return node.is_map() && !node.entries().empty() ? node.entries().front().first : "";
}

CallbackContext callback_context(const RunConfig& config, const std::string& folder) {
  CallbackContext context{
      .epochs = TrainConfig::count(config.train.schedule_length()), .folder = folder, .metrics = {}};
  const auto listed = [&](const std::string& name) {
    return std::ranges::any_of(config.callbacks, [&](const Node& n) { return callback_name(n) == name; });
  };
  context.free_bops_and_calibrated = listed("FreeBOPs") && listed("CalibratedBOPs");
  return context;
}

std::vector<LayerSpec> specs_of(const std::vector<LayerNode>& layers) {
  std::vector<LayerSpec> specs;
  for (const LayerNode& layer : layers) {
    LayerSpec spec{.kind = layer.kind, .arguments = layer.arguments, .inputs = layer.inputs};
    spec.arguments.set("name", Node::scalar(layer.name, true));
    spec.layers = specs_of(layer.layers);
    spec.outputs = layer.outputs;
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace

ConfigHooks config_hooks() {
  ConfigHooks hooks;
  hooks.layer_kinds = layer_kind_names();
  hooks.layer_kinds.emplace_back("Input");
  hooks.check_quantizer = [](const Node& quantizer, bool kernel, ErrorList& errors) {
    QuantizerConfig::from_node(quantizer, kernel ? get_default_kq_conf() : get_default_paq_conf(),
                               kernel ? "kernel_quantizer" : "activation_quantizer", errors);
  };
  hooks.check_layer = [](const LayerNode& layer, const ModelConfig&, ErrorList& errors) {
    const LayerDefaults defaults;
    make_layer(layer.kind, {layer.arguments, defaults, errors, nullptr});
  };
  hooks.check_loss = [](const Node& loss, ErrorList& errors) { Loss::from_node(loss, errors); };
  hooks.check_optimizer = [](const Node& optimizer, ErrorList& errors) { make_optimizer(optimizer, {}, errors); };
  hooks.check_metric = [](const Node& node, bool weighted, ErrorList& errors) {
    const Metric metric = Metric::from_node(node, errors);
    if (weighted && metric.needs_all_rows())
      errors.add(node.place(), concat("metric '", metric.name, "' has no weighted form; put it under train.metrics"));
  };
  hooks.check_callback = [](const Node& callback, const RunConfig& config, ErrorList& errors) {
    make_callback(callback, callback_context(config, ""), errors);
  };
  return hooks;
}

Model make_model(const RunConfig& config, const std::map<std::string, Shape>& input_shapes, ErrorList& errors) {
  Model::Options options{.input_shapes = input_shapes, .outputs = config.model.outputs};
  options.defaults = defaults_of(config.model, errors);
  options.build.seed = static_cast<uint64_t>(config.seed);
  return Model::make(specs_of(config.model.layers), options, errors);
}

Objective make_objective(const RunConfig& config, ErrorList& errors) {
  Objective objective;
  for (const OutputLoss& loss : config.train.losses) {
    objective.losses.push_back(Loss::from_node(loss.loss, errors));
    objective.weights.push_back(loss.weight);
  }
  const auto add = [&](const std::vector<Node>& nodes, std::vector<Metric>& metrics) {
    for (const Node& node : nodes) {
      metrics.push_back(Metric::from_node(node, errors));
      for (const Loss& loss : objective.losses) {
        try {
          metrics.back().resolved_for(loss);
        } catch (const ConfigError& e) {
          errors.add(node.place(), e.what());
        }
      }
    }
  };
  add(config.train.metrics, objective.metrics);
  add(config.train.weighted_metrics, objective.weighted_metrics);
  return objective;
}

std::vector<std::unique_ptr<Callback>> make_callbacks(const RunConfig& config, const std::string& folder,
                                                      ErrorList& errors) {
  std::vector<std::unique_ptr<Callback>> callbacks;
  for (const Node& node : config.callbacks)
    callbacks.push_back(make_callback(node, callback_context(config, folder), errors));
  return callbacks;
}

}  // namespace hgq
