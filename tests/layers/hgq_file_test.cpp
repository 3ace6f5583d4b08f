// Model files: what is written comes back bit by bit, in the layout that Python HGQ itself writes, and damage is seen.
#include "hgq/layers/hgq_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hgq/layers/predict.h"
#include "proxy_test_support.h"
#include "sample_models.h"

namespace hgq {
namespace hgq_file_test {

using ::testing::HasSubstr;

/// All parameters and states, by name.
std::map<std::string, std::vector<float>> memory_of(const Model& model) {
  std::map<std::string, std::vector<float>> all;
  for (const Parameter* const p : model.parameters())
    all[p->name].assign(p->value.values().begin(), p->value.values().end());
  for (const State* const s : model.states()) all[s->name].assign(s->value.values().begin(), s->value.values().end());
  return all;
}

std::vector<std::string> configs_of(const Model& model) {
  std::vector<std::string> all;
  for (const Model::Entry& entry : model.entries()) {
    all.push_back(entry.name + (entry.layer == nullptr ? "" : entry.layer->config().dump()));
  }
  return all;
}

std::vector<std::vector<float>> predictions(Model& model) {
  Workers workers(1);
  Predictor predictor(model, workers);
  std::vector<Tensor> x;
  for (const int i : model.inputs()) x.push_back(sample_rows(model.entry(i).shape, 50));
  std::vector<ConstTensorView> views;
  for (const Tensor& t : x) views.push_back(t.view());
  std::vector<std::vector<float>> out;
  for (const Tensor& y : predictor.run(views)) out.emplace_back(y.values().begin(), y.values().end());
  return out;
}

struct Sample {
  const char* name;
  std::function<Model()> make;
};
void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }

class HgqFile : public ::testing::TestWithParam<Sample> {};

TEST_P(HgqFile, EveryParameterAndStateComesBackBitByBit) {
  const TemporaryFolder folder;
  Model model = GetParam().make();
  save_model(model, folder / "m.h5");
  Model again = load_model(folder / "m.h5");
  EXPECT_EQ(memory_of(again), memory_of(model));
  EXPECT_EQ(predictions(again), predictions(model));
  std::vector<std::string> before = configs_of(model);
  std::vector<std::string> after = configs_of(again);
  std::ranges::sort(before);
  std::ranges::sort(after);
  EXPECT_EQ(after, before);
}

/// Without the group hgq, the way Python HGQ saves: other numbers for batch norm, the same function.
TEST_P(HgqFile, ComputesTheSameFromTheWeightsThatPythonReads) {
  const TemporaryFolder folder;
  Model model = GetParam().make();
  save_model(model, folder / "m.h5");
  write_keras_file(read_keras_file(folder / "m.h5"), folder / "python.h5");
  Model again = load_model(folder / "python.h5");
  const auto ours = predictions(model);
  const auto theirs = predictions(again);
  ASSERT_EQ(theirs.size(), ours.size());
  if (std::string(GetParam().name) != "no_scale") {
    EXPECT_EQ(theirs, ours);
    return;
  }
  // There the mean is multiplied and divided by sqrt(1 + eps), so it may come back an ulp away.
  for (size_t o = 0; o < ours.size(); ++o) {
    for (size_t e = 0; e < ours[o].size(); ++e) EXPECT_NEAR(theirs[o][e], ours[o][e], 0.5);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, HgqFile,
                         ::testing::Values(Sample{"graph", graph_sample}, Sample{"settings", settings_sample},
                                           Sample{"norm", [] { return batch_norm_sample("", ""); }},
                                           Sample{"no_center", [] { return batch_norm_sample("center", "false"); }},
                                           Sample{"no_scale", [] { return batch_norm_sample("scale", "false"); }},
                                           Sample{"no_bias", [] { return batch_norm_sample("use_bias", "false"); }},
                                           Sample{"momentum", [] { return batch_norm_sample("epsilon", "0.01"); }}));

TEST(ModelFile, BatchNormIsWrittenWithBiasZeroAndShiftedMean) {
  const TemporaryFolder folder;
  Model model = batch_norm_sample("", "");
  const auto memory = memory_of(model);
  save_model(model, folder / "m.h5");
  const KerasFile file = read_keras_file(folder / "m.h5");
  const auto& mean = file.find("norm", "moving_mean")->floats();
  for (size_t j = 0; j < 4; ++j) {
    EXPECT_EQ(file.find("norm", "bias")->floats()[j], 0.0F);
    EXPECT_NE(memory.at("norm/bias")[j], 0.0F);
    EXPECT_EQ(mean[j], memory.at("norm/moving_mean")[j] - memory.at("norm/bias")[j]);
  }
}

/// The names that HGQ 0.2.6 gives, which Keras pairs by their order alone; with both off it has one name twice.
TEST(ModelFile, StatisticsThatAreOffLeaveAScalarInTheirPlace) {
  const TemporaryFolder folder;
  const std::vector<std::tuple<std::string, std::string, float>> cases{
      {"center", "kernel:0 bias:0 kernel_bw:0 activation_bw:0 bn_gamma:0 beta:0 bops:0 Variable:0 moving_variance:0 ",
       0.0F},
      {"scale", "kernel:0 bias:0 kernel_bw:0 activation_bw:0 bn_beta:0 beta:0 bops:0 moving_mean:0 Variable:0 ", 1.0F}};
  for (const auto& [key, names, scalar] : cases) {
    Model model = batch_norm_sample(key, "false");
    save_model(model, folder / "m.h5");
    const KerasFile file = read_keras_file(folder / "m.h5");
    std::string found;
    for (const KerasWeight& weight : file.find("norm")->weights)
      found += weight.name.substr(weight.name.rfind('/') + 1) + " ";
    EXPECT_EQ(found, names);
    EXPECT_EQ(file.find("norm", "Variable")->floats(), std::vector<float>{scalar});
  }
}

TEST(ModelFile, RangesArePartOfIt) {
  const TemporaryFolder folder;
  Model model = batch_norm_sample("", "");
  trace_minmax(model, sample_rows(Shape{5}, 100).view());
  save_model(model, folder / "m.h5");
  const Model again = load_model(folder / "m.h5");
  EXPECT_TRUE(again.is_traced());
  EXPECT_EQ(memory_of(again), memory_of(model));
}

/// The names, their order and shapes, and all values but those of batch norm.
TEST(ModelFile, HasTheLayoutOfThePackage) {
  for (const std::string name : {"mlp_relu", "jsc_bn", "sigmoid_out", "softmax_out", "mixer"}) {
    SCOPED_TRACE(name);
    const TemporaryFolder folder;
    Model model = load_model(golden_model(name + "/hgq.h5"));
    save_model(model, folder / "m.h5");
    const KerasFile package = read_keras_file(golden_model(name + "/hgq.h5"));
    const KerasFile ours = read_keras_file(folder / "m.h5");
    std::vector<std::string> order;
    for (const KerasLayerWeights& layer : ours.layers) {
      if (!layer.weights.empty()) order.push_back(layer.layer);
      const KerasLayerWeights* const theirs = package.find(layer.layer);
      if (theirs == nullptr) continue;  // the InputLayer of a Sequential model
      ASSERT_EQ(layer.weights.size(), theirs->weights.size()) << layer.layer;
      for (size_t w = 0; w < layer.weights.size(); ++w) {
        EXPECT_EQ(layer.weights[w].name, theirs->weights[w].name);
        EXPECT_EQ(layer.weights[w].shape, theirs->weights[w].shape);
        const std::string leaf(layer.weights[w].leaf());
        const bool same = leaf != "bops" && (leaf != "bias" || theirs->find("bn_beta") == nullptr) && leaf != "bn_beta";
        EXPECT_TRUE(!same || layer.weights[w].values == theirs->weights[w].values) << layer.weights[w].name;
      }
    }
    std::vector<std::string> expected;
    for (const KerasLayerWeights& layer : package.layers) {
      if (!layer.weights.empty()) expected.push_back(layer.layer);
    }
    EXPECT_EQ(order, expected);
  }
}

TEST(ModelFile, OwnBetasStayOwnAndTheOthersDoNot) {
  const TemporaryFolder folder;
  Model model = graph_sample();
  model.set_beta(0.5);
  save_model(model, folder / "m.h5");
  Model again = load_model(folder / "m.h5");
  EXPECT_TRUE(again.find("da")->has_own_beta());
  EXPECT_FALSE(again.find("out")->has_own_beta());
  EXPECT_EQ(again.beta(), 0.5);
  again.set_beta(0.25);
  EXPECT_EQ(again.find("out")->beta()->value.values()[0], 0.25F);
  EXPECT_EQ(again.find("da")->beta()->value.values()[0], 1e-6F);
}

TEST(ModelFile, CarriesWhatTheCallerAdds) {
  const TemporaryFolder folder;
  Model model = batch_norm_sample("", "");
  save_model(model, folder / "m.h5",
             [](h5::Group& hgq) { hgq.create_group("run").set_attribute("epoch", int64_t{7}); });
  int64_t epoch = 0;
  load_model(folder / "m.h5", [&](const h5::Group& hgq) { epoch = hgq.group("run").attribute_integer("epoch"); });
  EXPECT_EQ(epoch, 7);
}

/// Flips one bit of each byte in turn, of a range that holds weights, ranges and attributes.
TEST(ModelFile, NoDamagedNumberIsTakenForARightOne) {
  const TemporaryFolder folder;
  Model model = batch_norm_sample("", "");
  save_model(model, folder / "m.h5",
             [](h5::Group& hgq) { hgq.set_attribute("extras", std::string("{\"scaling\": 3}")); });
  std::ifstream in(folder / "m.h5", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto memory = memory_of(model);
  int refused = 0;
  for (size_t at = 7; at < bytes.size(); at += 211) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    std::ofstream(folder / "d.h5", std::ios::binary) << damaged;
    try {
      std::string extras;
      const Model again =
          load_model(folder / "d.h5", [&](const h5::Group& hgq) { extras = hgq.attribute_string("extras"); });
      EXPECT_EQ(memory_of(again), memory) << "byte " << at;
      EXPECT_EQ(extras, "{\"scaling\": 3}") << "byte " << at;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 20);
}

TEST(ModelFile, AChangedWeightIsNamedAsDamage) {
  const TemporaryFolder folder;
  Model model = batch_norm_sample("", "");
  save_model(model, folder / "m.h5");
  std::ifstream in(folder / "m.h5", std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto kernel = memory_of(model).at("out/kernel");
  const std::string stored(reinterpret_cast<const char*>(kernel.data()), kernel.size() * sizeof(float));
  const size_t at = bytes.find(stored);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 5] ^= 1;
  std::ofstream(folder / "m.h5", std::ios::binary) << bytes;
  EXPECT_THAT(message_of<FileError>([&] { load_model(folder / "m.h5"); }),
              HasSubstr("m.h5: is damaged: its bytes do not match the checksum at its end"));
}

TEST(ModelFile, SaysWhichLayerOrWeightIsMissing) {
  const TemporaryFolder folder;
  Model model = batch_norm_sample("", "");
  save_model(model, folder / "m.h5");
  KerasFile file = read_keras_file(folder / "m.h5");
  std::erase_if(file.layers[3].weights, [](const KerasWeight& w) { return w.leaf() == "kernel_bw"; });
  write_keras_file(file, folder / "weight.h5");
  EXPECT_THAT(message_of<FileError>([&] { load_model(folder / "weight.h5"); }),
              HasSubstr("layer 'out' has no weight 'kernel_bw:0'"));
  KerasGraph graph = keras_graph(file.model_config);
  graph.nodes[3].class_name = "HGQ>HDens";
  file.model_config = keras_functional(graph);
  write_keras_file(file, folder / "layer.h5");
  EXPECT_THAT(message_of<FileError>([&] { load_model(folder / "layer.h5"); }), HasSubstr("did you mean 'HDense'?"));
}

TEST(ModelFile, FunctionsThatKerasDoesNotKnowAreNamed) {
  const Model known = graph_sample();
  EXPECT_TRUE(what_python_cannot_open(known).empty());
  const Model model = Sequential({HQuantize(), HActivation("square").name("sq")}, Shape{3});
  EXPECT_THAT(what_python_cannot_open(model),
              ::testing::ElementsAre(HasSubstr("layer 'sq': Keras 2 has no function 'square'")));
}

TEST(ModelFile, LayersThatPythonHasNotAreNamed) {
  const auto lines = [](const LayerSpec& layer) {
    return what_python_cannot_open(Sequential({HQuantize(), layer}, Shape{6, 2}));
  };
  const auto conv = [] { return HConv1D(2, 2).name("c"); };
  EXPECT_THAT(lines(conv().set("strides", "2")), ::testing::IsEmpty());
  EXPECT_THAT(
      lines(conv().set("strides", "2").set("dilation_rate", "2")),
      ::testing::ElementsAre(HasSubstr("layer 'c': Keras makes no convolution with strides and a dilation_rate")));
  EXPECT_THAT(lines(conv().set("padding", "causal")),
              ::testing::ElementsAre(HasSubstr("layer 'c': Python HGQ 0.2.6 has no causal padding")));
  EXPECT_THAT(lines(HDense(2).name("d").set("kernel_constraint", "{ElementMask: {band: 1}}")),
              ::testing::ElementsAre(HasSubstr("layer 'd': its kernel_constraint ElementMask is none of Keras'")));
  EXPECT_THAT(lines(HDense(2).set("kernel_constraint", "NonNeg")), ::testing::IsEmpty());
}

TEST(ModelFile, AnInputIsNoOutput) {
  EXPECT_THAT(message_of<ConfigError>([] {
                const std::vector<LayerSpec> layers{Input("a", {3}), HQuantize(), HDense(2).name("d")};
                Graph(layers, {}, {"d", "a"});
              }),
              HasSubstr("'a' is an Input"));
}

}  // namespace hgq_file_test
}  // namespace hgq
