#include "hgq/optim/measures.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/optim/distillation.h"

namespace hgq {
namespace {

/// Summed in double.
double mean_of(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value);
  return sum / static_cast<double>(values.size());
}

/// Calls a function of a loss or a metric. What it throws becomes an error that names it, also if it comes from one of
/// a program's own, and is no error of hgq.
template <typename F>
auto placed(std::string_view what, std::string_view name, const std::string& output, std::string_view function, F&& f) {
  const std::string where = concat(what, " '", name, "' of output '", output, "'");
  const auto with_place = [&](const std::string& text) {
    return text.find(concat("'", name, "'")) == std::string::npos ? where + ": " + text : text;
  };
  try {
    return f();
  } catch (const ShapeError& e) {
    throw ShapeError(with_place(e.what()));
  } catch (const ConfigError& e) {
    throw ConfigError(with_place(e.what()));
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    throw ConfigError(concat(where, ": its ", function, "() failed: ", e.what()));
  }
}

/// What record() of a loss or a metric must give.
Var check_mean(Var mean) {
  HGQ_CHECK(mean.valid(), ConfigError, "its record() gave no value, expected a mean over the batch");
  HGQ_CHECK(mean.domain() == Domain::kStep && mean.shape().size() == 1, ShapeError, "its record() gave ",
            mean.domain() == Domain::kRow ? "a value for each row, of shape " : "values of shape ", mean.shape(),
            ", expected one value, a mean over the batch (ops::mean and the like)");
  return mean;
}

}  // namespace

void Measures::record(Tape& tape, std::vector<MeasuredOutput> outputs, std::span<const ConstTensorView> weights) {
  outputs_ = std::move(outputs);
  const size_t count = outputs_.size();
  HGQ_CHECK(objective_.losses.size() == count, ConfigError, "the model has ", count, " outputs, there are ",
            objective_.losses.size(), " losses");
  HGQ_CHECK(weights.size() <= 1 || weights.size() == count, ShapeError, "a batch has ", weights.size(),
            " sample weights, the model has ", count, " outputs; expected none, one for all, or one for each");
  for (std::vector<Var>* const vars : {&targets_, &teachers_, &sample_weights_, &task_losses_, &distillation_losses_})
    vars->clear();
  weights_.clear();
  of_metrics_.clear();
  metrics_.clear();
  for (size_t o = 0; o < count; ++o) {
    const Loss& loss = *objective_.losses[o];
    const Shape shape = placed("loss", loss.name(), outputs_[o].name, "target_shape",
                               [&] { return loss.target_shape(outputs_[o].prediction.shape()); });
    targets_.push_back(tape.input(concat("target of '", outputs_[o].name, "'"), shape));
  }
  for (size_t o = 0; o < count && objective_.has_teacher(); ++o)
    teachers_.push_back(tape.input(concat("teacher of '", outputs_[o].name, "'"), outputs_[o].prediction.shape()));
  for (const ConstTensorView& view : weights)
    sample_weights_.push_back(tape.input("sample weights", view.shape.without_front()));
  for (size_t o = 0; o < count; ++o) record_output(tape, o);
  std::vector<RecordedMetric> losses;  // of each output, as Keras shows them
  for (size_t o = 0; o < count && count > 1; ++o)
    losses.push_back({.value = task_losses_[o], .output = o, .name = outputs_[o].name + "_loss"});
  if (objective_.has_teacher()) {
    losses.push_back({.value = weighted_sum(task_losses_), .name = "task_loss"});
    losses.push_back({.value = weighted_sum(distillation_losses_), .name = "distillation_loss"});
  }
  metrics_.insert(metrics_.begin(), losses.begin(), losses.end());
  name_sums();
}

// The loss, the metrics, the mean weights of those that are weighted, the sums of those that keep some.
void Measures::name_sums() {
  std::vector<std::string> names{"loss"};
  for (const RecordedMetric& m : metrics_) names.push_back(m.name);
  for (RecordedMetric& m : metrics_) {
    if (!m.weighted || !m.value.valid()) continue;
    m.weight_mean = names.size();
    names.push_back("mean weight of " + m.name);
  }
  for (RecordedMetric& m : metrics_) {
    m.first_sum = names.size();
    for (size_t i = 0; i < m.sum_count; ++i) names.push_back(concat("sum ", i, " of ", m.name));
  }
  if (means_.names().empty()) means_ = EpochMeans(std::move(names));
}

Var Measures::weights_of(size_t output) const {
  return sample_weights_.empty() ? Var{} : sample_weights_[sample_weights_.size() == 1 ? 0 : output];
}

void Measures::record_output(Tape& tape, size_t output) {
  const MeasuredOutput& measured = outputs_[output];
  const Loss& loss = *objective_.losses[output];
  const Var weights = weights_of(output);
  const OutputVars vars{measured.prediction, targets_[output], measured.function, weights};
  task_losses_.push_back(
      placed("loss", loss.name(), measured.name, "record", [&] { return check_mean(loss.record(vars)); }));
  weights_.push_back(objective_.weights.empty() ? 1.0 : objective_.weights[output]);
  tape.add_loss(task_losses_.back(), concat(measured.name, "/", loss.name()),
                static_cast<float>(weights_.back() * (1 - objective_.distillation.weight)));
  if (objective_.has_teacher()) record_teacher(tape, output, vars);
  of_metrics_.push_back({.prediction = in_unit_of_targets(tape, output, measured.prediction),
                         .target = in_unit_of_targets(tape, output, targets_[output]),
                         .output_function = measured.function});
  for (const MetricPtr& metric : objective_.metrics_of(output)) record_metric(tape, output, metric, false);
  for (const MetricPtr& metric : objective_.weighted_metrics_of(output)) record_metric(tape, output, metric, true);
}

void Measures::record_teacher(Tape& tape, size_t output, const OutputVars& vars) {
  const double temperature = objective_.distillation.temperature;
  const Loss& loss = *objective_.losses[output];
  distillation_losses_.push_back(placed("distillation with loss", loss.name(), outputs_[output].name, "record", [&] {
    return check_mean(record_distillation(loss, vars, teachers_[output], temperature));
  }));
  tape.add_loss(distillation_losses_.back(), concat(outputs_[output].name, "/distillation"),
                static_cast<float>(weights_[output] * objective_.distillation.weight));
}

Var Measures::weighted_sum(const std::vector<Var>& losses) const {
  Var sum;
  for (size_t o = 0; o < losses.size(); ++o) {
    const Var term = weights_[o] == 1 ? losses[o] : ops::scale(losses[o], static_cast<float>(weights_[o]));
    sum = sum.valid() ? ops::add(sum, term) : term;
  }
  return sum;
}

Var Measures::in_unit_of_targets(Tape& tape, size_t output, Var value) const {
  if (output >= objective_.target_scaling.size() || objective_.target_scaling[output].empty()) return value;
  const Scaling& scaling = objective_.target_scaling[output];
  scaling.check(value.shape(), outputs_[output].name);
  const auto constant = [&](const std::vector<double>& numbers) {
    Tensor tensor(Shape{static_cast<int64_t>(numbers.size())});
    std::ranges::transform(numbers, tensor.data(), [](double number) { return static_cast<float>(number); });
    return tape.constant(std::move(tensor));
  };
  return ops::add(ops::multiply(value, constant(scaling.divisor)), constant(scaling.offset));
}

void Measures::record_metric(Tape& tape, size_t output, const MetricPtr& metric, bool weighted) {
  const MeasuredOutput& measured = outputs_[output];
  const Loss& loss = *objective_.losses[output];
  metric->check_fits(loss);
  const std::string name = weighted ? objective_.name_of_weighted(*metric, output) : std::string(metric->logged_name());
  RecordedMetric m{.value = {},
                   .output = output,
                   .targets = loss.target_kind(),
                   .weighted = weighted,
                   .name = (outputs_.size() > 1 ? measured.name + "_" : "") + name};
  const OutputVars& of_metric = of_metrics_[output];
  m.sum_count = placed("metric", metric->name(), measured.name, "sum_count",
                       [&] { return metric->sum_count(measured.prediction.shape(), m.targets); });
  if (m.sum_count > 0 || metric->needs_all_rows()) {
    m.metric = metric;
    m.function = measured.function;
    m.prediction = of_metric.prediction;
    tape.keep(m.prediction);
    if (of_metric.target.id != targets_[output].id) tape.keep(m.target = of_metric.target);
  }
  if (m.needs_all_rows() && m.metric != nullptr) {
    HGQ_CHECK(!weighted, ConfigError, "metric '", metric->name(), "' has no weighted form; take it as a plain metric");
    m.rows = static_cast<size_t>(
        std::ranges::count_if(metrics_, [](const RecordedMetric& other) { return other.needs_all_rows(); }));
    if (m.rows == rows_of_metrics_.size()) rows_of_metrics_.emplace_back();
  } else if (m.metric == nullptr) {
    const OutputVars vars{of_metric.prediction, of_metric.target, measured.function,
                          weighted ? weights_of(output) : Var{}};
    m.value = placed("metric", metric->name(), measured.name, "record",
                     [&] { return check_mean(metric->record(vars, loss.target_kind())); });
  }
  metrics_.push_back(std::move(m));
}

bool Measures::fits(std::span<const ConstTensorView> weights) const {
  if (weights.size() != sample_weights_.size()) return false;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i].shape != sample_weights_[i].shape().with_front(weights[i].shape[0])) return false;
  }
  return true;
}

void Measures::add_views(const Batch& batch, std::vector<ConstTensorView>& views) {
  rows_ = batch.rows();
  const std::span<const ConstTensorView> used = batch.targets().first(target_count());
  target_views_.assign(used.begin(), used.end());
  for (size_t o = 0; o < targets_.size(); ++o) {
    // [n] and [n, 1] are the same targets.
    const Shape wanted = targets_[o].shape().with_front(rows_);
    if (target_views_[o].shape.size() == wanted.size()) target_views_[o].shape = wanted;
  }
  weight_views_.assign(batch.weights().begin(), batch.weights().end());
  views.insert(views.end(), target_views_.begin(), target_views_.end());
  views.insert(views.end(), weight_views_.begin(), weight_views_.end());
}

double Measures::mean_weight(size_t output) const {
  if (weight_views_.empty()) return 1;
  return mean_of(weight_views_[weight_views_.size() == 1 ? 0 : output].values());
}

double Measures::task_loss(const Executor& executor) const {
  double total = 0;
  for (size_t o = 0; o < task_losses_.size(); ++o)
    total += weights_[o] * static_cast<double>(executor.value(task_losses_[o]).data[0]);
  return total;
}

void Measures::start_epoch() {
  means_.clear();
  for (EpochRows& rows : rows_of_metrics_) rows.clear();
}

void Measures::resume_epoch(const std::vector<double>& means, std::vector<EpochRows> of_metrics, int64_t rows) {
  HGQ_CHECK(of_metrics.size() == rows_of_metrics_.size(), FileError, "the checkpoint holds the scores of ",
            of_metrics.size(), " metrics, expected ", rows_of_metrics_.size());
  for (const RecordedMetric& m : metrics_) {
    if (!m.needs_all_rows()) continue;
    const Shape prediction = outputs_[m.output].prediction.shape();
    const auto columns = static_cast<size_t>(EpochRows::columns_of(prediction.with_front(rows), m.is_sparse()));
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

void Measures::add_batch(const Executor& executor, double loss) {
  means_.add(0, loss, rows_);
  for (size_t i = 0; i < metrics_.size(); ++i) {
    const RecordedMetric& m = metrics_[i];
    if (m.value.valid()) {
      means_.add(i + 1, static_cast<double>(executor.value(m.value).data[0]), rows_);
      if (m.weight_mean > 0) means_.add(m.weight_mean, mean_weight(m.output), rows_);
    } else if (m.sum_count > 0) {
      add_to_sums(m, executor);
    } else {
      rows_of_metrics_[m.rows].add(executor.rows_of(m.prediction), targets_of(m, executor), m.targets, m.function);
    }
  }
  means_.add_rows(rows_);
}

ConstTensorView Measures::targets_of(const RecordedMetric& m, const Executor& executor) const {
  return m.target.valid() ? executor.rows_of(m.target) : target_views_[m.output];
}

void Measures::add_to_sums(const RecordedMetric& m, const Executor& executor) {
  MeasuredRows rows{.predictions = executor.rows_of(m.prediction),
                    .targets = targets_of(m, executor),
                    .targets_are = m.targets,
                    .output_function = m.function};
  if (m.weighted && !weight_views_.empty())
    rows.weights = weight_views_[weight_views_.size() == 1 ? 0 : m.output].values();
  m.metric->add_rows(rows, means_.sums(m.first_sum, m.sum_count));
}

Metrics Measures::epoch_metrics(const std::string& prefix, const std::string& loss) const {
  Metrics metrics;
  metrics.set(prefix + loss, means_.mean(0));
  for (size_t i = 0; i < metrics_.size(); ++i) {
    const RecordedMetric& m = metrics_[i];
    if (m.sum_count > 0) {
      const std::vector<double> values = m.metric->values_of(means_.sums(m.first_sum, m.sum_count));
      const std::vector<std::string> names = value_names(prefix + m.name, values.size());
      for (size_t v = 0; v < values.size(); ++v) metrics.set(names[v], values[v]);
      continue;
    }
    double value = m.value.valid() ? means_.mean(i + 1) : m.metric->value(rows_of_metrics_[m.rows]);
    if (m.weight_mean > 0) {
      const double weight = means_.mean(m.weight_mean);
      value = weight == 0 ? 0 : value / weight;  // Keras: div_no_nan
    }
    metrics.set(prefix + m.name, value);
  }
  return metrics;
}

}  // namespace hgq
