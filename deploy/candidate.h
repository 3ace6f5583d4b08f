// A model that could be the one that is built, with all that is needed to choose: metrics on validation and test rows,
// exact BOPs, whether its proxy computes the same, and what its circuit would take.
//
//   const Objective objective{.losses = {sparse_categorical_crossentropy()}, .metrics = {accuracy()}};
//   Candidate candidate = measure_candidate(model, objective, {.train = &train, .validation = &validation}, workers);
//   candidate.file = "epoch_0120.h5";
//   for (const auto& [name, value] : candidate.values()) std::printf("%s %g\n", name.c_str(), value);
//
// deploy/choice.h compares several of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/deploy/circuit_facts.h"
#include "hgq/deploy/deployment.h"

namespace hgq {

struct Candidate {
  std::string run;   // folder
  std::string file;  // in it
  int epoch = 0;
  Metrics validation, test;          // as Deployment::model_metrics; empty if there is no such set
  Metrics train;                     // only if there is no other set
  std::optional<double> exact_bops;  // nothing if the model cannot be traced
  std::optional<CircuitFacts> circuit;
  int64_t rows = 0, rows_differ = 0, rows_with_overflow = 0;  // of the verification of the proxy
  std::string refused;                                        // why there is no proxy; empty if there is one
  std::string wrong;       // what is wrong with the proxy (what_is_wrong()); empty if nothing is
  std::string no_circuit;  // why there is no estimate of a circuit

  /// Whether it can be built: it has a proxy that computes what the model computes.
  bool is_usable() const { return refused.empty() && wrong.empty(); }
  /// All numbers by name: val_accuracy, test_accuracy, exact_bops, luts, ffs, clocks, latency_ns, path_ns, adders,
  /// overflow_share (of the rows on which the proxy was verified), epoch. What is not known is not in it.
  std::vector<std::pair<std::string, double>> values() const;
  std::optional<double> value(const std::string& name) const;
};

struct CandidateOptions {
  DeployOptions deploy{};
  bool circuit = true;  // false: no estimate of LUTs, which is the slowest part for large networks
  RtlSoftmax softmax = RtlSoftmax::kLogits;
  double stage_delay = 5;  // ns
};

/// Traces the model, which then has the ranges of the traced sets, and measures it. Throws as deploy().
Candidate measure_candidate(Model& model, const Objective& objective, const DeploySets& sets, Workers& workers,
                            const CandidateOptions& options = {});

}  // namespace hgq
