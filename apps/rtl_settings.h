// The settings of RTL as a user gives them, on the command line of `hgq-train rtl` or in the section `export.rtl` of a
// config, and the options that they stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/core/error.h"
#include "hgq/rtl/to_rtl.h"

namespace hgq {

struct RtlSettings {
  std::string language = "verilog";
  std::string target = "generic";
  std::string softmax = "refuse";
  std::optional<int64_t> latency;
  std::optional<double> stage_delay;
  std::optional<int64_t> stage_levels;
  std::string extra_depth;  // "free", or a number; empty: not given
  std::string effort = "low";
  std::optional<double> solver_seconds;
  double clock_period = 5;
  bool clock_enable = false;
  bool reset = false;
  std::string part;  // of Vivado; empty: that of HdlOptions
  int64_t rows = 1000;

  /// What cannot be together: a key, and what is wrong with it.
  struct Conflict {
    std::string key, message;
  };
  std::vector<Conflict> conflicts() const;

  /// Throws ConfigError if extra_depth is neither "free" nor a number from 0, or a word is not known.
  RtlOptions options() const;
};

inline constexpr int64_t kMostRtlLatency = 1000;
inline constexpr int64_t kMostRtlRows = 10'000'000;
/// The least nanoseconds of a stage: an adder of one bit, of which there is hardly a network without.
inline constexpr double kLeastRtlStageDelay = rtl::DelayModel{}.adder + rtl::DelayModel{}.carry;
inline constexpr double kMostRtlStageDelay = 1e6;

/// Reads the section; its errors are added to the list.
RtlSettings read_rtl_settings(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs);
/// The section with all keys that are set or have a default.
Node to_node(const RtlSettings& settings);

}  // namespace hgq
