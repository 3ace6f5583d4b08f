// By what runs are compared on a page, and what follows from it: the fronts, the best model of each run, which runs
// have a colour of their own.
//
//   const report::Comparison comparison = report::read_comparison({"runs"});
//   const report::ComparisonView view = report::view_of(comparison);
//   for (const size_t model : view.bops.front) std::puts(comparison.models[model].file.c_str());
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hgq/report/comparison.h"

namespace hgq::report {

/// Quality over one cost. Indices are those of Comparison::models.
struct ComparedFront {
  std::string label;          // "BOPs", "LUTs"
  std::vector<size_t> drawn;  // models with both numbers
  std::vector<size_t> front;  // those of them that can be built and that no other one beats, by rising cost
};

struct ComparisonView {
  std::string quality;  // "val_accuracy"; empty if no model has any number
  bool is_largest = true;
  ComparedFront bops, luts;
  std::vector<std::optional<size_t>> looks;  // of each run: up to 20 all, otherwise those with a model on a front
  std::vector<std::string> keys;             // in short
  std::vector<std::optional<size_t>> best;   // the model of each run with the best quality
  std::vector<std::string> warnings;         // runs that lack the quality

  double cost(const ComparedModel& model, bool of_luts) const;
};

/// `metric`: NAME, max:NAME or min:NAME; empty: the first objective of a sweep, otherwise the metric on validation rows
/// that most runs have. Throws ConfigError if no model has it.
ComparisonView view_of(const Comparison& comparison, const std::string& metric = "");

}  // namespace hgq::report
