#include "hgq/apps/run_config.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "hgq/apps/config_file.h"
#include "hgq/apps/config_path.h"
#include "hgq/apps/data_names.h"
#include "hgq/apps/layer_list.h"
#include "hgq/apps/resolved_config.h"
#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

using Docs = std::vector<KeyDoc>;

/// The items of a list of named things; a single thing counts as a list of one.
std::vector<Node> named_items(const Node* node) {
  if (node == nullptr) return {};
  return node->is_list() ? node->items() : std::vector<Node>{*node};
}

/// Runs a hook, if there is one. An error that it throws is added to the list, at `place`.
template <typename... Parameters, typename... Arguments>
void run_hook(const std::function<void(Parameters...)>& hook, const std::string& place, ErrorList& errors,
              Arguments&&... arguments) {
  if (!hook) return;
  try {
    hook(std::forward<Arguments>(arguments)...);
  } catch (const RunError&) {  // the disk failed, which says nothing about the config
    throw;
  } catch (const Error& e) {
    errors.add(place, e.what());
  }
}

/// Checks the form NAME or {NAME: {...}}, and then the rest with the hook.
template <typename... Parameters, typename... Arguments>
void check_named(const Node& node, std::string_view what, ErrorList& errors,
                 const std::function<void(Parameters...)>& hook, Arguments&&... arguments) {
  const std::size_t before = errors.size();
  read_named(node, what, errors);
  if (errors.size() == before) run_hook(hook, node.place(), errors, std::forward<Arguments>(arguments)...);
}

/// Reads the sections one by one, and makes the resolved config at the same time.
class Reader {
 public:
  Reader(const Node& tree, std::string folder, const ConfigHooks& hooks, ErrorList& errors, Docs* docs = nullptr)
      : tree_(tree), folder_(std::move(folder)), hooks_(hooks), errors_(errors), docs_(docs) {}

  RunConfig read() {
    ConfigReader top(tree_, "", errors_, docs_);
    config_.seed = top.integer("seed", "seed of all that is random: split, order of the rows, initial weights, dropout",
                               {.min = 0});
    const Node* data = section(top, "data", "what to learn from", true);
    const Node* model = section(top, "model", "the network", true);
    const Node* train = section(top, "train", "how it is trained", true);
    const Node* callbacks = top.node("callbacks", "called between epochs, in this order", "a list of callbacks", "[]");
    const Node* proxy = section(top, "export", "how the proxy for hls4ml is made", false);
    top.finish();
    if (model != nullptr) read_model(*model, data);
    if (data != nullptr) read_data(*data);
    if (train != nullptr) read_train(*train);
    read_export(proxy == nullptr ? Node() : *proxy);
    read_callbacks(callbacks);
    if (errors_.empty()) config_.resolved = resolved_config(config_, layers_, outputs_, folder_, hooks_.layer_kinds);
    return std::move(config_);
  }

 private:
  /// The map of a section; nullptr if it is missing or not a map.
  const Node* section(ConfigReader& top, const std::string& key, std::string_view doc, bool required) {
    const Node* node = top.node(key, doc, "a map", required ? "required" : "");
    if (node == nullptr || node->is_map()) return node;
    errors_.add(node->place(), concat(key, ": found ", describe(*node), ", expected a map (key: value)"));
    return nullptr;
  }

  void read_model(const Node& node, const Node* data) {
    ModelConfig& model = config_.model;
    ConfigReader c(node, "model", errors_, docs_);
    const Node* kernel = c.node("kernel_quantizer", "keys that replace defaults of kernel quantizers", "a quantizer",
                                "the defaults below");
    const Node* activation = c.node("activation_quantizer", "keys that replace defaults of activation quantizers",
                                    "a quantizer", "the defaults below");
    model.beta = c.number("beta", "strength of the BOPs term of every layer without its own", {.min = 0});
    const Node* layers = c.node("layers", "the network: NAME or {NAME: {...}}, a chain except for layers with `inputs`",
                                "a list", "required");
    const Node* outputs = c.node("outputs", "names of the layers that give the outputs", "a list",
                                 "the layers that no other layer reads");
    const Node* weights = c.node(
        "weights", "model file with whose weights, bit widths and ranges the run begins, taken by the names of layers",
        "a file, or a map", "new weights");
    c.finish();
    if (weights != nullptr || docs_ != nullptr)
      model.weights = read_model_weights(weights == nullptr ? Node::map({}) : *weights, folder_, errors_, docs_);
    if (kernel != nullptr) read_quantizer(*kernel, "kernel_quantizer", model.kernel_quantizer);
    if (activation != nullptr) read_quantizer(*activation, "activation_quantizer", model.activation_quantizer);
    if (layers == nullptr) return;
    const std::size_t before = errors_.size();
    const std::vector<LayerSpec> specs = read_layer_list(*layers, "model", errors_);
    const PlacedNames named = outputs == nullptr ? PlacedNames() : read_names(*outputs, "model.outputs", errors_);
    model.graph = arrange_layers(specs,
                                 {.outputs = named.names,
                                  .output_places = named.places,
                                  .input_name = input_name(data),
                                  .kinds = hooks_.layer_kinds,
                                  .is_complete = errors_.size() == before},
                                 errors_);
    graph_is_right_ = errors_.size() == before;
    model.inputs = model.graph.input_names();
    model.outputs = model.graph.output_names();
    check_layers(model.graph);
    layers_ = *layers;
    if (outputs != nullptr) outputs_ = *outputs;
  }

  void check_layers(const LayerGraph& graph) {
    for (const LayerNode& layer : graph.layers) {
      if (layer.inside != nullptr) check_layers(*layer.inside);
      const std::string& kind = layer.spec.kind;
      const bool known = hooks_.layer_kinds == nullptr || hooks_.layer_kinds->layers.find(kind) != nullptr;
      if (known && !is_structure(kind) && layer.spec.arguments.is_map())
        run_hook(hooks_.check_layer, layer.place, errors_, layer, errors_);
    }
  }

  void read_quantizer(const Node& node, const std::string& key, Node& into) {
    if (!node.is_map()) {
      errors_.add(node.place(), concat("model.", key, ": found ", describe(node), ", expected a map (key: value)"));
      return;
    }
    into = node;
    run_hook(hooks_.check_quantizer, node.key_place(), errors_, node, key == "kernel_quantizer", errors_);
  }

  /// The name of an Input that is not in the config: that of the only input in `data.inputs`, otherwise the name that
  /// Keras would give it.
  static std::string input_name(const Node* data) {
    const Node* inputs = data == nullptr ? nullptr : data->find("inputs");
    const bool named =
        inputs != nullptr && inputs->is_map() && inputs->entries().size() == 1 && inputs->find("file") == nullptr;
    return named ? inputs->entries()[0].first : "input_1";
  }

  void read_data(const Node& node) {
    config_.data = node;
    const std::size_t before = errors_.size();
    config_.data_config = read_data_config(node, folder_, errors_, docs_);
    data_is_right_ = errors_.size() == before;
    if (graph_is_right_)
      check_data_names(config_.data_config, node, config_.model.inputs, config_.model.outputs, errors_);
  }

  void read_train(const Node& node) {
    TrainConfig& train = config_.train;
    ConfigReader c(node, "train", errors_, docs_);
    const Node* loss = c.node("loss", "one for all outputs, or {OUTPUT: LOSS, ...}", "a loss", "required");
    const Node* weights =
        c.node("loss_weights", "factors of the outputs' losses in their sum: {OUTPUT: FACTOR, ...}", "a map", "1 each");
    const Node* optimizer = c.node("optimizer", "how the weights are updated", "an optimizer", "Adam");
    const Node* metrics = c.node(
        "metrics", "measured in addition to the loss, on training and validation rows; {OUTPUT: [...], ...} for each",
        "a list of metrics", "[]");
    const Node* weighted = c.node("weighted_metrics", "the same, as means weighted by data.sample_weights; not AUC",
                                  "a list of metrics", "[]");
    train.batch_size =
        c.integer("batch_size", "rows of a training step", {.fallback = train.batch_size, .min = 1, .max = kMaxCount});
    train.epochs =
        c.integer("epochs", "passes over the training rows", {.fallback = train.epochs, .min = 1, .max = kMaxCount});
    train.schedule_epochs = c.optional_integer("schedule_epochs",
                                               "length of the training for schedules that have none of their own; "
                                               "train.epochs if not given. A run that is resumed for more epochs "
                                               "keeps the length with which it began",
                                               {.min = 1, .max = kMaxCount});
    train.shuffle = c.boolean("shuffle", "a new order of the rows in every epoch", train.shuffle);
    const Node* freeze = c.node("freeze",
                                "layers, or nested models, whose weights and bit widths stay as they are; with batch "
                                "norm also its mean and variance",
                                "a list", "[]");
    const Node* phases =
        c.node("phases", "a training in parts, each with its own beta, learning rate and frozen layers",
               "a list of maps", "one phase");
    const Node* class_weight =
        c.node("class_weight",
               "factor of the loss of each training row by its class, as Keras' class_weight: balanced (all classes "
               "count as much), or {CLASS: WEIGHT, ...} with labels or numbers of classes, 1 for others; "
               "{OUTPUT: ..., ...} for several outputs",
               "balanced, or a map", "1 each");
    const Node* distillation =
        c.node("distillation", "learn also from the outputs of a trained model: the teacher", "a map", "no teacher");
    c.finish();
    if (class_weight != nullptr) {
      train.class_weight = *class_weight;
      train.class_weights =
          read_class_weights(*class_weight, {"train.class_weight", config_.model.outputs, graph_is_right_}, errors_);
    }
    if (distillation != nullptr || docs_ != nullptr)
      train.distillation =
          read_distillation(distillation == nullptr ? Node::map({}) : *distillation, folder_, errors_, docs_);
    if (freeze != nullptr) train.freeze = read_freeze(*freeze, "train.freeze", errors_);
    if (phases != nullptr || docs_ != nullptr)
      read_train_phases(phases == nullptr ? Node::list({Node::map({})}) : *phases, c);
    if (loss != nullptr) train.losses = loss_list(*loss);
    if (weights != nullptr)
      read_loss_weights(*weights, {"train.loss_weights", config_.model.outputs, graph_is_right_}, train.losses,
                        errors_);
    train.optimizer = optimizer == nullptr ? Node::scalar("Adam") : *optimizer;
    check_named(train.optimizer, "an optimizer", errors_, hooks_.check_optimizer, train.optimizer, errors_);
    train.metrics = metric_list(metrics, "train.metrics", false);
    train.weighted_metrics = metric_list(weighted, "train.weighted_metrics", true);
  }

  std::vector<MetricConfig> metric_list(const Node* node, const std::string& section, bool weighted) {
    std::vector<MetricConfig> metrics =
        read_metric_list(node, {section, config_.model.outputs, graph_is_right_}, errors_);
    for (const auto& [metric, output] : metrics)
      check_named(metric, "a metric", errors_, hooks_.check_metric, metric, weighted, errors_);
    return metrics;
  }

  void read_train_phases(const Node& node, ConfigReader& c) {
    TrainConfig& train = config_.train;
    const std::size_t before = errors_.size();
    train.phases = read_phases(node, errors_, docs_);
    for (const PhaseConfig& phase : train.phases) {
      if (!phase.learning_rate.is_null())
        run_hook(hooks_.check_learning_rate, phase.place, errors_, phase.learning_rate, errors_);
    }
    if (errors_.size() > before) return;
    const std::string wrong = fit_epochs(train.phases, c.has("epochs"), train.epochs);
    if (!wrong.empty()) errors_.add(node.key_place(), concat("train.phases: ", wrong));
  }

  std::vector<OutputLoss> loss_list(const Node& node) {
    const auto check = [&](const Node& loss) {
      check_named(loss, "a loss", errors_, hooks_.check_loss, loss, errors_);
    };
    return read_loss_list(node, {"train.loss", config_.model.outputs, graph_is_right_}, check, errors_);
  }

  void read_export(const Node& node) {
    ExportConfig& proxy = config_.proxy;
    ConfigReader c(node, "export", errors_, docs_);
    const Node* trace = c.node("trace", "how the ranges of the proxy are found", "a map");
    proxy.saturate = c.choice("overflow",
                              "what numbers out of range become: wrap (as integers do; HGQ's aggressive=True), "
                              "or sat (the nearest end)",
                              {"wrap", "sat"}, "wrap") == "sat";
    proxy.accum_fp_max_offset =
        c.optional_integer("accum_fp_max_offset", "accepted as in Python HGQ, where it changes no value");
    proxy.unary_lut_max_table_size =
        c.integer("unary_lut_max_table_size",
                  "entries of the largest table (UnaryLUT) that replaces a function, up to 65536; 2048 is the "
                  "most that Keras opens. Without one (-1: none) hls4ml computes sigmoid and tanh from its own coarser "
                  "table, and other functions cannot be exported",
                  {.fallback = proxy.unary_lut_max_table_size, .min = -1, .max = kMaxCount});
    const Node* rtl =
        c.node("rtl", "Verilog or VHDL of the proxy, in the folder `rtl` of the run; none without it, or with `null`",
               "a map; empty, as in `rtl: {}` or `rtl:` alone, it has all defaults");
    // Who writes the key and nothing behind it wants RTL; `null` is written to have none.
    const Node* const written = node.find("rtl");
    if (rtl == nullptr && written != nullptr && written->text().empty()) rtl = written;
    c.finish();
    read_trace(trace == nullptr ? Node() : *trace);
    if (rtl != nullptr || docs_ != nullptr)
      proxy.rtl = read_rtl_settings(rtl == nullptr ? Node() : *rtl, errors_, docs_);
  }

  void read_trace(const Node& node) {
    TraceConfig& trace = config_.proxy.trace;
    ConfigReader c(node, "export.trace", errors_, docs_);
    const std::vector<std::string> names = {"train", "validation", "test"};
    trace.data = c.texts("data", "sets on whose rows the ranges are traced: of train, validation, test", trace.data);
    trace.cover_factor = c.number("cover_factor", "ranges are widened about their centre by this factor",
                                  {.fallback = 1, .min = 0, .above_min = true});
    trace.batch_size = c.integer("batch_size", "rows that are traced at once",
                                 {.fallback = trace.batch_size, .min = 1, .max = kMaxCount});
    c.finish();
    if (trace.data.empty()) c.error("data", "found an empty list, expected names of train, validation, test");
    std::set<std::string> seen;
    const std::vector<Node> items = c.has("data") ? named_items(node.find("data")) : std::vector<Node>{};
    for (const Node& item : items) {
      if (!text_of(item)) continue;  // reported before
      const std::string name = *text_of(item);
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        errors_.add(item.place(),
                    concat("export.trace.data: unknown rows '", printable(name), "'", suggestion(name, names)));
      } else if (!seen.insert(name).second) {
        errors_.add(item.place(), concat("export.trace.data: '", name, "' is given twice"));
      }
    }
    const DataConfig& data = config_.data_config;
    const auto is_there = [&](const std::string& set) {
      return set == "train" || (set == "test" ? data.test.has_value() : data.validation || data.validation_share);
    };
    if (errors_.empty() && std::ranges::none_of(trace.data, is_there))
      c.error("data", concat("found ", join_names(trace.data), ", but the section `data` gives no such rows"));
  }

  void read_callbacks(const Node* node) {
    if (node != nullptr && !node->is_list()) {
      errors_.add(node->place(), concat("callbacks: found ", describe(*node), ", expected a list (- NAME)"));
      return;
    }
    if (node != nullptr && node->items().size() > kMostCallbacks) {
      errors_.add(node->place(),
                  concat("callbacks: found a list of ", node->items().size(), ", expected at most ", kMostCallbacks));
      return;
    }
    config_.callbacks = named_items(node);
    const std::size_t before = errors_.size();
    for (const Node& callback : config_.callbacks) {
      check_named(callback, "a callback", errors_, hooks_.check_callback, callback, config_, errors_);
    }
    const bool outputs_are_known = graph_is_right_ && config_.train.losses.size() == config_.model.outputs.size();
    if (docs_ == nullptr && errors_.size() == before && outputs_are_known && data_is_right_)
      run_hook(hooks_.check_callbacks, node == nullptr ? "" : node->place(), errors_, config_, errors_);
  }

  static constexpr std::size_t kMostCallbacks = 1000;
  static constexpr int64_t kMaxCount = int64_t{1} << 31;  // rows, epochs, table entries: more is a mistake

  const Node& tree_;
  std::string folder_;
  const ConfigHooks& hooks_;
  ErrorList& errors_;
  Docs* docs_;
  RunConfig config_;
  bool graph_is_right_ = false;
  bool data_is_right_ = false;
  Node layers_, outputs_;  // as they are written
};

}  // namespace

RunConfig run_config_from(const Node& tree, const std::string& folder, const ConfigHooks& hooks, ErrorList& errors) {
  return Reader(tree, folder, hooks, errors).read();
}

RunConfig read_run_config(const ConfigSource& source, const ConfigHooks& hooks, ErrorList& errors) {
  if (!can_be_config(source.path, errors)) return {};
  Node tree = Node::from_yaml_file(source.path, errors);
  if (!has_sections(tree, source.path, errors)) return {};
  int number = 0;
  for (const std::string& assignment : source.sets) apply_set(tree, assignment, ++number, errors, hooks.layer_kinds);
  if (source.seed) {
    Node seed = Node::integer(*source.seed);
    seed.set_places("--seed");
    tree.set("seed", std::move(seed));
  }
  // Paths start from the folder of the config; a pipe (`<(...)`) has none.
  std::error_code ignored;
  const bool is_file = std::filesystem::is_regular_file(source.path, ignored);
  const std::string folder = is_file ? std::filesystem::path(source.path).parent_path().string() : "";
  return run_config_from(tree, folder, hooks, errors);
}

std::vector<KeyDoc> run_config_docs() {
  // Reading an empty section collects all of its keys; the errors about missing keys are dropped.
  Node tree;
  for (const char* section : {"data", "model", "train"}) tree.set(section, Node::map({}));
  tree.find("data")->set("csv", Node::map({}));
  ErrorList ignored;
  Docs docs;
  Reader(tree, "", {}, ignored, &docs).read();
  return docs;
}

}  // namespace hgq
