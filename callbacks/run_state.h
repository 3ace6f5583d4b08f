// All that the future of a run depends on, beside its config and data: written into a checkpoint, and read back.
//
// Parameters, states, the optimizer's slots and count of steps are kept as they are in memory, bit by bit, by name; the
// position in the epoch, sums of metrics, the history so far and the callbacks' states as JSON. Orders of rows and
// random numbers are functions of (seed, epoch, step) and need no state.
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
  int64_t epoch = 0;  // the one to go on with
  int64_t batch = 0;  // the batch of it to go on with
};

/// Writes the group `run` into the group `hgq` of a model file. `rest`: position, metrics, history, callbacks. Neither
/// model nor optimizer changes; the optimizer's slots must have been built.
void write_run_state(h5::Group& hgq, const Model& model, Optimizer& optimizer, const nlohmann::json& rest);

/// Restores model and optimizer; gives `rest` back. Throws FileError where names or shapes differ, or where numbers are
/// not such as a run can write: model and optimizer then are not to be used.
nlohmann::json read_run_state(const h5::Group& hgq, Model& model, Optimizer& optimizer);

}  // namespace hgq
