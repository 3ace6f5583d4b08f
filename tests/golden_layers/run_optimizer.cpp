// Family optimizers: Keras' optimizers and schedules alone, and the adaption of a kernel's bits at build.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/layers/quantizer.h"
#include "hgq/optim/optimizer_config.h"
#include "model_build.h"
#include "run_case.h"

namespace hgq::golden {
namespace {

using nlohmann::json;

Tensors follow_optimizer(const GoldenCase& c) {
  ErrorList errors;
  const auto optimizer = make_optimizer(Node::from_json(named_form(c.json().at("optimizer")), "golden"), {}, errors);
  errors.throw_if_any();
  std::vector<Parameter> parameters;
  for (const char* const name : {"w0", "w1"}) {
    const Tensor& start = c.at(std::string("params/") + name);
    parameters.emplace_back(name, start.shape()).value = start.clone();
  }
  const std::vector<Parameter*> pointers{&parameters[0], &parameters[1]};
  Tensors got;
  for (size_t p = 0; p < 2; ++p) got.emplace(concat("out/w", p), Tensor(c.at(concat("in/g", p)).shape()));
  const auto steps = c.json().at("steps").get<int64_t>();
  for (int64_t step = 0; step < steps; ++step) {
    for (size_t p = 0; p < 2; ++p) {
      std::ranges::copy(c.at(concat("in/g", p)).view().rows(step, 1).values(), parameters[p].grad.values().begin());
    }
    optimizer->update(pointers);
    for (size_t p = 0; p < 2; ++p) {
      std::ranges::copy(parameters[p].value.values(), got.at(concat("out/w", p)).view().rows(step, 1).data);
    }
  }
  return got;
}

Tensors follow_schedule(const GoldenCase& c) {
  ErrorList errors;
  const auto schedule = make_schedule(Node::from_json(named_form(c.json().at("schedule")), "golden"), {}, errors);
  errors.throw_if_any();
  Tensor rates(c.at("in/step").shape());
  for (size_t i = 0; i < rates.values().size(); ++i) {
    rates.values()[i] = (*schedule)(static_cast<int64_t>(c.at("in/step").values()[i]));
  }
  Tensors got;
  got.emplace("out/learning_rate", std::move(rates));
  return got;
}

Tensors adapt(const GoldenCase& c, Workers& workers) {
  const Tensor& kernel = c.at("params/kernel");
  Quantizer q(quantizer_config(c.json().at("kq")), Quantizer::Target::kKernel, kernel.shape(), "q/");
  q.adapt_to(kernel.view());
  Tensors got;
  got.emplace("out/f_at_build", q.f.value.clone());
  Tape tape;
  q.forward(tape, tape.constant(kernel.clone()), q.clipped_f(tape), Mode::kTrain);
  Executor executor(tape, workers, {.gradients = false});
  executor.forward({});
  got.emplace("out/f_after_first_call", q.f.value.clone());
  return got;
}

}  // namespace

json named_form(const json& typed) {
  if (!typed.is_object()) return typed;
  json arguments = json::object();
  for (const auto& [key, value] : typed.items()) {
    if (key != "type") arguments[key] = named_form(value);
  }
  return {{typed.at("type").get<std::string>(), arguments}};
}

Outcome run_optimizer(const GoldenCase& c, Workers& workers) {
  const std::string kind = c.json().at("kind").get<std::string>();
  HGQ_CHECK(kind == "optimizer" || kind == "schedule" || kind == "adapt", FileError, c.name, ": unknown kind '", kind,
            "'");
  const Tensors got =
      kind == "optimizer" ? follow_optimizer(c) : (kind == "schedule" ? follow_schedule(c) : adapt(c, workers));
  Outcome outcome;
  outcome.problems = compare(
      c, got, {"out/"},
      [](const std::string&) {
        return Rule{Rule::Scale::kLargest, 1e-6};
      },
      outcome.compared);
  return outcome;
}

}  // namespace hgq::golden
