#include "hgq/deploy/candidate.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/layers/predict.h"
#include "hgq/optim/train_step.h"

namespace hgq {
namespace {

Metrics measured_on(Model& model, const Objective& objective, const Dataset& set, Workers& workers) {
  Evaluation evaluation(model, objective, workers);
  Metrics metrics = evaluation.run(set, kPredictedRows);
  metrics.set("task_loss", evaluation.task_loss());
  return metrics;
}

}  // namespace

Candidate measure_candidate(Model& model, const Objective& objective, const DeploySets& sets, Workers& workers,
                            const CandidateOptions& options) {
  Deployment done = deploy(model, objective, sets, workers, options.deploy);
  Candidate candidate;
  candidate.refused = done.refused;
  if (!done.trace) return candidate;
  candidate.exact_bops = done.trace->total;
  (done.tested_on == "test"         ? candidate.test
   : done.tested_on == "validation" ? candidate.validation
                                    : candidate.train) = done.model_metrics;
  if (sets.validation != nullptr && done.tested_on == "test")
    candidate.validation = measured_on(model, objective, *sets.validation, workers);
  if (!done.proxy) return candidate;
  candidate.wrong = what_is_wrong(*done.verification);
  candidate.rows = done.verification->report.rows;
  candidate.rows_differ = done.verification->report.rows_differ;
  candidate.rows_with_overflow = done.verification->report.rows_with_overflow;
  if (!options.circuit) return candidate;
  CircuitOrReason circuit = circuit_facts_if_any(std::move(*done.proxy), workers,
                                                 {.softmax = options.softmax, .stage_delay = options.stage_delay});
  candidate.circuit = std::move(circuit.facts);
  candidate.no_circuit = std::move(circuit.reason);
  return candidate;
}

std::vector<std::pair<std::string, double>> Candidate::values() const {
  std::vector<std::pair<std::string, double>> all;
  for (const auto& [prefix, metrics] :
       {std::pair("val_", &validation), std::pair("test_", &test), std::pair("", &train)}) {
    for (const auto& [name, value] : metrics->entries()) all.emplace_back(prefix + name, value);
  }
  if (exact_bops) all.emplace_back("exact_bops", *exact_bops);
  if (circuit) {
    all.emplace_back("luts", circuit->luts);
    all.emplace_back("adders", circuit->adders);
    all.emplace_back("path_ns", circuit->path_ns);
    if (circuit->clocks) {
      all.emplace_back("ffs", circuit->ffs);
      all.emplace_back("clocks", static_cast<double>(*circuit->clocks));
    }
    if (circuit->latency_ns) all.emplace_back("latency_ns", *circuit->latency_ns);
  }
  if (rows > 0) all.emplace_back("overflow_share", static_cast<double>(rows_with_overflow) / static_cast<double>(rows));
  all.emplace_back("epoch", epoch);
  return all;
}

std::optional<double> Candidate::value(const std::string& name) const {
  for (const auto& [known, value] : values()) {
    if (known == name) return value;
  }
  return std::nullopt;
}

}  // namespace hgq
