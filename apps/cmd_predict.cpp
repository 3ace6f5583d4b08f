// hgq-train predict: the outputs of a model, or of a proxy, for the rows of a file.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hgq/apps/command_data.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/output_file.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/prediction_file.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/predict.h"
#include "hgq/proxy/emulator.h"

namespace hgq {
namespace {

/// The outputs with the names of their classes, as far as they are labels that are not their own numbers.
std::vector<PredictedArray> outputs_with_classes(std::vector<PredictedArray> outputs, const ModelExtras& extras) {
  for (size_t o = 0; o < std::min(outputs.size(), extras.classes.size()); ++o) {
    const ClassMap& classes = extras.classes[o];
    const Shape& sample = outputs[o].sample;
    if (!classes.is_identity() && sample.rank() > 0 && classes.size() <= sample[-1]) outputs[o].classes = classes.names;
  }
  return outputs;
}

/// `predict` gives a tensor for each output of a block of inputs.
template <typename Predict>
void write_predictions(const PredictCommand& command, const ModelExtras& extras, const Dataset& data,
                       std::vector<PredictedArray> outputs, const Predict& predict) {
  outputs = outputs_with_classes(std::move(outputs), extras);
  std::vector<PredictedArray> inputs;
  for (const FieldSpec& field : data.inputs()) {
    if (command.with_inputs) inputs.push_back({field.name, field.sample});
  }
  const std::unique_ptr<PredictionFile> file = PredictionFile::create(command.out, outputs, inputs, data.size());
  int64_t first = 0;
  for (const Batch& batch : data.batches(kPredictedRows)) {
    std::vector<Tensor> predictions = predict(batch.inputs());
    for (size_t o = 0; !command.scaled_outputs && o < std::min(predictions.size(), extras.target_scaling.size()); ++o)
      extras.target_scaling[o].undo(predictions[o].values());
    file->write(first, views_of(predictions),
                command.with_inputs ? batch.inputs() : std::span<const ConstTensorView>());
    first += batch.rows();
  }
  file->finish();
  const bool scaled =
      std::ranges::any_of(extras.target_scaling, [](const Scaling& scaling) { return !scaling.empty(); });
  if (scaled && !command.scaled_outputs)
    std::cerr << "hgq-train: note: predictions are in the unit of the targets (data.scale_targets); --scaled-outputs "
                 "writes what the network gives\n";
  if (command.json) std::cout << nlohmann::json{{"file", command.out}, {"rows", data.size()}}.dump(1) << "\n";
  std::cerr << command.out << ": " << data.size() << " rows\n";
}

int predict_proxy(const PredictCommand& command, ProxyModel& proxy, const ModelExtras& extras) {
  proxy.set_softmax_table(command.softmax_table);
  const Emulator emulator(proxy);
  std::vector<FieldSpec> fields;
  for (const int i : proxy.inputs()) fields.push_back({proxy.layer(i).name(), emulator.signal(i).shape});
  const std::unique_ptr<Dataset> data = load_command_data(command, extras, fields, {});
  Workers workers(command.threads);
  std::vector<PredictedArray> outputs;
  for (const int i : proxy.outputs()) outputs.push_back({proxy.layer(i).name(), emulator.signal(i).shape});
  write_predictions(command, extras, *data, std::move(outputs),
                    [&](std::span<const ConstTensorView> block) { return emulator.run(block, &workers).outputs; });
  return kExitDone;
}

}  // namespace

int run_predict(const PredictCommand& command, const Registry& registry) {
  check_output(command.out_option, command.out, {command.model});
  ModelExtras extras;
  const ReadGroup read = [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); };
  if (auto proxy = load_if_proxy(command.model, registry, read)) return predict_proxy(command, *proxy, extras);
  if (command.softmax_table > 0)
    std::cerr << "hgq-train: note: --softmax-table has no effect on '" << printable(command.model)
              << "', as it is a model, not a proxy\n";
  LoadedModel loaded = load_model_with_extras(command.model, registry);
  const std::unique_ptr<Dataset> data = load_command_data(command, loaded.extras, inputs_of(loaded.model), {});
  Workers workers(command.threads);
  Predictor predictor(loaded.model, workers);
  std::vector<PredictedArray> outputs;
  for (const int i : loaded.model.outputs()) {
    const Model::Entry& entry = loaded.model.entry(i);
    outputs.push_back({entry.name, entry.shape});
  }
  write_predictions(command, loaded.extras, *data, std::move(outputs),
                    [&](std::span<const ConstTensorView> block) { return predictor.run(block); });
  return kExitDone;
}

}  // namespace hgq
