#include "hgq/deploy/evaluation_file.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hgq/data/atomic_file.h"
#include "hgq/layers/predict.h"

namespace hgq {

std::vector<OutputReport> report_predictions(Model& model, const ModelExtras& extras, const Dataset& data,
                                             Workers& workers) {
  EvaluationReport report(evaluated_outputs(model), extras);
  Predictor predictor(model, workers);
  for (const Batch& batch : data.batches(kPredictedRows)) report.add(batch, views_of(predictor.run(batch.inputs())));
  return report.outputs();
}

void write_evaluation(const std::string& folder, const EvaluationFile& evaluation) {
  nlohmann::json json = to_json(evaluation.outputs, evaluation.metrics);
  json["tested_on"] = evaluation.tested_on;
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);  // any class names
  write_file_atomically((std::filesystem::path(folder) / kEvaluationName).string(), text + "\n");
}

}  // namespace hgq
