#include "hgq/optim/train_step.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {

void Metrics::set(const std::string& name, double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();  // without a sign, which is an accident
  for (auto& [key, old] : entries_) {
    if (key == name) {
      old = value;
      return;
    }
  }
  entries_.emplace_back(name, value);
}

const double* Metrics::find(const std::string& name) const {
  for (const auto& [key, value] : entries_) {
    if (key == name) return &value;
  }
  return nullptr;
}

void EpochMeans::clear() {
  std::ranges::fill(sums_, 0.0);
  rows_ = 0;
}

std::vector<double> EpochMeans::state() const {
  std::vector<double> state = sums_;
  state.push_back(static_cast<double>(rows_));
  return state;
}

void EpochMeans::restore(const std::vector<double>& state, int64_t rows) {
  HGQ_CHECK(state.size() == sums_.size() + 1, FileError, "the checkpoint holds ", state.size(),
            " sums of metrics, expected ", sums_.size() + 1);
  HGQ_CHECK(state.back() == static_cast<double>(rows), FileError, "the checkpoint holds sums over ", state.back(),
            " rows, expected ", rows);
  std::copy_n(state.begin(), sums_.size(), sums_.begin());
  rows_ = rows;
}

double mean_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return sum / static_cast<double>(values.size());
}

std::string Objective::name_of_weighted(const Metric& metric) const {
  const std::string name(metric.name());
  const auto has_name = [&](const MetricPtr& plain) { return plain->name() == name; };
  return std::ranges::any_of(metrics, has_name) ? "weighted_" + name : name;
}

std::vector<std::string> Objective::logged_names(std::span<const std::string> outputs) const {
  std::vector<std::string> names{"loss"};
  const bool several = outputs.size() > 1;
  for (size_t o = 0; several && o < outputs.size(); ++o) names.push_back(outputs[o] + "_loss");
  for (const std::string& output : outputs) {
    const std::string prefix = several ? output + "_" : "";
    for (const MetricPtr& metric : metrics) names.push_back(prefix + std::string(metric->name()));
    for (const MetricPtr& metric : weighted_metrics) names.push_back(prefix + name_of_weighted(*metric));
  }
  return names;
}

ModelComputation::ModelComputation(Model& model, const Objective& objective, Mode mode, Workers& workers, uint64_t seed)
    : model_(model), objective_(objective), mode_(mode), workers_(workers), seed_(seed) {
  record({});
  std::vector<std::string> names{"loss"};
  for (const RecordedMetric& m : metrics_) names.push_back(m.name);
  for (const RecordedMetric& m : metrics_) {
    if (m.weight_mean > 0) names.push_back("mean weight of " + m.name);
  }
  means_ = EpochMeans(std::move(names));
}

void ModelComputation::record(std::span<const ConstTensorView> weights) {
  executor_.reset();
  tape_ = std::make_unique<Tape>();
  recording_ = model_.record(*tape_, mode_);
  const size_t outputs = recording_.outputs.size();
  HGQ_CHECK(objective_.losses.size() == outputs, ConfigError, "the model has ", outputs, " outputs, there are ",
            objective_.losses.size(), " losses");
  HGQ_CHECK(weights.size() <= 1 || weights.size() == outputs, ShapeError, "a batch has ", weights.size(),
            " sample weights, the model has ", outputs, " outputs; expected none, one for all, or one for each");
  for (std::vector<Var>* const vars : {&targets_, &sample_weights_, &task_losses_}) vars->clear();
  weights_.clear();
  metrics_.clear();
  for (size_t o = 0; o < outputs; ++o) {
    const Model::Entry& entry = model_.entry(model_.outputs()[o]);
    targets_.push_back(tape_->input(concat("target of '", entry.name, "'"),
                                    objective_.losses[o]->target_shape(recording_.outputs[o].value.shape())));
  }
  for (const ConstTensorView& view : weights)
    sample_weights_.push_back(tape_->input("sample weights", view.shape.without_front()));
  for (size_t o = 0; o < outputs; ++o) record_output(o);
  std::vector<RecordedMetric> losses;  // of each output, as Keras shows them
  for (size_t o = 0; o < outputs && outputs > 1; ++o) {
    losses.push_back({.value = task_losses_[o], .output = o, .name = model_.entry(model_.outputs()[o]).name + "_loss"});
  }
  metrics_.insert(metrics_.begin(), losses.begin(), losses.end());
  size_t next = 1 + metrics_.size();
  for (RecordedMetric& m : metrics_) {
    if (m.weight_mean > 0) m.weight_mean = next++;
  }
  executor_ =
      std::make_unique<Executor>(*tape_, workers_, ExecutorOptions{.gradients = mode_ == Mode::kTrain, .seed = seed_});
}

void ModelComputation::record_output(size_t output) {
  const Model::Entry& entry = model_.entry(model_.outputs()[output]);
  const Loss& loss = *objective_.losses[output];
  const Var weights = sample_weights_.empty() ? Var{} : sample_weights_[sample_weights_.size() == 1 ? 0 : output];
  const std::string_view function = entry.layer == nullptr ? "" : entry.layer->output_function();
  task_losses_.push_back(loss.record({recording_.outputs[output].value, targets_[output], function, weights}));
  weights_.push_back(objective_.weights.empty() ? 1.0 : objective_.weights[output]);
  tape_->add_loss(task_losses_.back(), concat(entry.name, "/", loss.name()), static_cast<float>(weights_.back()));
  for (const MetricPtr& metric : objective_.metrics) record_metric(output, metric, false, targets_[output], {});
  for (const MetricPtr& metric : objective_.weighted_metrics)
    record_metric(output, metric, true, targets_[output], weights);
}

void ModelComputation::record_metric(size_t output, const MetricPtr& metric, bool weighted, Var target, Var weights) {
  const Model::Entry& entry = model_.entry(model_.outputs()[output]);
  const Loss& loss = *objective_.losses[output];
  metric->check_fits(loss);
  const std::string name = weighted ? objective_.name_of_weighted(*metric) : std::string(metric->name());
  RecordedMetric m{.value = {},
                   .output = output,
                   .sparse = loss.target_kind() == TargetKind::kClassNumbers,
                   .name = (recording_.outputs.size() > 1 ? entry.name + "_" : "") + name,
                   .weight_mean = weighted ? size_t{1} : size_t{0}};  // its place is known when all are recorded
  const Var prediction = recording_.outputs[output].value;
  if (metric->needs_all_rows()) {
    HGQ_CHECK(!weighted, ConfigError, "metric '", metric->name(), "' has no weighted form; take it as a plain metric");
    tape_->keep(prediction);
    m.metric = metric;
    m.rows = static_cast<size_t>(
        std::ranges::count_if(metrics_, [](const RecordedMetric& other) { return !other.value.valid(); }));
    if (m.rows == rows_of_metrics_.size()) rows_of_metrics_.emplace_back();
  } else {
    const std::string_view function = entry.layer == nullptr ? "" : entry.layer->output_function();
    m.value = metric->record({prediction, target, function, weights}, loss.target_kind());
  }
  metrics_.push_back(std::move(m));
}

bool ModelComputation::fits(std::span<const ConstTensorView> weights) const {
  if (executor_ == nullptr || weights.size() != sample_weights_.size()) return false;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i].shape != sample_weights_[i].shape().with_front(weights[i].shape[0])) return false;
  }
  return true;
}

double ModelComputation::mean_weight(size_t output) const {
  if (sample_weights_.empty()) return 1;
  const size_t first = recording_.inputs.size() + targets_.size();
  return mean_of(views_[first + (sample_weights_.size() == 1 ? 0 : output)].values());
}

void ModelComputation::forward(const Batch& batch, uint64_t step) {
  HGQ_CHECK(batch.inputs().size() == recording_.inputs.size() && batch.targets().size() == targets_.size(), ShapeError,
            "a batch has ", batch.inputs().size(), " inputs and ", batch.targets().size(), " targets, the model wants ",
            recording_.inputs.size(), " and ", targets_.size());
  if (!fits(batch.weights())) record(batch.weights());
  rows_ = batch.rows();
  views_.clear();
  for (const ConstTensorView& view : batch.inputs()) views_.push_back(view);
  for (size_t o = 0; o < targets_.size(); ++o) {
    ConstTensorView view = batch.targets()[o];
    // [n] and [n, 1] are the same targets.
    const Shape wanted = targets_[o].shape().with_front(rows_);
    if (view.shape.size() == wanted.size()) view.shape = wanted;
    views_.push_back(view);
  }
  for (const ConstTensorView& view : batch.weights()) views_.push_back(view);
  executor_->forward(views_, step);
}

double ModelComputation::task_loss() const {
  double total = 0;
  for (size_t o = 0; o < task_losses_.size(); ++o)
    total += weights_[o] * static_cast<double>(executor_->value(task_losses_[o]).data[0]);
  return total;
}

double ModelComputation::bops() const {
  double total = 0;
  for (const Recording::Bops& b : recording_.bops) total += static_cast<double>(executor_->value(b.value).data[0]);
  return total;
}

double ModelComputation::bops_of(const std::string& layer) const {
  for (const Recording::Bops& b : recording_.bops) {
    if (b.layer == layer) return static_cast<double>(executor_->value(b.value).data[0]);
  }
  return 0;
}

void ModelComputation::start_epoch() {
  means_.clear();
  for (EpochRows& rows : rows_of_metrics_) rows.clear();
}

void ModelComputation::resume_epoch(const std::vector<double>& means, std::vector<EpochRows> of_metrics, int64_t rows) {
  HGQ_CHECK(of_metrics.size() == rows_of_metrics_.size(), FileError, "the checkpoint holds the scores of ",
            of_metrics.size(), " metrics, expected ", rows_of_metrics_.size());
  for (const RecordedMetric& m : metrics_) {
    if (m.value.valid()) continue;
    const Shape prediction = recording_.outputs[m.output].value.shape();
    const auto columns = static_cast<size_t>(EpochRows::columns_of(prediction.with_front(rows), m.sparse));
    const auto length = static_cast<size_t>(rows * prediction.size() / (prediction.rank() > 0 ? prediction[-1] : 1));
    const auto fits = [&](const std::vector<std::vector<float>>& all) {
      return all.size() == columns && std::ranges::all_of(all, [&](const auto& c) { return c.size() == length; });
    };
    HGQ_CHECK(fits(of_metrics[m.rows].scores) && fits(of_metrics[m.rows].labels), FileError,
              "the checkpoint does not hold the ", columns, " times ", length, " scores and labels of '", m.name, "'");
  }
  means_.restore(means, rows);
  rows_of_metrics_ = std::move(of_metrics);
}

void ModelComputation::add_batch() {
  means_.add(0, loss(), rows_);
  for (size_t i = 0; i < metrics_.size(); ++i) {
    const RecordedMetric& m = metrics_[i];
    if (m.value.valid()) {
      means_.add(i + 1, static_cast<double>(executor_->value(m.value).data[0]), rows_);
      if (m.weight_mean > 0) means_.add(m.weight_mean, mean_weight(m.output), rows_);
    } else {
      rows_of_metrics_[m.rows].add(executor_->rows_of(recording_.outputs[m.output].value),
                                   views_[recording_.inputs.size() + m.output], m.sparse);
    }
  }
  means_.add_rows(rows_);
}

Metrics ModelComputation::epoch_metrics(const std::string& prefix) const {
  Metrics metrics;
  metrics.set(prefix + "loss", means_.mean(0));
  for (size_t i = 0; i < metrics_.size(); ++i) {
    const RecordedMetric& m = metrics_[i];
    double value = m.value.valid() ? means_.mean(i + 1) : m.metric->value(rows_of_metrics_[m.rows]);
    if (m.weight_mean > 0) {
      const double weight = means_.mean(m.weight_mean);
      value = weight == 0 ? 0 : value / weight;  // Keras: div_no_nan
    }
    metrics.set(prefix + m.name, value);
  }
  return metrics;
}

TrainStep::TrainStep(Model& model, LossPtr loss, Optimizer& optimizer, uint64_t seed)
    : model_(model), optimizer_(optimizer), own_workers_(std::make_unique<Workers>()) {
  computation_ = std::make_unique<ModelComputation>(
      model, Objective{.losses = {std::move(loss)}, .weights = {}, .metrics = {}}, Mode::kTrain, *own_workers_, seed);
  parameters_ = model.parameters();
  optimizer_.build(parameters_);
}

TrainStep::TrainStep(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, uint64_t seed)
    : model_(model), optimizer_(optimizer) {
  computation_ = std::make_unique<ModelComputation>(model, objective, Mode::kTrain, workers, seed);
  parameters_ = model.parameters();
  optimizer_.build(parameters_);
}

void TrainStep::forward(const Batch& batch) {
  computation_->forward(batch, static_cast<uint64_t>(optimizer_.iterations()));
}

void TrainStep::update() { optimizer_.update(parameters_); }

double TrainStep::run(const Batch& batch) {
  forward(batch);
  backward();
  update();
  return loss();
}

Evaluation::Evaluation(Model& model, const Objective& objective, Workers& workers)
    : computation_(model, objective, Mode::kEvaluate, workers, 0), workers_(workers) {}

Metrics Evaluation::run(const Dataset& data, int64_t batch_size, const std::string& prefix) {
  Batches batches(data, batch_size, &workers_);
  computation_.start_epoch();
  for (const Batch& batch : batches) {
    computation_.forward(batch, 0);
    computation_.add_batch();
  }
  return computation_.epoch_metrics(prefix);
}

}  // namespace hgq
