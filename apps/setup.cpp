#include "hgq/apps/setup.h"

#include <algorithm>
#include <cmath>

#include "hgq/apps/metric_list.h"
#include "hgq/callbacks/watched.h"
#include "hgq/core/error.h"
#include "hgq/deploy/circuit_cost.h"
#include "hgq/deploy/convert.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/model_state.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/firmware_notes.h"

namespace hgq {
namespace {

LayerDefaults defaults_of(const ModelConfig& model, const LayerKinds& kinds, ErrorList& errors) {
  LayerDefaults defaults;
  defaults.kinds = &kinds;
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
      .epochs = TrainConfig::count(config.train.schedule_length()), .folder = folder, .proxy = config.proxy.options()};
  const auto listed = [&](const std::string& name) {
    return std::ranges::any_of(config.callbacks, [&](const Node& n) { return callback_name(n) == name; });
  };
  context.free_bops_and_calibrated = listed("FreeBOPs") && listed("CalibratedBOPs");
  return context;
}

/// The key with which a callback's config names a metric.
std::string place_of(const Node& callback, const std::string& key) {
  if (!callback.is_map() || callback.entries().empty()) return callback.place();
  const Node* const named = callback.entries().front().second.find(key);
  return named == nullptr ? callback.place() : named->place();
}

/// Adds an error for each callback that sets beta if the phases do.
void check_beta_of_phases(const RunConfig& config, const Registry& registry, ErrorList& errors) {
  const auto has_beta = [](const PhaseConfig& phase) { return phase.beta.has_value(); };
  if (std::ranges::none_of(config.train.phases, has_beta)) return;
  ErrorList said_elsewhere;
  for (const Node& node : config.callbacks) {
    const auto callback = make_callback(node, callback_context(config, ""), registry, said_elsewhere);
    if (callback != nullptr && callback->sets_beta())
      errors.add(node.place(), concat("callbacks: ", callback->name(),
                                      " sets beta, and so does train.phases; leave out one of them"));
  }
}

/// Adds an error for each callback that sets the learning rate if the phases do, or if it follows a schedule.
void check_learning_rate_of_callbacks(const RunConfig& config, const Registry& registry, ErrorList& errors) {
  ErrorList said_elsewhere;
  const auto has_rate = [](const PhaseConfig& phase) { return !phase.learning_rate.is_null(); };
  const bool in_phases = std::ranges::any_of(config.train.phases, has_rate);
  const auto optimizer = make_optimizer(config.train.optimizer, {.kinds = &registry}, said_elsewhere);
  if (!in_phases && (optimizer == nullptr || !optimizer->has_schedule())) return;
  for (const Node& node : config.callbacks) {
    const auto callback = make_callback(node, callback_context(config, ""), registry, said_elsewhere);
    if (callback == nullptr || !callback->sets_learning_rate()) continue;
    errors.add(node.place(),
               in_phases
                   ? concat("callbacks: ", callback->name(), " sets the learning rate, and so does train.phases (",
                            "learning_rate); leave out one of them")
                   : concat("callbacks: ", callback->name(),
                            ": the learning rate of train.optimizer follows a schedule, and cannot be set; give a "
                            "number as learning_rate, or leave out ",
                            callback->name()));
  }
}

/// The metric of the config that is called so in the logs; nullptr if it is something else.
const MetricConfig* metric_called(const std::string& name, const RunConfig& config, const TrainingKinds& kinds) {
  ErrorList said_elsewhere;
  for (const auto& [list, prefix] :
       {std::pair(&config.train.metrics, ""), std::pair(&config.train.weighted_metrics, "weighted_")}) {
    for (const MetricConfig& metric : *list) {
      const MetricPtr made = make_metric(metric.metric, kinds.metrics, said_elsewhere);
      if (made == nullptr) continue;
      const std::string logged(made->logged_name());
      for (const std::string& output : config.model.outputs) {
        for (const std::string& form : {logged, prefix + logged}) {
          if (name == form || name == concat(output, "_", form)) return &metric;
        }
      }
    }
  }
  return nullptr;
}

/// Adds an error for each name that two values of an epoch have.
void check_names_of_values(const RunConfig& config, const TrainingKinds& kinds,
                           const std::vector<std::string>& ambiguous, ErrorList& errors) {
  for (const std::string& name : ambiguous) {
    if (const MetricConfig* const metric = metric_called(name, config, kinds)) {
      errors.add(metric->metric.place(), name_is_taken(name));
    } else {
      errors.add("model", two_values_called(name));
    }
  }
}

/// Adds an error for callbacks that watch a metric that is not measured. Errors of losses and metrics are reported
/// elsewhere.
void check_watched_metrics(const RunConfig& config, const Registry& registry, ErrorList& errors) {
  ErrorList said_elsewhere;
  const Objective objective = make_objective(config, registry, said_elsewhere);
  const std::vector<std::unique_ptr<Callback>> callbacks = make_callbacks(config, "", registry, said_elsewhere);
  // The names of the outputs of nested models are known only when the model is made.
  const auto is_layer = [&](const std::string& output) {
    return std::ranges::any_of(config.model.graph.layers, [&](const LayerNode& layer) {
      return layer.name == output && !is_structure(layer.spec.kind);
    });
  };
  const bool names_are_known = config.model.outputs.size() == 1 || std::ranges::all_of(config.model.outputs, is_layer);
  if (!said_elsewhere.empty() || !names_are_known || !objective.names_are_known()) return;
  const std::vector<std::string> measured = objective.logged_names(config.model.outputs);
  const bool validation = config.data_config.validation || config.data_config.validation_share;
  for (const UnmeasuredMetric& metric : find_unmeasured(callbacks, measured, validation))
    errors.add(place_of(config.callbacks[metric.callback], metric.key), metric.message);
  for (const UnmeasuredMetric& rival : find_rivals(callbacks))
    errors.add(config.callbacks[rival.callback].place(), rival.message);
  check_names_of_values(config, registry, ambiguous_names(callbacks, measured, validation), errors);
}

}  // namespace

ConfigHooks config_hooks(const Registry& registry) {
  ConfigHooks hooks;
  hooks.layer_kinds = &registry;
  hooks.check_quantizer = [](const Node& quantizer, bool kernel, ErrorList& errors) {
    QuantizerConfig::from_node(quantizer, kernel ? get_default_kq_conf() : get_default_paq_conf(),
                               kernel ? "kernel_quantizer" : "activation_quantizer", errors);
  };
  hooks.check_layer = [&registry](const LayerNode& layer, ErrorList& errors) {
    const LayerDefaults defaults = registry.layer_defaults();
    make_layer(layer.spec.kind, {layer.spec.arguments, defaults, errors, nullptr});
  };
  hooks.check_loss = [&registry](const Node& loss, ErrorList& errors) { make_loss(loss, registry.losses, errors); };
  hooks.check_optimizer = [&registry](const Node& optimizer, ErrorList& errors) {
    make_optimizer(optimizer, {.kinds = &registry}, errors);
  };
  hooks.check_metric = [&registry](const Node& node, bool weighted, ErrorList& errors) {
    const MetricPtr metric = make_metric(node, registry.metrics, errors);
    if (metric != nullptr && weighted && metric->needs_all_rows())
      errors.add(node.place(),
                 concat("metric '", metric->name(), "' has no weighted form; put it under train.metrics"));
  };
  hooks.check_learning_rate = [&registry](const Node& rate, ErrorList& errors) {
    make_schedule(rate, {.kinds = &registry}, errors);
  };
  hooks.check_callback = [&registry](const Node& callback, const RunConfig& config, ErrorList& errors) {
    make_callback(callback, callback_context(config, ""), registry, errors);
  };
  hooks.check_callbacks = [&registry](const RunConfig& config, ErrorList& errors) {
    check_beta_of_phases(config, registry, errors);
    check_learning_rate_of_callbacks(config, registry, errors);
    check_watched_metrics(config, registry, errors);
  };
  return hooks;
}

Model make_model(const RunConfig& config, const std::map<std::string, Shape>& input_shapes, const LayerKinds& kinds,
                 ErrorList& errors) {
  Model::Options options{.input_shapes = input_shapes, .outputs = {}};
  options.defaults = defaults_of(config.model, kinds, errors);
  options.build.seed = static_cast<uint64_t>(config.seed);
  return Model::make(config.model.graph, options, errors);
}

ExportOutlook look_at_export(Model& model, const ProxyOptions& options, const RtlSettings* rtl) {
  constexpr int64_t kRows = 4;
  ExportOutlook outlook{.refused = model.what_cannot_be_exported(options), .notes = {}, .no_rtl = {}};
  if (!outlook.refused.empty()) return outlook;
  std::vector<Tensor> rows;
  for (const int input : model.inputs()) {
    Tensor& values = rows.emplace_back(model.entry(input).shape.with_front(kRows));
    for (int64_t i = 0; i < values.size(); ++i) values.data()[i] = std::sin(static_cast<float>(i));
  }
  ModelState trial(model);
  const ModelState::Exchange ranges_of_its_own(trial, model);
  Workers alone(1);
  try {
    trace_minmax(model, views_of(rows), alone, {.batch_size = kRows});
    const ProxyModel proxy = to_proxy_model(model, options);
    const std::vector<ProxyPlan> plans = plan_layers(proxy);
    outlook.notes =
        firmware_notes(proxy, [&](int layer) -> const ProxySignal& { return plans[static_cast<size_t>(layer)].out; });
    if (rtl != nullptr) outlook.no_rtl = why_no_circuit(proxy, rtl->softmax, "`softmax: ", "`");
  } catch (const Error& e) {
    outlook.notes.push_back(concat("the untrained model cannot be exported: ", e.what()));
  }
  return outlook;
}

Objective make_objective(const RunConfig& config, const TrainingKinds& kinds, ErrorList& errors) {
  Objective objective;
  for (const OutputLoss& loss : config.train.losses) {
    objective.losses.push_back(make_loss(loss.loss, kinds.losses, errors));
    objective.weights.push_back(loss.weight);
  }
  objective.distillation = config.train.distillation.loss();
  add_metrics(config, kinds, objective, errors);
  return objective;
}

std::vector<std::unique_ptr<Callback>> make_callbacks(const RunConfig& config, const std::string& folder,
                                                      const CallbackKinds& kinds, ErrorList& errors) {
  std::vector<std::unique_ptr<Callback>> callbacks;
  for (const Node& node : config.callbacks)
    callbacks.push_back(make_callback(node, callback_context(config, folder), kinds, errors));
  return callbacks;
}

}  // namespace hgq
