// What a checkpoint says of a training: kept exactly, and refused where it cannot be true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/progress.h"
#include "hgq/core/error.h"
#include "hgq/layers/hgq_file.h"
#include "training_fixture.h"

namespace hgq {
namespace resume_test {

using hgq::testing::SmallTraining;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr int kEpochs = 4;

std::unique_ptr<Callback> callback(const std::string& yaml) {
  ErrorList errors;
  auto made =
      make_callback(Node::from_yaml(yaml, "test", errors), {.epochs = kEpochs, .folder = ""}, CallbackKinds(), errors);
  errors.throw_if_any();
  return made;
}

/// Every callback that remembers something.
void add_all(Trainer& trainer) {
  for (const char* const yaml :
       {"ResetMinMax", "FreeBOPs", "BetaSchedule: {from: 1.0e-6, to: 1.0e-3}",
        "ReduceLROnPlateau: {patience: 1, cooldown: 3}", "EarlyStopping: {patience: 50, restore_best_weights: true}",
        "Checkpoint: {save_best_only: true}", "ParetoFront: {metrics: [val_loss, bops], best: [min, min]}"}) {
    trainer.add(callback(yaml));
  }
}

struct Stopped {
  json state;
  std::vector<float> weights;
};

/// What is written of a training that stops after so many batches, of five an epoch.
Stopped stopped_after(SmallTraining& s, int64_t steps) {
  Stopped stopped;
  Trainer::Options options = s.options(kEpochs);
  options.checkpoint_seconds = 1e9;
  options.stop_after_steps = steps;
  options.write_checkpoint = [&](const json& state) { stopped.state = json::parse(state.dump()); };
  Trainer trainer(s.model, s.objective, s.adam, s.workers, options);
  add_all(trainer);
  EXPECT_EQ(trainer.fit(s.train, &s.validation), FitEnd::kStopAfter);
  stopped.weights = s.weights();
  return stopped;
}

// A callback that ends the training does so once: what is written then says so.
TEST(Resume, ATrainingThatHasEndedStaysSo) {
  json kept;
  SmallTraining s;
  Trainer::Options options = s.options(kEpochs);
  options.write_checkpoint = [&](const json& state) { kept = state; };
  const auto add = [](Trainer& trainer) {
    trainer.add(
        callback("EarlyStopping: {monitor: val_loss, patience: 1, min_delta: 100, restore_best_weights: true}"));
  };
  Trainer first(s.model, s.objective, s.adam, s.workers, options);
  add(first);
  EXPECT_EQ(first.fit(s.train, &s.validation), FitEnd::kStopped);
  const std::vector<float> weights = s.weights();
  Trainer second(s.model, s.objective, s.adam, s.workers, options);
  add(second);
  second.resume(kept);
  EXPECT_EQ(second.fit(s.train, &s.validation), FitEnd::kStopped);
  EXPECT_EQ(second.history().size(), first.history().size());
  EXPECT_EQ(second.stop_reason(), first.stop_reason());
  EXPECT_EQ(s.weights(), weights);
}

TEST(Resume, WhatShowsProgressIsNoPartOfIt) {
  SmallTraining s;
  const Stopped stopped = stopped_after(s, 7);
  EXPECT_EQ(stopped.state.at("callbacks").size(), 4U);  // those that remember something
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(kEpochs));
  std::FILE* const nowhere = std::fopen("/dev/null", "w");
  trainer.add(std::make_unique<Progress>(nowhere, false));
  add_all(trainer);
  trainer.resume(stopped.state);
  EXPECT_EQ(trainer.position().epoch, 1);
  EXPECT_EQ(trainer.position().batch, 2);
  EXPECT_EQ(trainer.fit(s.train, &s.validation), FitEnd::kFinished);
  std::fclose(nowhere);
}

TEST(Resume, OtherDataAreRefused) {
  SmallTraining s;
  const Stopped stopped = stopped_after(s, 7);
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(kEpochs));
  add_all(trainer);
  trainer.resume(stopped.state);
  try {
    trainer.fit(hgq::testing::points(300, 1), &s.validation);
    FAIL();
  } catch (const FileError& e) {
    EXPECT_THAT(e.what(), HasSubstr("an epoch had 5 batches, with these data it has 3"));
  }
}

TEST(Resume, RowsThatHaveChangedAreTold) {
  for (const bool validation : {false, true}) {
    for (const bool changed : {false, true}) {
      SmallTraining s;
      const Stopped stopped = stopped_after(s, 7);
      std::vector<std::string> warnings;
      Trainer::Options options = s.options(kEpochs);
      options.warn = [&](const std::string& warning) { warnings.push_back(warning); };
      Trainer trainer(s.model, s.objective, s.adam, s.workers, options);
      add_all(trainer);
      trainer.resume(stopped.state);
      const MemoryDataset& same = validation ? s.validation : s.train;
      Tensor x(same.x().shape, same.x().values());
      if (changed) x.data()[x.size() / 2] += 1e-3F;
      std::vector<NamedTensor> inputs;
      std::vector<NamedTensor> targets;
      inputs.push_back({"x", std::move(x)});
      targets.push_back({"y", Tensor(same.y().shape, same.y().values())});
      const MemoryDataset other(std::move(inputs), std::move(targets));
      EXPECT_EQ(trainer.fit(validation ? s.train : other, validation ? &other : &s.validation), FitEnd::kFinished);
      ASSERT_EQ(warnings.size(), changed ? 1U : 0U);
      if (changed) {
        EXPECT_THAT(warnings[0], HasSubstr(validation ? "the rows of the validation data are not those with which"
                                                      : "the rows of the training data are not those with which"));
      }
    }
  }
}

TEST(TerminateOnNaN, EndsAtTheBatchAndWritesNoCheckpointOfIt) {
  SmallTraining s;
  Adam wild({.learning_rate = 1e30});
  int checkpoints = 0;
  Trainer::Options options = s.options(20);
  options.write_checkpoint = [&](const json&) { ++checkpoints; };
  Trainer trainer(s.model, s.objective, wild, s.workers, options);
  trainer.add(callback("TerminateOnNaN"));
  EXPECT_EQ(trainer.fit(s.train, &s.validation), FitEnd::kStopped);
  ASSERT_EQ(trainer.history().size(), 1U);
  EXPECT_FALSE(std::isfinite(*trainer.history().find(0, "loss")));
  EXPECT_TRUE(trainer.history().find(0, "val_loss").has_value());
  EXPECT_THAT(trainer.stop_reason(), HasSubstr("epoch 1, batch 2"));
  EXPECT_EQ(checkpoints, 0);
}

// The area under the curve of a validation set with one class is NaN.
TEST(TerminateOnNaN, LooksAtTheLossAlone) {
  SmallTraining s;
  MemoryDataset validation = hgq::testing::points(50, 2);
  std::vector<NamedTensor> inputs, targets;
  inputs.push_back({"x", Tensor(validation.x().shape, validation.x().values())});
  targets.push_back({"y", Tensor(Shape{50})});
  const MemoryDataset one_class(std::move(inputs), std::move(targets));
  Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(3));
  trainer.add(callback("TerminateOnNaN"));
  EXPECT_EQ(trainer.fit(s.train, &one_class), FitEnd::kFinished);
  ASSERT_EQ(trainer.history().size(), 3U);
  EXPECT_TRUE(std::isnan(*trainer.history().find(0, "val_auc")));
}

/// Places of all values of a state, as JSON pointers.
void collect(const json& value, const std::string& place, std::vector<std::string>& places) {
  places.push_back(place);
  if (value.is_object()) {
    for (const auto& [key, below] : value.items()) collect(below, place + "/" + key, places);
  }
  for (size_t i = 0; value.is_array() && i < std::min<size_t>(value.size(), 4); ++i)
    collect(value[i], place + "/" + std::to_string(i), places);
}

const std::vector<json>& wrong_values() {
  static const std::vector<json> values{json(nullptr),
                                        json(-1),
                                        json(std::numeric_limits<int64_t>::min()),
                                        json(-2147483648LL),
                                        json(2147483648LL),
                                        json(std::numeric_limits<uint64_t>::max()),
                                        json(1e300),
                                        json(-1e300),
                                        json(0.5),
                                        json("nan"),
                                        json("inf"),
                                        json("epoch"),
                                        json(true),
                                        json::array(),
                                        json::object(),
                                        json::array({json::array({json::array()})}),
                                        json::array({1, "x", nullptr})};
  return values;
}

// Each value of the state replaced by each of these, taken out, doubled in its list: refused with FileError, or gone on
// with to the end. A crash or a hang would end the test.
TEST(Resume, EveryEditOfItsStateIsRefusedOrHarmless) {
  for (const int64_t steps : {5, 7}) {
    SmallTraining s;
    const Stopped stopped = stopped_after(s, steps);
    const OptimizerState optimizer = s.adam.state();
    std::vector<std::string> places;
    collect(stopped.state, "", places);
    size_t refused = 0;
    size_t harmless = 0;
    const auto attempt = [&](const json& state, const std::string& what) {
      size_t i = 0;
      for (Parameter* const p : s.model.parameters()) {
        for (float& v : p->value.values()) v = stopped.weights[i++];
      }
      for (State* const state_of : s.model.states()) {
        for (float& v : state_of->value.values()) v = stopped.weights[i++];
      }
      std::vector<NamedTensor> slots;
      for (const NamedSlot& slot : s.adam.slots())
        slots.push_back({slot.name, Tensor(Shape{static_cast<int64_t>(slot.values.size())})});
      s.adam.restore(optimizer, slots);
      try {
        Trainer trainer(s.model, s.objective, s.adam, s.workers, s.options(kEpochs));
        add_all(trainer);
        trainer.resume(state);
        // What is harmless is a number of the history or of a callback, a score, or a sum.
        const FitEnd end = trainer.fit(s.train, &s.validation);
        EXPECT_TRUE(end == FitEnd::kFinished || end == FitEnd::kStopped) << what;
        EXPECT_LE(trainer.history().size(), static_cast<size_t>(kEpochs)) << what;
        ++harmless;
      } catch (const FileError& e) {
        EXPECT_LT(std::string(e.what()).size(), 400U) << what;
        ++refused;
      }
    };
    for (const std::string& place : places) {
      const json::json_pointer pointer(place);
      for (const json& value : wrong_values()) {
        json state = stopped.state;
        if (state.at(pointer) == value) continue;
        state[pointer] = value;
        attempt(state, place + " = " + value.dump());
      }
      if (place.empty()) continue;
      json without = stopped.state;
      json& parent = without.at(pointer.parent_pointer());
      if (parent.is_object()) {
        parent.erase(pointer.back());
      } else {
        parent.erase(static_cast<size_t>(std::stoi(pointer.back())));
        json twice = stopped.state;
        twice.at(pointer.parent_pointer()).push_back(stopped.state.at(pointer));
        attempt(twice, place + " twice");
      }
      attempt(without, place + " taken out");
    }
    EXPECT_GT(refused, 2 * harmless) << refused << " refused, " << harmless << " gone on with";
  }
}

/// The arrays and numbers of a checkpoint, beside its JSON.
struct RunFile {
  struct Arrays {
    json names;
    std::vector<Tensor> values;
  };
  std::map<std::string, Arrays> arrays;  // parameters, states, slots
  int64_t iterations = 0;
  double learning_rate = 0;
  std::string rest;

  static RunFile read(const h5::Group& run) {
    RunFile file;
    for (const char* const kind : {"parameters", "states", "slots"}) {
      const h5::Group group = run.group(kind);
      Arrays& all = file.arrays[kind];
      all.names = json::parse(group.attribute_string("names"));
      for (size_t i = 0; i < all.names.size(); ++i) all.values.push_back(group.read_floats(concat(i)));
    }
    file.iterations = run.attribute_integer("iterations");
    file.learning_rate = run.attribute_double("learning_rate");
    file.rest = run.attribute_string("rest");
    return file;
  }
  void write(const std::string& path) const {
    h5::File file = h5::File::create(path);
    h5::Group hgq = file.create_group("hgq");
    h5::Group run = hgq.create_group("run");
    for (const auto& [kind, all] : arrays) {
      h5::Group group = run.create_group(kind);
      for (size_t i = 0; i < all.values.size(); ++i) group.write_floats(concat(i), all.values[i].view());
      group.set_attribute("names", all.names.dump());
    }
    run.set_attribute("iterations", iterations);
    run.set_attribute("learning_rate", learning_rate);
    run.set_attribute("rest", rest);
    file.flush();
  }
  RunFile copy() const {
    RunFile file{.arrays = {}, .iterations = iterations, .learning_rate = learning_rate, .rest = rest};
    for (const auto& [kind, all] : arrays) {
      file.arrays[kind].names = all.names;
      for (const Tensor& value : all.values) file.arrays[kind].values.push_back(value.clone());
    }
    return file;
  }
  /// The array whose name ends so.
  Tensor& find(const std::string& kind, const std::string& leaf) {
    Arrays& all = arrays[kind];
    for (size_t i = 0; i < all.names.size(); ++i) {
      if (all.names[i].get<std::string>().ends_with(leaf)) return all.values[i];
    }
    throw Error("there is no " + leaf);
  }
};

TEST(RunState, EveryArrayAndNumberIsChecked) {
  const TemporaryFolder folder;
  const std::string path = folder / "checkpoint.h5";
  SmallTraining s;
  const Stopped stopped = stopped_after(s, 7);
  save_model(s.model, path, [&](h5::Group& hgq) { write_run_state(hgq, s.model, s.adam, stopped.state); });
  const RunFile right = RunFile::read(h5::File::open(path).group("hgq/run"));
  const auto read = [&](const RunFile& file) {
    file.write(path);
    return read_run_state(h5::File::open(path).group("hgq"), s.model, s.adam);
  };
  EXPECT_EQ(read(right), stopped.state);
  EXPECT_EQ(s.weights(), stopped.weights);
  const float nan = std::nanf("");
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<std::pair<std::string, std::function<void(RunFile&)>>> edits{
      {"iterations below 0", [](RunFile& f) { f.iterations = std::numeric_limits<int64_t>::min(); }},
      {"a rate that is no number", [](RunFile& f) { f.learning_rate = std::nan(""); }},
      {"a rate below 0", [](RunFile& f) { f.learning_rate = -1; }},
      {"a rate beyond float32", [](RunFile& f) { f.learning_rate = 1e300; }},
      {"a state that is no JSON", [](RunFile& f) { f.rest = "{"; }},
      {"a state that is a list", [](RunFile& f) { f.rest = "[]"; }},
      {"a weight that is no number", [&](RunFile& f) { f.find("parameters", "/kernel").data()[0] = nan; }},
      {"an infinite weight", [&](RunFile& f) { f.find("parameters", "/kernel").data()[0] = infinity; }},
      {"a slot that is no number", [&](RunFile& f) { f.arrays["slots"].values[1].data()[0] = nan; }},
      {"a mean square below 0",
       [](RunFile& f) {
         for (size_t i = 0; i < f.arrays["slots"].values.size(); ++i) {
           if (f.arrays["slots"].names[i].get<std::string>().starts_with("v/"))
             f.arrays["slots"].values[i].data()[0] = -1;
         }
       }},
      {"an infinite slot", [&](RunFile& f) { f.arrays["slots"].values[0].data()[0] = infinity; }},
      {"a range that is no number", [&](RunFile& f) { f.find("states", "/min").data()[0] = nan; }},
      {"a variance below 0", [](RunFile& f) { f.find("states", "/moving_variance").data()[0] = -1; }},
      {"half adapted", [](RunFile& f) { f.find("states", "/adapted").data()[0] = 0.5F; }},
      {"beta below 0", [](RunFile& f) { f.find("states", "/bops_strength").data()[0] = -1e-3F; }},
      {"infinite beta", [&](RunFile& f) { f.find("states", "/bops_strength").data()[0] = infinity; }},
      {"another shape",
       [](RunFile& f) {
         f.arrays["parameters"].values[1] = Tensor(Shape{3, 3});
       }},
      {"another name", [](RunFile& f) { f.arrays["states"].names[0] = "x"; }},
      {"a name that is a number", [](RunFile& f) { f.arrays["states"].names[0] = 3; }},
      {"names that are no list", [](RunFile& f) { f.arrays["slots"].names = json::object(); }},
      {"an array too many",
       [](RunFile& f) {
         f.arrays["parameters"].names.push_back("more");
         f.arrays["parameters"].values.push_back(Tensor(Shape{1}));
       }},
      {"a name without an array", [](RunFile& f) { f.arrays["states"].values.pop_back(); }},
      {"an array too few",
       [](RunFile& f) {
         f.arrays["slots"].names.erase(0);
         f.arrays["slots"].values.erase(f.arrays["slots"].values.begin());
       }},
      {"a slot twice", [](RunFile& f) { f.arrays["slots"].names[1] = f.arrays["slots"].names[0]; }},
      {"a group that is not there", [](RunFile& f) { f.arrays.erase("slots"); }},
  };
  for (const auto& [what, edit] : edits) {
    RunFile file = right.copy();
    edit(file);
    EXPECT_THROW(read(file), FileError) << what;
  }
}

}  // namespace resume_test
}  // namespace hgq
