// The config of one run of `hgq-train`: the config file, changed by --set and --seed.
//
//   ErrorList errors;
//   const RunConfig config = read_run_config({.path = "magic.yaml", .sets = {"train.epochs=10"}}, hooks, errors);
//   errors.throw_if_any();                        // all errors at once, in the order of the file
//   write(config.resolved.to_yaml());             // every default written out; reruns the same from anywhere
//
// This file reads the sections, their own keys, the graph of layers, and which dataset and loss belongs to which layer.
// The keys of a layer, a quantizer, a loss, an optimizer, a metric, a callback or the data are known where these are
// made: RunConfig keeps their nodes, with places, and the functions in ConfigHooks check them, so that `hgq-train
// check` reports all errors at once. docs/config.md, made by apps/config_reference.h, lists all keys with types,
// defaults and docs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "hgq/apps/class_weight_keys.h"
#include "hgq/apps/distillation_keys.h"
#include "hgq/apps/loss_list.h"
#include "hgq/apps/metric_list.h"
#include "hgq/apps/model_weights.h"
#include "hgq/apps/rtl_settings.h"
#include "hgq/apps/training_phases.h"
#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/data/data_config.h"
#include "hgq/layers/layer.h"
#include "hgq/layers/layer_graph.h"
#include "hgq/layers/trace.h"

namespace hgq {

struct ModelConfig {
  ModelWeights weights;
  Node kernel_quantizer;      // a map, or null: the defaults
  Node activation_quantizer;  // the same
  double beta = 0;            // for every layer without a beta of its own
  LayerGraph graph;
  std::vector<std::string> inputs, outputs;  // names of its layers
};

struct TrainConfig {
  std::vector<OutputLoss> losses;  // one for each output, in their order
  Node optimizer;                  // `NAME` or `{NAME: {...}}`
  std::vector<MetricConfig> metrics, weighted_metrics;
  int64_t batch_size = 32;
  int64_t epochs = 1;
  std::optional<int64_t> schedule_epochs;  // the length of schedules without one of their own; epochs if not given
  bool shuffle = true;
  Node class_weight;                        // as it is written, or null
  std::vector<ClassWeights> class_weights;  // for each output, or none
  DistillationConfig distillation;
  PlacedNames freeze;
  std::vector<PhaseConfig> phases;  // with their epochs, but for the last

  int64_t schedule_length() const { return schedule_epochs.value_or(epochs); }
  /// A number of epochs as an int; more than its largest value is more than any run reaches.
  static int count(int64_t epochs) {
    return static_cast<int>(std::min<int64_t>(epochs, std::numeric_limits<int>::max()));
  }
};

/// The data from which the ranges of the proxy are found.
struct TraceConfig {
  std::vector<std::string> data = {"train", "validation"};  // of train, validation, test
  double cover_factor = 1;
  int64_t batch_size = TraceOptions{}.batch_size;
};

struct ExportConfig {
  TraceConfig trace;
  bool saturate = false;  // overflow: sat; otherwise wrap (aggressive=True)
  std::optional<int64_t> accum_fp_max_offset;
  int64_t unary_lut_max_table_size = ProxyOptions{}.unary_lut_max_table_size;
  std::optional<RtlSettings> rtl;  // none: no RTL is written

  ProxyOptions options() const {
    return {.aggressive = !saturate,
            .accum_fp_max_offset = accum_fp_max_offset,
            .unary_lut_max_table_size = unary_lut_max_table_size};
  }
};

struct RunConfig {
  int64_t seed = 0;
  Node data;               // a map, as it is written
  DataConfig data_config;  // the same, read; its paths are relative to the working folder, or absolute
  ModelConfig model;
  TrainConfig train;
  std::vector<Node> callbacks;  // `NAME` or `{NAME: {...}}`, in the order of the config
  ExportConfig proxy;           // the section `export`
  /// The whole config with its defaults, names of layers and absolute paths of data files.
  Node resolved;
};

/// Checks by the parts that know the keys. Each adds its errors to the list; errors that it throws are added, too. A
/// hook that is not set accepts everything.
struct ConfigHooks {
  /// The kinds of layers that are known; nullptr: all names are accepted.
  const LayerKinds* layer_kinds = nullptr;
  /// `kernel`: whether it is kernel_quantizer; otherwise it is activation_quantizer.
  std::function<void(const Node& quantizer, bool kernel, ErrorList&)> check_quantizer;
  /// Called for every layer of a known kind, except Input layers.
  std::function<void(const LayerNode&, ErrorList&)> check_layer;
  std::function<void(const Node& loss, ErrorList&)> check_loss;
  std::function<void(const Node& optimizer, ErrorList&)> check_optimizer;
  std::function<void(const Node& metric, bool weighted, ErrorList&)> check_metric;
  /// A number or a schedule.
  std::function<void(const Node& rate, ErrorList&)> check_learning_rate;
  std::function<void(const Node& callback, const RunConfig&, ErrorList&)> check_callback;
  /// Called for all callbacks together, if each of them is right.
  std::function<void(const RunConfig&, ErrorList&)> check_callbacks;
};

/// The sources of a config.
struct ConfigSource {
  std::string path;
  std::vector<std::string> sets;  // KEY.PATH=YAML; later ones have priority
  std::optional<int64_t> seed;    // has priority over all others
};

/// Reads a config. The result may be used only if `errors` is empty.
RunConfig read_run_config(const ConfigSource& source, const ConfigHooks& hooks, ErrorList& errors);

/// The same from a tree; relative paths start from `folder`. Used for the config.yaml of a run, and by tests.
RunConfig run_config_from(const Node& tree, const std::string& folder, const ConfigHooks& hooks, ErrorList& errors);

/// The keys that this file reads, for the reference page.
std::vector<KeyDoc> run_config_docs();

/// A resumed run keeps the length of its schedules, however many epochs are added: takes train.schedule_epochs from the
/// stored config if `now` does not set it.
void keep_schedule_epochs(const Node& stored, RunConfig& now);

/// Throws ConfigError, which names the keys, if a run is resumed with a config that differs in more than train.epochs.
/// Both are resolved configs; `path` is the folder of the run.
void check_resumable(const Node& stored, const Node& now, const std::string& path);

}  // namespace hgq
