#include "hgq/layers/constraints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"
#include "hgq/layers/hgq_file.h"

namespace hgq {
namespace constraints_test {

using ::testing::HasSubstr;

ConstraintConfig read(const std::string& yaml, std::string* message = nullptr) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "test.yaml", errors);
  const ConstraintConfig result = ConstraintConfig::from_node(node, errors);
  if (message == nullptr) {
    errors.throw_if_any();
  } else {
    *message = errors.empty() ? "" : errors.messages().front();
  }
  return result;
}

Tensor weights() { return Tensor(Shape{2, 3}, std::vector<float>{0.5F, -2.0F, 1.5F, 3.0F, 0.25F, -0.75F}); }

/// The weights of the tests after a constraint.
std::vector<float> after(const std::string& yaml) {
  Tensor w = weights();
  const Constraint constraint = make_constraint(read(yaml), w.shape(), "dense/kernel");
  constraint(w.view());
  return {w.values().begin(), w.values().end()};
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 5e-7) << i;
}

// From Keras 2.15 on the same weights.
TEST(Constraint, NormsAreKeras) {
  expect_near(after("{MaxNorm: 1.5}"), {0.24659846723079681F, -1.4884167909622192F, 1.3416407108306885F,
                                        1.4795907735824585F, 0.1860520988702774F, -0.6708203554153442F});
  expect_near(after("{max_norm: {max_value: 1.5, axis: 1}}"),
              {0.2941741943359375F, -1.17669677734375F, 0.8825225830078125F, 1.4504812955856323F, 0.12087344378232956F,
               -0.3626203238964081F});
  expect_near(after("{MaxNorm: {axis: [0, -1]}}"), {0.24902912974357605F, -0.9961165189743042F, 0.7470873594284058F,
                                                    1.4941747188568115F, 0.12451456487178802F, -0.3735436797142029F});
  expect_near(after("{unit_norm: {axis: -1}}"), {0.1961161345243454F, -0.7844645380973816F, 0.588348388671875F,
                                                 0.9669875502586365F, 0.08058229833841324F, -0.24174688756465912F});
  expect_near(after("{MinMaxNorm: {min_value: 0.9, max_value: 2.0, rate: 0.25}}"),
              {0.45719948410987854F, -1.9961390495300293F, 1.4999998807907104F, 2.743196964263916F,
               0.24951738119125366F, -0.7499999403953552F});
}

TEST(Constraint, NonNegMakesNegativesZero) {
  EXPECT_EQ(after("non_neg"), (std::vector<float>{0.5F, 0.0F, 1.5F, 3.0F, 0.25F, 0.0F}));
}

TEST(Constraint, MaskMultiplies) {
  EXPECT_EQ(after("{ElementMask: {mask: [[1, 0, 1], [0, 1, 0]]}}"),
            (std::vector<float>{0.5F, 0.0F, 1.5F, 0.0F, 0.25F, 0.0F}));
  EXPECT_EQ(after("{ElementMask: {band: 0}}"), (std::vector<float>{0.5F, 0.0F, 0.0F, 0.0F, 0.25F, 0.0F}));
  EXPECT_EQ(after("{ElementMask: {band: 1}}"), (std::vector<float>{0.5F, -2.0F, 0.0F, 3.0F, 0.25F, -0.75F}));
}

TEST(Constraint, BandIsThatOfTheLastTwoDims) {
  Tensor w(Shape{2, 2, 2});
  w.fill(1);
  make_constraint(read("{ElementMask: {band: 0}}"), w.shape(), "conv/kernel")(w.view());
  EXPECT_THAT(w.values(), ::testing::ElementsAre(1, 0, 0, 1, 1, 0, 0, 1));
}

/// Trains a few steps with every second weight of the kernel masked, saves, loads, and trains on.
void expect_mask_survives(LayerSpec layer, const Shape& input, const Shape& kernel) {
  SCOPED_TRACE(layer.kind);
  const auto mask_of = [](const auto& self, const Shape& shape, int dim, int64_t& n) -> std::string {
    if (dim == shape.rank()) return n++ % 2 == 0 ? "1" : "0";
    std::string text;
    for (int64_t i = 0; i < shape[dim]; ++i) text += (text.empty() ? "" : ", ") + self(self, shape, dim + 1, n);
    return "[" + text + "]";
  };
  int64_t n = 0;
  layer.name("masked").set("kernel_constraint", "{ElementMask: {mask: " + mask_of(mask_of, kernel, 0, n) + "}}");
  Model model = Sequential({HQuantize(), layer, PFlatten(), HDense(2)}, input);
  const auto kernel_of = [](const Model& m) {
    for (Parameter* const p : m.parameters()) {
      if (p->name == "masked/kernel") return p;
    }
    throw ConfigError("no kernel");
  };
  const auto train = [&](Model& m) {
    Tape tape;
    Workers workers(1);
    const ModelRecording r = m.record(tape, Mode::kTrain);
    tape.add_loss(ops::sum(ops::square(r.outputs.front().value)), "task");
    Executor executor(tape, workers, {});
    Tensor x(input.with_front(8));
    for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i % 7) * 0.25F - 0.6F;
    const ConstTensorView view = x.view();
    for (int step = 0; step < 3; ++step) {
      executor.forward({&view, 1});
      executor.backward();
      Parameter& w = *kernel_of(m);
      for (int64_t i = 0; i < w.value.size(); ++i) w.value.data()[i] -= 0.01F * w.grad.data()[i];
      w.constraint(w.value.view());
    }
  };
  const auto check = [&](const Model& m) {
    const Tensor& w = kernel_of(m)->value;
    ASSERT_EQ(w.shape(), kernel);
    for (int64_t i = 0; i < w.size(); ++i) EXPECT_EQ(w.data()[i] == 0.0F, i % 2 == 1) << i;
  };
  train(model);
  check(model);
  const std::string path = ::testing::TempDir() + "masked.h5";
  save_model(model, path);
  Model again = load_model(path);
  std::filesystem::remove(path);
  check(again);
  ASSERT_TRUE(std::ranges::equal(kernel_of(again)->value.values(), kernel_of(model)->value.values()));
  train(again);
  check(again);
}

TEST(Constraint, MaskSurvivesTrainingAndFilesInEveryLayerWithAKernel) {
  expect_mask_survives(HDense(3), Shape{4}, Shape{4, 3});
  expect_mask_survives(HDenseBatchNorm(3), Shape{4}, Shape{4, 3});
  expect_mask_survives(HConv1D(3, 2), Shape{5, 2}, Shape{2, 2, 3});
  expect_mask_survives(HConv1DBatchNorm(3, 2), Shape{5, 2}, Shape{2, 2, 3});
  expect_mask_survives(HConv2D(3, {2, 2}), Shape{4, 4, 2}, Shape{2, 2, 2, 3});
  expect_mask_survives(HConv2DBatchNorm(3, {2, 2}), Shape{4, 4, 2}, Shape{2, 2, 2, 3});
}

TEST(Constraint, MayBeCalledAgainAndCopied) {
  Tensor w = weights();
  const Constraint constraint = make_constraint(read("{UnitNorm: {axis: [0, 1]}}"), w.shape(), "w");
  const Constraint copy = constraint;
  constraint(w.view());
  const Tensor once = w.clone();
  copy(w.view());
  for (int64_t i = 0; i < w.size(); ++i) EXPECT_NEAR(w.data()[i], once.data()[i], 1e-6);
}

TEST(Constraint, NullIsNone) {
  EXPECT_FALSE(read("null"));
  EXPECT_EQ(make_constraint(read("null"), Shape{2}, "w"), nullptr);
  EXPECT_TRUE(to_json(read("null")).is_null());
}

TEST(Constraint, JsonIsThatOfKerasAndReadsBack) {
  EXPECT_EQ(
      to_json(read("{MaxNorm: {max_value: 1.5, axis: 1}}")),
      nlohmann::json::parse(
          R"({"module": "keras.constraints", "class_name": "MaxNorm", "config": {"max_value": 1.5, "axis": 1}, "registered_name": null})"));
  EXPECT_EQ(to_json(read("NonNeg")),
            nlohmann::json::parse(
                R"({"module": "keras.constraints", "class_name": "NonNeg", "config": {}, "registered_name": null})"));
  for (const std::string yaml :
       {"{MaxNorm: {axis: [0, 1]}}", "non_neg", "unit_norm", "{min_max_norm: {rate: 0.5}}", "{ElementMask: {band: 2}}",
        "{ElementMask: {mask: [[1, 0, 1], [0, 1, 0]]}}", "{ElementMask: {mask: [1, 0]}}"}) {
    const ConstraintConfig config = read(yaml);
    ErrorList errors;
    EXPECT_EQ(ConstraintConfig::from_node(Node::from_json(to_json(config), "model"), errors), config) << yaml;
    EXPECT_TRUE(errors.empty()) << yaml;
  }
}

TEST(Constraint, WhatDoesNotFitTheShapeIsRefused) {
  EXPECT_THROW(make_constraint(read("{MaxNorm: {axis: 2}}"), Shape{2, 3}, "w"), ShapeError);
  EXPECT_THROW(make_constraint(read("{ElementMask: {band: 2}}"), Shape{3}, "w"), ShapeError);
  try {
    make_constraint(read("{ElementMask: {mask: [[1, 0]]}}"), Shape{2, 3}, "dense/kernel");
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(), "constraint on 'dense/kernel': the mask has shape [1, 2], the weight [2, 3]");
  }
}

TEST(Constraint, ErrorsSayWhereAndWhat) {
  const auto error_of = [](const std::string& yaml) {
    std::string message;
    read(yaml, &message);
    return message;
  };
  EXPECT_THAT(error_of("max_nrm"), HasSubstr("unknown constraint 'max_nrm', did you mean 'max_norm'?"));
  EXPECT_THAT(error_of("{ElementMask: {mask: [[1, 2]]}}"),
              HasSubstr("test.yaml:1:27: ElementMask: found the number 2, expected 0 or 1"));
  EXPECT_THAT(error_of("{ElementMask: {mask: [[1, 0], [1]]}}"), HasSubstr("has 1 entries, others on its level have 2"));
  EXPECT_THAT(error_of("{ElementMask: {mask: [[1, 0], 1]}}"), HasSubstr("found a number where others have a list"));
  EXPECT_THAT(error_of("{ElementMask: {mask: [1, [0]]}}"), HasSubstr("found a list where others have a number"));
  EXPECT_THAT(error_of("{ElementMask: {mask: [[]]}}"), HasSubstr("is empty"));
  EXPECT_THAT(error_of("{ElementMask: {mask: [[[[[[[[[1]]]]]]]]]}}"), HasSubstr("nested deeper than 8"));
  EXPECT_THAT(error_of("ElementMask"), HasSubstr("expected one of 'mask' and 'band'"));
  EXPECT_THAT(error_of("{ElementMask: {mask: [1], band: 1}}"), HasSubstr("expected one of 'mask' and 'band'"));
  EXPECT_THAT(error_of("{ElementMask: {band: -2}}"), HasSubstr("expected an integer of at least 0"));
  EXPECT_THAT(error_of("{MinMaxNorm: {min_value: 2, max_value: 1}}"), HasSubstr("2 is above max_value 1"));
  EXPECT_THAT(error_of("{NonNeg: {axis: 0}}"), HasSubstr("unknown key 'axis'"));
}

}  // namespace constraints_test
}  // namespace hgq
