// Tables of functions (UnaryLUT), the types for which they are made, and what is narrowed in front of them. The numbers
// of hls4ml come from its minimal_kif and QIntervalArray (1.3.0).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hgq/autograd/expression.h"
#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/proxy_file.h"
#include "proxy_test_support.h"

namespace hgq {
namespace table_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::shared_ptr<const ops::UnaryFunction> function(const std::string& name) { return FunctionTable().find(name); }

std::shared_ptr<const ops::UnaryFunction> shared(const std::string& formula) {
  return std::make_shared<const ops::UnaryFunction>(parse_expression(formula));
}

ProxyUnaryLut::Source source(const std::string& name, HlsType in, HlsType out) {
  return {.function = function(name), .in = in, .out = out};
}

TEST(HlsInterval, FindsTheBitsThatHls4mlFinds) {
  const std::vector<std::pair<double, int>> fractions{
      {1, 0}, {0.75, 2}, {3, 0}, {-4, -2}, {0.1875, 4}, {8, -3}, {std::ldexp(1, -20), 20}, {1.0 / 3, 32}, {0, -31}};
  for (const auto& [value, bits] : fractions) EXPECT_EQ(hls_fraction(value), bits) << value;
  EXPECT_EQ(hls_ceil_log2(1), 0);
  EXPECT_EQ(hls_ceil_log2(1.0001), 1);
  EXPECT_EQ(hls_ceil_log2(8), 3);
  EXPECT_EQ(hls_ceil_log2(0.5), -1);
}

TEST(HlsInterval, SumsAreAsInHls4ml) {
  const HlsInterval a = HlsInterval::of(1, 2, 3);
  const HlsInterval b = HlsInterval::of(0, 3, 1);
  HlsInterval sum{.low = 0, .high = 0, .spacing = a.spacing};
  sum.add_product(a, 0.5);
  sum.add_product(b, -0.75);
  sum.add(0.125);
  EXPECT_EQ(sum.low, -7.5);
  EXPECT_EQ(sum.high, 2.0625);
  HlsTypes types;
  sum.push_to(types);
  EXPECT_THAT(types.k, ElementsAre(1));
  EXPECT_THAT(types.i, ElementsAre(3));
  EXPECT_THAT(types.f, ElementsAre(4));
}

TEST(UnaryLut, EntriesStandInTheOrderOfTwosComplement) {
  const ProxyUnaryLut lut("lut", source("exponential", {1, 1, 1}, {0, 4, 8}));
  ASSERT_EQ(lut.table().size(), 8u);
  const float codes[] = {0, 0.5, 1, 1.5, -2, -1.5, -1, -0.5};
  for (size_t i = 0; i < 8; ++i) EXPECT_EQ(lut.table()[i], std::floor(std::exp(codes[i]) * 256) / 256) << codes[i];
}

TEST(UnaryLut, OfAnUnsignedInputBeginAtZero) {
  const ProxyUnaryLut lut("lut", source("sigmoid", {0, 2, 0}, {0, 0, 3}));
  EXPECT_THAT(lut.table(), ElementsAre(0.5F, 0.625F, 0.875F, 0.875F));  // floor of 0.5, 0.731, 0.881, 0.953 in eighths
}

TEST(UnaryLut, TypesThatHoldNothingOrTooMuchAreRefused) {
  const auto message = [](HlsType in, HlsType out) {
    return message_of<ShapeError>([&] { ProxyUnaryLut("lut", source("sigmoid", in, out)); });
  };
  EXPECT_THAT(message({0, 0, 0}, {0, 1, 3}), HasSubstr("expected 1 to 16 bits"));
  EXPECT_THAT(message({1, 9, 9}, {0, 1, 3}), HasSubstr("layer 'lut' (HGQ>UnaryLUT): types (1, 9, 9)"));
  EXPECT_THAT(message({1, 3, 3}, {0, -3, 3}), HasSubstr("expected 1 to 16 bits"));
  EXPECT_THAT(message_of<ShapeError>([] {
                ProxyUnaryLut("lut", {.function = shared("1/x"), .in = {0, 2, 0}, .out = {1, 3, 3}});
              }),
              HasSubstr("the function '1/x' gives inf at 0, which is a possible input"));
  EXPECT_THAT(message_of<ShapeError>([] {
                ProxyUnaryLut("lut", {1, 1, 1}, {1, 1, 1}, {0, 1, 2});
              }),
              HasSubstr("a table of 3 entries for an input of 3 bits, expected 8"));
}

/// x -> q (1, 3, 1) -> x*x as a table, with one type of 4 bits and no sign behind it.
ProxyModel squares(Overflow overflow) {
  ProxyBuilder b;
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {1}), one_type(1, 4, 3), Rounding::kTrn, overflow);
  const ProxyRef lut = b.add_unary_lut("lut", q, shared("x*x"), one_type(0, 4, 3), Rounding::kTrn, overflow);
  return std::move(b).finish({b.add_quantizer("lut_quantizer", lut, one_type(0, 4, 3), Rounding::kTrn, overflow)});
}

TEST(UnaryLut, WrapsInsideTheTableAndCountsThatAsAnOverflow) {
  const ProxyModel model = squares(Overflow::kWrap);
  const Tensor x = tensor({4, 1}, {1.5, -2, 3.5, -4});  // 2.25, 4, 12.25, 16 in a type of 0 ... 7.5
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation result = Emulator(model).run(inputs);
  EXPECT_THAT(result.outputs[0].values(), ElementsAre(2, 4, 4, 0));
  EXPECT_THAT(result.row_overflows, ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(result.overflows, ::testing::Contains(OverflowCount{"lut", 2}));
}

TEST(UnaryLut, SaturatesInsideTheTable) {
  const ProxyModel model = squares(Overflow::kSat);
  EXPECT_THAT(outputs_of(model, tensor({3, 1}, {1.5, 3.5, -4})), ElementsAre(2, 7.5, 7.5));
}

TEST(UnaryLut, IsReadAsItIsWritten) {
  const ProxyModel model = squares(Overflow::kWrap);
  const ProxyModel read = proxy_from_keras(proxy_to_keras(model), built_in_layer_kinds());
  const auto* const lut = dynamic_cast<const ProxyUnaryLut*>(read.find("lut"));
  ASSERT_NE(lut, nullptr);
  const auto* const made = dynamic_cast<const ProxyUnaryLut*>(model.find("lut"));
  EXPECT_EQ(lut->table(), made->table());
  EXPECT_EQ(lut->input_type(), made->input_type());
  EXPECT_EQ(lut->output_type(), made->output_type());
  const Tensor x = tensor({5, 1}, {1.5, 3.5, -4, -0.5, 7});
  EXPECT_EQ(outputs_of(read, x), outputs_of(model, x));
}

TEST(UnaryLut, OverflowsAreKeptInOurFilesAndFoundWithTheFunctionElse) {
  const ProxyModel model = squares(Overflow::kWrap);
  const std::vector<int8_t> flags = *model.find("lut")->table_overflows();
  ASSERT_EQ(std::ranges::count(flags, 1), 5);  // 3, 3.5, -4, -3.5, -3
  const std::string path = ::testing::TempDir() + "/table.h5";
  save_proxy(model, path);
  const ProxyModel loaded = load_proxy(path);
  EXPECT_EQ(*loaded.find("lut")->table_overflows(), flags);
  ProxyModel of_python = proxy_from_keras(proxy_to_keras(model), built_in_layer_kinds());
  ProxyLayer& lut = *of_python.find("lut");
  EXPECT_THAT(lut.table_overflows(), ::testing::Pointee(::testing::IsEmpty()));
  lut.find_table_overflows(parse_expression("x*x"));
  EXPECT_EQ(*lut.table_overflows(), flags);
  EXPECT_THROW(lut.set_table_overflows({1, 0}), ShapeError);
  ProxyLayer& no_table = *of_python.find("q");
  EXPECT_EQ(no_table.table_overflows(), nullptr);
  EXPECT_THAT(message_of<ShapeError>([&] { no_table.set_table_overflows({1, 0}); }), HasSubstr("it has no table"));
}

/// The trap of proxy-format.md 1.4.2: hls4ml narrows a quantizer to what the layer in front can produce.
TEST(UnaryLut, IsMadeForTheTypeThatHls4mlDerivesAndNotForThatOfTheQuantizer) {
  ProxyBuilder b;
  // 0 ... 0.75 in quarters, times 1: a quantizer (1, 2, 3) behind it holds only that.
  ProxyRef at = b.add_quantizer("q", b.add_input("x", {1}), one_type(0, 2, 0), Rounding::kTrn, Overflow::kSat);
  at = b.add_dense("dense", at, {1, 1}, {1}, {});
  at = b.add_quantizer("dense_quantizer", at, one_type(1, 6, 3), Rounding::kTrn, Overflow::kSat);
  const HlsType type = b.lut_input_type(at);
  EXPECT_EQ(type, (HlsType{.k = 0, .i = 0, .f = 2}));
  at = b.add_unary_lut("lut", at, function("exponential"), one_type(0, 8, 4), Rounding::kTrn, Overflow::kSat);
  const ProxyModel model = std::move(b).finish({at});
  EXPECT_EQ(dynamic_cast<const ProxyUnaryLut*>(model.find("lut"))->table().size(), 4u);
}

/// Values in a wide type that the layer in front cannot fill; those that fit must stay.
TEST(PackageNarrowing, TakesBitsThatTheInputCanNotFill) {
  ProxyBuilder b;
  ProxyRef at = b.add_quantizer("q", b.add_input("x", {1}), one_type(0, 3, 1), Rounding::kTrn, Overflow::kWrap);
  at = b.add_dense("dense", at, {1, 1}, {0.5F}, {});
  at = b.add_quantizer("dense_quantizer", at, one_type(1, 10, 5), Rounding::kTrn, Overflow::kWrap);
  b.lut_input_type(at);
  const ProxyModel model = std::move(b).finish({at});
  const QuantizerTypes& types = dynamic_cast<const ProxyQuantizer*>(model.find("dense_quantizer"))->types();
  // What the package's get_produced_kif makes of it: (0, 1, 2) in, (0, 1, 1) the kernel; i = 1 + 0, f = 2 + 1.
  EXPECT_EQ(types.at(0), (Kbi{.k = 0, .b = 4, .i = 1}));
  EXPECT_THAT(outputs_of(model, tensor({3, 1}, {1.75, 0.25, 1})), ElementsAre(0.875F, 0.125F, 0.5F));
}

ProxyOptions tables(int64_t most) {
  ProxyOptions options;
  options.unary_lut_max_table_size = most;
  return options;
}

TEST(UnaryLut, AModelWithFormulasIsExportedAndEqualsItsProxy) {
  Model model = Sequential({HQuantize().set("paq_conf", "{init_bw: 4}"), HDense(3).set("paq_conf", "{init_bw: 3}"),
                            HActivation("sin(3*x)").set("paq_conf", "{init_bw: 5}"), HDense(2)},
                           Shape{4}, {.seed = 3, .initialize = true});
  Tensor x({64, 4});
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(std::sin(static_cast<double>(i) * 1.7));
  Workers workers(1);
  trace_minmax(model, x.view(), workers, {.batch_size = 64});
  EXPECT_THAT(message_of<ConfigError>([&] { to_proxy_model(model, tables(-1)); }),
              HasSubstr("'sin(3*x)' can only be exported as a table; set export.unary_lut_max_table_size"));
  EXPECT_THAT(message_of<ConfigError>([&] { to_proxy_model(model, tables(4)); }), HasSubstr("needs a table of 2^"));
  const ProxyModel proxy = to_proxy_model(model);
  const std::vector<ConstTensorView> inputs{x.view()};
  const Tensor y = predict(model, x.view(), workers);
  const std::vector<ConstTensorView> outputs{y.view()};
  const VerifyReport report = verify(outputs, Emulator(proxy).run(inputs));
  EXPECT_EQ(report.rows_differ_without_overflow, 0);
  EXPECT_EQ(report.rows_with_overflow, 0);
}

}  // namespace table_test
}  // namespace hgq
