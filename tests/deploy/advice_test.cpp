// What traced rows do in a proxy, and whether advice on other rows, when it is followed, makes their overflows vanish.
#include "hgq/deploy/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "hgq/core/error.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/explain.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/quantizer.h"
#include "hgq/proxy/unary_lut.h"
#include "proxy_test_support.h"

namespace hgq {
namespace advice_test {

Tensor random_rows(const Shape& sample, int64_t rows, float largest, uint64_t seed) {
  Tensor x(sample.with_front(rows));
  uint64_t state = seed * 2654435761u + 12345;
  for (float& v : x.values()) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    v = (static_cast<float>(state >> 40) / 8388608.0F - 1) * largest;
  }
  return x;
}

/// Other bit widths for every element of every quantizer: some of them so few that units have no bits at all.
void scatter_bits(Model& model, uint64_t seed) {
  for (Layer* const layer : model.layers()) {
    Quantizer* const paq = layer->output_quantizer();
    if (paq == nullptr) continue;
    for (float& f : paq->f.value.values()) f = static_cast<float>(static_cast<int>(++seed * 2654435761u % 9) - 2);
  }
}

VerifyReport report_of(Model& model, const ProxyModel& proxy, const Tensor& x, Workers& workers) {
  const std::vector<ConstTensorView> inputs{x.view()};
  const std::vector<Tensor> y = Predictor(model, workers).run(inputs);
  std::vector<ConstTensorView> views;
  for (const Tensor& t : y) views.push_back(t.view());
  return verify(views, Emulator(proxy).run(inputs));
}

/// Integer bits and signs as `advice` has it, in the quantizers of a layer.
void follow(const OverflowAdvice& advice, ProxyModel& proxy) {
  const auto widen = [&](ProxyQuantizer& quantizer) {
    QuantizerTypes types = quantizer.types();
    for (size_t n = 0; n < types.b.size(); ++n) {
      if (types.b[n] == 0) continue;
      const int sign = advice.needs_sign && types.k[n] == 0 ? 1 : 0;
      types.k[n] = static_cast<int8_t>(types.k[n] + sign);
      types.b[n] = static_cast<int8_t>(types.b[n] + advice.more_bits + sign);
      types.i[n] = static_cast<int8_t>(types.i[n] + advice.more_bits + sign);
    }
    quantizer.set_types(std::move(types));
  };
  const std::string before_relu = advice.layer + "_quantizer";
  if (auto* const last = dynamic_cast<ProxyQuantizer*>(proxy.find(advice.quantizer))) widen(*last);
  if (advice.quantizer == before_relu) return;
  if (auto* const before = dynamic_cast<ProxyQuantizer*>(proxy.find(before_relu))) widen(*before);
}

struct Case {
  const char* name;
  Shape sample;
  std::function<std::vector<LayerSpec>()> layers;
  int64_t largest_table = -1;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

std::vector<Case> cases() {
  const auto bias = [](LayerSpec spec, const char* value) {
    return spec.set("bias_initializer", concat("{Constant: {value: ", value, "}}"));
  };
  return {
      {"dense_relu",
       {6},
       [=] {
         return std::vector{HQuantize(), HDense(8).relu(), HDense(3)};
       }},
      {"dead_units",
       {6},
       [=] {
         return std::vector{HQuantize(), bias(HDense(8).relu(), "-4"), HDense(3)};
       }},
      {"no_sign",
       {6},
       [=] {
         return std::vector{HQuantize(), bias(HDense(4), "9"), HDense(3).relu(), HDense(2)};
       }},
      {"batch_norm",
       {6},
       [=] {
         return std::vector{HQuantize(), HDenseBatchNorm(5).relu(), HDense(2)};
       }},
      {"one_width",
       {5},
       [=] {
         return std::vector{HQuantize().set("paq_conf", "{skip_dims: all}"),
                            HDense(4).relu().set("paq_conf", "{skip_dims: all}"), HDense(2)};
       }},
      {"convolution",
       {6, 6, 2},
       [=] {
         return std::vector{HQuantize(), HConv2D(3, {3}).relu().set("paq_conf", "{skip_dims: except_last}"),
                            PMaxPooling2D({2}), PFlatten(), HDense(2)};
       }},
      {"functions",
       {4},
       [=] {
         return std::vector{HQuantize(), HDense(4),           HActivation("tanh"),
                            HDense(3),   HActivation("relu"), HActivation("sigmoid")};
       },
       1 << 20},
      {"table",
       {4},
       [=] {
         return std::vector{HQuantize(), HDense(4), HActivation("x*x"), HDense(2)};
       },
       1 << 14},
      {"sum",
       {4},
       [=] {
         return std::vector{HQuantize().name("q"), HDense(4).name("a").from({"q"}),
                            HDense(4).relu().name("b").from({"q"}), HAdd({"a", "b"}).name("s"), HDense(2).from({"s"})};
       }},
  };
}

class RangeAdviceOf : public ::testing::TestWithParam<std::tuple<Case, bool, int>> {};

TEST_P(RangeAdviceOf, MakesOverflowsVanishAndTracedRowsHaveNone) {
  const auto& [about, wrap, seed] = GetParam();
  ProxyOptions options;
  options.aggressive = wrap;
  options.unary_lut_max_table_size = about.largest_table;
  std::vector<LayerSpec> specs = about.layers();
  specs.insert(specs.begin(), Input("x", about.sample));
  Model model = Graph(specs, {.seed = static_cast<uint64_t>(seed)});
  if (seed > 0) scatter_bits(model, static_cast<uint64_t>(seed));
  Workers workers(1);
  const Tensor traced = random_rows(about.sample, 64, 1, static_cast<uint64_t>(seed) + 1);
  const Tensor other = random_rows(about.sample, 64, 2.5F, static_cast<uint64_t>(seed) + 77);
  trace_minmax(model, traced.view(), workers);
  ProxyModel proxy = to_proxy_model(model, options);
  const VerifyReport own = report_of(model, proxy, traced, workers);
  EXPECT_EQ(own.rows_with_overflow, 0);
  EXPECT_EQ(own.rows_differ, 0);

  const VerifyReport report = report_of(model, proxy, other, workers);
  const MemoryDataset inputs({{"x", other.clone()}}, {});
  const std::vector<ExactBops> bops = model.exact_bops();
  const RangeAdvice advice = advise_ranges(model, ProxyMatch(model, proxy), inputs, report, workers);
  EXPECT_EQ(advice.overflows.empty(), report.rows_with_overflow == 0);
  EXPECT_EQ(model.exact_bops().front().bops, bops.front().bops) << "the ranges are as before";
  // What differs without an overflow has values in elements without bits.
  ProxyExplainer explainer(model, proxy, workers);
  EXPECT_EQ(explainer.rows_without_bits(inputs, report.unexplained_rows), report.unexplained_rows);
  std::vector<int64_t> rows(64);
  std::iota(rows.begin(), rows.end(), 0);
  const std::vector<int64_t> without_bits = explainer.rows_without_bits(inputs, rows);
  // Where elements have lost their values, what follows is not what the model has, and has no advice.
  const auto overflows_still = [&](const ProxyModel& followed) {
    std::vector<int64_t> still = report_of(model, followed, other, workers).overflow_rows;
    std::erase_if(still, [&](int64_t row) { return std::ranges::find(without_bits, row) != without_bits.end(); });
    return still;
  };

  const bool has_table = std::ranges::any_of(proxy.layers(), [](const ProxyModel::Entry& entry) {
    return dynamic_cast<const ProxyUnaryLut*>(entry.layer.get()) != nullptr;
  });
  if (!has_table) {  // a table is made for the bits in front of it
    for (const OverflowAdvice& a : advice.overflows) follow(a, proxy);
    EXPECT_THAT(overflows_still(proxy), ::testing::IsEmpty()) << "with more bits";
  }
  double factor = 1;
  for (const OverflowAdvice& a : advice.overflows) {
    EXPECT_TRUE(a.more_bits > 0 || a.needs_sign) << a.quantizer;
    EXPECT_TRUE(a.low < a.traced_low || a.high > a.traced_high) << a.quantizer;
    if (a.cover_factor == 0) return;  // a range of one value
    factor = std::max(factor, a.cover_factor);
  }
  trace_minmax(model, traced.view(), workers, {.cover_factor = factor});
  EXPECT_THAT(overflows_still(to_proxy_model(model, options)), ::testing::IsEmpty()) << factor;
}

INSTANTIATE_TEST_SUITE_P(Models, RangeAdviceOf,
                         ::testing::Combine(::testing::ValuesIn(cases()), ::testing::Bool(), ::testing::Range(0, 6)),
                         [](const auto& of_case) {
                           return concat(std::get<0>(of_case.param).name,
                                         std::get<1>(of_case.param) ? "_wrap_" : "_sat_", std::get<2>(of_case.param));
                         });

/// Its one weight is 1, and it was traced on two values.
RangeAdvice advice_for(float value, float traced_first, float traced_second) {
  Model model = Sequential({HQuantize().name("q").set("paq_conf", "{init_bw: 3}"),
                            HDense(1).name("dense").set("paq_conf", "{init_bw: 3}").set("kernel_initializer", "ones")},
                           Shape{1}, {.seed = 1});
  const Tensor traced = tensor({2, 1}, {traced_first, traced_second});
  trace_minmax(model, traced.view());
  const ProxyModel proxy = to_proxy_model(model);
  const Tensor x = tensor({1, 1}, {value});
  const MemoryDataset inputs({{"x", x.clone()}}, {});
  Workers workers(1);
  return advise_ranges(model, ProxyMatch(model, proxy), inputs, report_of(model, proxy, x, workers), workers);
}

TEST(RangeAdvice, NamesLayersBitsAndFactor) {
  const RangeAdvice advice = advice_for(5.25F, 1.5F, -1.5F);
  ASSERT_EQ(advice.overflows.size(), 2u);
  EXPECT_EQ(advice.overflows[1].layer, "dense");  // it needs them, too, once q holds the value
  const OverflowAdvice& q = advice.overflows[0];
  EXPECT_EQ(q.layer, "q");
  EXPECT_EQ(q.quantizer, "q");
  EXPECT_EQ(q.more_bits, 2);  // -8 to 7.875 for -2 to 1.875
  EXPECT_FALSE(q.needs_sign);
  EXPECT_EQ(q.cover_factor, 3.5);
  EXPECT_EQ(q.high, 5.25);
  EXPECT_EQ(q.traced_low, -1.5);
  EXPECT_EQ(q.traced_high, 1.5);
}

TEST(RangeAdvice, AValueBelowZeroNeedsASign) {
  const RangeAdvice small = advice_for(-1, 1.5F, 0);
  ASSERT_FALSE(small.overflows.empty());
  EXPECT_TRUE(small.overflows[0].needs_sign);
  EXPECT_EQ(small.overflows[0].more_bits, 0);  // 0 to 1.875 becomes -2 to 1.875
  const RangeAdvice large = advice_for(-8, 1.5F, 0);
  EXPECT_TRUE(large.overflows[0].needs_sign);
  EXPECT_EQ(large.overflows[0].more_bits, 2);
}

TEST(RangeAdvice, ARangeOfOneValueIsNotWidenedByAFactor) {
  const RangeAdvice advice = advice_for(5, 1.5F, 1.5F);
  ASSERT_FALSE(advice.overflows.empty());
  EXPECT_EQ(advice.overflows[0].cover_factor, 0);
  EXPECT_EQ(advice.overflows[0].more_bits, 2);
}

TEST(RangeAdvice, ElementsWithoutBitsAreNoOverflow) {
  const RangeAdvice advice = advice_for(-0.5F, 0, 0.01F);
  EXPECT_TRUE(advice.overflows.empty());
  ASSERT_EQ(advice.without_bits.size(), 2u);
  EXPECT_EQ(advice.without_bits[0].layer, "q");
  EXPECT_EQ(advice.without_bits[0].elements, 1);
  EXPECT_EQ(advice.without_bits[0].most, 0.5);
  EXPECT_EQ(advice.without_bits[1].layer, "dense");
}

}  // namespace advice_test
}  // namespace hgq
