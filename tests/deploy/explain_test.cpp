// Where a proxy parts from its model, why, and what would help.
#include "hgq/deploy/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "half_proxy_layer.h"
#include "hgq/core/error.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/explain.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/proxy_file.h"
#include "proxy_test_support.h"

namespace hgq {
namespace explain_test {

using ::testing::HasSubstr;

/// Its weights set to `kernel`, and traced on `x`.
Model traced(std::initializer_list<LayerSpec> layers, const Tensor& x, const std::vector<float>& kernel) {
  Model model = Sequential(layers, x.shape().without_front(), {.seed = 1});
  for (Parameter* const p : model.parameters()) {
    if (p->name.ends_with("/kernel")) std::ranges::copy(kernel, p->value.data());
  }
  trace_minmax(model, x.view());
  return model;
}

LayerSpec quantize(int bits) { return HQuantize().name("q").set("paq_conf", concat("{init_bw: ", bits, "}")); }
LayerSpec dense(int bits) {
  return HDense(1).name("dense").set("paq_conf", concat("{init_bw: ", bits, "}")).set("kq_conf", "{init_bw: 16}");
}

Parting parting(Model& model, const ProxyModel& proxy, const Tensor& x, int64_t row) {
  Workers workers(1);
  return ProxyExplainer(model, proxy, workers).explain(MemoryDataset({{"x", x.clone()}}, {}), row);
}

TEST(ProxyExplainer, NamesTheFirstLayerThatOverflows) {
  Model model = traced({quantize(3), dense(3)}, tensor({2, 1}, {1.5, -1}), {1});
  const ProxyModel proxy = to_proxy_model(model);
  const Tensor x = tensor({2, 1}, {1, 5.25});
  const Parting p = parting(model, proxy, x, 1);
  EXPECT_EQ(p.row, 1);
  EXPECT_EQ(p.layer, "q");
  EXPECT_EQ(p.proxy_layer, "q");
  EXPECT_EQ(p.model, 5.25F);
  EXPECT_EQ(p.proxy, 1.25F);
  EXPECT_EQ(p.reason, "overflow: 5.25 came to quantizer 'q', which holds -2 to 1.875");
}

/// The second element was 0 in all rows that were traced, so it has no bits; the third row of `x` has a value there.
TEST(ProxyExplainer, TellsRowsThatDifferInElementsWithoutBits) {
  Model model = traced({quantize(3), dense(3)}, tensor({2, 2}, {1.5, 0, -1, 0}), {1, 1});
  const ProxyModel proxy = to_proxy_model(model);
  const Tensor x = tensor({3, 2}, {1, 0, 0.5, 0.125, 0.5, 0.25});
  const std::vector<ConstTensorView> inputs{x.view()};
  EXPECT_THAT(Emulator(proxy).run(inputs).row_overflows, ::testing::Each(0));
  Workers workers(1);
  const MemoryDataset data({{"x", x.clone()}}, {});
  ProxyExplainer explainer(model, proxy, workers);
  EXPECT_THAT(explainer.rows_without_bits(data, std::vector<int64_t>{0, 1, 2}), ::testing::ElementsAre(1, 2));
  EXPECT_THAT(explainer.rows_without_bits(data, std::vector<int64_t>{0, 2}), ::testing::ElementsAre(2));
  const Parting p = explainer.explain(data, 2);
  EXPECT_EQ(p.layer, "q");
  EXPECT_EQ(p.element, 1);
  EXPECT_EQ(p.model, 0.25F);
  EXPECT_EQ(p.proxy, 0.0F);
  EXPECT_EQ(p.reason, "the proxy has no bits for this element: all values that were traced there were 0");
}

/// 1024 + 2^-14 - 1024: float32 loses the term in the middle.
TEST(ProxyExplainer, SaysWhereFloat32IsTooNarrow) {
  const Tensor x = tensor({3, 3}, {1024, 0.0001220703125F, -1024, -1024, 0, 1024, 0, 1, 0});
  Model model = traced({quantize(13), dense(15)}, x, {1, 0.5, 1});
  const ProxyModel proxy = to_proxy_model(model);
  const Parting p = parting(model, proxy, x, 0);
  EXPECT_EQ(p.layer, "dense");
  EXPECT_EQ(p.model, 0.0F);
  EXPECT_EQ(p.proxy, 0.00006103515625F);
  EXPECT_THAT(p.reason, HasSubstr("float32 is too narrow: values of 'dense' can need"));
}

/// Among other rows a model can round a row otherwise than alone, where it then agrees with the proxy.
TEST(ProxyExplainer, RowsThatAgreeAloneDifferByRoundingOrNotAtAll) {
  const Tensor x = tensor({3, 3}, {1024, 0.0001220703125F, -1024, -1024, 0, 1024, 0, 1, 0});
  Model wide = traced({quantize(13), dense(15)}, x, {1, 0.5, 1});
  const Parting rounded = parting(wide, to_proxy_model(wide), x, 2);
  EXPECT_FALSE(rounded.is_wrong);
  EXPECT_THAT(rounded.reason, AllOf(HasSubstr("float32 is too narrow"), HasSubstr("Without other rows")));
  Model exact = traced({quantize(3), dense(3)}, x, {1, 0.5, 1});
  EXPECT_TRUE(parting(exact, to_proxy_model(exact), x, 2).is_wrong);
}

TEST(ProxyExplainer, SaysWhenTheProxyIsOneOfAnotherState) {
  const Tensor x = tensor({2, 1}, {1.5, -1});
  Model model = traced({quantize(3), dense(3)}, x, {1});
  Model other = traced({quantize(3), dense(3)}, x, {0.5});
  const Parting p = parting(model, to_proxy_model(other), x, 0);
  EXPECT_EQ(p.layer, "dense");
  EXPECT_THAT(p.reason, HasSubstr("the proxy was made of other weights or ranges"));
}

TEST(ProxyExplainer, AProxyLayerOfAProgramsOwnSaysWhyItDiffers) {
  const Tensor x = tensor({2, 1}, {1.5, -1});
  Model model = traced({quantize(3), dense(3)}, x, {1});
  ProxyBuilder b;  // with the names of the model's own proxy
  ProxyRef at = b.add_quantizer("q", b.add_input("input_1", {1}), one_type(1, 8, 4), Rounding::kTrn, Overflow::kWrap);
  at = b.add_layer<HalfProxyLayer>("dense", {at});
  at = b.add_quantizer("dense_quantizer", at, one_type(1, 8, 4), Rounding::kTrn, Overflow::kWrap);
  const Parting p = parting(model, std::move(b).finish({at}), x, 0);
  EXPECT_EQ(p.layer, "dense");
  EXPECT_EQ(p.proxy, 0.75F);
  EXPECT_EQ(p.reason, "'dense' halves");
}

// As it was made, and from a file, which does not tell which layers became which.
TEST(ProxyMatch, FindsTheSameInAProxyThatWasMadeAndInAFile) {
  Model model = traced({quantize(3), dense(3).set("activation", "relu")}, tensor({2, 1}, {1.5, -1}), {1});
  const ProxyModel made = to_proxy_model(model);
  const ProxyModel read = proxy_from_keras(proxy_to_keras(made), built_in_layer_kinds());
  EXPECT_FALSE(made.ends().empty());
  EXPECT_TRUE(read.ends().empty());
  const ProxyMatch of_made(model, made);
  const ProxyMatch of_read(model, read);
  for (size_t e = 0; e < model.entries().size(); ++e) {
    ASSERT_GE(of_made.end(e), 0) << e;
    ASSERT_GE(of_read.end(e), 0) << e;
    EXPECT_EQ(made.layer(of_made.end(e)).name(), read.layer(of_read.end(e)).name());
  }
  EXPECT_EQ(made.layer(of_made.end(2)).name(), "dense_relu_quantizer");
}

TEST(ProxyExplainer, ATableThatWrapsIsAnOverflowAlsoInAFileOfPython) {
  const auto layers = {quantize(3), HActivation("x*x").name("square").set("paq_conf", "{init_bw: 2}")};
  Model model = traced(layers, tensor({3, 1}, {1.5, -1, 0.25}), {});
  ProxyOptions options;
  options.unary_lut_max_table_size = 2048;
  const ProxyModel ours = to_proxy_model(model, options);
  const Tensor x = tensor({2, 1}, {1, -2});  // 4, where 2.25 was traced
  const std::vector<ConstTensorView> inputs{x.view()};
  EXPECT_THAT(Emulator(ours).run(inputs).row_overflows, ::testing::ElementsAre(0, 1));
  ProxyModel of_python = proxy_from_keras(proxy_to_keras(ours), built_in_layer_kinds());
  EXPECT_THAT(Emulator(of_python).run(inputs).row_overflows, ::testing::ElementsAre(0, 0));
  find_table_overflows(model, of_python);
  EXPECT_THAT(Emulator(of_python).run(inputs).row_overflows, ::testing::ElementsAre(0, 1));
  const Parting p = parting(model, of_python, x, 1);
  EXPECT_EQ(p.layer, "square");
  EXPECT_THAT(p.reason, HasSubstr("a table's edge: an entry of UnaryLUT 'square' wraps"));
}

}  // namespace explain_test
}  // namespace hgq
