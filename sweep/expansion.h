// From the axes of a sweep to its runs: their product, the first axis the slowest. Axes that are drawn at random are
// drawn together, and count as one axis.
//
// A value, in `set` or in cases, can follow from those of the axes:
//
//   set: {model.layers.second.units: {expression: "floor(units / 2)"}}
//
// The variables of such a formula are the numbers that the axes set, called by the `name` of their axis, or by the last
// part of their key (`units` for model.layers.h.units).
//
//   ErrorList errors;
//   for (const sweep::RunPlan& run : sweep::expand(file, errors)) std::printf("%zu values\n", run.values.size());
#pragma once

#include <string>
#include <vector>

#include "hgq/sweep/sweep_file.h"

namespace hgq::sweep {

struct RunPlan {
  Settings values;    // what the axes set, which no other run has
  Settings settings;  // everything that is set, in this order
};

/// The runs. Of runs with the same values, which random draws can give, the first is kept. Errors are added.
std::vector<RunPlan> expand(const SweepFile& file, ErrorList& errors);

/// A text that two runs share only if they have the same values: 16 and 16.0 are the same.
std::string identity(const Settings& values);

}  // namespace hgq::sweep
