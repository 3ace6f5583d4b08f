// PZeroPadding1D and 2D.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/predict.h"
#include "hgq/proxy/emulator.h"
#include "layer_contract.h"
#include "proxy_test_support.h"

namespace hgq {
namespace zero_padding_test {

using hgq::testing::LayerContract;

LayerSpec padding(const char* kind, const char* amounts) { return AnyLayer(kind).set("padding", amounts); }

std::vector<float> padded(const LayerSpec& layer, const Shape& shape, std::vector<float> values) {
  Model model = Sequential({layer}, shape);
  Workers workers(1);
  const Tensor out = predict(model, Tensor(shape.with_front(1), std::move(values)).view(), workers);
  return {out.values().begin(), out.values().end()};
}

TEST(PZeroPadding1D, KeepsTheContract) {
  for (const char* const amounts : {"1", "0", "[2, 0]", "[0, 3]", "[23, 5]"}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = padding("PZeroPadding1D", amounts),
                                         .inputs = {Shape{4, 2}},
                                         .wrong_inputs = {{Shape{4}}, {Shape{2, 2, 2}}}}));
  }
}

TEST(PZeroPadding2D, KeepsTheContract) {
  for (const char* const amounts : {"1", "[0, 2]", "[[1, 0], [0, 2]]"}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = padding("PZeroPadding2D", amounts),
                                         .inputs = {Shape{2, 3, 2}},
                                         .wrong_inputs = {{Shape{4, 2}}, {Shape{}}}}));
  }
}

TEST(PZeroPadding, PutsTheZerosWhereKerasDoes) {
  EXPECT_EQ(padded(padding("PZeroPadding1D", "[1, 2]"), Shape{2, 1}, {3, 4}), (std::vector<float>{0, 3, 4, 0, 0}));
  EXPECT_EQ(padded(AnyLayer("PZeroPadding1D"), Shape{1, 2}, {3, 4}), (std::vector<float>{0, 0, 3, 4, 0, 0}));
  EXPECT_EQ(padded(padding("PZeroPadding2D", "[[1, 0], [0, 2]]"), Shape{1, 2, 1}, {3, 4}),
            (std::vector<float>{0, 0, 0, 0, 3, 4, 0, 0}));
  EXPECT_EQ(padded(padding("PZeroPadding2D", "[0, 1]"), Shape{2, 1, 1}, {3, 4}),
            (std::vector<float>{0, 3, 0, 0, 4, 0}));
}

TEST(PZeroPadding, RefusesOtherAmounts) {
  for (const char* const amounts :
       {"-1", "[1]", "[1, 2, 3]", "[[1, 2], 3]", "[1, [2, 3]]", "x", "1.5", "[[1], [2, 3]]"}) {
    for (const char* const kind : {"PZeroPadding1D", "PZeroPadding2D"}) {
      const auto make = [&] { Sequential({padding(kind, amounts)}, Shape{2, 2, 2}); };
      EXPECT_THAT(message_of<ConfigError>(make), ::testing::HasSubstr("expected an integer, ")) << amounts;
    }
  }
}

TEST(PZeroPadding, IsReadFromModelsOfKeras) {
  const nlohmann::json layers{
      {{"class_name", "InputLayer"}, {"config", {{"name", "x"}, {"batch_input_shape", {nullptr, 1, 2, 1}}}}},
      {{"class_name", "QActivation"}, {"config", {{"name", "q"}, {"activation", "quantized_bits(6,2,alpha=1)"}}}},
      {{"class_name", "ZeroPadding2D"}, {"config", {{"name", "pad"}, {"padding", {{1, 0}, {0, 1}}}}}}};
  const nlohmann::json model{{"class_name", "Sequential"}, {"config", {{"name", "m"}, {"layers", layers}}}};
  const ProxyModel proxy = qkeras_to_proxy({"q.h5", Node::from_json(model, "q.h5, model_config"), {}}).proxy;
  const Tensor x(Shape{1, 1, 2, 1}, std::vector<float>{0.5F, -1.25F});
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation emulation = Emulator(proxy).run(inputs);
  const auto values = emulation.outputs[0].values();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{0, 0, 0, 0.5F, -1.25F, 0}));
}

}  // namespace zero_padding_test
}  // namespace hgq
