// The commands of hgq-train. Each is a function, in a file of its own. They return the exit code: 0 done, 1 the answer
// is no (of verify, or of a training whose proxy is wrong), 2 bad usage, config or input, 3 the run failed (a loss that
// is not finite, a full disk; or the model is trained, but no proxy can be made of it), 130 interrupted. Results go to
// standard output, messages to standard error. The registry contains the kinds that configs and files can name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hgq/apps/rtl_settings.h"
#include "hgq/deploy/registry.h"
#include "hgq/layers/layer.h"

namespace hgq {

inline constexpr int kExitDone = 0;
inline constexpr int kExitNo = 1;
inline constexpr int kExitBadInput = 2;
inline constexpr int kExitFailed = 3;
inline constexpr int kExitInterrupted = 130;

struct TrainCommand {
  std::string config;
  std::string out;
  std::vector<std::string> sets;
  std::optional<int64_t> seed;
  int threads = 0;
  int stop_after = 0;
  int64_t stop_after_steps = 0;
  double checkpoint_seconds = 2;  // the least time between two checkpoints at the end of an epoch
  bool resume = false;
  bool profile = false;
  bool quiet = false;
  bool json = false;
};
int run_train(const TrainCommand& command, const Registry& registry);

struct CheckCommand {
  std::string config;
  std::vector<std::string> sets;
  bool json = false;
};
/// Prints all errors of a config.
int run_check(const CheckCommand& command, const Registry& registry);

/// The options that eval, predict, trace and verify have in common.
struct DataCommand {
  std::string model;
  std::string data;
  std::string inputs, targets;  // see data/array_option.h; empty: the names in the model, otherwise x and y
  std::string csv;              // as the map data.csv of a config; replaces what is in the model
  int threads = 0;
  bool json = false;
  std::string out;                   // the file that is written, none of those that are read; empty: none
  std::string out_option = "--out";  // that names it
  std::string remade;                // a file beside the model that it may be though a run owns it; empty: none
  bool allow_external = false;       // HDF5 files may name files outside of their own folder
  std::optional<double> memory;      // GiB, as data.memory of a config
};

struct SummaryCommand {
  std::string model{};
  std::string elements{};               // the layer whose elements are printed; empty: the table
  std::optional<double> stage_delay{};  // ns
  bool luts = false;                    // estimate LUTs however long it takes
  int threads = 0;
  bool json = false;
};
int run_summary(const SummaryCommand& command, const Registry& registry);
struct EvalCommand : DataCommand {  // `out` is the report
  EvalCommand() { out_option = "--report"; }
  std::string sample_weights;  // empty: all 1
  std::string loss;
  std::string metrics;  // with commas between them
};
int run_eval(const EvalCommand& command, const Registry& registry);
struct PredictCommand : DataCommand {
  bool with_inputs = false;
  bool scaled_outputs = false;  // of a regression: as the network gives them, not in the unit of the targets
  int64_t softmax_table = 0;    // of a proxy: hls4ml's softmax from tables with so many entries; 0: as in Keras
};
int run_predict(const PredictCommand& command, const Registry& registry);
struct TraceCommand : DataCommand {
  TraceCommand() { remade = "model.h5"; }
  double cover_factor = 1;
};
int run_trace(const TraceCommand& command, const Registry& registry);
struct ExportCommand {
  std::string model, out;
  std::string overflow = "wrap";
  std::optional<int64_t> accum_fp_max_offset;
  int64_t unary_lut_max_table_size = ProxyOptions{}.unary_lut_max_table_size;
  bool fold_scaling = false;
  bool json = false;
};
int run_export(const ExportCommand& command, const Registry& registry);
struct VerifyCommand : DataCommand {
  std::string against;
  bool strict = false;
};
int run_verify(const VerifyCommand& command, const Registry& registry);
/// The same for a folder of RTL in the place of a proxy file.
int run_verify_rtl(const VerifyCommand& command, const Registry& registry);
struct RtlCommand : DataCommand {
  RtlSettings settings;
  bool force = false;
};
int run_rtl(const RtlCommand& command, const Registry& registry);
/// Prints every key of a config, as in docs/config.md.
int run_reference(const Registry& registry);
struct ImportCommand {
  std::string file, out;
  std::string weights;                  // of a model as JSON
  std::vector<std::string> functions;   // NAME=FORMULA
  std::optional<double> epsilon;        // of batch norms
  std::string overflow;                 // of a QKeras model's proxy; empty: sat
  std::vector<std::string> input_bits;  // of a QKeras model: [NAME=]TYPE
  bool json = false;
};
int run_import(const ImportCommand& command, const Registry& registry);
struct ReportCommand {
  std::string run;    // the folder
  std::string out;    // of `report`; empty: report.html in the folder
  bool luts = false;  // estimate LUTs however long it takes
  bool json = false;
  int threads = 0;
};
/// Writes the report of a run as a page.
int run_report(const ReportCommand& command, const Registry& registry);
struct SweepCommand {
  std::string file;  // or, of a sweep that has begun, its sweep.yaml
  std::string out;   // folder
  std::string engine = "local";
  int jobs = 0, threads = 0;  // 0: chosen
  bool resume = false, gather = false, dry_run = false, json = false, quiet = false;
};
/// Runs many configs, made of one.
int run_sweep(const SweepCommand& command, const Registry& registry);
/// Prints a run in short.
int run_show(const ReportCommand& command, const Registry& registry);

struct FrontCommand {
  std::vector<std::string> runs;      // folders of runs, or with runs in them
  std::vector<std::string> metrics;   // NAME, max:NAME or min:NAME; empty: the usual ones
  std::string out;                    // of `front` the CSV file of all models; empty: none
  std::optional<double> stage_delay;  // ns
  bool no_luts = false;
  int threads = 0;
  bool json = false;
  bool quiet = false;
};
/// Compares all saved models of runs.
int run_front(const FrontCommand& command, const Registry& registry);
struct PickCommand : FrontCommand {      // `out` is the folder to write
  std::string best;                      // NAME, max:NAME or min:NAME; empty: the usual one
  std::vector<std::string> under, over;  // NAME=NUMBER
  bool rtl = false;
  std::string language, target;  // of the RTL; empty: those of the config
};
/// Writes model, proxy, report and RTL of the best of them.
int run_pick(const PickCommand& command, const Registry& registry);

}  // namespace hgq
