// From a proxy to a folder of RTL, in one call: the circuit, its sources, a test bench with rows, scripts, and a
// report.
//
//   Workers workers;
//   const RtlProject project = to_rtl(load_proxy("proxy.h5"), {.latency = 4}, workers);
//   std::printf("%.0f LUT, %.0f FF\n", project.estimate.total.luts, project.estimate.total.ffs);
//   for (const rtl::SourceFile& file : project.files) std::puts(file.path.c_str());
//
// `hgq-train rtl` does this and writes the files (deploy/rtl_folder.h). Every circuit has been computed on rows and
// compared with the emulator before it is given back.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/core/tensor.h"
#include "hgq/proxy/model.h"
#include "hgq/rtl/delay.h"
#include "hgq/rtl/estimate.h"
#include "hgq/rtl/hdl.h"
#include "hgq/rtl/lowering.h"
#include "hgq/rtl/stimuli.h"

namespace hgq {

/// How long the solver tries to find smaller circuits.
enum class RtlEffort : uint8_t {
  kLow,     // once in each of its ways: milliseconds to a second
  kMedium,  // 32 more tries for each layer, 100 steps of rebuilding for each adder: seconds
  kHigh,    // 128 more tries, 2,000 steps: minutes for large layers
};

/// What becomes of a softmax at an output.
enum class RtlSoftmax : uint8_t {
  kRefuse,  // ConfigError
  kLogits,  // its inputs are the output
  kArgmax,  // the index of the largest of its inputs is the output
};

/// The words for them in options, configs and reports: "low", "medium", "high"; "refuse", "logits", "argmax".
std::string_view to_string(RtlEffort effort);
std::string_view to_string(RtlSoftmax softmax);
std::vector<std::string> rtl_effort_names();
std::vector<std::string> rtl_softmax_names();
/// nullopt for any other word.
std::optional<RtlEffort> rtl_effort_named(std::string_view name);
std::optional<RtlSoftmax> rtl_softmax_named(std::string_view name);

struct RtlOptions {
  rtl::HdlOptions hdl{};
  /// Clocks from input to output, and the most nanoseconds of logic in a stage (rtl/pipeline.h), or the most adders one
  /// behind another instead of these. Without all of them the circuit is combinational.
  std::optional<int> latency{};
  std::optional<double> stage_delay{};
  std::optional<int> stage_levels{};
  /// Adders on the longest way through a layer beyond the least possible number; nullopt: as many as make it smallest.
  /// If it is not set, 0 with registers, which then are fewer, and nullopt without.
  std::optional<std::optional<int>> extra_depth{};
  RtlEffort effort = RtlEffort::kLow;
  /// No try of the solver begins after this time in a layer. Results then depend on the machine.
  std::optional<double> solver_seconds{};
  RtlSoftmax softmax = RtlSoftmax::kRefuse;
  uint64_t seed = 1;
  /// Rows of the test bench where there are no data: random ones.
  int64_t random_rows = 1000;
  /// Called now and then while the solver works, by one thread at a time.
  std::function<void(const rtl::LoweringProgress&)> progress{};
};

struct RtlProject {
  rtl::Lowered lowered;  // the combinational circuit, and what feeds its ports
  rtl::Circuit circuit;  // with registers, and for the target
  rtl::Estimate estimate;
  double critical_path = 0;  // ns of logic in the slowest stage
  double seconds = 0;        // that it took
  int64_t rows = 0;          // compared with the emulator, and in the test bench
  int64_t rows_with_overflow = 0;
  std::vector<std::string> notes;      // for the user
  std::vector<rtl::SourceFile> files;  // sources, test bench with its rows, constraints, scripts
};

/// `inputs` are rows for the test bench, as for Emulator::run(); random ones if it is empty. The proxy is taken over,
/// as a softmax makes way for other outputs. Throws ConfigError as lower(), pipelined() and write_hdl(), and if there
/// are both a stage delay and stage levels.
RtlProject to_rtl(ProxyModel proxy, const RtlOptions& options, Workers& workers,
                  std::span<const ConstTensorView> inputs = {});

/// The proxy whose emulation the circuit must equal: with its softmax replaced, as the options say.
struct RtlReference {
  ProxyModel proxy;
  std::vector<bool> argmax;  // of each output: whether the circuit gives the index of its largest value
};
RtlReference rtl_reference(ProxyModel proxy, RtlSoftmax softmax, std::vector<std::string>& notes);

/// What RtlOptions::extra_depth is, or is without it; nullopt: free.
std::optional<int> extra_depth_of(const RtlOptions& options);

/// {format, hgq, name, language, target, ..., inputs: [{name, quantizer, features: [{element, bits, signed, fraction,
/// lowest_bit}]}], outputs, layers: [{...}], total: {...}}: docs/rtl.md describes all keys.
nlohmann::json to_json(const RtlProject& project, const RtlOptions& options);
/// A table for the terminal.
std::string describe(const RtlProject& project);

}  // namespace hgq
