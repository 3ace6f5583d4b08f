// The runs of a sweep as a table: runs.csv, and for programs as JSON.
//
//   write_file_atomically("sweeps/magic/runs.csv", sweep::runs_csv(sweep::read_sweep("sweeps/magic")));
//
// The table is of this form:
//
//   run,state,model.beta,seed,val_accuracy,bops,epochs,message
//   run_001,done,1e-06,1,0.8612,2950,50,
//
// The values of the objectives are those of the last epoch. There are no times in it: sweeps with the same runs have
// the same table.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "hgq/sweep/sweep_folder.h"

namespace hgq::sweep {

/// With constraints there is a column `allowed`: yes or no.
std::string runs_csv(const SweepRecord& sweep);

/// {folder, objectives, runs: [{run, state, folder, values, objectives, allowed, epochs, seconds, message}]}
nlohmann::json runs_json(const SweepRecord& sweep);

/// Columns of the same width, for a terminal; numbers are shortened.
std::string runs_text(const SweepRecord& sweep);

/// A value of a config in short: "16", "Adam", "{"Adam":{"learning_rate":0.01}}".
std::string value_text(const Node& value);

}  // namespace hgq::sweep
