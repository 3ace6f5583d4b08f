#include "hgq/apps/run_evaluation.h"

#include <filesystem>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/evaluation_file.h"

namespace hgq {
namespace {

/// A report needs all predictions and targets of a set at once: of more numbers than these it would take more than
/// 512 MiB.
constexpr int64_t kMostNumbers = int64_t{1} << 26U;

int64_t predicted_numbers(const Model& model, int64_t rows) {
  int64_t numbers = 0;
  for (const EvaluatedOutput& output : evaluated_outputs(model)) numbers += output.shape.size() * rows;
  return numbers;
}

}  // namespace

std::string write_run_evaluation(const std::string& folder, Model& model, const ModelExtras& extras,
                                 const Deployment& done, const DeploySets& sets, Workers& workers) {
  const std::string path = (std::filesystem::path(folder) / kEvaluationName).string();
  std::string reason;
  if (done.trace) {
    const Dataset& tested = done.tested_on == "test"         ? *sets.test
                            : done.tested_on == "validation" ? *sets.validation
                                                             : *sets.train;
    try {
      if (predicted_numbers(model, tested.size()) <= kMostNumbers) {
        EvaluationFile evaluation{.tested_on = done.tested_on,
                                  .metrics = done.model_metrics,
                                  .outputs = report_predictions(model, extras, tested, workers)};
        make_folder(folder);
        write_evaluation(folder, evaluation);
        return "";
      }
      reason = concat("there is no ", kEvaluationName, ", as the ", tested.size(), " ", done.tested_on,
                      " rows are too many; 'hgq-train eval --report' makes it of a file");
    } catch (const ConfigError& e) {  // a loss of the program's own
      reason = concat("there is no ", kEvaluationName, ": ", e.what());
    } catch (const ShapeError& e) {
      reason = concat("there is no ", kEvaluationName, ": ", e.what());
    }
  }
  if (std::filesystem::exists(path)) {
    remove_file(path);
    force_folder_to_disk(folder);
  }
  return reason;
}

}  // namespace hgq
