#include "hgq/deploy/warm_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/predict.h"

namespace hgq {
namespace warm_start_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Tensor numbers(const Shape& shape) {
  Tensor x(shape);
  for (int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(normal_double(random_bits(3, 0, 0, static_cast<uint64_t>(i))));
  return x;
}

std::vector<float> output(Model& model, const Tensor& x) {
  Workers workers(1);
  const std::vector<Tensor> y = Predictor(model, workers).run(std::vector<ConstTensorView>{x.view()});
  return {y[0].values().begin(), y[0].values().end()};
}

class WarmStartTest : public ::testing::Test {
 protected:
  /// A file with this model, all of whose numbers have been moved, as by a training.
  std::string file_of(Model model) {
    uint64_t n = 0;
    for (Parameter* const p : model.parameters()) {
      for (float& v : p->value.values()) v += static_cast<float>(random_bits(5, 0, 0, n++) % 8) / 8;
    }
    for (State* const s : model.states()) {
      if (s->name.find("moving") == std::string::npos) continue;
      for (float& v : s->value.values()) v += static_cast<float>(random_bits(5, 1, 0, n++) % 8) / 8;
    }
    const std::string path = (folder_ / "model.h5");
    save_model_with_extras(model, {}, path);
    return path;
  }
  WarmStart load(Model& model, const std::string& path) { return load_weights(model, path, built_in_registry()); }

  TemporaryFolder folder_;
};

TEST_F(WarmStartTest, TheSameLayersComputeTheSame) {
  const auto make = [](uint64_t seed) {
    return Sequential({HQuantize(), HDenseBatchNorm(8).relu(), HDense(5).relu(), HDense(2)}, Shape{6}, {.seed = seed});
  };
  const std::string path = file_of(make(1));
  Model model = make(2);
  model.set_beta(0.25);
  const WarmStart start = load(model, path);
  EXPECT_THAT(start.loaded, ElementsAre("h_quantize", "h_dense_batch_norm", "h_dense", "h_dense_1"));
  EXPECT_TRUE(start.not_found.empty() && start.unused.empty() && start.notes.empty());
  EXPECT_EQ(model.beta(), 0.25);
  Model source = load_model_with_extras(path, built_in_registry()).model;
  const Tensor x = numbers(Shape{50, 6});
  EXPECT_EQ(output(model, x), output(source, x));
}

TEST_F(WarmStartTest, OtherLayersStayAsTheyAre) {
  const std::string path =
      file_of(Sequential({HQuantize().name("q"), HDense(8).name("a"), HDense(3).name("old")}, Shape{6}, {.seed = 1}));
  Model model = Sequential({HQuantize().name("q"), HDense(8).name("a"), HDense(4).name("b"), HDense(2).name("out")},
                           Shape{6}, {.seed = 2});
  const std::vector<float> before(model.find("b")->parameters()[0]->value.values().begin(),
                                  model.find("b")->parameters()[0]->value.values().end());
  const WarmStart start = load(model, path);
  EXPECT_THAT(start.loaded, ElementsAre("q", "a"));
  EXPECT_THAT(start.not_found, ElementsAre("b", "out"));
  EXPECT_THAT(start.unused, ElementsAre("old"));
  EXPECT_TRUE(std::ranges::equal(model.find("b")->parameters()[0]->value.values(), before));
}

TEST_F(WarmStartTest, OneBitWidthIsGivenToEachWeight) {
  const std::string path =
      file_of(Sequential({HQuantize().name("q"), HDense(3).name("a").set("kq_conf", "{skip_dims: all}")}, Shape{6}));
  Model model = Sequential({HQuantize().name("q"), HDense(3).name("a")}, Shape{6}, {.seed = 2});
  load(model, path);
  Model source = load_model_with_extras(path, built_in_registry()).model;
  const Tensor x = numbers(Shape{50, 6});
  EXPECT_EQ(output(model, x), output(source, x));
}

TEST_F(WarmStartTest, OtherShapesAreToldAllAtOnceAndChangeNothing) {
  const std::string path =
      file_of(Sequential({HQuantize().name("q"), HDense(8).name("a"), HDense(3).name("b")}, Shape{6}));
  Model model = Sequential({HQuantize().name("q"), HDense(7).name("a"), HDense(2).name("b")}, Shape{6}, {.seed = 2});
  const Tensor x = numbers(Shape{20, 6});
  const std::vector<float> before = output(model, x);
  try {
    load(model, path);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("layer 'a': kernel has shape [6, 8] in the file, [6, 7] in the model"));
    EXPECT_THAT(e.what(), HasSubstr("layer 'b': kernel has shape [8, 3] in the file, [7, 2] in the model"));
  }
  EXPECT_EQ(output(model, x), before);
  Model stranger = Sequential({HQuantize().name("r"), HDense(7).name("c")}, Shape{6});
  EXPECT_THROW(load(stranger, path), ConfigError);
  EXPECT_THROW(load(stranger, (folder_ / "none.h5")), FileError);
}

TEST_F(WarmStartTest, WithBatchNormOnOneSideOnlyIsTold) {
  const std::string path = file_of(Sequential({HQuantize().name("q"), HDenseBatchNorm(4).name("a")}, Shape{6}));
  Model plain = Sequential({HQuantize().name("q"), HDense(4).name("a")}, Shape{6});
  EXPECT_THAT(load(plain, path).notes, ElementsAre(HasSubstr("are not used")));
  const std::string other = file_of(Sequential({HQuantize().name("q"), HDense(4).name("a")}, Shape{6}));
  Model norm = Sequential({HQuantize().name("q"), HDenseBatchNorm(4).name("a")}, Shape{6});
  EXPECT_THAT(load(norm, other).notes, ElementsAre(HasSubstr("the file has no gamma, beta, moving_mean")));
}

}  // namespace warm_start_test
}  // namespace hgq
