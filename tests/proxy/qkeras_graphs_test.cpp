// Models of QKeras that are graphs, and files that others are to read.
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
namespace qkeras_graphs_test {

using ::testing::HasSubstr;

const std::string kModel = std::string(HGQ_SOURCE_DIR) + "/tests/layers/files/qkeras_model.h5";

TEST(QKerasConvert, ModelsInsideTheModelAreTakenApart) {
  json block = functional("block", {input_layer("i"), placed(dense("a", 2), {"i"}), placed(quantizer("p"), {"a"})},
                          {{"i", 0, 0}}, "p");
  block["inbound_nodes"] = {{{"q", 0, 0, json::object()}}, {{"block", 1, 0, json::object()}}};
  json last = placed(dense("a_out", 1), {"block"});
  last["inbound_nodes"] = {{{"block", 2, 0, json::object()}}};
  const json model =
      functional("m", {input_layer("x"), placed(quantizer(), {"x"}), block, last}, {{"x", 0, 0}}, "a_out");
  const KerasFile file{"q.h5",
                       Node::from_json(model, "q.h5, model_config"),
                       {dense_weights("a_out", {1, 0.5F}, {0}), [] {
                          KerasLayerWeights weights = dense_weights("a", {1, 0, 0, 1.5F}, {0.25F, 0});
                          weights.layer = "block";
                          return weights;
                        }()}};
  ASSERT_TRUE(is_qkeras(file));
  const ProxyModel proxy = qkeras_to_proxy(file).proxy;
  EXPECT_THAT(names_of(proxy), ::testing::ElementsAre("InputLayer x", "HGQ>FixedPointQuantizer q", "Dense a",
                                                      "HGQ>FixedPointQuantizer p", "Dense a_0",
                                                      "HGQ>FixedPointQuantizer p_0", "Dense a_out"));
  // (1, 1) -> (1.25, 1.5) -> (1.5, 2.25) -> 1.5 + 1.125
  EXPECT_EQ(outputs_of(proxy, tensor({1, 2}, {1, 1})), (std::vector<float>{2.625F}));
}

TEST(QKerasConvert, InputsComeInTheOrderOfTheModel) {
  const json sum = layer("Add", "sum");
  const json model = functional("m",
                                {input_layer("x"), input_layer("y"), placed(quantizer("p"), {"x"}),
                                 placed(quantizer("q"), {"y"}), placed(sum, {"p", "q"})},
                                {{"y", 0, 0}, {"x", 0, 0}}, "sum");
  const ProxyModel proxy = qkeras_to_proxy({"q.h5", Node::from_json(model, "q.h5, model_config"), {}}).proxy;
  EXPECT_EQ(proxy.layer(proxy.inputs()[0]).name(), "y");
}

TEST(QKerasConvert, LayersWithTheWrongNumberOfParentsAreRefused) {
  const auto model = [](const json& last) {
    const json all = functional("m", {input_layer("x"), placed(quantizer("p"), {"x"}), last}, {{"x", 0, 0}}, "last");
    return KerasFile{"q.h5", Node::from_json(all, "q.h5, model_config"), {}};
  };
  EXPECT_THAT(errors_of(model(placed(quantizer("last"), {"p", "p"}))), HasSubstr("reads 2 layers, expected one"));
  for (const std::string kind : {"Dropout", "Flatten", "BatchNormalization", "QActivation", "Add", "MaxPooling1D"})
    EXPECT_THAT(errors_of(model(placed(layer(kind, "last"), {}))), HasSubstr("reads 0 layers")) << kind;
}

TEST(QKerasConvert, MergesThatAProxyDoesNotHaveAreRefusedByTheirClass) {
  for (const std::string kind : {"Multiply", "Subtract", "Average", "Maximum", "Minimum", "Dot"}) {
    const json all =
        functional("m", {input_layer("x"), placed(quantizer("p"), {"x"}), placed(layer(kind, "last"), {"p", "p"})},
                   {{"x", 0, 0}}, "last");
    EXPECT_THAT(errors_of({"q.h5", Node::from_json(all, "q.h5, model_config"), {}}),
                HasSubstr("layer 'last' (" + kind + "): a proxy has no such layer"));
  }
}

TEST(QKerasConvert, NamesThatHls4mlWouldMisreadAreChangedWithANote) {
  const ProxyModel proxy = qkeras_to_proxy(sequential({quantizer("my quantizer")}, {})).proxy;
  EXPECT_EQ(names_of(proxy)[1], "HGQ>FixedPointQuantizer my_quantizer");
  EXPECT_THAT(proxy.notes(), ::testing::Contains(HasSubstr("is called 'my_quantizer' in the proxy")));
}

TEST(QKerasConvert, OtherReadersSayWhatToDoWithSuchAFile) {
  EXPECT_THAT(message_of<FileError>([] { load_model(kModel); }), HasSubstr("is a model of QKeras"));
  EXPECT_THAT(message_of<FileError>([] { load_proxy(kModel); }), HasSubstr("makes one of this model"));
  EXPECT_FALSE(is_qkeras(read_keras_file(golden_model("mlp_relu/hgq.h5"))));
  EXPECT_FALSE(is_proxy(read_keras_file(kModel)));
}

}  // namespace qkeras_graphs_test
}  // namespace hgq
