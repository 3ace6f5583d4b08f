// Everything that one run of `hgq-train` is told: the config file, changed by --set and --seed.
//
//   ErrorList errors;
//   const RunConfig config = read_run_config({.path = "magic.yaml", .sets = {"train.epochs=10"}}, hooks, errors);
//   errors.throw_if_any();                        // all errors at once, in the order of the file
//   write(config.resolved.to_yaml());             // every default written out; reruns the same from anywhere
//
// This file reads the frame: sections, their own keys, the graph of layers, which dataset and loss belongs to which
// layer. What a layer, a quantizer, a loss, an optimizer, a metric, a callback or the data take is known where they are
// made; RunConfig keeps their nodes, with places, and ConfigHooks lets those that know them check them, so that
// `hgq-train check` reports all errors at once. All keys with types, defaults and docs: docs/config.md, made by
// apps/config_reference.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/data/data_config.h"
#include "hgq/layers/layer.h"
#include "hgq/layers/layer_graph.h"
#include "hgq/layers/trace.h"

namespace hgq {

struct ModelConfig {
  Node kernel_quantizer;      // a map, or null: the defaults
  Node activation_quantizer;  // the same
  double beta = 0;            // for every layer that gives none
  LayerGraph graph;
  std::vector<std::string> inputs, outputs;  // names of its layers
};

/// One output's loss: `NAME` or `{NAME: {...}}`.
struct OutputLoss {
  std::string output;
  Node loss;
  double weight = 1;
};

struct TrainConfig {
  std::vector<OutputLoss> losses;  // one for each output, in their order
  Node optimizer;                  // `NAME` or `{NAME: {...}}`
  std::vector<Node> metrics;       // the same
  std::vector<Node> weighted_metrics;
  int64_t batch_size = 32;
  int64_t epochs = 1;
  std::optional<int64_t> schedule_epochs;  // that schedules without a length of their own take; epochs if not given
  bool shuffle = true;

  int64_t schedule_length() const { return schedule_epochs.value_or(epochs); }
  /// As an int: the largest is more than any run reaches.
  static int count(int64_t epochs) {
    return static_cast<int>(std::min<int64_t>(epochs, std::numeric_limits<int>::max()));
  }
};

/// The data that set the ranges of the proxy.
struct TraceConfig {
  std::vector<std::string> data = {"train", "validation"};  // of train, validation, test
  double cover_factor = 1;
  int64_t batch_size = TraceOptions{}.batch_size;
};

struct ExportConfig {
  TraceConfig trace;
  bool saturate = false;  // overflow: sat; else wrap (aggressive=True)
  std::optional<int64_t> accum_fp_max_offset;
  int64_t unary_lut_max_table_size = ProxyOptions{}.unary_lut_max_table_size;

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

/// Checks by those who know: each adds what is wrong to the list; what one throws is added, too. One that is not set
/// takes everything.
struct ConfigHooks {
  /// The kinds of layers that are known; nullptr: all names are accepted.
  const LayerKinds* layer_kinds = nullptr;
  /// `kernel`: kernel_quantizer, else activation_quantizer.
  std::function<void(const Node& quantizer, bool kernel, ErrorList&)> check_quantizer;
  /// Every layer of a known kind but Input layers.
  std::function<void(const LayerNode&, ErrorList&)> check_layer;
  std::function<void(const Node& loss, ErrorList&)> check_loss;
  std::function<void(const Node& optimizer, ErrorList&)> check_optimizer;
  std::function<void(const Node& metric, bool weighted, ErrorList&)> check_metric;
  std::function<void(const Node& callback, const RunConfig&, ErrorList&)> check_callback;
  /// All callbacks together, where each by itself is right.
  std::function<void(const RunConfig&, ErrorList&)> check_callbacks;
};

/// Where a config comes from.
struct ConfigSource {
  std::string path;
  std::vector<std::string> sets;  // KEY.PATH=YAML, later ones win
  std::optional<int64_t> seed;    // wins over all
};

/// To be used only if `errors` got none.
RunConfig read_run_config(const ConfigSource& source, const ConfigHooks& hooks, ErrorList& errors);

/// The same from a tree; `folder` is where relative paths begin. Used for a config.yaml that was read before, and by
/// tests.
RunConfig run_config_from(const Node& tree, const std::string& folder, const ConfigHooks& hooks, ErrorList& errors);

/// The keys that this file reads, for the reference page.
std::vector<KeyDoc> run_config_docs();

/// A run that is continued keeps the length of its schedules, however many epochs are added: takes
/// train.schedule_epochs from the stored config where `now` gives none.
void keep_schedule_epochs(const Node& stored, RunConfig& now);

/// Refuses (ConfigError) to resume a run with a config that differs in more than train.epochs; names the keys. Both are
/// resolved configs; `path` names the folder of the run.
void check_resumable(const Node& stored, const Node& now, const std::string& path);

}  // namespace hgq
