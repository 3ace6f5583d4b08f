#include "layer_contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "allocation_counter.h"
#include "hgq/autograd/gradcheck.h"
#include "hgq/core/error.h"
#include "hgq/layers/freeze.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/layer_checks.h"
#include "hgq/layers/predict.h"
#include "hgq/optim/optimizers.h"
#include "layer_contract_model.h"
#include "proxy_contract.h"
#include "tape_lab.h"

namespace hgq::testing {
namespace {

/// A model on a tape, with a loss that weighs each element of its output.
struct Recorded {
  /// `keras_keys`: the layer's keys are those of a saved model. `like`: it is recorded with the values that this one
  /// has now.
  Recorded(const LayerContract& contract, Mode mode, bool keras_keys = false, const Recorded* like = nullptr,
           bool frozen = false)
      : model(contract_model(contract, keras_keys)) {
    if (frozen) freeze_layers(model, std::vector<std::string>{kContractName});
    if (like != nullptr) copy_values(like->model, model);
    const ModelRecording recording = model.record(tape, mode, true);
    check_layers(model, tape, recording);
    output = recording.outputs.front().value;
    tape.keep(output);
    for (const Signal& s : recording.signals) {
      if (tape.values()[static_cast<size_t>(s.value.id)].source == Tape::Source::kOp) tape.keep(s.value);
    }
    tape.add_loss(ops::sum(ops::multiply(output, tape.input("upstream", output.shape()))), "task");
    remember();
  }
  void remember() {
    parameters.clear();
    states.clear();
    for (const Parameter* const p : model.parameters()) parameters.push_back(p->value.clone());
    for (const State* const s : model.states()) states.push_back(s->value.clone());
  }
  static void copy_values(const Model& from, Model& to) {
    const std::vector<Parameter*> p = from.parameters();
    const std::vector<State*> s = from.states();
    for (size_t i = 0; i < p.size(); ++i)
      std::ranges::copy(p[i]->value.values(), to.parameters()[i]->value.values().begin());
    for (size_t i = 0; i < s.size(); ++i)
      std::ranges::copy(s[i]->value.values(), to.states()[i]->value.values().begin());
  }
  void restore() {
    const std::vector<Parameter*> p = model.parameters();
    const std::vector<State*> s = model.states();
    for (size_t i = 0; i < p.size(); ++i) std::ranges::copy(parameters[i].values(), p[i]->value.values().begin());
    for (size_t i = 0; i < s.size(); ++i) std::ranges::copy(states[i].values(), s[i]->value.values().begin());
  }
  std::vector<Tensor> make_inputs(int64_t rows) const {
    std::vector<Tensor> inputs;
    for (const int32_t v : tape.inputs()) {
      const Tape::Value& value = tape.values()[static_cast<size_t>(v)];
      inputs.push_back(spread_numbers(value.spec.shape.with_front(rows), value.name));
    }
    return inputs;
  }
  /// Output, gradients, states after a step.
  std::vector<float> step(std::span<const ConstTensorView> inputs, Workers& workers, const ExecutorOptions& options) {
    restore();
    Executor executor(tape, workers, options);
    executor.forward(inputs, 5);
    std::vector<float> all{executor.loss()};
    const auto add = [&](std::span<const float> values) { all.insert(all.end(), values.begin(), values.end()); };
    add(executor.rows_of(output).values());
    if (options.gradients) {
      executor.backward();
      for (const Parameter* const p : model.parameters()) add(p->grad.values());
    }
    for (const State* const s : model.states()) add(s->value.values());
    return all;
  }

  Model model;
  Tape tape;
  Var output;
  std::vector<Tensor> parameters, states;
};

const ExecutorOptions kWhole{.all_parameters = true, .largest_chunk = 5000, .seed = 11};
const ExecutorOptions kCut{.all_parameters = true, .largest_chunk = 37, .lanes = 3, .seed = 11};

void expect_right(const LayerContract& contract) {
  Workers workers(2);
  for (const Mode mode : {Mode::kTrain, Mode::kEvaluate, Mode::kTrace}) {
    Recorded recorded(contract, mode);
    for (const int64_t rows : {2, 513}) {
      SCOPED_TRACE(concat("mode ", static_cast<int>(mode), ", ", rows, " rows"));
      const std::vector<Tensor> inputs = recorded.make_inputs(rows);
      recorded.restore();
      const GradientReport values = compare_with_twins(recorded.tape, views_of(inputs), workers,
                                                       {.executor = kCut, .tolerance = contract.value, .step = 5});
      EXPECT_TRUE(values.agree()) << values.text();
      recorded.restore();
      if (mode != Mode::kTrain) continue;
      const GradientReport gradients = check_gradients(
          recorded.tape, views_of(inputs), workers,
          {.executor = kCut, .tolerance = contract.gradient, .most_elements = rows > 2 ? 6 : 24, .step = 5});
      EXPECT_TRUE(gradients.agree()) << gradients.text();
    }
  }
}

void expect_same_for_any_cut_and_threads(const LayerContract& contract) {
  Recorded recorded(contract, Mode::kTrain);
  const std::vector<Tensor> inputs = recorded.make_inputs(513);
  Workers one(1);
  Workers two(2);
  Workers three(3);
  const std::vector<float> whole = recorded.step(views_of(inputs), one, kWhole);
  const std::vector<float> cut = recorded.step(views_of(inputs), one, kCut);
  ASSERT_EQ(whole.size(), cut.size());
  float most = 0;
  for (const float v : whole) most = std::isfinite(v) ? std::max(most, std::abs(v)) : most;
  for (size_t i = 0; i < whole.size(); ++i) {
    if (whole[i] == cut[i]) continue;
    ASSERT_NEAR(whole[i], cut[i], contract.cut * static_cast<double>(most)) << "one chunk and many, number " << i;
  }
  EXPECT_TRUE(cut == recorded.step(views_of(inputs), two, kCut)) << "two threads";
  EXPECT_TRUE(cut == recorded.step(views_of(inputs), three, kCut)) << "three threads";
}

// What a run that is continued does: it records the layer with the values of a later step. All bits of the next step
// must be those of the tape that was recorded before the first one.
void expect_the_same_recorded_later(const LayerContract& contract) {
  Recorded early(contract, Mode::kTrain);
  const std::vector<Tensor> inputs = early.make_inputs(70);
  Workers workers(1);
  early.step(views_of(inputs), workers, kCut);
  for (Parameter* const p : early.model.parameters()) {
    for (size_t i = 0; i < p->grad.values().size(); ++i) p->value.values()[i] -= 1e-3F * p->grad.values()[i];
  }
  Recorded late(contract, Mode::kTrain, false, &early);
  for (size_t i = 0; i < early.parameters.size(); ++i) early.parameters[i] = late.parameters[i].clone();
  for (size_t i = 0; i < early.states.size(); ++i) early.states[i] = late.states[i].clone();
  EXPECT_TRUE(early.step(views_of(inputs), workers, kCut) == late.step(views_of(inputs), workers, kCut))
      << "what is recorded depends on the values of parameters or states";
}

void expect_no_memory_taken_when_warm(const LayerContract& contract) {
  Recorded recorded(contract, Mode::kTrain);
  const std::vector<Tensor> inputs = recorded.make_inputs(100);
  const std::vector<ConstTensorView> views = views_of(inputs);
  Workers workers(2);
  Executor executor(recorded.tape, workers, kCut);
  executor.forward(views, 0);
  executor.backward();
  const AllocationCounter counter;
  executor.forward(views, 1);
  executor.backward();
  EXPECT_EQ(counter.count(), 0) << "allocations in the second step";
}

void expect_config_round_trip(const LayerContract& contract) {
  Recorded recorded(contract, Mode::kTrain);
  Layer* const layer = recorded.model.find(kContractName);
  ASSERT_NE(layer, nullptr);
  const nlohmann::json written = layer->config();
  for (const auto& [key, value] : contract.layer.arguments.entries())
    EXPECT_TRUE(written.contains(key)) << "key '" << key << "' is read, but not written";
  ErrorList errors;
  const LayerDefaults defaults = contract_defaults(contract);
  const Node node = Node::from_json(nlohmann::json::parse(written.dump()), "config");
  const std::unique_ptr<Layer> again = make_layer(layer->class_name(), {node, defaults, errors, nullptr}, true);
  EXPECT_TRUE(errors.empty()) << (errors.empty() ? "" : errors.messages().front());
  ASSERT_NE(again, nullptr);
  again->build(contract.inputs, {.seed = 3, .initialize = true});
  EXPECT_EQ(again->config(), written);
  EXPECT_EQ(again->name(), kContractName);
  EXPECT_EQ(again->kind(), layer->kind());
  const auto names = [](Layer& l) {
    std::vector<std::string> all;
    for (const Parameter* const p : l.parameters())
      all.push_back(concat(p->name, p->value.shape(), p->trainable ? "" : " frozen"));
    for (const State* const s : l.states()) all.push_back(concat(s->name, s->value.shape()));
    return all;
  };
  EXPECT_EQ(names(*again), names(*layer));

  LayerContract copy = contract;
  copy.layer.arguments = node;
  copy.layer.function = nullptr;
  Recorded other(copy, Mode::kTrain, true);
  const std::vector<Tensor> inputs = recorded.make_inputs(40);
  Workers workers(1);
  EXPECT_TRUE(recorded.step(views_of(inputs), workers, kWhole) == other.step(views_of(inputs), workers, kWhole))
      << "the layer read from its config";
}

void expect_exact_bits_after_a_trace(const LayerContract& contract) {
  Recorded recorded(contract, Mode::kTrace);
  std::vector<ExactBops> bops;
  if (!recorded.model.is_traced()) {
    EXPECT_THROW(recorded.model.exact_signals(bops), ConfigError);
    bops.clear();
  }
  const std::vector<Tensor> inputs = recorded.make_inputs(50);
  Workers workers(1);
  recorded.step(views_of(inputs), workers, {.gradients = false});
  EXPECT_TRUE(recorded.model.is_traced());
  const std::vector<ExactSignal> signals = recorded.model.exact_signals(bops);
  for (size_t i = 0; i < signals.size(); ++i) {
    const Model::Entry& entry = recorded.model.entries()[i];
    if (entry.name != kContractName || signals[i].bits.empty()) continue;
    EXPECT_EQ(static_cast<int64_t>(signals[i].bits.size()), entry.shape.size());
    for (const float b : signals[i].bits) EXPECT_TRUE(b >= 0 && b <= 64 && b == std::nearbyint(b)) << b;
  }
  for (const ExactBops& b : bops) EXPECT_TRUE(std::isfinite(b.bops) && b.bops >= 0) << b.layer << ": " << b.bops;
}

void expect_file_round_trip(const LayerContract& contract) {
  Recorded recorded(contract, Mode::kTrace);
  std::vector<Tensor> inputs = recorded.make_inputs(50);
  Workers workers(1);
  recorded.step(views_of(inputs), workers, {.gradients = false});
  inputs.pop_back();  // the upstream weights
  const std::string path = ::testing::TempDir() + concat("layer_contract_", ::getpid(), ".h5");
  save_model(recorded.model, path);
  const LayerDefaults defaults = contract_defaults(contract);
  Model again = load_model(path, {}, defaults);
  std::filesystem::remove(path);
  const std::vector<ConstTensorView> views = views_of(inputs);
  const std::vector<Tensor> want = Predictor(recorded.model, workers).run(views);
  const std::vector<Tensor> got = Predictor(again, workers).run(views);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(got[i].values(), want[i].values())) << "the model read from its file";
  const std::vector<State*> states = recorded.model.states();
  const std::vector<State*> read = again.states();
  ASSERT_EQ(read.size(), states.size());
  for (size_t i = 0; i < states.size(); ++i) {
    EXPECT_EQ(read[i]->name, states[i]->name);
    EXPECT_TRUE(std::ranges::equal(read[i]->value.values(), states[i]->value.values())) << states[i]->name;
  }
}

/// One step, and what it changed in the layer that is frozen: nothing but ranges.
void expect_frozen_layer_stays(const LayerContract& contract) {
  Recorded frozen(contract, Mode::kTrain, false, nullptr, true);
  const std::vector<Tensor> inputs = frozen.make_inputs(40);
  Workers workers(1);
  const ExecutorOptions options{.largest_chunk = 5000, .seed = 11};
  frozen.step(views_of(inputs), workers, options);  // brings bit widths into bw_clip, frozen or not
  frozen.remember();
  frozen.step(views_of(inputs), workers, options);
  SGD sgd({.learning_rate = 0.1, .weight_decay = 0.1});
  sgd.update(frozen.model.parameters());
  const std::string prefix = concat(kContractName, "/");
  const auto expect_same = [](const auto* now, const Tensor& before) {
    EXPECT_TRUE(std::ranges::equal(now->value.values(), before.values())) << now->name << " of a frozen layer changed";
  };
  bool others_changed = false;
  for (size_t i = 0; i < frozen.parameters.size(); ++i) {
    const Parameter* const p = frozen.model.parameters()[i];
    if (p->name.starts_with(prefix)) expect_same(p, frozen.parameters[i]);
    others_changed = others_changed || !std::ranges::equal(p->value.values(), frozen.parameters[i].values());
  }
  EXPECT_TRUE(others_changed) << "no other layer was trained";
  for (size_t i = 0; i < frozen.states.size(); ++i) {
    const State* const s = frozen.model.states()[i];
    const bool is_range = s->name.ends_with("/min") || s->name.ends_with("/max");
    if (s->name.starts_with(prefix) && !is_range) expect_same(s, frozen.states[i]);
  }
}

void expect_wrong_shapes_refused(const LayerContract& contract) {
  for (const std::vector<Shape>& inputs : contract.wrong_inputs) {
    std::string shapes;
    for (const Shape& s : inputs) shapes += to_string(s) + " ";
    SCOPED_TRACE("inputs " + shapes);
    ErrorList errors;
    Model::make(contract_specs(contract, inputs),
                {.input_shapes = {}, .outputs = {}, .defaults = contract_defaults(contract), .build = {.seed = 3}},
                errors);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_THAT(errors.messages().front(), ::testing::HasSubstr(concat("layer '", kContractName, "'")));
    EXPECT_THAT(errors.messages().front(), ::testing::AnyOf(::testing::HasSubstr(to_string(inputs.front())),
                                                            ::testing::HasSubstr("expected at least")));
  }
}

}  // namespace

void expect_layer_contract(const LayerContract& contract) {
  SCOPED_TRACE(concat(contract.layer.kind, " ", contract.layer.arguments.to_json().dump()));
  expect_right(contract);
  expect_same_for_any_cut_and_threads(contract);
  expect_the_same_recorded_later(contract);
  expect_no_memory_taken_when_warm(contract);
  expect_config_round_trip(contract);
  expect_exact_bits_after_a_trace(contract);
  expect_file_round_trip(contract);
  expect_frozen_layer_stays(contract);
  expect_wrong_shapes_refused(contract);
  expect_proxy_contract(contract);
}

}  // namespace hgq::testing
