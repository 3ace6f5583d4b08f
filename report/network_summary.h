// What a network is made of, layer by layer: shapes, parameters, bits, zeros, fixed-point types, and what its circuit
// would take. Of a model, or of a proxy.
//
//   Workers workers;
//   const report::NetworkSummary summary = report::summarize("runs/magic/model.h5", built_in_registry(), workers);
//   std::fputs(report::summary_text(summary).c_str(), stdout);
//   if (summary.circuit) std::printf("%.0f LUT\n", summary.circuit->luts);
//
// A model has bits, types and BOPs once its ranges are traced. LUTs and flip-flops are those of `hgq-train rtl`,
// estimated (rtl/estimate.h) without writing a circuit.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/core/shape.h"
#include "hgq/data/scaling.h"
#include "hgq/deploy/circuit_facts.h"
#include "hgq/deploy/registry.h"

namespace hgq::report {

/// The bits of some numbers.
struct BitCounts {
  int64_t count = 0;  // of the numbers
  int64_t zeros = 0;  // of them without bits: weights that are 0, values that nothing is built for
  double total = 0;   // bits of all of them
  int most = 0;

  double mean() const { return count > 0 ? total / static_cast<double>(count) : 0; }
};

struct SummaryLayer {
  std::string name{}, kind{};  // "dense_1", "HDense"; of a proxy "Dense"
  Shape shape{};               // of a sample of its output
  int64_t parameters = 0;      // all that is trained; of another call of a layer 0
  int64_t bit_widths = 0;      // of them bit widths, which the firmware does not hold
  /// Of the kernel: the significant bits of each weight, as exact BOPs count them (quantization.md 2.4).
  std::optional<BitCounts> weights{};
  std::optional<BitCounts> values{};                     // of the elements of the output
  std::vector<std::pair<std::string, int64_t>> types{};  // of these elements: "fixed<5,2>", by falling count
  std::optional<double> bops{};                          // exact
  std::optional<double> adders{}, luts{};                // of the circuit
};

struct NetworkSummary {
  std::string file{};
  bool is_proxy = false;
  bool is_traced = true;
  std::vector<SummaryLayer> layers{};  // of a model without its inputs
  std::optional<CircuitFacts> circuit{};
  std::string no_circuit{};                                // why there is none: a sentence
  std::vector<std::pair<std::string, Scaling>> scaling{};  // by input, those that are scaled
};

struct SummaryOptions {
  /// A network of more exact BOPs gets no estimate of its circuit, which would take more than about a second.
  double most_bops_to_estimate = 50'000;
  double stage_delay = 5;  // ns; the clock of 200 MHz
};

/// Reads the file. Throws FileError, or ConfigError if it names a kind that `registry` lacks.
NetworkSummary summarize(const std::string& path, const Registry& registry, Workers& workers,
                         const SummaryOptions& options = {});

/// A table, and what is known of all layers together, for a terminal.
std::string summary_text(const NetworkSummary& summary);
/// {layers: [{name, kind, shape, parameters, weights, bit_widths, weight_bits, most_weight_bits, zero_weights, bits,
/// most_bits, zeros, types: [{type, elements}], bops, adders, luts}], total: {...}, circuit: {...}, scaling: {...}};
/// null for what is not known.
nlohmann::json to_json(const NetworkSummary& summary);

/// Every weight and every value of a layer as CSV: part,index,value,bits,type. `part` is kernel, bias or output; the
/// index has a blank between its numbers. A model that is not traced has no rows for outputs. Throws ConfigError if
/// there is no such layer.
std::string elements_csv(const std::string& path, const std::string& layer, const Registry& registry);

}  // namespace hgq::report
