#include "hgq/apps/prepare.h"

#include <algorithm>

#include "hgq/apps/setup.h"
#include "hgq/callbacks/trainer.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/data/unusual_data.h"
#include "hgq/deploy/teacher.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/hgq_file.h"

namespace hgq {
namespace {

void warn_of_training(const RunConfig& config, PreparedRun& run) {
  const int64_t rows = run.sets.train->size();
  if (config.train.batch_size > rows)
    run.warnings.push_back(concat("train.batch_size: ", config.train.batch_size, " is more than the ", rows,
                                  " training rows, so an epoch is one step; a smaller one makes more of an epoch"));
  if (!run.optimizer->has_schedule() && run.optimizer->learning_rate() == 0)
    run.warnings.emplace_back("train.optimizer: the learning rate is 0, so nothing is learned");
}

/// A callback whose interval is longer than the run does nothing in the whole run.
void warn_of_interval(const Callback& callback, int64_t epochs, PreparedRun& run) {
  if (callback.interval() <= epochs || callback.interval() == 1) return;
  run.warnings.push_back(concat("callbacks.", callback.name(), ".every: ", callback.interval(), " is more than the ",
                                epochs, " epochs of train.epochs, so it never does anything; take ", epochs,
                                " or less"));
}

/// Stands for who reads metrics of history.csv.
class HistoryReader final : public Callback {
 public:
  explicit HistoryReader(std::span<const WatchedMetric> watched) : watched_(watched.begin(), watched.end()) {}
  std::string_view name() const override { return "sweep"; }
  std::vector<WatchedMetric> watches() const override { return watched_; }

 private:
  std::vector<WatchedMetric> watched_;
};

/// A beta that is set and then replaced: a sweep over it would give the same run again and again.
void warn_of_beta(const Callback& callback, const RunConfig& config, PreparedRun& run) {
  const std::optional<double> first = callback.first_beta();
  if (!first || config.model.beta == 0 || *first == config.model.beta) return;
  run.warnings.push_back(concat("model.beta: ", config.model.beta, " has no effect, as ", callback.name(),
                                " sets beta, from ", *first, " on"));
}

/// Finds the errors of recording the step, and of the beginning of callbacks, by a training of no epochs without a
/// folder.
void try_out(const RunConfig& config, const Registry& registry, std::span<const WatchedMetric> watched,
             PreparedRun& run, ErrorList& errors) {
  Workers alone(1);
  Trainer trainer(run.model, run.extras.objective, *run.optimizer, alone,
                  {.epochs = 0, .batch_size = config.train.batch_size, .seed = static_cast<uint64_t>(config.seed)});
  if (!run.phases.empty()) {
    auto phases = make_phases(run.phases);
    warn_of_beta(*phases, config, run);
    trainer.add(std::move(phases));
  }
  for (auto& callback : make_callbacks(config, "", registry, errors)) {
    warn_of_interval(*callback, config.train.epochs, run);
    warn_of_beta(*callback, config, run);
    trainer.add(std::move(callback));
  }
  if (!watched.empty()) trainer.add(std::make_unique<HistoryReader>(watched));
  errors.throw_if_any();
  trainer.fit(*run.sets.train, run.sets.validation.get());
}

/// Loads model.weights, if there are any, in place of the weights that the model has.
DataOfWeights load_weights_of(const RunConfig& config, const Registry& registry, const std::string& checkpoint,
                              PreparedRun& run) {
  ModelWeights weights = config.model.weights;
  if (weights.file.empty()) return {};
  if (checkpoint.empty()) return load_model_weights(weights, registry, run.model, run.notes, run.warnings);
  std::vector<std::string> said_before;
  weights.file = checkpoint;
  return load_model_weights(weights, registry, run.model, said_before, said_before);
}

}  // namespace

PreparedRun prepare_run(const RunConfig& config, const Registry& registry, ErrorList& errors,
                        const std::string& checkpoint, std::span<const WatchedMetric> watched) {
  PreparedRun run;
  OpenedData opened = open_data(config.data_config);
  run.notes = opened.notes();
  const std::map<std::string, Shape> shapes = input_shapes(opened.train);
  run.model = make_model(config, shapes, registry, errors);
  run.extras.objective = make_objective(config, registry, errors);
  errors.throw_if_any();
  const ExportOutlook outlook =
      look_at_export(run.model, config.proxy.options(), config.proxy.rtl ? &*config.proxy.rtl : nullptr);
  for (const std::string& reason : outlook.refused) run.warnings.push_back("no proxy.h5 will be written: " + reason);
  if (!outlook.no_rtl.empty()) errors.add("export.rtl", outlook.no_rtl);
  errors.throw_if_any();
  for (const std::string& line : what_python_cannot_open(run.model)) run.notes.push_back(line);
  for (const std::string& line : outlook.notes) run.notes.push_back(line);
  const DataOfWeights weights = load_weights_of(config, registry, checkpoint, run);
  std::vector<OutputSpec> outputs;
  for (size_t o = 0; o < run.model.outputs().size(); ++o) {
    const Model::Entry& entry = run.model.entry(run.model.outputs()[o]);
    outputs.push_back({config.model.outputs[o], entry.shape, run.extras.objective.losses[o]->target_kind()});
  }
  const std::vector<std::string> inputs = input_names(run.model);
  const std::shared_ptr<const Teacher> teacher = load_teacher(config.train.distillation, registry);
  const bool keep_scaling = config.model.weights.keep_scaling;
  const TrainingExtras training{
      .class_weights = config.train.class_weights,
      .target_scaling = keep_scaling ? weights.target_scaling : std::vector<Scaling>{},
      .more_targets = targets_of_teacher(config.train.distillation, teacher, inputs, outputs)};
  run.sets = load_data(std::move(opened), config.data_config, inputs, outputs, static_cast<uint64_t>(config.seed),
                       keep_scaling ? weights.scaling : std::vector<Scaling>{}, training);
  take_target_scaling(run.sets.target_scaling, run.extras);
  if (checkpoint.empty()) {
    for (std::string& line : changed_data(config.model.weights, weights, run.sets))
      run.warnings.push_back(std::move(line));
  }
  run.extras.scaling = run.sets.scaling;
  run.extras.classes = run.sets.classes;
  take_data_options(config.data_config, run.extras);
  const auto warn_of_inputs = [&](const std::string& key, const std::vector<NamedArray>& before) {
    for (std::string& line : changed_inputs(key, before, run.extras.inputs)) run.warnings.push_back(std::move(line));
  };
  if (checkpoint.empty()) warn_of_inputs("model.weights", weights.inputs);
  if (teacher) warn_of_inputs("train.distillation.teacher", teacher->extras().inputs);
  // In the model an output of a nested model has a name of its own: 'a' for 'block/a'. Commands ask for that.
  for (NamedArray& target : run.extras.targets) {
    const auto named = std::ranges::find(config.model.outputs, target.name);
    if (named == config.model.outputs.end()) continue;
    const auto output = static_cast<size_t>(named - config.model.outputs.begin());
    target.name = run.model.entry(run.model.outputs()[output]).name;
  }
  const int64_t steps = (run.sets.train->size() + config.train.batch_size - 1) / config.train.batch_size;
  run.optimizer = make_optimizer(config.train.optimizer,
                                 {.steps_per_epoch = static_cast<double>(steps),
                                  .total_steps = steps * config.train.schedule_length(),
                                  .kinds = &registry},
                                 errors);
  errors.throw_if_any();
  run.phases = training_phases(config, run.model, *run.optimizer, static_cast<double>(steps), registry, errors);
  errors.throw_if_any();
  try_out(config, registry, watched, run, errors);
  for (std::string& note : unusual_data(*run.sets.train, config.data_config)) run.warnings.push_back(std::move(note));
  warn_of_training(config, run);
  return run;
}

}  // namespace hgq
