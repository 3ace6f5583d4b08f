#include "hgq/layers/freeze.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"

namespace hgq {
namespace freeze_test {

std::vector<std::string> frozen_in(const Model& model) {
  std::vector<std::string> names;
  for (const Parameter* const p : model.parameters()) {
    if (!p->is_trained()) names.push_back(p->name);
  }
  return names;
}

std::vector<std::string> names(std::initializer_list<std::string> list) { return list; }

TEST(Freeze, NamesAreThoseOfLayersAndOfNestedModels) {
  const std::vector<LayerSpec> layers{
      Input("x", {4}), NestedModel("block", {HQuantize().name("q"), HDense(4).name("d")}).from({"x"}),
      Shared("block").name("again").from({"block"}), HDense(2).name("out").from({"again"})};
  const Model model = Graph(layers);
  EXPECT_TRUE(freeze_layers(model, names({"block"})));
  EXPECT_THAT(frozen_in(model), ::testing::ElementsAre("q/f", "d/kernel", "d/bias", "d/kernel_f", "d/f"));
  EXPECT_FALSE(freeze_layers(model, names({"block/q", "block/d", "d_0"})));  // the same layers
  EXPECT_TRUE(freeze_layers(model, names({"block/d", "out"})));
  EXPECT_THAT(frozen_in(model), ::testing::Contains("out/kernel"));
  EXPECT_THAT(frozen_in(model), ::testing::Not(::testing::Contains("q/f")));
  EXPECT_TRUE(freeze_layers(model, {}));
  EXPECT_TRUE(frozen_in(model).empty());
}

TEST(Freeze, AnUnknownNameIsAnError) {
  const Model model = Sequential({HQuantize().name("q"), HDense(4).name("hidden")}, Shape{3});
  EXPECT_EQ(unknown_layers(model, names({"hidden", "hiden"})), names({"hiden"}));
  try {
    freeze_layers(model, names({"q", "hiden"}));
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_STREQ(e.what(), "no layer 'hiden' to freeze, did you mean 'hidden'?");
  }
  EXPECT_TRUE(frozen_in(model).empty());
}

TEST(Freeze, WhatKeysSayIsNotTrainedStaysSo) {
  const Model model = Sequential({HQuantize(), HDense(4).name("a").set("trainable", "false"), HDense(2)}, Shape{3});
  freeze_layers(model, {});
  EXPECT_THAT(frozen_in(model), ::testing::Contains("a/kernel"));
}

}  // namespace freeze_test
}  // namespace hgq
