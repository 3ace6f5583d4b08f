#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/proxy/firmware_notes.h"
#include "hgq/proxy/proxy_file.h"
#include "proxy_test_support.h"

namespace hgq {
namespace file_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// x -> q -> (dense -> dense_q, and q2), so that q2 and dense share a parent.
ProxyModel branched_model() {
  ProxyBuilder b;
  QuantizerTypes types{{1, 2}, {1, 0}, {5, 0}, {2, 0}};
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {2}), std::move(types), Rounding::kRnd, Overflow::kWrap);
  const ProxyRef d = b.add_dense("dense", q, {2, 2}, {1, 0.5f, 0.25f, 1}, {1, -1});
  const ProxyRef dq = b.add_quantizer("dense_q", d, one_type(1, 6, 3, {}), Rounding::kTrn, Overflow::kSat);
  const ProxyRef q2 = b.add_quantizer("q2", q, one_type(1, 4, 2, {}), Rounding::kTrn, Overflow::kWrap);
  return std::move(b).finish({b.add_add("sum", {dq, q2})});
}

nlohmann::json layer_config(const KerasFile& file, const std::string& name) {
  const nlohmann::json model = file.model_config.to_json();
  for (const auto& layer : model["config"]["layers"]) {
    if (layer["name"] == name) return layer["config"];
  }
  return {};
}

TEST(ProxyFile, ConfigsHaveTheKeysThatKerasAndHls4mlNeed) {
  const KerasFile file = proxy_to_keras(branched_model());
  EXPECT_EQ(layer_config(file, "x").dump(),
            R"({"batch_input_shape":[null,2],"dtype":"float32","name":"x","ragged":false,"sparse":false})");
  EXPECT_EQ(layer_config(file, "q").dump(),
            R"({"RND":"RND","SAT":"WRAP","dtype":"float32","fusible":false,"name":"q","overrides":{"layers":{}},)"
            R"("shape":[1,2],"trainable":false})");
  EXPECT_EQ(layer_config(file, "dense").dump(),
            R"({"activation":"linear","dtype":"float32","name":"dense","trainable":true,"units":2,"use_bias":true})");
}

TEST(ProxyFile, AScalarShapeIsKeptOnlyWhereTheQuantizerIsFusible) {
  const KerasFile file = proxy_to_keras(branched_model());
  EXPECT_EQ(layer_config(file, "dense_q")["fusible"], true);
  EXPECT_EQ(layer_config(file, "dense_q")["shape"].dump(), "[]");
  EXPECT_EQ(file.find("dense_q", "bits")->shape, Shape{});
  EXPECT_EQ(layer_config(file, "q2")["fusible"], false);
  EXPECT_EQ(layer_config(file, "q2")["shape"].dump(), "[1]");
  EXPECT_EQ(file.find("q2", "bits")->shape, Shape{1});
}

TEST(ProxyFile, NamesOfWeightsAreFlatAndInOrder) {
  const KerasFile file = proxy_to_keras(branched_model());
  std::vector<std::string> names;
  for (const KerasWeight& weight : file.find("q")->weights) names.push_back(weight.name);
  EXPECT_THAT(names, ElementsAre("keep_negative:0", "bits:0", "integers:0"));
  names.clear();
  for (const KerasWeight& weight : file.find("dense")->weights) names.push_back(weight.name);
  EXPECT_THAT(names, ElementsAre("kernel:0", "bias:0"));
  EXPECT_TRUE(file.find("sum")->weights.empty());
}

TEST(ProxyFile, WhatTheCallerAddsStandsInOurGroup) {
  const TemporaryFolder folder;
  save_proxy(branched_model(), folder / "p.h5", [](h5::Group& hgq) { hgq.set_attribute("note", std::string("n")); });
  std::string note;
  load_proxy(folder / "p.h5", [&](const h5::Group& hgq) { note = hgq.attribute_string("note"); });
  EXPECT_EQ(note, "n");
  save_proxy(branched_model(), folder / "without.h5");
  EXPECT_FALSE(h5::File::open(folder / "without.h5").has("hgq"));
}

/// The file of branched_model() after a change.
std::string message_for(const std::function<void(KerasFile&, Node& layers)>& change) {
  KerasFile file = proxy_to_keras(branched_model());
  change(file, *file.model_config.find("config")->find("layers"));
  return message_of<Error>([&] {
    const ProxyModel model = proxy_from_keras(file, built_in_layer_kinds());
    const Emulator emulator(model);
  });
}

Node& layer_named(Node& layers, const std::string& name) {
  for (Node& layer : layers.items()) {
    if (layer["name"].text() == name) return layer;
  }
  throw Error("no such layer");
}

// HGQ before 0.2 registered its classes without a package; hls4ml reads both names.
TEST(ProxyFile, ClassesOfAnyPackageOrNoneAreRead) {
  for (const std::string package : {"", "Custom>", "hgq>"}) {
    KerasFile file = proxy_to_keras(branched_model());
    for (Node& layer : file.model_config.find("config")->find("layers")->items()) {
      const std::string name(plain_class_name(layer["class_name"].text()));
      layer.set("class_name", Node::string(package + name));
    }
    ASSERT_TRUE(is_proxy(file));
    const Tensor x = tensor({2, 2}, {1, 2, -0.5F, 0.75F});
    EXPECT_EQ(outputs_of(proxy_from_keras(file, built_in_layer_kinds()), x), outputs_of(branched_model(), x))
        << package;
  }
}

TEST(ProxyFile, ClassesThatAreNotKnownAreNamedWithTheirLayer) {
  EXPECT_THAT(
      message_for([](KerasFile&, Node& layers) {
        layer_named(layers, "dense").set("class_name", Node::string("Conv2DTranspose"));
      }),
      HasSubstr(
          "layer 'dense' is a Conv2DTranspose, which cannot be emulated here; the classes that can are InputLayer, "));
  EXPECT_THAT(message_for([](KerasFile&, Node& layers) {
                layer_named(layers, "sum").set("class_name", Node::string("HGQ>UnaryLUT"));
              }),
              HasSubstr("layer 'sum' (UnaryLUT) has no table"));
  for (const std::string name : {"DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"})
    EXPECT_THAT(
        message_for(
            [&](KerasFile&, Node& layers) { layer_named(layers, "dense").set("class_name", Node::string(name)); }),
        HasSubstr(concat("layer 'dense' is a ", name, ", which cannot be emulated here, as hls4ml 1.3.0 takes")));
}

/// x -> q -> pool -> out, on samples of two channels and 6 positions, in a file where `pool` is another class.
KerasFile globally_pooled(const Shape& sample, const std::string& class_name, bool keeps_dims = false) {
  ProxyBuilder b;
  const ProxyRef q =
      b.add_quantizer("q", b.add_input("x", sample), one_type(1, 8, 6, {1}), Rounding::kTrn, Overflow::kWrap);
  const int rank = sample.rank() - 1;
  const std::vector<int64_t> ones(static_cast<size_t>(rank), 1);
  const ProxyRef pool = b.add_pooling("pool", q, {.rank = rank, .size = ones, .stride = ones});
  const ProxyRef out = b.add_quantizer("out", pool, one_type(1, 9, 6, {1}), Rounding::kTrn, Overflow::kWrap);
  KerasFile file = proxy_to_keras(std::move(b).finish({out}));
  Node& layer = layer_named(*file.model_config.find("config")->find("layers"), "pool");
  layer.set("class_name", Node::string(class_name));
  layer.find("config")->set("keepdims", Node::boolean(keeps_dims));
  return file;
}

// Python HGQ passes these layers of Keras on as they are.
TEST(ProxyFile, GlobalPoolingIsReadWrittenAndComputed) {
  const std::vector<float> rows{1, 8, 2, 7, 3, 6, 4, 5, 5, 4, 6, -3};
  for (const Shape& sample : {Shape{6, 2}, Shape{3, 2, 2}}) {
    for (const bool average : {false, true}) {
      const std::string name = concat("Global", average ? "Average" : "Max", "Pooling", sample.rank() - 1, "D");
      const ProxyModel model = proxy_from_keras(globally_pooled(sample, name), built_in_layer_kinds());
      EXPECT_EQ(model.find("pool")->class_name(), name);
      const ProxyModel again = proxy_from_keras(proxy_to_keras(model), built_in_layer_kinds());
      const std::vector<float> expected = average ? std::vector<float>{3.5F, 4.5F} : std::vector<float>{6, 8};
      const Tensor x = tensor(sample.with_front(1), rows);
      EXPECT_EQ(outputs_of(model, x), expected) << name;
      EXPECT_EQ(outputs_of(again, x), expected) << name;
      const Emulator emulator(model);
      const auto notes = firmware_notes(model, [&](int i) -> const ProxySignal& { return emulator.signal(i); });
      if (sample.rank() == 2) {
        EXPECT_THAT(notes, ::testing::IsEmpty());
      } else {
        EXPECT_THAT(notes, ElementsAre(HasSubstr("layer 'pool': hls4ml 1.3.0 cannot convert global pooling")));
      }
    }
  }
  EXPECT_THAT(message_of<Error>([] {
                proxy_from_keras(globally_pooled(Shape{6, 2}, "GlobalMaxPooling1D", true), built_in_layer_kinds());
              }),
              HasSubstr("layer 'pool' (GlobalMaxPooling1D).keepdims: found true"));
}

TEST(ProxyFile, WeightsAndKeysThatAreWrongAreNamed) {
  const auto config = [](Node& layers, const std::string& name) -> Node& {
    return *layer_named(layers, name).find("config");
  };
  EXPECT_THAT(message_for([](KerasFile& file, Node&) { file.layers[1].weights.pop_back(); }),
              HasSubstr("quantizer 'q' has no weight 'integers'"));
  EXPECT_THAT(message_for([&](KerasFile&, Node& layers) { config(layers, "q").set("RND", Node::string("RND_UP")); }),
              HasSubstr("quantizer 'q'.RND: found the text 'RND_UP'"));
  EXPECT_THAT(message_for([&](KerasFile&, Node& layers) { config(layers, "dense").set("units", Node::integer(3)); }),
              HasSubstr("layer 'dense' (Dense) has a kernel of shape [2, 2], expected (inputs, 3)"));
  EXPECT_THAT(
      message_for([&](KerasFile&, Node& layers) { config(layers, "dense").set("activation", Node::string("relu")); }),
      HasSubstr("layer 'dense' (Dense).activation: found the text 'relu', expected linear"));
  EXPECT_THAT(message_for([&](KerasFile&, Node& layers) { config(layers, "x").erase("batch_input_shape"); }),
              HasSubstr("input 'x' has no batch_input_shape"));
  EXPECT_THAT(message_for([&](KerasFile&, Node& layers) {
                config(layers, "x").set("batch_input_shape", Node::list({Node(), Node::integer(int64_t{1} << 40)}));
              }),
              HasSubstr("input 'x' has more than"));
  EXPECT_THAT(message_for([&](KerasFile&, Node& layers) {
                config(layers, "x").set("batch_input_shape", Node::list({Node(), Node::integer(3)}));
              }),
              HasSubstr("types of shape [1, 2] do not fit values of shape [1, 3]"));
}

TEST(ProxyFile, ATrainedModelIsNoProxy) {
  EXPECT_THAT(message_of<FileError>([] { load_proxy(golden_model("mlp_relu/hgq.h5")); }), HasSubstr("is not a proxy"));
  EXPECT_FALSE(is_proxy(read_keras_file(golden_model("mlp_relu/hgq.h5"))));
  EXPECT_TRUE(is_proxy(read_keras_file(golden_model("mlp_relu/proxy_sat.h5"))));
}

TEST(ProxyFile, NamesThatHls4mlCanNotUseAreNotWritten) {
  KerasFile file = proxy_to_keras(branched_model());
  for (Node& layer : file.model_config.find("config")->find("layers")->items()) {
    if (layer["name"].text() != "sum") continue;
    layer.set("name", Node::string("my/sum"));
  }
  file.model_config.find("config")->set(
      "output_layers", Node::list({Node::list({Node::string("my/sum"), Node::integer(0), Node::integer(0)})}));
  const ProxyModel model = proxy_from_keras(file, built_in_layer_kinds());
  EXPECT_THAT(message_of<ConfigError>([&] { proxy_to_keras(model); }), HasSubstr("layer 'my/sum'"));
}

}  // namespace file_test
}  // namespace hgq
