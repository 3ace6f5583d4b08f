#include "hgq/data/keras_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"

namespace hgq {
namespace keras_file_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string golden(const std::string& name) { return std::string(HGQ_SOURCE_DIR) + "/tests/golden/models/" + name; }

Node json_node(const std::string& text) { return Node::from_json(nlohmann::json::parse(text), "m.h5"); }

template <typename F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const FileError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// A small Functional model of two layers.
KerasFile small_file() {
  KerasGraph graph{"model", {}, {"in"}, {"dense"}};
  graph.nodes.push_back({"InputLayer", "in", Node::map({{"name", Node::string("in")}}), {}});
  graph.nodes.push_back({"Dense", "dense", Node::map({{"name", Node::string("dense")}}), {"in"}});
  KerasFile file;
  file.model_config = keras_functional(graph);
  file.layers.push_back({"in", {}});
  file.layers.push_back(
      {"dense",
       {KerasWeight::of_floats("kernel:0", {2, 3}, {1, 2, 3, 4, 5, 6.5f}),
        KerasWeight::of_int8("bits:0", {1, 2}, {-128, 127}), KerasWeight::of_floats("beta:0", {}, {0.25f})}});
  return file;
}

TEST(KerasFile, WeightsOfATrainedModelAreFoundByTheLastPartOfTheirName) {
  const KerasFile file = read_keras_file(golden("mlp_relu/hgq.h5"));
  ASSERT_EQ(file.layers.size(), 3u);
  EXPECT_EQ(file.layers[1].layer, "dense_0");
  const KerasWeight* kernel = file.find("dense_0", "kernel");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(kernel->name, "dense_0/kernel:0");
  EXPECT_EQ(kernel->shape, (Shape{64, 24}));
  EXPECT_EQ(kernel->floats().size(), 64u * 24u);
  ASSERT_NE(file.find("out", "beta"), nullptr);
  EXPECT_EQ(file.find("out", "beta")->name, "beta:0");
  EXPECT_EQ(file.find("out", "beta")->shape.rank(), 0);
  EXPECT_EQ(file.find("out", "gamma"), nullptr);
  EXPECT_EQ(file.find("inp_q_input"), nullptr);
}

TEST(KerasFile, WeightsOfAProxyAreInt8WhereTheyStandSo) {
  const KerasFile file = read_keras_file(golden("mlp_relu/proxy_wrap.h5"));
  const KerasWeight* bits = file.find("inp_q", "bits");
  ASSERT_NE(bits, nullptr);
  EXPECT_TRUE(bits->is_int8());
  EXPECT_EQ(bits->int8s().size(), 64u);
  EXPECT_EQ(file.find("dense_0_quantizer", "bits")->shape, Shape{});
  EXPECT_TRUE(file.find("re_lu")->weights.empty());
  EXPECT_THAT(message_of([&] { bits->floats(); }), HasSubstr("weight 'bits:0' holds int8, expected float32"));
}

TEST(KerasGraph, ASequentialModelIsAChainBehindItsInput) {
  const KerasGraph graph = keras_graph(read_keras_file(golden("mlp_relu/hgq.h5")).model_config);
  ASSERT_EQ(graph.nodes.size(), 4u);
  EXPECT_EQ(graph.nodes[0].class_name, "InputLayer");
  EXPECT_EQ(graph.nodes[2].class_name, "HGQ>HDense");
  EXPECT_EQ(graph.nodes[2].config["units"].text(), "24");
  EXPECT_THAT(graph.nodes[2].inputs, ElementsAre("inp_q"));
  EXPECT_THAT(graph.inputs, ElementsAre("inp_q_input"));
  EXPECT_THAT(graph.outputs, ElementsAre("out"));
}

TEST(KerasGraph, AFunctionalModelKeepsTheOrderOfTheParents) {
  const KerasGraph graph = keras_graph(read_keras_file(golden("mixer/proxy_wrap.h5")).model_config);
  for (const KerasNode& node : graph.nodes) {
    if (node.name == "add") {
      EXPECT_THAT(node.inputs, ElementsAre("perm_b", "q_b"));
    }
  }
  EXPECT_EQ(graph.nodes.size(), 31u);
  EXPECT_THAT(graph.outputs, ElementsAre("out_quantizer"));
}

TEST(KerasGraph, ASequentialModelWithoutInputLayerGetsOne) {
  const KerasGraph graph = keras_graph(json_node(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
      {"class_name": "Dense", "config": {"name": "d", "batch_input_shape": [null, 4]}}]}})"));
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[0].name, "d_input");
  EXPECT_EQ(graph.nodes[0].config["batch_input_shape"].items()[1].text(), "4");
}

// keras.Model({'calo': x, 'muon': y}, {'cls': c, 'reg': d}), and lists in maps.
TEST(KerasGraph, InputsAndOutputsInMapsComeInTheOrderOfTheirKeys) {
  const auto graph = [](const std::string& inputs, const std::string& outputs) {
    return keras_graph(json_node(R"({"class_name": "Custom>MyModel", "config": {"layers": [
        {"class_name": "InputLayer", "name": "x", "config": {}, "inbound_nodes": []},
        {"class_name": "InputLayer", "name": "y", "config": {}, "inbound_nodes": []},
        {"class_name": "A", "name": "a", "config": {}, "inbound_nodes": [[["x", 0, 0, {}], ["y", 0, 0, {}]]]},
        {"class_name": "B", "name": "b", "config": {}, "inbound_nodes": [[["y", 0, 0, {}]]]}],
        "input_layers": )" + inputs +
                                 R"(, "output_layers": )" + outputs + "}}"));
  };
  const KerasGraph map =
      graph(R"({"muon": ["x", 0, 0], "calo": ["y", 0, 0]})", R"({"reg": ["a", 0, 0], "cls": ["b", 0, 0]})");
  EXPECT_THAT(map.inputs, ElementsAre("y", "x"));
  EXPECT_THAT(map.outputs, ElementsAre("b", "a"));
  const KerasGraph mixed =
      graph(R"([["x", 0, 0], {"only": ["y", 0, 0]}])", R"({"z": ["a", 0, 0], "p": [["b", 0, 0], ["a", 0, 0]]})");
  EXPECT_THAT(mixed.inputs, ElementsAre("x", "y"));
  EXPECT_THAT(mixed.outputs, ElementsAre("b", "a", "a"));
  EXPECT_THAT(message_of([&] { graph("3", R"(["b", 0, 0])"); }), HasSubstr("has the number 3 as 'input_layers'"));
  EXPECT_THAT(message_of([&] { graph("{}", R"(["b", 0, 0])"); }), HasSubstr("the model has no input"));
  EXPECT_THAT(message_of([&] { graph(R"({"u": "x"})", R"(["b", 0, 0])"); }),
              HasSubstr("expected [LAYER, CALL, OUTPUT]"));
}

/// A model that calls another one, of inputs p and q, with `call`; what that call reads.
std::vector<std::string> inputs_of_call(const std::string& inner_inputs, const std::string& call) {
  const KerasGraph graph = keras_graph(json_node(R"({"class_name": "Functional", "config": {"layers": [
      {"class_name": "InputLayer", "name": "x", "config": {}, "inbound_nodes": []},
      {"class_name": "InputLayer", "name": "y", "config": {}, "inbound_nodes": []},
      {"class_name": "Functional", "name": "inner", "inbound_nodes": [)" +
                                                 call + R"(], "config": {"name": "inner", "layers": [
          {"class_name": "InputLayer", "name": "p", "config": {}, "inbound_nodes": []},
          {"class_name": "InputLayer", "name": "q", "config": {}, "inbound_nodes": []},
          {"class_name": "A", "name": "a", "config": {}, "inbound_nodes": [[["q", 0, 0, {}], ["p", 0, 0, {}]]]}],
          "input_layers": )" + inner_inputs + R"(, "output_layers": {"o": ["a", 0, 0]}}}],
      "input_layers": [["x", 0, 0], ["y", 0, 0]], "output_layers": ["inner", 1, 0]}})"));
  return graph.nodes.back().inputs;
}

TEST(KerasGraph, ModelsInsideAreCalledWithListsOrMaps) {
  const std::string list = R"([["q", 0, 0], ["p", 0, 0]])";
  const std::string map = R"({"second": ["p", 0, 0], "first": ["q", 0, 0]})";
  EXPECT_THAT(inputs_of_call(list, R"([["x", 0, 0, {}], ["y", 0, 0, {}]])"), ElementsAre("x", "y"));
  EXPECT_THAT(inputs_of_call(list, R"({"p": ["x", 0, 0, {}], "q": ["y", 0, 0, {}]})"), ElementsAre("y", "x"));
  EXPECT_THAT(inputs_of_call(map, R"({"second": ["x", 0, 0, {}], "first": ["y", 0, 0, {}]})"), ElementsAre("y", "x"));
  EXPECT_THAT(inputs_of_call(list, R"({"v": ["x", 0, 0, {}], "u": ["y", 0, 0, {}]})"), ElementsAre("y", "x"));
}

TEST(KerasGraph, TheFormsOfKeras3AreRead) {
  const auto tensor = [](const std::string& layer) {
    return R"({"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "keras_history": [")" + layer +
           R"(", 0, 0]}})";
  };
  const KerasGraph graph = keras_graph(json_node(R"({"class_name": "Functional", "config": {"layers": [
      {"class_name": "InputLayer", "name": "x", "config": {"batch_shape": [null, 4]}, "inbound_nodes": []},
      {"class_name": "A", "name": "a", "config": {"dtype": {"class_name": "DTypePolicy", "config": {"name": "float32"}}},
       "inbound_nodes": [{"args": [)" + tensor("x") +
                                                 R"(], "kwargs": {}}]},
      {"class_name": "Add", "name": "b", "config": {}, "inbound_nodes": [{"kwargs": {}, "args": [[)" +
                                                 tensor("a") + "," + tensor("x") + R"(]]}]},
      {"class_name": "Sequential", "name": "s", "config": {"name": "s", "layers": [
          {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 4]}},
          {"class_name": "C", "config": {"name": "c"}}]}, "inbound_nodes": [{"args": [)" +
                                                 tensor("b") + R"(], "kwargs": {}}]}],
      "input_layers": ["x", 0, 0], "output_layers": [["s", 0, 0]]}})"));
  ASSERT_EQ(graph.nodes.size(), 4u);
  EXPECT_EQ(graph.nodes[0].config["batch_input_shape"].items()[1].text(), "4");
  EXPECT_EQ(graph.nodes[1].config["dtype"].text(), "float32");
  EXPECT_THAT(graph.nodes[1].inputs, ElementsAre("x"));
  EXPECT_THAT(graph.nodes[2].inputs, ElementsAre("a", "x"));
  EXPECT_THAT(graph.outputs, ElementsAre("s"));
}

TEST(KerasGraph, ASequentialModelThatWasBuiltForAShapeHasAnInput) {
  const KerasGraph graph = keras_graph(json_node(R"({"class_name": "Sequential", "config": {"name": "s",
      "build_input_shape": [null, 4], "layers": [{"class_name": "Dense", "config": {"name": "d"}}]}})"));
  EXPECT_EQ(graph.nodes[0].config["batch_input_shape"].items()[1].text(), "4");
}

TEST(KerasGraph, ParentsMayStandBehindTheirChildrenInTheFile) {
  const KerasGraph graph = keras_graph(json_node(R"({"class_name": "Functional", "config": {"layers": [
      {"class_name": "B", "name": "b", "config": {}, "inbound_nodes": [[["a", 0, 0, {}]]]},
      {"class_name": "A", "name": "a", "config": {}, "inbound_nodes": []}],
      "input_layers": ["a", 0, 0], "output_layers": [["b", 0, 0]]}})"));
  EXPECT_EQ(graph.nodes[0].name, "a");
  EXPECT_EQ(graph.nodes[1].name, "b");
}

/// Layers as JSON, and what the message must say.
TEST(KerasGraph, WhatCanNotBeReadIsNamed) {
  const auto message = [](const std::string& layers) {
    return message_of([&] {
      keras_graph(json_node(R"({"class_name": "Functional", "config": {"layers": [)" + layers +
                            R"(], "input_layers": [["a", 0, 0]], "output_layers": [["b", 0, 0]]}})"));
    });
  };
  const std::string a = R"({"class_name": "A", "name": "a", "config": {}, "inbound_nodes": []},)";
  EXPECT_THAT(message(a + R"({"class_name": "B", "name": "b", "config": {}, "inbound_nodes": [[["c", 0, 0, {}]]]})"),
              HasSubstr("m.h5:/config/layers/1/inbound_nodes/0/0: refers to layer 'c', which is not there"));
  EXPECT_THAT(message(a + R"({"class_name": "B", "name": "b", "config": {}, "inbound_nodes": [[["b", 0, 0, {}]]]})"),
              HasSubstr("in a circle"));
  EXPECT_THAT(message(a + R"({"class_name": "B", "name": "b", "config": {}, "inbound_nodes": [[["a", 1, 0, {}]]]})"),
              HasSubstr("refers to call 1"));
  EXPECT_THAT(message(a + R"({"class_name": "B", "name": "b", "config": {}, "inbound_nodes": [[], []]})"),
              HasSubstr("m.h5:/config/layers/1/inbound_nodes/0: found a call without parents"));
  EXPECT_THAT(message(a + R"({"class_name": "B", "name": "a", "config": {}, "inbound_nodes": []})"),
              HasSubstr("two layers are called 'a'"));
  EXPECT_THAT(message(a + R"({"name": "b", "config": {}, "inbound_nodes": []})"), HasSubstr("has no 'class_name'"));
  EXPECT_THAT(message(a + "3"), HasSubstr("m.h5:/config/layers/1: found the number 3, expected a layer"));
  EXPECT_THAT(message(a + R"({"class_name": "B", "name": "c", "config": {}, "inbound_nodes": []})"),
              HasSubstr("m.h5:/config/output_layers/0: refers to layer 'b', which is not there"));
  EXPECT_THAT(message_of([] { keras_graph(json_node(R"({"class_name": "Pipeline", "config": {}})")); }),
              HasSubstr("the model is a 'Pipeline'"));
}

TEST(KerasFile, IsReadBackAsItWasWritten) {
  const TemporaryFolder folder;
  const KerasFile file = small_file();
  write_keras_file(file, folder / "m.h5");
  const KerasFile again = read_keras_file(folder / "m.h5");
  EXPECT_TRUE(same_value(again.model_config, file.model_config));
  ASSERT_EQ(again.layers.size(), 2u);
  EXPECT_TRUE(again.layers[0].weights.empty());
  ASSERT_EQ(again.layers[1].weights.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(again.layers[1].weights[i].name, file.layers[1].weights[i].name);
    EXPECT_EQ(again.layers[1].weights[i].shape, file.layers[1].weights[i].shape);
    EXPECT_EQ(again.layers[1].weights[i].values, file.layers[1].weights[i].values);
  }
}

TEST(KerasFile, HasTheLayoutOfKeras2) {
  const TemporaryFolder folder;
  write_keras_file(small_file(), folder / "m.h5");
  const h5::File file = h5::File::open(folder / "m.h5");
  EXPECT_EQ(file.attribute_string("keras_version"), "2.15.0");
  EXPECT_EQ(file.attribute_string("backend"), "tensorflow");
  const nlohmann::json config = nlohmann::json::parse(file.attribute_string("model_config"));
  EXPECT_EQ(config["config"]["layers"][1]["inbound_nodes"].dump(), R"([[["in",0,0,{}]]])");
  EXPECT_EQ(config["config"]["layers"][0]["inbound_nodes"].dump(), "[]");
  EXPECT_EQ(config["config"]["output_layers"].dump(), R"([["dense",0,0]])");
  const h5::Group weights = file.group("model_weights");
  EXPECT_EQ(weights.attribute_string("keras_version"), "2.15.0");
  EXPECT_THAT(weights.attribute_strings("layer_names"), ElementsAre("in", "dense"));
  EXPECT_THAT(weights.group("in").attribute_strings("weight_names"), ElementsAre());
  EXPECT_THAT(weights.group("dense").attribute_strings("weight_names"), ElementsAre("kernel:0", "bits:0", "beta:0"));
  EXPECT_EQ(weights.info("dense/bits:0").bytes, 1);
  EXPECT_EQ(weights.info("dense/beta:0").shape.rank(), 0);
  EXPECT_FALSE(file.has("hgq"));
}

TEST(KerasFile, WeightsLieWhereTheirNamesSay) {
  const TemporaryFolder folder;
  KerasFile file = small_file();
  file.layers[1].weights[0].name = "dense/kernel:0";
  write_keras_file(file, folder / "m.h5");
  EXPECT_TRUE(h5::File::open(folder / "m.h5").is_dataset("model_weights/dense/dense/kernel:0"));
  EXPECT_EQ(read_keras_file(folder / "m.h5").find("dense", "kernel")->floats()[5], 6.5f);
}

TEST(KerasFile, TheGroupHgqIsTheCallers) {
  const TemporaryFolder folder;
  write_keras_file(small_file(), folder / "m.h5", [](h5::Group& hgq) { hgq.set_attribute("epoch", int64_t{7}); });
  int64_t epoch = 0;
  read_keras_file(folder / "m.h5", [&](const h5::Group& hgq) { epoch = hgq.attribute_integer("epoch"); });
  EXPECT_EQ(epoch, 7);
  read_keras_file(golden("mlp_relu/hgq.h5"), [](const h5::Group&) { FAIL() << "there is no such group"; });
}

TEST(KerasFile, IsWrittenWholeOrNotAtAll) {
  const TemporaryFolder folder;
  write_keras_file(small_file(), folder / "m.h5");
  EXPECT_THROW(write_keras_file(small_file(), folder / "m.h5", [](h5::Group&) { throw RunError("disk full"); }),
               RunError);
  EXPECT_EQ(read_keras_file(folder / "m.h5").layers.size(), 2u);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(KerasFile, AModelConfigBeyond64KilobytesIsWrittenAndRead) {
  const TemporaryFolder folder;
  KerasFile file = small_file();
  file.model_config.set("note", Node::string(std::string(70000, 'x')));
  write_keras_file(file, folder / "m.h5");
  EXPECT_EQ(read_keras_file(folder / "m.h5").model_config["note"].text().size(), 70000u);
}

// Keras splits lists of names that one attribute does not hold, and so do we.
TEST(KerasFile, ManyLayersAreWrittenAndRead) {
  const TemporaryFolder folder;
  KerasFile file = small_file();
  const size_t before = file.layers.size();
  for (int i = 0; i < 9000; ++i) file.layers.push_back({.layer = concat("layer_", i), .weights = {}});
  write_keras_file(file, folder / "m.h5");
  const KerasFile read = read_keras_file(folder / "m.h5");
  ASSERT_EQ(read.layers.size(), before + 9000);
  for (size_t i = 0; i < read.layers.size(); ++i) EXPECT_EQ(read.layers[i].layer, file.layers[i].layer);
  EXPECT_TRUE(h5::File::open(folder / "m.h5").group("model_weights").has_attribute("layer_names2"));
}

TEST(KerasFile, FilesOfOtherKindsAreRefused) {
  const TemporaryFolder folder;
  const auto file_with = [&](const std::string& name, const std::function<void(h5::File&)>& fill) {
    h5::File file = h5::File::create(folder / name);
    fill(file);
    file.flush();
    return folder / name;
  };
  const std::string data = file_with("data.h5", [](h5::File& f) { f.create_group("x"); });
  EXPECT_THAT(message_of([&] { read_keras_file(data); }), HasSubstr("has no attribute 'model_config'"));
  const std::string broken = file_with("broken.h5", [](h5::File& f) { f.set_attribute("model_config", "{\"a\": "); });
  EXPECT_THAT(message_of([&] { read_keras_file(broken); }), HasSubstr("model_config: is not JSON"));
  const std::string no_weights = file_with("empty.h5", [](h5::File& f) { f.set_attribute("model_config", "{}"); });
  EXPECT_THAT(message_of([&] { read_keras_file(no_weights); }), HasSubstr("model_weights"));
  const std::string missing = file_with("missing.h5", [](h5::File& f) {
    f.set_attribute("model_config", "{}");
    h5::Group weights = f.create_group("model_weights");
    weights.set_attribute("layer_names", std::vector<std::string>{"dense"});
  });
  EXPECT_THAT(message_of([&] { read_keras_file(missing); }), HasSubstr("dense"));
  EXPECT_THAT(message_of([&] { read_keras_file(folder / "none.h5"); }), HasSubstr("there is no such file"));
}

}  // namespace keras_file_test
}  // namespace hgq
