// Writes to a checkpoint, and reads back, everything that the rest of a run depends on besides its config and data.
//
// Parameters, states, and the slots and the count of steps of the optimizer are kept by name, with the bits that they
// have in memory; the position in the epoch, sums of metrics, the history and the states of callbacks are kept as JSON.
// The order of rows and random numbers are functions of seed, epoch and step, and need no state.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "hgq/data/h5.h"
#include "hgq/layers/model.h"
#include "hgq/optim/optimizer.h"

namespace hgq {

struct Position {
  int64_t epoch = 0;  // to continue with, from 0
  int64_t batch = 0;  // of this epoch to continue with, from 0
};

/// Writes the group `run` into the group `hgq` of a model file. `rest` is what Trainer::Options::write_checkpoint gets:
/// position, metrics, history, callbacks. The optimizer must have been built. Neither model nor optimizer changes.
void write_run_state(h5::Group& hgq, const Model& model, Optimizer& optimizer, const nlohmann::json& rest);

/// Restores model and optimizer, and returns `rest`. Throws FileError if names or shapes differ, or if there are
/// numbers that no run writes; model and optimizer must not be used then.
nlohmann::json read_run_state(const h5::Group& hgq, Model& model, Optimizer& optimizer);

}  // namespace hgq
