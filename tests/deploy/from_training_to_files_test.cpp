// A C++ program without hgq-train: it trains, deploys, writes the files, reads them again, and finds its predictions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/hgq.h"
#include "hgq/tests/support/temporary_folder.h"

namespace hgq {
namespace from_training_to_files_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Three classes by where the rows lie; `speed` tells one set from another.
MemoryDataset rows_of(int64_t rows, double speed) {
  Tensor x(Shape{rows, 4});
  Tensor y(Shape{rows});
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(2 * std::sin(speed * static_cast<double>(i)));
  for (int64_t r = 0; r < rows; ++r) {
    const float sum = x.data()[r * 4] + x.data()[r * 4 + 1];
    y.data()[r] = sum < -0.5F ? 0.0F : sum < 0.5F ? 1.0F : 2.0F;
  }
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> targets;
  inputs.push_back({"x", std::move(x)});
  targets.push_back({"y", std::move(y)});
  return {std::move(inputs), std::move(targets)};
}

class FromTrainingToFiles : public ::testing::Test {
 protected:
  /// A few steps.
  void train(Model& model) {
    Adam adam({.learning_rate = 1e-2});
    TrainStep step(model, objective_, adam, workers_, 3);
    for (uint64_t epoch = 0; epoch < 4; ++epoch) {
      for (const Batch& batch : train_.batches(50, 3, epoch)) step.run(batch);
    }
  }

  Model trained() {
    Model model = Sequential({HQuantize().name("q"), HDense(8).relu().name("hidden"), HDense(3).name("out")}, Shape{4},
                             {.seed = 3});
    train(model);
    return model;
  }

  Deployment deployed(Model& model, const DeployOptions& options = {}) {
    return deploy(model, objective_, {.train = &train_, .validation = &validation_, .test = &test_}, workers_, options);
  }

  void write(Model& model, const Deployment& done) {
    ModelExtras extras;
    extras.objective = objective_;
    write_deployment(folder_ / "run", model, extras, done);
  }

  nlohmann::json summary() const { return nlohmann::json::parse(std::ifstream(folder_ / "run/summary.json")); }
  bool has(const char* file) const { return std::filesystem::exists(folder_.path() + "/run/" + file); }

  const TemporaryFolder folder_;
  const MemoryDataset train_ = rows_of(400, 0.37);
  const MemoryDataset validation_ = rows_of(100, 0.41);
  const MemoryDataset test_ = rows_of(150, 0.53);
  const Objective objective_{.losses = {sparse_categorical_crossentropy()}, .metrics = {accuracy(), auc()}};
  Workers workers_{2};
};

TEST_F(FromTrainingToFiles, WhatIsReadAgainPredictsTheSame) {
  Model model = trained();
  const Deployment done = deployed(model);
  ASSERT_TRUE(done.proxy.has_value()) << done.refused;
  EXPECT_EQ(done.verification->report.rows, 150);
  EXPECT_EQ(done.verification->rows_unexplained(), 0);
  const Tensor expected = predict(model, test_.x(), workers_);
  write(model, done);

  LoadedModel loaded = load_model_with_extras(folder_ / "run/model.h5", built_in_registry());
  EXPECT_TRUE(std::ranges::equal(predict(loaded.model, test_.x(), workers_).values(), expected.values()));
  ASSERT_EQ(loaded.extras.objective.losses.size(), 1U);
  EXPECT_EQ(loaded.extras.objective.losses[0]->name(), objective_.losses[0]->name());

  const ProxyModel proxy = load_proxy(folder_ / "run/proxy.h5", built_in_registry());
  const Verification again = verify_proxy(loaded.model, proxy, test_, workers_);
  EXPECT_EQ(to_json(again), to_json(*done.verification));
  // The traced rows themselves overflow nowhere, so there the proxy has the model's bits.
  const std::vector<ConstTensorView> x{train_.x()};
  const std::vector<Tensor> emulated = Emulator(proxy).run(x, &workers_).outputs;
  EXPECT_TRUE(std::ranges::equal(emulated[0].values(), predict(model, train_.x(), workers_).values()));
}

TEST_F(FromTrainingToFiles, TheSummaryTellsWhatWasMeasured) {
  Model model = trained();
  const Deployment done = deployed(model, {.traced = {"train", "validation", "test"}});
  write(model, done);
  EXPECT_EQ(done.verification->report.rows_differ, 0);  // the test set was traced, too
  const nlohmann::json found = summary();
  EXPECT_EQ(found, summary_of(done));
  EXPECT_EQ(found.at("tested_on"), "test");
  EXPECT_EQ(found.at("rows"), 150);
  EXPECT_EQ(found.at("bops"),
            trace_minmax(model, std::vector<const Dataset*>{&train_, &validation_, &test_}, workers_).total);
  EXPECT_EQ(found.at("bops_per_layer").size(), 3U);
  EXPECT_EQ(found.at("bits_per_layer").size(), 3U);
  for (const char* name : {"accuracy", "auc", "task_loss"})
    EXPECT_EQ(found.at("proxy").at(name), found.at("model").at(name)) << name;
  EXPECT_GT(found.at("proxy").at("task_loss"), 0.0);
  EXPECT_GT(found.at("model").at("loss"), found.at("model").at("task_loss"));  // BOPs
  EXPECT_FALSE(found.contains("not_exported"));
}

TEST_F(FromTrainingToFiles, TheProxyOfAnEarlierModelDoesNotStay) {
  Model model = trained();
  Deployment done = deployed(model);
  write(model, done);
  EXPECT_TRUE(has("proxy.h5"));
  done.proxy.reset();
  done.verification.reset();
  done.refused = "the model changed";
  write(model, done);
  EXPECT_FALSE(has("proxy.h5"));
  EXPECT_TRUE(has("model.h5"));
  EXPECT_EQ(summary().at("not_exported"), "the model changed");
}

TEST_F(FromTrainingToFiles, WithoutATestSetOthersAreTested) {
  Model model = trained();
  const Deployment on_validation = deploy(model, objective_, {.train = &train_, .validation = &validation_}, workers_);
  EXPECT_EQ(on_validation.tested_on, "validation");
  EXPECT_EQ(on_validation.rows, 100);
  EXPECT_EQ(deploy(model, objective_, {.train = &train_}, workers_).tested_on, "train");
  EXPECT_THROW(deploy(model, objective_, {}, workers_), ConfigError);
  EXPECT_THROW(deployed(model, {.traced = {"valid"}}), ConfigError);
}

TEST_F(FromTrainingToFiles, AModelThatWentAstrayIsKeptAsItIs) {
  Model model = trained();
  model.parameters()[1]->value.data()[0] = std::numeric_limits<float>::quiet_NaN();
  const Deployment done = deployed(model);
  EXPECT_FALSE(done.trace.has_value());
  EXPECT_FALSE(done.proxy.has_value());
  EXPECT_THAT(done.refused, HasSubstr("holds values that are not finite"));
  write(model, done);
  EXPECT_TRUE(has("model.h5"));
  EXPECT_FALSE(has("proxy.h5"));
  EXPECT_EQ(summary(), (nlohmann::json{{"not_exported", done.refused}}));
}

TEST_F(FromTrainingToFiles, AModelWithoutAProxyIsMeasured) {
  Model model = Sequential({HQuantize().name("q"), HActivation("x*x*x").name("cube"), HDense(3).name("out")}, Shape{4});
  train(model);
  DeployOptions options;
  options.proxy.unary_lut_max_table_size = 2;
  const Deployment done = deployed(model, options);
  EXPECT_TRUE(done.trace.has_value());
  EXPECT_FALSE(done.proxy.has_value());
  EXPECT_FALSE(done.verification.has_value());
  EXPECT_THAT(done.refused, HasSubstr("layer 'cube'"));
  write(model, done);
  EXPECT_FALSE(has("proxy.h5"));
  EXPECT_EQ(summary().at("not_exported"), done.refused);
  EXPECT_TRUE(summary().at("model").contains("accuracy"));
  EXPECT_FALSE(summary().contains("proxy"));
}

TEST_F(FromTrainingToFiles, RangesThatAreCutAndLayersWithoutBitsAreWarnedOf) {
  Model model = trained();
  for (Parameter* const p : model.parameters()) {
    if (p->name == "hidden/f") p->value.fill(-20);
  }
  DeployOptions options;
  options.trace.cover_factor = 0.5;
  EXPECT_THAT(deployed(model, options).warnings, ElementsAre(HasSubstr("cover_factor 0.5 is below 1"),
                                                             HasSubstr("no value of layer 'hidden' has any bits")));
}

}  // namespace from_training_to_files_test
}  // namespace hgq
