// What the files in the folder of a run say, as a value: for reports, and for programs that compare runs.
//
//   Workers workers;
//   const report::RunFiles run = report::read_run("runs/magic", built_in_registry(), workers);
//   if (run.summary) std::printf("%.0f BOPs\n", run.summary->bops.value_or(0));
//   for (const report::FrontPoint& point : run.front.points) std::printf("epoch %d\n", point.epoch);
//   for (const std::string& line : run.missing) std::puts(line.c_str());
//
// A run that was stopped has no model.h5 and no summary.json yet: what there is is read, with its checkpoint as the
// model, and `missing` names the rest. A file that is there and cannot be read is a FileError; but a profile, which
// says nothing of the model, is then only named in `missing`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/callbacks/history.h"
#include "hgq/config/node.h"
#include "hgq/core/parallel.h"
#include "hgq/core/shape.h"
#include "hgq/data/classes.h"
#include "hgq/data/scaling.h"
#include "hgq/deploy/evaluation_file.h"
#include "hgq/deploy/registry.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/report/run_profile.h"

namespace hgq::report {

using NamedNumbers = std::vector<std::pair<std::string, double>>;
/// The number with this name; nothing if there is none.
std::optional<double> find_number(const NamedNumbers& numbers, const std::string& name);

/// The last part of the path of a folder, the same from wherever it is named.
std::string folder_name(const std::string& folder);
/// The text of a config.yaml or sweep.yaml. Throws FileError if it cannot be read or has more than a mebibyte.
std::string read_config_text(const std::string& path);
/// A history.csv. Throws FileError, with the path, if it cannot be read or is damaged.
History read_history(const std::string& path);

/// A model that no other one of the run beats (pareto/pareto.csv).
struct FrontPoint {
  std::string file;
  int epoch = 0;
  std::vector<double> values;  // of the metrics of the front
};
struct RunFront {
  std::vector<std::string> metrics;  // "val_accuracy", "bops"
  std::vector<FrontPoint> points;    // in the order of the epochs
};

/// A quantizer with values out of range, and what it would need (verify.advice of summary.json).
struct OverflowFact {
  std::string quantizer;  // name in the proxy
  int64_t values = 0;     // that overflowed
  std::string advice;     // a sentence; empty if there is none
};
/// A row in which the proxy is not the model.
struct DifferenceFact {
  int64_t row = 0;
  std::string layer, reason;
  double model = 0, proxy = 0;
};
/// The comparison of the proxy with the model (deploy/verification.h).
struct VerifyFacts {
  int64_t rows = 0, rows_differ = 0, rows_differ_without_overflow = 0, rows_differ_without_bits = 0,
          rows_with_overflow = 0;
  double cover_factor = 0;  // that would hold all values; 0: none does, or none is needed
  std::vector<OverflowFact> overflows;
  std::vector<std::string> without_bits;
  std::vector<DifferenceFact> differences;
};

/// summary.json. What the file does not have is empty.
struct RunSummary {
  std::optional<double> bops;  // exact
  NamedNumbers bops_per_layer, bits_per_layer;
  std::string tested_on;  // "test", "validation" or "train"
  std::optional<int64_t> rows, epochs, seed, threads;
  NamedNumbers model, proxy;  // metrics
  NamedNumbers data_rows;     // of the sets: "train", "validation", "test"
  std::optional<VerifyFacts> verify;
  std::vector<std::string> notes;
  std::string not_exported, proxy_is_wrong;
  std::string picked_from;  // the file that `hgq-train pick` has taken; empty for a training
  std::vector<std::pair<std::string, std::string>> versions;
  std::optional<double> wall_seconds, samples_per_second;
};

/// A layer of the network, or an input of it.
struct LayerFacts {
  std::string name, kind;  // kind: "HDense"; "Input"
  Shape shape;             // of a sample of its output
  std::vector<int> reads;  // indices of layers before it
  bool is_output = false;
  bool quantizes = false;     // has bit widths of its own for its output
  bool is_first_call = true;  // false: another call of a layer that has been listed before
  Shape kernel_shape;
  std::vector<int> kernel_bits;  // of each weight, row-major; empty: the layer has no kernel
  int64_t bias_count = 0;
  std::vector<float> activation_bits;  // of each element of the output; empty: not known
  std::optional<double> bops;          // exact
};
/// The fixed-point types of a quantizer of the proxy, and how many elements have each.
struct QuantizerFacts {
  std::string name;
  std::string rounding, overflow;  // as hls4ml names them
  std::vector<std::pair<std::string, int64_t>>
      types;  // "fixed<5,2>", by falling count; "0 bits" where nothing is built
};
struct NetworkFacts {
  std::string file;  // "model.h5", or "checkpoint.h5" before there is one
  std::vector<LayerFacts> layers;
  std::vector<std::pair<std::string, Scaling>> scaling;   // by input, those that are scaled
  std::vector<std::pair<std::string, ClassMap>> classes;  // by output, those with classes
};

/// LUTs and flip-flops by layer of the proxy: of rtl/report.json, or estimated of proxy.h5.
struct ResourceFacts {
  std::string source;  // "rtl/report.json" or "proxy.h5"
  NamedNumbers luts;   // by layer of the proxy
  double total_luts = 0, total_ffs = 0;
  double lut_spread = 0, ff_spread = 0;  // relative
  std::optional<int64_t> latency;        // clocks; of RTL
  std::optional<double> critical_path;   // ns
  std::string language;                  // of RTL
};

struct RunFiles {
  std::string name;         // of the folder
  std::string config_text;  // config.yaml
  Node config;
  History history;
  RunFront front;
  NamedNumbers measured;  // of model.h5, by `hgq-train front`: "val_accuracy", "exact_bops"
  std::optional<RunSummary> summary;
  std::optional<EvaluationFile> evaluation;  // evaluation.json
  std::optional<NetworkFacts> network;
  std::optional<ProfileFacts> profile;     // profile.json
  std::vector<QuantizerFacts> quantizers;  // of proxy.h5
  std::optional<ResourceFacts> resources;
  std::string no_resources;          // why there are none
  std::vector<std::string> missing;  // a sentence for each file that is not there
};

struct ReadOptions {
  /// A proxy of more exact BOPs is not lowered to RTL for an estimate of its LUTs, which would take more than about a
  /// second.
  double most_bops_to_estimate = 50'000;
};

/// Reads the files of a run. Throws FileError if `folder` holds no run, or if a file is damaged; ConfigError if a file
/// names a kind that `registry` lacks.
RunFiles read_run(const std::string& folder, const Registry& registry, Workers& workers,
                  const ReadOptions& options = {});

/// Whether a folder holds at least one of the files of a run.
bool holds_run(const std::string& folder);

/// Parts of it, each of one file.
RunSummary read_summary(const std::string& path);
RunFront read_front(const std::string& path);
EvaluationFile read_evaluation(const std::string& path);
NetworkFacts read_network(const std::string& path, const Registry& registry);
/// The same of a model that has been read from `path`.
NetworkFacts network_facts(const LoadedModel& loaded, const std::string& path);

}  // namespace hgq::report
