// Families training and optimizers: short runs of whole models, followed step by step; optimizers, schedules, adapted
// bits.
#include <algorithm>
#include <cmath>

#include "golden_case.h"
#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "hgq/optim/optimizer_config.h"

namespace hgq::golden {
namespace {

using nlohmann::json;

std::unique_ptr<Optimizer> optimizer_of(const json& config) {
  ErrorList errors;
  auto optimizer = make_optimizer(Node::from_json(named(config), "golden"), {}, errors);
  errors.throw_if_any();
  return optimizer;
}

Rule training_rule(const GoldenCase& c, const std::string& dataset) {
  const nlohmann::json special = c.config.value("tolerance", nlohmann::json::object());
  for (const auto& [prefix, value] : special.items()) {
    if (dataset.starts_with(prefix)) return {.tolerance = value.get<double>()};
  }
  if (dataset.starts_with("out/") && dataset.ends_with("_bops")) return {.tolerance = 1e-6};
  if (dataset.starts_with("out/")) return {.tolerance = 1e-5, .floor = 1};
  return {.tolerance = 1e-4, .floor = 1};
}

class Run {
 public:
  Run(const GoldenCase& c, const Cut& cut)
      : c_(c),
        cut_(cut),
        workers_(cut.threads),
        model_(make_model(c)),
        comparison_(c, prefixes(), [&c](const std::string& d) { return training_rule(c, d); }) {}

  std::vector<std::string> follow() {
    const auto optimizer = optimizer_of(c_.config.at("optimizer"));
    std::vector<Parameter*> parameters = model_.parameters();
    check_trainable(parameters);
    Tape tape;
    const ModelRecording recording = model_.record(tape, Mode::kTrain);
    const Var y = recording.outputs.at(0).value;
    const bool mse = c_.config.at("loss") == "mse";
    const Tensor& labels = c_.at("in/y");
    const Var t = tape.input("y", mse ? labels.shape().without_front() : Shape{});
    tape.add_loss(mse ? ops::mean_squared_error(y, t) : ops::sparse_categorical_crossentropy(y, t, true), "task");
    Executor executor(tape, workers_, {.all_parameters = true, .largest_chunk = cut_.largest_chunk});
    const Tensor& x = c_.at("in/x");
    const int64_t batch = c_.config.at("batch");
    const int epochs = c_.config.at("epochs");
    std::vector<float> task, total, bops, calibrated;
    for (int epoch = 0; epoch < epochs; ++epoch) {
      double last_bops = 0;
      for (int64_t row = 0; row + batch <= x.shape()[0]; row += batch) {
        executor.forward(std::vector<ConstTensorView>{x.view().rows(row, batch), labels.view().rows(row, batch)},
                         static_cast<uint64_t>(task.size()));
        executor.backward();
        task.push_back(executor.loss(tape.losses().size() - 1));
        total.push_back(executor.loss());
        last_bops = 0;
        for (const Recording::Bops& b : recording.bops)
          last_bops += static_cast<double>(executor.value(b.value).data[0]);
        optimizer->update(parameters);
        if (task.size() == 1) compare_all("step1/");
      }
      bops.push_back(static_cast<float>(last_bops));
      if (c_.config.at("calibrated_bops")) calibrated.push_back(static_cast<float>(trace().bops));
      if (c_.config.at("reset_minmax") && epoch + 1 < epochs) model_.reset_records();
    }
    compare_all("final/");
    add("out/task_loss", task);
    add("out/total_loss", total);
    add("out/epoch_bops", bops);
    if (!calibrated.empty()) add("out/calibrated_bops", calibrated);
    const Traced traced = trace();
    comparison_.add("out/exact_bops", traced.bops);
    comparison_.add("out/eval_output", traced.output.view());
    compare_all("traced/");
    return comparison_.differences();
  }

 private:
  struct Traced {
    double bops = 0;
    Tensor output;
  };

  static std::vector<std::string> prefixes() { return {"out/", "step1/", "final/", "traced/"}; }

  void check_trainable(const std::vector<Parameter*>& parameters) {
    std::vector<std::string> names;
    for (const Parameter* p : parameters) {
      if (p->trainable) names.push_back(p->name);
    }
    std::ranges::sort(names);
    comparison_.expect(names == c_.config.at("trainable").get<std::vector<std::string>>(),
                       "other parameters are trainable than in the golden run");
  }

  Traced trace() {
    const ConstTensorView x = c_.at("in/x").view();
    const double bops = trace_minmax(model_, x, workers_).total;
    return {bops, predict(model_, x, workers_)};
  }

  void compare_all(const std::string& prefix) {
    for (const Parameter* p : model_.parameters()) comparison_.add(prefix + p->name, p->value.view());
    for (const State* s : model_.states()) comparison_.add(prefix + s->name, s->value.view());
  }
  void add(const std::string& dataset, const std::vector<float>& values) {
    comparison_.add(dataset, Shape{static_cast<int64_t>(values.size())}, values);
  }

  const GoldenCase& c_;
  Cut cut_;
  Workers workers_;
  Model model_;
  Comparison comparison_;
};

std::vector<std::string> follow_optimizer(const GoldenCase& c) {
  const auto optimizer = optimizer_of(c.config.at("optimizer"));
  std::vector<Parameter> parameters;
  for (const char* const name : {"w0", "w1"}) {
    const Tensor& start = c.at(std::string("params/") + name);
    parameters.emplace_back(name, start.shape());
    parameters.back().value = start.clone();
  }
  const std::vector<Parameter*> pointers{&parameters[0], &parameters[1]};
  std::vector<float> course[2];
  const int64_t steps = c.config.at("steps");
  for (int64_t step = 0; step < steps; ++step) {
    for (size_t p = 0; p < 2; ++p)
      std::ranges::copy(c.at(concat("in/g", p)).view().rows(step, 1).values(), parameters[p].grad.data());
    optimizer->update(pointers);
    for (size_t p = 0; p < 2; ++p)
      course[p].insert(course[p].end(), parameters[p].value.values().begin(), parameters[p].value.values().end());
  }
  Comparison comparison(c, std::vector<std::string>{"out/"},
                        [](const std::string&) { return Rule{.tolerance = 1e-6}; });
  for (size_t p = 0; p < 2; ++p)
    comparison.add(concat("out/w", p), parameters[p].value.shape().with_front(steps), course[p]);
  return comparison.differences();
}

std::vector<std::string> follow_schedule(const GoldenCase& c) {
  ErrorList errors;
  const auto schedule = make_schedule(Node::from_json(named(c.config.at("schedule")), "golden"), {}, errors);
  errors.throw_if_any();
  std::vector<float> rates;
  for (const float step : c.at("in/step").values())
    rates.push_back(static_cast<float>((*schedule)(static_cast<int64_t>(step))));
  Comparison comparison(c, std::vector<std::string>{"out/"},
                        [](const std::string&) { return Rule{.tolerance = 1e-6}; });
  comparison.add("out/learning_rate", c.at("in/step").shape(), rates);
  return comparison.differences();
}

std::vector<std::string> adapt(const GoldenCase& c) {
  const Tensor& kernel = c.at("params/kernel");
  Quantizer quantizer(quantizer_config(c.config.at("kq")), Quantizer::Target::kKernel, kernel.shape(), "q/");
  quantizer.adapt_to(kernel.view());
  Comparison comparison(c, std::vector<std::string>{"out/"},
                        [](const std::string&) { return Rule{.tolerance = 1e-6}; });
  comparison.add("out/f_at_build", quantizer.f.value.view());
  Tape tape;
  quantizer.clipped_f(tape);
  Workers workers(1);
  Executor executor(tape, workers, {.gradients = false});
  executor.forward({});
  comparison.add("out/f_after_first_call", quantizer.f.value.view());
  return comparison.differences();
}

}  // namespace

std::vector<std::string> run_training_case(const GoldenCase& c) {
  std::vector<std::string> lines;
  for (const Cut& cut : kCuts) {
    for (const std::string& line : Run(c, cut).follow())
      lines.push_back(concat(line, " [chunks of ", cut.largest_chunk, "]"));
  }
  return lines;
}

std::vector<std::string> run_optimizer_case(const GoldenCase& c) {
  const std::string kind = c.config.at("kind");
  if (kind == "optimizer") return follow_optimizer(c);
  if (kind == "schedule") return follow_schedule(c);
  if (kind == "adapt") return adapt(c);
  return {"kind '" + kind + "' is not known"};
}

}  // namespace hgq::golden
