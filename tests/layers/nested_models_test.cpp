// Layers that are called more than once, and models inside a model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/temporary_folder.h"
#include "hgq/autograd/gradcheck.h"
#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "proxy_test_support.h"
#include "sample_models.h"

namespace hgq {
namespace nested_models_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<Tensor> inputs_of(const Model& model, int64_t rows) {
  std::vector<Tensor> x;
  for (const int i : model.inputs()) x.push_back(sample_rows(model.entry(i).shape, rows));
  return x;
}

std::vector<ConstTensorView> views(const std::vector<Tensor>& tensors) {
  std::vector<ConstTensorView> out;
  for (const Tensor& t : tensors) out.push_back(t.view());
  return out;
}

std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names;
  for (const Model::Entry& entry : model.entries()) names.push_back(entry.name);
  return names;
}

std::vector<std::string> proxy_names(const Model& model) {
  const ProxyModel proxy = to_proxy_model(model, {});
  std::vector<std::string> names;
  for (const auto& entry : proxy.layers()) names.push_back(entry.layer->name());
  return names;
}

/// Two inputs through the same two layers, one of them with batch norm, and a nested model called twice behind them.
std::vector<LayerSpec> shared_specs() {
  return {Input("a", Shape{5}),
          Input("b", Shape{5}),
          HQuantize().name("q").from({"a"}),
          Shared("q").name("q_b").from({"b"}),
          HDenseBatchNorm(4).name("enc").relu().beta(1e-3).set("kernel_regularizer", "{l2: 0.01}").from({"q"}),
          Shared("enc").name("enc_b").from({"q_b"}),
          NestedModel("block",
                      {Input("one", Shape{4}), Input("two"), HAdd({"one", "two"}).name("sum"),
                       HDense(3).name("enc").beta(1e-3), HDense(2).name("other").beta(1e-3).from({"sum"})},
                      {"enc", "other"})
              .from({"enc", "enc_b"}),
          Shared("block").from({"enc_b", "enc_b"}),
          PConcatenate({"block/enc", "block_1/enc"}).name("cat"),
          HAdd({"block/other", "block_1/other"}).name("out2"),
          HDense(2).name("out").from({"cat"})};
}

Model shared_sample() { return filled(Graph(shared_specs(), {}, {"out", "out2"})); }

TEST(SharedLayers, AreOneLayerWithSeveralCalls) {
  const Model model = shared_sample();
  EXPECT_THAT(names_of(model), ElementsAre("a", "b", "q", "q_b", "enc", "enc_b", "sum", "enc_0", "other", "sum_0",
                                           "enc_1", "other_0", "cat", "out2", "out"));
  EXPECT_EQ(model.layers().size(), 8U);
  EXPECT_EQ(model.find("enc"), model.find("enc_b"));
  EXPECT_EQ(model.find("enc_0"), model.find("enc_1"));
  EXPECT_NE(model.find("enc"), model.find("enc_0"));
  std::set<Parameter*> parameters;
  for (Parameter* const p : model.parameters()) EXPECT_TRUE(parameters.insert(p).second) << p->name;
}

TEST(SharedLayers, PredictAsCopiesWithTheSameWeightsDo) {
  Model shared = filled(Graph(std::vector<LayerSpec>{
      Input("a", Shape{5}), Input("b", Shape{5}), HQuantize().name("q").from({"a"}), Shared("q").name("q2").from({"b"}),
      HDense(3).name("d").from({"q"}), Shared("d").name("d2").from({"q2"}), HAdd({"d", "d2"}).name("s")}));
  Model copies = Graph(std::vector<LayerSpec>{
      Input("a", Shape{5}), Input("b", Shape{5}), HQuantize().name("q").from({"a"}), HQuantize().name("q2").from({"b"}),
      HDense(3).name("d").from({"q"}), HDense(3).name("d2").from({"q2"}), HAdd({"d", "d2"}).name("s")});
  for (const auto& [layer, copy] : {std::pair{"q", "q"}, {"q", "q2"}, {"d", "d"}, {"d", "d2"}, {"s", "s"}}) {
    const std::vector<Parameter*> from = shared.find(layer)->parameters();
    const std::vector<Parameter*> to = copies.find(copy)->parameters();
    for (size_t i = 0; i < from.size(); ++i) std::ranges::copy(from[i]->value.values(), to[i]->value.data());
  }
  const std::vector<Tensor> x = inputs_of(shared, 40);
  Workers workers(1);
  const std::vector<Tensor> ours = Predictor(shared, workers).run(views(x));
  const std::vector<Tensor> expected = Predictor(copies, workers).run(views(x));
  EXPECT_TRUE(std::ranges::equal(ours[0].values(), expected[0].values()));
}

TEST(SharedLayers, GradientsOfAllCallsAddUp) {
  Model model = shared_sample();
  for (State* const state : model.states()) {  // the first call would adapt the bits of both
    if (state->name.ends_with("/adapted")) state->value.fill(1.0F);
  }
  Tape tape;
  const ModelRecording recording = model.record(tape, Mode::kTrain, true);
  for (size_t o = 0; o < recording.outputs.size(); ++o) {
    const Var output = recording.outputs[o].value;
    tape.add_loss(ops::sum(ops::multiply(output, tape.input(concat("weight ", o), output.shape()))), concat(o));
  }
  std::vector<Tensor> x;
  for (const int32_t v : tape.inputs())
    x.push_back(sample_rows(tape.values()[static_cast<size_t>(v)].spec.shape, 60, 1.3 + v));
  Workers workers(2);
  const GradientReport report =
      check_gradients(tape, views(x), workers,
                      {.executor = {.all_parameters = true, .largest_chunk = 17, .lanes = 3}, .tolerance = 1e-3});
  EXPECT_TRUE(report.agree()) << report.text();
}

TEST(SharedLayers, BopsCountForEachCallAndRegularizersOnce) {
  Model model = shared_sample();
  Tape tape;
  const ModelRecording recording = model.record(tape, Mode::kTrain);
  std::vector<std::string> names;
  for (const Recording::Bops& b : recording.bops) names.push_back(b.layer);
  EXPECT_THAT(names, ElementsAre("enc", "enc_b", "enc_0", "other", "enc_1", "other_0", "out"));
  int regularizers = 0;
  for (const Tape::Loss& loss : tape.losses()) regularizers += loss.name == "enc/kernel/regularizer" ? 1 : 0;
  EXPECT_EQ(regularizers, 1);
  const std::vector<Tensor> x = inputs_of(model, 100);
  Workers workers(1);
  const TraceResult trace = trace_minmax(model, views(x), workers);
  std::map<std::string, double> bops;
  for (const ExactBops& b : trace.layers) bops[b.layer] = b.bops;
  EXPECT_GT(bops["enc"], 0);
  EXPECT_EQ(bops["enc"], bops["enc_b"]);  // one type for both, and the same producer
  EXPECT_EQ(bops.size(), 12U);
}

TEST(SharedLayers, TheRecordHoldsAllCalls) {
  Model model =
      filled(Graph(std::vector<LayerSpec>{Input("a", Shape{1}), Input("b", Shape{1}), HQuantize().name("q").from({"a"}),
                                          Shared("q").name("q_b").from({"b"}), HAdd({"q", "q_b"})}));
  const Tensor a(Shape{2, 1}, std::vector<float>{1, 2});
  const Tensor b(Shape{2, 1}, std::vector<float>{-3, 0});
  Workers workers(1);
  const std::vector<ConstTensorView> x{a.view(), b.view()};
  trace_minmax(model, x, workers);
  EXPECT_EQ(model.find("q")->output_quantizer()->record_min.value.values()[0], -3.0F);
  EXPECT_EQ(model.find("q")->output_quantizer()->record_max.value.values()[0], 2.0F);
}

TEST(SharedLayers, TheProxyComputesTheSame) {
  Model model = shared_sample();
  const std::vector<Tensor> x = inputs_of(model, 200);
  Workers workers(1);
  trace_minmax(model, views(x), workers);
  const ProxyModel proxy = to_proxy_model(model, {});
  const Emulation emulated = Emulator(proxy).run(views(x), &workers);
  const std::vector<Tensor> predictions = Predictor(model, workers).run(views(x));
  const VerifyReport report = verify(views(predictions), emulated);
  EXPECT_EQ(report.rows, 200);
  EXPECT_EQ(report.rows_differ, 0);
  EXPECT_THAT(proxy_names(model),
              ::testing::IsSupersetOf({"enc", "enc_b", "enc_0", "enc_1", "enc_quantizer", "enc_b_quantizer",
                                       "enc_quantizer_0", "enc_quantizer_1", "sum", "sum_0", "other_0"}));
}

TEST(SharedLayers, AModelFileBringsThemBack) {
  const TemporaryFolder folder;
  Model model = shared_sample();
  const std::vector<Tensor> x = inputs_of(model, 50);
  Workers workers(1);
  trace_minmax(model, views(x), workers);
  save_model(model, folder / "m.h5");
  Model again = load_model(folder / "m.h5");
  EXPECT_EQ(names_of(again), names_of(model));
  EXPECT_EQ(again.layers().size(), model.layers().size());
  EXPECT_EQ(proxy_names(again), proxy_names(model));
  EXPECT_EQ(again.outputs(), model.outputs());
  const std::vector<Tensor> before = Predictor(model, workers).run(views(x));
  const std::vector<Tensor> after = Predictor(again, workers).run(views(x));
  for (size_t o = 0; o < before.size(); ++o) EXPECT_TRUE(std::ranges::equal(before[o].values(), after[o].values()));
  EXPECT_THAT(what_python_cannot_open(model),
              ::testing::Contains(HasSubstr("layer 'enc' is called again, as 'enc_b'")));
}

TEST(NestedModels, AChainNeedsNoInputLayer) {
  const Model model = Sequential({HQuantize().name("q"), NestedModel("block", {HDense(4).relu(), HDense(3)}),
                                  NestedModel("block_2", {HDense(2).name("h_dense")})},
                                 Shape{5});
  EXPECT_THAT(names_of(model), ElementsAre("input_1", "q", "h_dense", "h_dense_1", "h_dense_0"));
  EXPECT_EQ(model.entry(4).path, "block_2/h_dense");
  EXPECT_EQ(model.entry(4).proxy_name, "h_dense");
  EXPECT_EQ(model.outputs(), std::vector<int>{4});
}

TEST(NestedModels, MayBeNested) {
  const Model model = Sequential({HQuantize(), NestedModel("outer", {NestedModel("inner", {HDense(4).name("d")}),
                                                                     Shared("inner"), Shared("inner").name("third")})},
                                 Shape{4});
  EXPECT_THAT(names_of(model), ElementsAre("input_1", "h_quantize", "d", "d_0", "d_1"));
  EXPECT_EQ(model.entry(4).path, "outer/inner/d");
  EXPECT_EQ(model.entry(4).first_call, 2);
}

TEST(NestedModels, ErrorsNameThePlace) {
  const auto message = [](const std::vector<LayerSpec>& layers) {
    ErrorList errors;
    Model::make(layers, {.input_shapes = {{"input_1", Shape{4}}}, .outputs = {}}, errors);
    return errors.messages().empty() ? std::string("no error") : errors.messages()[0];
  };
  EXPECT_THAT(message({HQuantize(), Shared("h_quantise")}),
              HasSubstr("layers[1]: Shared.layer: 'h_quantise' is no layer, did you mean 'h_quantize'?"));
  EXPECT_THAT(message({HQuantize(), HDense(3), Shared("h_dense")}),
              HasSubstr("layers[2]: layer 'h_dense' is called with [3] where its first call has [4]"));
  EXPECT_THAT(
      message({HQuantize(), NestedModel("b", {Input("i"), Input("j"), HAdd({"i", "j"})})}),
      HasSubstr("layers[1]: nested model 'b' reads h_quantize (1), expected as many as it has Input layers: 2"));
  EXPECT_THAT(
      message({HQuantize(), NestedModel("b", {Input("i"), HDense(3).name("x"), HDense(3).name("y").from({"i"})}),
               HDense(2)}),
      HasSubstr("layers[2]: layer 'h_dense' reads 'b'; 'b' is read as b/x, b/y"));
  EXPECT_THAT(
      message({HQuantize(), NestedModel("b", {Input("i"), HDense(3).name("x"), HDense(3).name("y").from({"i"})}),
               HDense(2).from({"b/z"})}),
      HasSubstr("layer 'h_dense' reads 'b/z'; 'b' is read as b/x, b/y"));
  EXPECT_THAT(message({HQuantize(), NestedModel("b", {})}),
              HasSubstr("layers[1]: NestedModel.layers: found a list of 0, expected"));
  // Models that call each other twice would grow without end.
  LayerSpec block = NestedModel("m0", {HDense(4)});
  for (int i = 1; i < 20; ++i) block = NestedModel(concat("m", i), {block, Shared(concat("m", i - 1))});
  EXPECT_THAT(message({HQuantize(), block}), HasSubstr("more than 8192 calls of layers"));
}

}  // namespace nested_models_test
}  // namespace hgq
