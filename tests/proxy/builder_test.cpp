#include "hgq/proxy/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"
#include "hgq/proxy/names.h"
#include "proxy_test_support.h"

namespace hgq {
namespace builder_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ProxyRef add_plain_quantizer(ProxyBuilder& b, const std::string& name, ProxyRef parent) {
  return b.add_quantizer(name, parent, one_type(1, 8, 4), Rounding::kTrn, Overflow::kWrap);
}

std::vector<std::string> names_in_keras_order(const ProxyModel& model) {
  std::vector<std::string> names;
  for (const int index : model.keras_order()) names.push_back(model.layer(index).name());
  return names;
}

TEST(ProxyNames, ANameThatIsTakenGetsANumber) {
  ProxyNames names;
  EXPECT_EQ(names.unique("dense"), "dense");
  EXPECT_EQ(names.unique("dense"), "dense_0");
  EXPECT_EQ(names.unique("dense"), "dense_1");
  EXPECT_EQ(names.unique("dense_0"), "dense_0_0");
  EXPECT_EQ(names.counted("re_lu"), "re_lu");
  EXPECT_EQ(names.counted("re_lu"), "re_lu_1");
  EXPECT_EQ(names.counted("re_lu"), "re_lu_2");
}

TEST(ProxyNames, OfWhichHls4mlWouldMakeTheSameAreNumbered) {
  ProxyNames names;
  for (const std::string name : {"a", "a_relu", "a_0", "A"}) EXPECT_EQ(names.unique(name), name);
  for (const std::string name : {"a_linear", "a_t", "a_weight", "a_weight_t", "a_ap"}) {
    EXPECT_TRUE(names.clashes(name)) << name;
    EXPECT_EQ(names.unique(name), name + "_0");
  }
  EXPECT_EQ(names.unique("b_linear"), "b_linear");
  EXPECT_TRUE(names.clashes("b"));
  EXPECT_EQ(names.unique("b"), "b_0");
  EXPECT_FALSE(names.clashes("a"));  // taken, as in any model that has a name twice
  ProxyBuilder b;
  const ProxyRef q = add_plain_quantizer(b, "q", b.add_input("input", {1}));
  const ProxyRef dense = b.add_dense("q_t", q, {1, 1}, {1}, {});
  const ProxyModel model = std::move(b).finish({dense});
  EXPECT_THAT(model.notes(),
              ElementsAre("layer 'input' is called 'input_layer' in the proxy, as hls4ml would misread its name",
                          "layer 'q_t' is called 'q_t_0' in the proxy, as hls4ml would misread its name"));
}

TEST(ProxyNames, MustBeIdentifiersOfCpp) {
  for (const std::string name : {"a", "_x9", "Dense_1", "input"}) EXPECT_TRUE(is_identifier(name)) << name;
  for (const std::string name : {"", "1st", "a-b", "a/b", "a b", "größe", "int", "class", "a.b"}) {
    EXPECT_FALSE(is_identifier(name)) << name;
  }
}

TEST(ProxyNames, ThatHls4mlWouldMisreadAreChanged) {
  const std::vector<std::pair<std::string, std::string>> names{{"my-input", "my_input"},
                                                               {"a//b", "a_b"},
                                                               {"2nd", "layer_2nd"},
                                                               {"", "layer_"},
                                                               {"größe", "gr_e"},
                                                               {"class", "class_layer"},
                                                               {"perm", "perm_layer"},
                                                               {"weight", "weight_layer"},
                                                               {"axis", "axis_layer"},
                                                               {"w2", "w2_layer"},
                                                               {"layer3_out", "layer3_out_layer"},
                                                               {"result_t", "result_t_layer"},
                                                               {"input", "input_layer"},
                                                               {"latency", "latency_layer"},
                                                               {"time", "time_layer"},
                                                               {"int8", "int8_layer"},
                                                               {"relu_config3", "relu_config3_layer"},
                                                               {"layer3_out_ap", "layer3_out_ap_layer"}};
  for (const auto& [name, usable] : names) EXPECT_EQ(proxy_layer_name(name), usable) << name;
  for (const std::string name : {"dense", "output", "x", "relu", "softmax", "a_0", "perm_a", "layer3", "w",
                                 "h_activation", "input_1", "bits_of_kernel_table"})
    EXPECT_EQ(proxy_layer_name(name), name);
  ProxyBuilder b;
  ProxyRef at = add_plain_quantizer(b, "axis", b.add_input("my-input", {2}));
  at = b.add_dense("my_input", at, {2, 1}, {1, 1}, {});
  const ProxyModel model = std::move(b).finish({at});
  EXPECT_THAT(names_in_keras_order(model), ElementsAre("my_input", "axis_layer", "my_input_0"));
  EXPECT_THAT(model.notes(),
              ElementsAre(HasSubstr("layer 'my-input' is called 'my_input' in the proxy"), HasSubstr("'axis_layer'")));
}

/// As in a model that is used twice inside another.
TEST(ProxyBuilder, LayersOfOneNameAreNumberedAndOverridesFollow) {
  ProxyBuilder b;
  ProxyRef at = add_plain_quantizer(b, "q", b.add_input("x", {2, 2}));
  for (int round = 0; round < 2; ++round) {
    at = b.add_dense("dense", at, {2, 2}, {1, 0, 0, 1}, {});
    at = b.add_quantizer("dense_quantizer", at, one_type(1, 8, 4), Rounding::kTrn, Overflow::kWrap, 2);
    at = add_plain_quantizer(b, "dense_relu_quantizer", b.add_relu(at));
  }
  EXPECT_EQ(b.name(at), "dense_relu_quantizer_0");
  const ProxyModel model = std::move(b).finish({at});
  EXPECT_THAT(names_in_keras_order(model),
              ElementsAre("x", "q", "dense", "dense_quantizer", "re_lu", "dense_relu_quantizer", "dense_0",
                          "dense_quantizer_0", "re_lu_1", "dense_relu_quantizer_0"));
  const auto* quantizer = dynamic_cast<const ProxyQuantizer*>(model.find("dense_quantizer_0"));
  ASSERT_NE(quantizer, nullptr);
  ASSERT_EQ(quantizer->overrides().size(), 1u);
  EXPECT_EQ(quantizer->overrides().at("dense_0").at("parallelization_factor").text(), "2");
}

TEST(ProxyBuilder, LinearActivationsVanish) {
  ProxyBuilder b;
  const ProxyRef q = add_plain_quantizer(b, "q", b.add_input("x", {2}));
  EXPECT_EQ(b.add_activation("nothing", q, "linear").index, q.index);
}

TEST(ProxyBuilder, LayersThatLeadNowhereAreDroppedButInputsStay) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {2});
  const ProxyRef unused = b.add_input("unused", {3});
  const ProxyRef q = add_plain_quantizer(b, "q", x);
  add_plain_quantizer(b, "dead", unused);
  const ProxyModel model = std::move(b).finish({q});
  EXPECT_EQ(model.layers().size(), 3u);
  EXPECT_EQ(model.find("dead"), nullptr);
  // An input that leads nowhere has depth 0, and stands first there.
  EXPECT_THAT(names_in_keras_order(model), ElementsAre("x", "unused", "q"));
}

/// Two branches of different length: by depth, then by the walk from the output.
TEST(ProxyModel, KerasOrderIsByDepthThenByFirstVisit) {
  ProxyBuilder b;
  const ProxyRef short_input = b.add_input("s", {2});
  const ProxyRef long_input = b.add_input("l", {2});
  const ProxyRef s = add_plain_quantizer(b, "s_q", short_input);
  const ProxyRef l = add_plain_quantizer(b, "l_q", long_input);
  const ProxyRef l2 = add_plain_quantizer(b, "l_q2", b.add_dense("l_d", l, {2, 2}, {1, 0, 0, 1}, {}));
  const ProxyRef sum = b.add_add("sum", {l2, s});
  const ProxyModel model = std::move(b).finish({add_plain_quantizer(b, "out", sum)});
  EXPECT_THAT(names_in_keras_order(model), ElementsAre("l", "l_q", "l_d", "s", "l_q2", "s_q", "sum", "out"));
}

// hls4ml 1.3.0's merging layers assert two inputs.
TEST(ProxyBuilder, MergesTwoAtATime) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {2});
  std::vector<ProxyRef> parts;
  for (const char* name : {"q1", "q2", "q3", "q4"}) parts.push_back(add_plain_quantizer(b, name, x));
  const ProxyRef sum = b.add_add("sum", parts);
  const ProxyRef row = b.add_concatenate("row", {sum, parts[0], parts[1]});
  EXPECT_EQ(b.signal(row).shape, Shape({6}));
  const ProxyModel model = std::move(b).finish({row});
  EXPECT_THAT(names_in_keras_order(model),
              ElementsAre("x", "q1", "q2", "sum_part", "q3", "sum_part_0", "q4", "sum", "row_part", "row"));
  for (const ProxyModel::Entry& entry : model.layers()) EXPECT_LE(entry.parents.size(), 2U) << entry.layer->name();
}

TEST(ProxyModel, OnlyChildrenAreKnown) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {2});
  const ProxyRef q1 = add_plain_quantizer(b, "q1", x);
  const ProxyRef q2 = add_plain_quantizer(b, "q2", x);
  const ProxyRef sum = b.add_add("sum", {q1, q2});
  const ProxyModel model = std::move(b).finish({sum});
  EXPECT_FALSE(model.only_child(q1.index));
  EXPECT_FALSE(model.only_child(sum.index));
  ProxyBuilder chain;
  const ProxyRef q = add_plain_quantizer(chain, "q", chain.add_input("x", {2}));
  EXPECT_TRUE(std::move(chain).finish({q}).only_child(q.index));
}

TEST(ProxyModel, WithoutOutputIsRefused) {
  ProxyBuilder b;
  add_plain_quantizer(b, "q", b.add_input("x", {2}));
  EXPECT_THAT(message_of<ShapeError>([&] { std::move(b).finish({}); }), HasSubstr("the proxy has no output"));
}

}  // namespace builder_test
}  // namespace hgq
