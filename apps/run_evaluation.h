// evaluation.json at the end of a run.
#pragma once

#include <string>

#include "hgq/deploy/deployment.h"

namespace hgq {

/// Writes the report on the predictions for the tested rows into the folder of a run, or removes that of an earlier
/// model if there is none. Returns why there is none, in a sentence for the user; otherwise empty.
std::string write_run_evaluation(const std::string& folder, Model& model, const ModelExtras& extras,
                                 const Deployment& done, const DeploySets& sets, Workers& workers);

}  // namespace hgq
