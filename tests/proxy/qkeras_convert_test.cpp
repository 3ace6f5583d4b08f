// Whole models of QKeras as proxies: one that QKeras made (files/make_qkeras_files.py), and small ones made here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/convert.h"
#include "hgq/proxy/quantizer.h"
#include "proxy_test_support.h"
#include "qkeras_models.h"

namespace hgq {
namespace qkeras_convert_test {

using ::testing::HasSubstr;

const std::string kModel = std::string(HGQ_SOURCE_DIR) + "/tests/layers/files/qkeras_model.h5";

TEST(QKerasConvert, AModelOfQKerasPredictsTheSameBits) {
  const KerasFile file = read_keras_file(kModel);
  ASSERT_TRUE(is_qkeras(file));
  const QKerasConversion conversion = qkeras_to_proxy(file);
  const h5::File data = h5::File::open(kModel);
  const Tensor expected = data.read_floats("data/y");
  EXPECT_EQ(outputs_of(conversion.proxy, data.read_floats("data/x")),
            (std::vector<float>{expected.values().begin(), expected.values().end()}));
  EXPECT_THAT(conversion.proxy.notes(), ::testing::IsEmpty());
}

TEST(QKerasConvert, LayersKeepTheirNames) {
  const auto file =
      sequential({quantizer(), dense("a", 1, "quantized_relu(4,2)"), layer("Dropout", "drop", {{"rate", 0.1}}),
                  layer("QActivation", "b", {{"activation", "quantized_relu(3,1)"}})},
                 {dense_weights("a", {1, 1}, {0})});
  EXPECT_THAT(names_of(qkeras_to_proxy(file).proxy),
              ::testing::ElementsAre("InputLayer x", "HGQ>FixedPointQuantizer q", "Dense a", "Activation a_relu",
                                     "HGQ>FixedPointQuantizer a_relu_quantizer", "Activation b",
                                     "HGQ>FixedPointQuantizer b_quantizer"));
}

TEST(QKerasConvert, WeightsAreQuantizedAndQuantizersSaturateUnlessAskedToWrap) {
  const auto file = sequential({quantizer(), dense("a", 1)}, {dense_weights("a", {0.3F, -9.0F}, {0.8F})});
  const QKerasConversion saturating = qkeras_to_proxy(file);
  const auto* const a = dynamic_cast<const ProxyDense*>(saturating.proxy.find("a"));
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->kernel(), (std::vector<float>{0.25F, -2.0F}));
  EXPECT_EQ(a->bias(), (std::vector<float>{0.75F}));
  const auto overflow = [](const ProxyModel& proxy) {
    return dynamic_cast<const ProxyQuantizer&>(*proxy.find("q")).overflow();
  };
  EXPECT_EQ(overflow(saturating.proxy), Overflow::kSat);
  EXPECT_EQ(overflow(qkeras_to_proxy(file, {.wrap = true}).proxy), Overflow::kWrap);
}

TEST(QKerasConvert, TheProxyIsAFileThatReadsBack) {
  const auto file = sequential({quantizer(), dense("a", 1)}, {dense_weights("a", {1, 2}, {0.5F})});
  const ProxyModel again = proxy_from_keras(proxy_to_keras(qkeras_to_proxy(file).proxy), built_in_layer_kinds());
  // 1.01 becomes 1, and of the kernel 2 the quantizer leaves 1.75.
  EXPECT_EQ(outputs_of(again, tensor({1, 2}, {1.01F, 2})), (std::vector<float>{5}));
}

KerasLayerWeights batch_norm_weights(const std::string& name, std::vector<float> gamma, std::vector<float> variance) {
  const Shape shape{std::ssize(gamma)};
  const auto zeros = [&](const std::string& leaf, float value) {
    return KerasWeight::of_floats(name + "/" + leaf + ":0", shape, std::vector<float>(gamma.size(), value));
  };
  return {name,
          {KerasWeight::of_floats(name + "/gamma:0", shape, gamma), zeros("beta", 0.25F), zeros("moving_mean", 0.5F),
           KerasWeight::of_floats(name + "/moving_variance:0", shape, std::move(variance))}};
}

TEST(QKerasConvert, BatchNormBehindALinearLayerIsFoldedIntoIt) {
  const auto file =
      sequential({quantizer(), dense("a", 2), layer("BatchNormalization", "bn", {{"epsilon", 0}, {"axis", {1}}}),
                  layer("QActivation", "act", {{"activation", "quantized_bits(8,4,alpha=1)"}})},
                 {dense_weights("a", {1, 0.5F, 0, -1}, {0.5F, 0}), batch_norm_weights("bn", {2, 1}, {1, 4})});
  const QKerasConversion conversion = qkeras_to_proxy(file);
  const auto* const a = dynamic_cast<const ProxyDense*>(conversion.proxy.find("a"));
  EXPECT_EQ(a->kernel(), (std::vector<float>{2, 0.25F, 0, -0.5F}));
  EXPECT_EQ(a->bias(), (std::vector<float>{0.25F, 0}));
  EXPECT_EQ(conversion.layers[3].became, "part of a");
  EXPECT_THAT(conversion.proxy.notes(), ::testing::IsEmpty());
}

TEST(QKerasConvert, BatchNormThatIsNotExactIsFoldedWithANote) {
  const auto file = sequential(
      {quantizer(), dense("a", 1),
       layer("QBatchNormalization", "bn", {{"axis", {1}}, {"gamma_quantizer", "quantized_relu_po2(6,2048)"}}),
       quantizer("act")},
      {dense_weights("a", {1, 1}, {0}), batch_norm_weights("bn", {1}, {1})});
  EXPECT_THAT(qkeras_to_proxy(file).proxy.notes(),
              ::testing::Contains(HasSubstr("layer 'a': 'bn' does not scale it by powers of two")));
}

TEST(QKerasConvert, BatchNormElsewhereIsADenseLayerWithADiagonalKernel) {
  const auto file = sequential({quantizer(), layer("BatchNormalization", "bn", {{"epsilon", 0}}), quantizer("p")},
                               {batch_norm_weights("bn", {2, 1}, {1, 4})});
  const QKerasConversion conversion = qkeras_to_proxy(file);
  const auto* const bn = dynamic_cast<const ProxyDense*>(conversion.proxy.find("bn"));
  ASSERT_NE(bn, nullptr);
  EXPECT_EQ(bn->kernel(), (std::vector<float>{2, 0, 0, 0.5F}));
  EXPECT_EQ(bn->bias(), (std::vector<float>{-0.75F, 0}));  // -0.5 gamma / deviation + 0.25
  EXPECT_THAT(conversion.proxy.notes(), ::testing::IsEmpty());
  EXPECT_EQ(outputs_of(conversion.proxy, tensor({1, 2}, {1, 3})), (std::vector<float>{1.25F, 1.5F}));
}

TEST(QKerasConvert, BatchNormAlongAnotherDimIsRefused) {
  const auto file = sequential({layer("Reshape", "r", {{"target_shape", {2, 1}}}), quantizer(),
                                layer("BatchNormalization", "bn", {{"axis", {1}}})},
                               {batch_norm_weights("bn", {2, 1}, {1, 4})});
  EXPECT_THAT(errors_of(file), HasSubstr("layer 'bn' (BatchNormalization): has 2 channels along axis 1, expected"));
}

TEST(QKerasConvert, BatchNormWithoutAVarianceIsRefused) {
  // Its quantizer fits a scale to the values: there are none.
  for (const std::string variance_quantizer : {"quantized_bits(8)", "ternary", "binary"}) {
    const json layers{quantizer(), dense("a", 1),
                      layer("QBatchNormalization", "bn", {{"axis", {1}}, {"variance_quantizer", variance_quantizer}})};
    const std::vector none{dense_weights("a", {1, 1}, {0}), batch_norm_weights("bn", {}, {})};
    EXPECT_THAT(errors_of(sequential(layers, none)), HasSubstr("a weight 'moving_variance' of shape [0], expected one"))
        << variance_quantizer;
    const std::vector missing{dense_weights("a", {1, 1}, {0}), KerasLayerWeights{"bn", {}}};
    EXPECT_THAT(errors_of(sequential(layers, missing)),
                ::testing::AllOf(HasSubstr("has no weight 'moving_variance'"),
                                 HasSubstr("has no weight 'gamma', expected one of float32 with a value for each")))
        << variance_quantizer;
  }
}

TEST(QKerasConvert, AllRefusalsComeAtOnce) {
  json bad_kernel = dense("a", 1);
  bad_kernel["config"]["kernel_quantizer"] = "quantized_ulaw(4)";
  const auto file = sequential({layer("QActivation", "q", {{"activation", "quantized_bits(5,1,alpha='auto')"}}),
                                bad_kernel, layer("QActivation", "p", {{"activation", "quantized_po2(4)"}}),
                                layer("QConv2DTranspose", "s"), dense("b", 1, "ternary")},
                               {dense_weights("a", {1, 1}, {0}), dense_weights("b", {1, 1}, {0})});
  const std::string errors = errors_of(file);
  EXPECT_THAT(errors,
              HasSubstr("layer 'q' (QActivation): activation quantized_bits(5,1,alpha='auto'): alpha is 'auto'"));
  EXPECT_THAT(errors,
              HasSubstr("layer 'a' (QDense): kernel_quantizer quantized_ulaw(4): is not a quantizer for weights"));
  EXPECT_THAT(errors, HasSubstr("layer 'p' (QActivation): activation quantized_po2(4)"));
  EXPECT_THAT(errors, HasSubstr("layer 's' (QConv2DTranspose): a proxy has no such layer"));
  EXPECT_THAT(errors, HasSubstr("layer 'b' (QDense): activation ternary"));
}

TEST(QKerasConvert, AnInputWithoutAQuantizerIsRefused) {
  const auto weights = [] { return std::vector{dense_weights("a", {1, 1}, {0})}; };
  EXPECT_THAT(errors_of(sequential({dense("a", 1)}, weights())),
              HasSubstr("layer 'a' (QDense): reads an input of the model"));
  EXPECT_THAT(errors_of(sequential({layer("ReLU", "r"), dense("a", 1)}, weights())),
              ::testing::AllOf(HasSubstr("layer 'r' (ReLU): reads an input of the model"), HasSubstr("--input-bits")));
  EXPECT_THAT(errors_of(sequential({quantizer(), layer("Activation", "t", {{"activation", "tanh"}}), dense("a", 1)},
                                   weights())),
              HasSubstr("layer 'a' (QDense): reads an input of the model, or the result of a function"));
}

TEST(QKerasConvert, AQuantizedReluOfRawValuesIsAQuantizerAlone) {
  const auto file = sequential({layer("QActivation", "r", {{"activation", "quantized_relu(2)"}}),
                                layer("Activation", "t", {{"activation", "tanh"}}),
                                layer("QActivation", "s", {{"activation", "quantized_relu(3,0)"}})},
                               {});
  const ProxyModel proxy = qkeras_to_proxy(file).proxy;
  EXPECT_THAT(names_of(proxy), ::testing::ElementsAre("InputLayer x", "HGQ>FixedPointQuantizer r", "HGQ>UnaryLUT t",
                                                      "HGQ>FixedPointQuantizer s"));
  EXPECT_EQ(outputs_of(proxy, tensor({2, 2}, {-1, 0.125F, 0.375F, 9})), (std::vector<float>{0, 0, 0.5F, 0.625F}));
}

TEST(QKerasConvert, TypesOfInputsAreQuantizersBehindThem) {
  const auto file = sequential({dense("a", 1)}, {dense_weights("a", {1, 1}, {0})});
  const auto types = [](const std::vector<std::string>& texts) {
    return QKerasOptions{.wrap = false, .input_types = read_input_types(texts)};
  };
  const ProxyModel proxy = qkeras_to_proxy(file, types({"x=ap_ufixed<4,2,AP_RND,AP_SAT>"})).proxy;
  EXPECT_THAT(names_of(proxy),
              ::testing::ElementsAre("InputLayer x", "HGQ>FixedPointQuantizer x_quantizer", "Dense a"));
  EXPECT_EQ(outputs_of(proxy, tensor({2, 2}, {1.125F, -1, 9, 0.25F})), (std::vector<float>{1.25F, 4}));
  EXPECT_EQ(outputs_of(qkeras_to_proxy(file, types({"1,4,2"})).proxy, tensor({1, 2}, {0.9F, 2})),
            (std::vector<float>{-1.25F}));  // truncated to 0.75, wrapped to -2
  EXPECT_THAT(message_of<ConfigError>([&] { qkeras_to_proxy(file, types({"y=1,4,2"})); }),
              HasSubstr("the model has no input 'y'; there are x"));
  for (const std::string text : {"", "16,6", "fixed<16>", "ap_fixed<16,6", "2,8,1", "1,99,1", "1,0,0", "=1,8,2",
                                 "ap_fixed<8,2,AP_SAT,AP_RND>", "1,8,2,RND,SAT,0"})
    EXPECT_THAT(message_of<ConfigError>([&] { types({text}); }), HasSubstr("expected a type such as")) << text;
  EXPECT_THAT(message_of<ConfigError>([&] { types({"1,8,2", "1,9,2"}); }), HasSubstr("all inputs have a type already"));
}

TEST(QKerasConvert, ActivationLayersStandForTheirFunctions) {
  const json relu{{"module", "keras.layers"},
                  {"class_name", "ReLU"},
                  {"config", {{"max_value", nullptr}, {"negative_slope", 0.0}, {"threshold", 0.0}}}};
  const json tanh{{"module", "builtins"}, {"class_name", "function"}, {"config", "tanh"}};
  json a = dense("a", 1);
  a["config"]["activation"] = relu;
  const auto file = sequential({quantizer(), layer("Activation", "r", {{"activation", relu}}), a,
                                layer("Activation", "t", {{"activation", tanh}})},
                               {dense_weights("a", {1, 1}, {-1})});
  EXPECT_THAT(names_of(qkeras_to_proxy(file).proxy),
              ::testing::ElementsAre("InputLayer x", "HGQ>FixedPointQuantizer q", "Activation r", "Dense a",
                                     "Activation a_relu", "HGQ>UnaryLUT t"));
  json bounded = relu;
  bounded["config"]["max_value"] = 6;
  EXPECT_THAT(
      errors_of(sequential({quantizer(), layer("Activation", "r", {{"activation", bounded}})}, {})),
      HasSubstr("layer 'r' (Activation): activation ReLU (x >= 0 ? min(x, 6) : 0*(x - (0))): a proxy has only"));
}

TEST(QKerasConvert, QuantizedFunctionsAreTables) {
  const auto file = sequential({quantizer(), layer("QActivation", "h", {{"activation", "quantized_sigmoid(4)"}}),
                                layer("QActivation", "t", {{"activation", "quantized_tanh(5,use_real_tanh=True)"}})},
                               {});
  const ProxyModel proxy = qkeras_to_proxy(file).proxy;
  EXPECT_THAT(names_of(proxy), ::testing::ElementsAre("InputLayer x", "HGQ>FixedPointQuantizer q", "HGQ>UnaryLUT h",
                                                      "HGQ>FixedPointQuantizer h_quantizer", "HGQ>UnaryLUT t",
                                                      "HGQ>FixedPointQuantizer t_quantizer"));
  // hard_sigmoid: 0.75 and 1, of which 15 / 16 is left; tanh of these: 0.635, 0.734, to 4 bits behind the point.
  EXPECT_EQ(outputs_of(proxy, tensor({1, 2}, {0.5F, 3})), (std::vector<float>{0.625F, 0.75F}));
}

// A product of many bits: those that do not change tanh any more are cut off in front of the table.
TEST(QKerasConvert, ATableOfAWideInputIsCutToTheRangeThatMatters) {
  const auto file = sequential({layer("QActivation", "q", {{"activation", "quantized_bits(11,8)"}}), dense("a", 1),
                                layer("QActivation", "t", {{"activation", "quantized_tanh(5,use_real_tanh=True)"}})},
                               {dense_weights("a", {0.25F, 1.75F}, {0})});
  const ProxyModel proxy = qkeras_to_proxy(file).proxy;
  EXPECT_THAT(names_of(proxy), ::testing::Contains("HGQ>FixedPointQuantizer t_range"));
  EXPECT_EQ(outputs_of(proxy, tensor({3, 2}, {200, 100, -200, -100, 1, 0.25F})),
            (std::vector<float>{0.9375F, -1, 0.625F}));
  const auto wide = sequential({layer("QActivation", "q", {{"activation", "quantized_bits(30,8)"}}),
                                layer("QActivation", "t", {{"activation", "quantized_sigmoid(5)"}})},
                               {});
  EXPECT_THAT(errors_of(wide), ::testing::AllOf(HasSubstr("layer 't'"), HasSubstr("its table would have 2^")));
}

TEST(QKerasConvert, ADepthwiseConvolutionIsAConvolutionWithZeros) {
  const auto file = sequential(
      {layer("Reshape", "r", {{"target_shape", {1, 1, 2}}}), quantizer(),
       layer(
           "QDepthwiseConv2D", "d",
           {{"kernel_size", {1, 1}}, {"depth_multiplier", 2}, {"depthwise_quantizer", "quantized_bits(4,1,alpha=1)"}})},
      {{"d",
        {KerasWeight::of_floats("d/depthwise_kernel:0", {1, 1, 2, 2}, {1, 1.5F, -1, 0.3F}),
         KerasWeight::of_floats("d/bias:0", {4}, {0, 1, 0, 0})}}});
  const ProxyModel proxy = qkeras_to_proxy(file).proxy;
  EXPECT_EQ(names_of(proxy).back(), "Conv2D d");
  EXPECT_EQ(outputs_of(proxy, tensor({1, 2}, {1, 2})), (std::vector<float>{1, 2.5F, -2, 0.5F}));
  EXPECT_EQ(outputs_of(proxy_from_keras(proxy_to_keras(proxy), built_in_layer_kinds()), tensor({1, 2}, {1, 2})),
            (std::vector<float>{1, 2.5F, -2, 0.5F}));
}

/// Two positions of one channel, twice as many behind the window of 2, then three filters.
KerasFile separable(const std::string& pointwise_leaf, const Shape& pointwise_shape) {
  std::vector<float> pointwise(static_cast<size_t>(pointwise_shape.size()), 0.5F);
  pointwise[1] = -1.3F;  // -1.25
  return sequential({layer("Reshape", "r", {{"target_shape", {2, 1}}}), quantizer(),
                     layer("QSeparableConv1D", "s",
                           {{"filters", 3},
                            {"kernel_size", {2}},
                            {"strides", {2}},
                            {"depth_multiplier", 2},
                            {"activation", "quantized_relu(6,3)"},
                            {"depthwise_quantizer", "quantized_bits(4,1,alpha=1)"},
                            {"pointwise_quantizer", "quantized_bits(4,1,alpha=1)"},
                            {"bias_quantizer", "quantized_bits(4,1,alpha=1)"}})},
                    {{"s",
                      {KerasWeight::of_floats("s/depthwise_kernel:0", {2, 1, 2}, {1, 0.5F, 1, -0.3F}),
                       KerasWeight::of_floats("s/" + pointwise_leaf + ":0", pointwise_shape, std::move(pointwise)),
                       KerasWeight::of_floats("s/bias:0", {3}, {0, 0.8F, 0.25F})}}});
}

TEST(QKerasConvert, ASeparableConvolutionIsADepthwiseAndAPointwiseOne) {
  const QKerasConversion conversion = qkeras_to_proxy(separable("pointwise_kernel", {1, 2, 3}));
  EXPECT_THAT(names_of(conversion.proxy),
              ::testing::ElementsAre("InputLayer x", "Reshape r", "HGQ>FixedPointQuantizer q", "Conv1D s_depthwise",
                                     "Conv1D s", "Activation s_relu", "HGQ>FixedPointQuantizer s_relu_quantizer"));
  EXPECT_EQ(conversion.layers[3].became,
            "Conv1D s_depthwise, Conv1D s, Activation s_relu, FixedPointQuantizer s_relu_quantizer");
  EXPECT_THAT(conversion.proxy.notes(), ::testing::IsEmpty());
  // Depthwise: 1 + 2 = 3, and 0.5 - 0.25 * 2 = 0. Filters: 1.5, -3.75 + 0.75, 1.5 + 0.25.
  EXPECT_EQ(outputs_of(conversion.proxy, tensor({1, 2}, {1, 2})), (std::vector<float>{1.5F, 0, 1.75F}));
}

TEST(QKerasConvert, APartOfASeparableConvolutionThatDoesNotFitIsNamed) {
  EXPECT_THAT(errors_of(separable("kernel", {1, 2, 3})), HasSubstr("layer 's' (QSeparableConv1D, Pointwise part)"));
  EXPECT_THAT(errors_of(separable("pointwise_kernel", {1, 1, 3})), HasSubstr("layer 's'"));
  EXPECT_THAT(errors_of(separable("pointwise_kernel", {1, 2, 4})),
              HasSubstr("layer 's' (QSeparableConv1D, Pointwise part)"));
}

TEST(QKerasConvert, GlobalPoolingIsPoolingOfAllPositions) {
  for (const bool keeps : {false, true}) {
    for (const std::string kind : {"Max", "Average"}) {
      const auto file = sequential({layer("Reshape", "r", {{"target_shape", {2, 1}}}), quantizer(),
                                    layer("Global" + kind + "Pooling1D", "g", {{"keepdims", keeps}})},
                                   {});
      const ProxyModel proxy = qkeras_to_proxy(file).proxy;
      EXPECT_EQ(names_of(proxy).back(), keeps ? kind + "Pooling1D g" : "Flatten g_flat");
      EXPECT_EQ(outputs_of(proxy, tensor({1, 2}, {1, 2})), (std::vector<float>{kind == "Max" ? 2 : 1.5F}));
    }
  }
}

TEST(QKerasConvert, WrappersThatChangeNothingAreTakenOff) {
  for (const std::string wrapper : {"TimeDistributed", "tensorflow_model_optimization>PruneLowMagnitude"}) {
    const auto file = sequential({layer("Reshape", "r", {{"target_shape", {1, 2}}}), quantizer(),
                                  layer(wrapper, "outer", {{"layer", dense("a", 1)}})},
                                 {dense_weights("outer", {1, 1}, {0})});
    ASSERT_TRUE(is_qkeras(file));
    EXPECT_EQ(outputs_of(qkeras_to_proxy(file).proxy, tensor({1, 2}, {1, 2})), (std::vector<float>{3}));
  }
  EXPECT_THAT(
      errors_of(sequential({quantizer(), layer("TimeDistributed", "t", {{"layer", layer("Flatten", "f")}})}, {})),
      HasSubstr("layer 't' (TimeDistributed): a proxy has no such layer"));
}

TEST(QKerasConvert, AFunctionBecomesATableWithTheBitsOfItsOnlyQuantizer) {
  const json tanh = layer("Activation", "t", {{"activation", "tanh"}});
  const json behind = layer("QActivation", "tq", {{"activation", "quantized_bits(6,0,alpha=1)"}});
  const QKerasConversion conversion = qkeras_to_proxy(sequential({quantizer(), tanh, behind}, {}));
  EXPECT_THAT(conversion.proxy.notes(), ::testing::IsEmpty());
  EXPECT_EQ(conversion.proxy.find("t")->class_name(), "HGQ>UnaryLUT");
  EXPECT_EQ(conversion.layers[2].became, "UnaryLUT t");
  // round(32 tanh(x)) / 32 of values in steps of 1/8
  EXPECT_THAT(outputs_of(conversion.proxy, tensor({1, 2}, {0.625F, -3})), ::testing::ElementsAre(18.0F / 32, -1.0F));
  const QKerasConversion alone = qkeras_to_proxy(sequential({quantizer(), tanh}, {}));
  EXPECT_NEAR(outputs_of(alone.proxy, tensor({1, 2}, {0.625F, -3}))[0], std::tanh(0.625F), 0x1p-21F);
}

TEST(QKerasConvert, WeightsThatDoNotFitAreRefused) {
  const json layers{quantizer(), dense("a", 1)};
  EXPECT_THAT(errors_of(sequential(layers, {})), HasSubstr("layer 'a' (QDense) has no kernel"));
  EXPECT_THAT(errors_of(sequential(layers, {dense_weights("a", {1, 1, 1, 1}, {0, 0})})),
              HasSubstr("a kernel of shape [2, 2]"));
  EXPECT_THAT(errors_of(sequential(layers, {dense_weights("a", {1, std::numeric_limits<float>::quiet_NaN()}, {0})})),
              HasSubstr("not finite"));
  KerasLayerWeights wide{
      "a", {KerasWeight::of_floats("kernel:0", {3, 1}, {1, 1, 1}), KerasWeight::of_floats("bias:0", {1}, {0})}};
  EXPECT_THAT(errors_of(sequential(layers, {wide})), HasSubstr("its kernel has shape [3, 1]"));
  json absurd = layers;
  absurd[1]["config"]["units"] = 1LL << 60;
  EXPECT_THAT(errors_of(sequential(absurd, {dense_weights("a", {1, 1}, {0})})), HasSubstr("layer 'a' (QDense)"));
  absurd[1]["config"]["units"] = "many";
  EXPECT_THAT(errors_of(sequential(absurd, {dense_weights("a", {1, 1}, {0})})), HasSubstr("layer 'a' (QDense).units"));
}

}  // namespace qkeras_convert_test
}  // namespace hgq
