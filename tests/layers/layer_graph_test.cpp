#include "hgq/layers/layer_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/model.h"

namespace hgq {
namespace layer_graph_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

LayerGraph arranged(const std::vector<LayerSpec>& layers, std::vector<std::string> outputs = {}) {
  ErrorList errors;
  LayerGraph graph = arrange_layers(layers, {.outputs = std::move(outputs), .kinds = &built_in_layer_kinds()}, errors);
  EXPECT_THAT(errors.messages(), ElementsAre());
  EXPECT_TRUE(graph.is_valid);
  return graph;
}

std::vector<std::string> errors_of(const std::vector<LayerSpec>& layers, std::vector<std::string> outputs = {}) {
  ErrorList errors;
  Model::make(layers, {.input_shapes = {{"input_1", Shape{4}}}, .outputs = std::move(outputs)}, errors);
  return errors.messages();
}

std::vector<std::string> names_of(const LayerGraph& graph) {
  std::vector<std::string> names;
  for (const LayerNode& layer : graph.layers) names.push_back(layer.name);
  return names;
}

TEST(LayerGraph, AChainGetsAnInputAndNames) {
  const LayerGraph graph = arranged({HQuantize(), HDense(8), AnyLayer("PMaxPool1D"), HDense(2)});
  EXPECT_THAT(names_of(graph), ElementsAre("input_1", "h_quantize", "h_dense", "p_max_pooling1d", "h_dense_1"));
  EXPECT_TRUE(graph.layers[0].implied);
  EXPECT_EQ(graph.layers[4].reads[0].layer, 3U);
  EXPECT_THAT(graph.layers[4].spec.inputs, ElementsAre("p_max_pooling1d"));
  EXPECT_THAT(graph.input_names(), ElementsAre("input_1"));
  EXPECT_THAT(graph.output_names(), ElementsAre("h_dense_1"));
}

TEST(LayerGraph, LayersMayBeListedInAnyOrder) {
  const LayerGraph graph = arranged({Input("a"), Shared("q").name("again").from({"b"}), HAdd({"q", "again"}),
                                     HQuantize().name("q").from({"a"}), Input("b")});
  EXPECT_THAT(names_of(graph), ElementsAre("a", "b", "q", "again", "h_add"));
  EXPECT_THAT(graph.input_names(), ElementsAre("a", "b"));
  EXPECT_EQ(graph.layers[3].first_call, 2U);
  EXPECT_EQ(graph.layers[4].reads[1].layer, 3U);
}

TEST(LayerGraph, ASharedOfASharedCallsTheLayerItself) {
  const LayerGraph graph =
      arranged({HQuantize().name("q"), Shared("q").name("r"), Shared("r").name("s"), HDense(2).name("d")});
  EXPECT_EQ(graph.layers[3].name, "s");
  EXPECT_EQ(graph.layers[3].first_call, 1U);
}

TEST(LayerGraph, OutputsOfNestedModelsHaveTheirNames) {
  const LayerGraph graph = arranged(
      {HQuantize().name("q"),
       NestedModel("b", {Input("i"), HDense(3).name("x").from({"i"}), HDense(2).name("y").from({"i"})}, {"y", "x"}),
       HDense(1).name("d").from({"b/x"})});
  EXPECT_EQ(graph.layers[3].reads[0].output, 1U);
  EXPECT_THAT(graph.output_names(), ElementsAre("b/y", "d"));
}

TEST(LayerGraph, CodeGetsAllErrorsAtOnce) {
  EXPECT_THAT(
      errors_of({HDense(2).name("a b"), AnyLayer("HDens"), HDense(0), HDense(3).set("unts", "4"),
                 HDense(2).name("d").from({"e"}), HDense(2).name("d"), Shared("nobody")}),
      ::testing::UnorderedElementsAre(HasSubstr("layers[0]: HDense.name: found the text 'a b', expected a letter"),
                                      HasSubstr("layers[1]: unknown layer 'HDens', did you mean 'HDense'?"),
                                      HasSubstr("layers[2]: HDense.units: found the number 0, expected an integer"),
                                      HasSubstr("layers[3]: unknown key 'unts' in HDense, did you mean 'units'?"),
                                      HasSubstr("layers[4]: layer 'd' reads 'e', which is no layer"),
                                      HasSubstr("layers[5]: duplicate layer name 'd', first at layers[4]"),
                                      HasSubstr("layers[6]: Shared.layer: 'nobody' is no layer")));
}

TEST(LayerGraph, ShapesOfAllBranchesAreChecked) {
  EXPECT_THAT(errors_of({HQuantize().name("q"), PReshape({3}).name("r").from({"q"}), HDense(2).name("a").from({"r"}),
                         PReshape({5}).name("s").from({"q"}), HDense(2).name("b").from({"s"}).set("units", "-1")}),
              ElementsAre(HasSubstr("layers[1]: layer 'r' (PReshape)"), HasSubstr("layers[3]: layer 's' (PReshape)"),
                          HasSubstr("layers[4]: HDense.units: found the number -1")));
}

TEST(LayerGraph, NamesTheLayersOfACircle) {
  EXPECT_THAT(errors_of({HQuantize().name("q"), HAdd({"q", "b"}).name("a"), HDense(1).name("b").from({"a"})}),
              ElementsAre(HasSubstr("layers[2]: layers read each other in a circle: a -> b -> a")));
  EXPECT_THAT(errors_of({HQuantize().name("q"), Shared("s").name("t"), Shared("t").name("s")}),
              ::testing::Contains(HasSubstr("'s' calls itself again; expected a layer")));
}

TEST(LayerGraph, RefusesWhatLeadsNowhere) {
  EXPECT_THAT(errors_of({HQuantize().name("q"), HDense(1).name("a"), HDense(1).name("b").from({"q"})}, {"b"}),
              ElementsAre(HasSubstr("layers[1]: layer 'a' leads to no output")));
  EXPECT_THAT(errors_of({Input("x", Shape{4}), Input("y", Shape{4}), HQuantize()}),
              ElementsAre(HasSubstr("layers[0]: no layer reads the Input 'x'")));
  EXPECT_THAT(
      errors_of({HQuantize().name("q")}, {"p", "q", "q"}),
      ElementsAre(StartsWith("model.outputs: 'p' is no layer"), StartsWith("model.outputs: 'q' is named twice")));
  EXPECT_THAT(errors_of({HQuantize().name("q")}, {"q", "input_1"}), ElementsAre(HasSubstr("'input_1' is an Input")));
  EXPECT_THAT(errors_of({}), ElementsAre(HasSubstr("model.layers: found a list of 0, expected a list of 1 to 4096")));
  EXPECT_THAT(errors_of({LayerSpec()}), ElementsAre(HasSubstr("layers[0]: found a layer without a kind")));
}

TEST(LayerGraph, AShapeThatIsGivenIsThatOfTheData) {
  EXPECT_THAT(errors_of({Input("i", Shape{3}), HQuantize()}),
              ElementsAre(HasSubstr("layers[0]: input 'i' has shape [3], its data have [4]")));
}

TEST(LayerGraph, TheNamesOfItsOwnKindsCannotBeRegistered) {
  LayerKinds kinds;
  EXPECT_THROW(kinds.layers.add({.name = "Shared", .make = built_in_layer_kinds().layers.find("HDense")->make}),
               ConfigError);
}

}  // namespace layer_graph_test
}  // namespace hgq
