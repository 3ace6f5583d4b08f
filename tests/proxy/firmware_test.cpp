// What hls4ml computes in its own way, and what is said of it. The numbers are those of hls4ml 1.3.0's C simulation
// (tools/hls4ml_table.py compares whole networks).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/activation_tables.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/proxy_file.h"
#include "proxy_test_support.h"

namespace hgq {
namespace firmware_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

float tanh_at(int fraction, double x) { return hls_table_value(HlsFunction::kTanh, fraction, x) * 1024; }
float sigmoid_at(int fraction, double x) { return hls_table_value(HlsFunction::kSigmoid, fraction, x) * 1024; }

TEST(HlsTable, IsCutDownToTenBitsAndEndsAtItsRange) {
  EXPECT_EQ(tanh_at(6, 0.5), 473);  // 473.2
  EXPECT_EQ(tanh_at(6, -0.5), -474);
  EXPECT_EQ(tanh_at(6, 3.75), 1022);
  EXPECT_EQ(tanh_at(6, 9), 1023);
  EXPECT_EQ(tanh_at(6, -9), -1024);
  EXPECT_EQ(sigmoid_at(6, 0), 512);
  EXPECT_EQ(sigmoid_at(6, -1.5), 186);
  EXPECT_EQ(sigmoid_at(6, 20), 1023);
  EXPECT_EQ(sigmoid_at(6, -20), 0);
}

TEST(HlsTable, OfCoarseInputsHasFewEntries) {
  // 4 entries: -4, -2, 0, 2; places are cut to even ones, towards 0
  EXPECT_EQ(tanh_at(-1, 2), 0);
  EXPECT_EQ(tanh_at(-1, -2), 0);
  EXPECT_EQ(tanh_at(-1, 6), 987);
  EXPECT_EQ(tanh_at(-1, -6), -1024);
  EXPECT_EQ(tanh_at(-3, 8), -1024);  // one entry, at -4
}

TEST(HlsTable, SaysWhereThereIsNone) {
  const auto problem = [](HlsFunction function, int k, int i, int f) {
    HlsTypes types;
    types.push(k, i, f);
    return hls_table_problem(function, types);
  };
  EXPECT_THAT(problem(HlsFunction::kTanh, 1, 3, 8), IsEmpty());
  EXPECT_THAT(problem(HlsFunction::kTanh, 1, 8, -4), HasSubstr("-4 fractional bits"));
  EXPECT_THAT(problem(HlsFunction::kSigmoid, 1, 8, -4), IsEmpty());
  EXPECT_THAT(problem(HlsFunction::kTanh, 1, 3, 34), HasSubstr("34 fractional bits"));
  EXPECT_THAT(problem(HlsFunction::kSigmoid, 1, -1, 8), HasSubstr("-1 integer bits"));
}

std::shared_ptr<const ops::UnaryFunction> function(const std::string& name) { return FunctionTable().find(name); }

ProxyRef quantized_input(ProxyBuilder& b, const Shape& shape, int bits, int integers) {
  return b.add_quantizer("q", b.add_input("x", shape), one_type(1, bits, integers), Rounding::kTrn, Overflow::kWrap);
}

TEST(AddFunction, MakesATableWhereOneFitsAndAnActivationWithANoteElse) {
  for (const int bits : {8, 12}) {
    ProxyBuilder b;
    const ProxyRef q = quantized_input(b, {1}, bits, 4);
    const ProxyRef y = b.add_function("t", q, function("tanh"), 2048,
                                      QuantizerBehind{one_type(1, 8, 1), Rounding::kRnd, Overflow::kWrap});
    const ProxyModel model =
        std::move(b).finish({b.add_quantizer("tq", y, one_type(1, 8, 1), Rounding::kRnd, Overflow::kWrap)});
    const bool table = bits == 8;
    EXPECT_EQ(model.find("t")->class_name(), table ? "HGQ>UnaryLUT" : "Activation");
    if (table) {
      EXPECT_THAT(model.notes(), IsEmpty());
      EXPECT_THAT(outputs_of(model, tensor({1, 1}, {0.5F})), ElementsAre(std::round(std::tanh(0.5F) * 128) / 128));
    } else {
      EXPECT_THAT(model.notes(), ElementsAre(HasSubstr("layer 't': hls4ml computes tanh from its own table")));
      EXPECT_THAT(model.notes(), ElementsAre(HasSubstr("unary_lut_max_table_size 4096")));
    }
  }
}

TEST(AddFunction, SaysWhichLimitWouldDo) {
  ProxyBuilder b;
  const ProxyRef q = quantized_input(b, {1}, 12, 4);
  EXPECT_THAT(message_of<ConfigError>([&] { b.add_function("f", q, function("elu"), 2048); }),
              HasSubstr("needs a table of 2^12 entries"));
  EXPECT_THAT(message_of<ConfigError>([&] { b.add_function("f", q, function("elu"), 2048); }),
              HasSubstr("export the model with 4096"));
  const ProxyModel model = std::move(b).finish({b.add_function("f", q, function("elu"), 4096)});
  EXPECT_THAT(model.notes(), ElementsAre(HasSubstr("LUT_SIZE_LIMITATION=8192")));
}

TEST(AddFunction, WithoutAQuantizerBehindKeepsTwentyBits) {
  ProxyBuilder b;
  const ProxyRef q = quantized_input(b, {1}, 8, 4);
  const ProxyModel model = std::move(b).finish({b.add_function("t", q, function("tanh"), 2048)});
  const float y = outputs_of(model, tensor({1, 1}, {0.5F}))[0];
  EXPECT_NEAR(y, std::tanh(0.5F), 0x1p-21);
}

TEST(Export, SigmoidAndTanhBecomeTablesByDefault) {
  Model model =
      Sequential({HQuantize(), HDense(2), HActivation("tanh").name("t"), HActivation("sigmoid").name("s")}, Shape{3});
  Tensor x({32, 3});
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = std::sin(static_cast<float>(i));
  trace_minmax(model, x.view());
  const ProxyModel tables = to_proxy_model(model);
  EXPECT_EQ(tables.find("t")->class_name(), "HGQ>UnaryLUT");
  EXPECT_EQ(tables.find("s")->class_name(), "HGQ>UnaryLUT");
  EXPECT_THAT(tables.notes(), IsEmpty());
  ProxyOptions none;
  none.unary_lut_max_table_size = -1;
  const ProxyModel without = to_proxy_model(model, none);
  EXPECT_EQ(without.find("t")->class_name(), "Activation");
  EXPECT_THAT(without.notes(), ElementsAre(HasSubstr("layer 't': hls4ml computes tanh from its own table"),
                                           HasSubstr("layer 's': hls4ml computes sigmoid")));
}

TEST(ProxyConcatenate, IsWrittenWithANegativeAxis) {
  for (const auto& [axis, written] : {std::pair{1, -2}, {2, -1}, {-1, -1}, {-2, -2}}) {
    ProxyBuilder b;
    const ProxyRef q = quantized_input(b, {2, 3}, 6, 3);
    const ProxyModel model = std::move(b).finish({b.add_concatenate("c", {q, q}, axis)});
    EXPECT_EQ(model.find("c")->config(false)["axis"].text(), std::to_string(written)) << axis;
  }
  ProxyBuilder b;
  const ProxyRef q = quantized_input(b, {3}, 6, 3);
  EXPECT_THAT(message_of<ShapeError>([&] { b.add_concatenate("c", {q, q}, 2); }), HasSubstr("axis 2 is not a dim"));
}

TEST(FirmwareNotes, TellOfConvolutionsThatHls4mlDoesNotMake) {
  const auto notes = [](int64_t dilation, int64_t groups) {
    ProxyBuilder b;
    const ProxyRef q = quantized_input(b, {6, 2}, 6, 3);
    const ProxyRef c = b.add_conv(
        "c", q, {.rank = 1, .stride = {1}, .dilation = {dilation}, .padding = Padding::kSame, .groups = groups},
        {2, 2 / groups, 2}, std::vector<float>(static_cast<size_t>(8 / groups), 1), {});
    return std::move(b).finish({c}).notes();
  };
  EXPECT_THAT(notes(1, 1), IsEmpty());
  EXPECT_THAT(notes(2, 1), ElementsAre(HasSubstr("layer 'c': hls4ml 1.3.0 ignores the dilation")));
  EXPECT_THAT(notes(1, 2), ElementsAre(HasSubstr("layer 'c': hls4ml 1.3.0 cannot convert a convolution of 2 groups")));
}

/// x -> q -> dense -> first -> second, with the notes on it.
std::vector<std::string> notes_of_two(const QuantizerTypes& first, const QuantizerTypes& second, bool first_is_output,
                                      bool second_is_output) {
  ProxyBuilder b;
  const ProxyRef d = b.add_dense("d", quantized_input(b, {2}, 6, 3), {2, 2}, {0.75F, 0.5F, 0.25F, 1}, {});
  const ProxyRef one = b.add_quantizer("one", d, first, Rounding::kRnd, Overflow::kWrap);
  const ProxyRef two = b.add_quantizer("two", one, second, Rounding::kRnd, Overflow::kWrap);
  const ProxyRef end = b.add_quantizer("eq", b.add_dense("e", two, {2, 1}, {1, 1}, {}), one_type(1, 6, 4),
                                       Rounding::kTrn, Overflow::kWrap);
  std::vector<ProxyRef> outputs{end};
  if (first_is_output) outputs.push_back(one);
  if (second_is_output) outputs.push_back(two);
  return std::move(b).finish(outputs).notes();
}

TEST(FirmwareNotes, TellOfQuantizersThatHls4mlFolds) {
  const QuantizerTypes wide = one_type(1, 8, 4);
  const QuantizerTypes narrow = one_type(1, 6, 4);
  QuantizerTypes mixed = one_type(1, 6, 4, {1, 2});
  mixed.b[1] = 5;
  EXPECT_THAT(notes_of_two(wide, narrow, false, false), ElementsAre(HasSubstr("rounds once where the model rounds")));
  EXPECT_THAT(notes_of_two(wide, wide, false, false), IsEmpty());
  EXPECT_THAT(notes_of_two(mixed, narrow, false, false), IsEmpty());
  EXPECT_THAT(notes_of_two(wide, mixed, true, true), IsEmpty());
  EXPECT_THAT(notes_of_two(wide, narrow, true, false),
              ElementsAre(HasSubstr("'one' before it, an output, which so gets")));
  EXPECT_THAT(notes_of_two(wide, narrow, true, true),
              ElementsAre(HasSubstr("cannot convert it, as it only quantizes")));
}

TEST(FirmwareNotes, TellOfAnOutputThatOnlyQuantizesAnInput) {
  ProxyBuilder b;
  EXPECT_THAT(std::move(b).finish({quantized_input(b, {2}, 6, 3)}).notes(),
              ElementsAre(HasSubstr("leaves no layer in the firmware")));
}

/// The bound of saturation is that of the bits that the input can fill, as in hls4ml.
TEST(ProxyQuantizer, SaturatesAsHls4mlDoes) {
  const auto model = [](Overflow overflow) {
    ProxyBuilder b;
    const ProxyRef q = b.add_quantizer("q", b.add_input("x", {2}), one_type(1, 5, 3), Rounding::kTrn, Overflow::kSat);
    const ProxyRef r = b.add_activation("r", q, "relu");
    QuantizerTypes types = one_type(0, 3, 0, {1, 2});
    types.b[1] = types.i[1] = 1;
    return std::move(b).finish({b.add_quantizer("rq", r, types, Rounding::kRnd, overflow)});
  };
  EXPECT_THAT(outputs_of(model(Overflow::kSat), tensor({3, 2}, {0.5F, 0.25F, 1, 2, 3.5F, 3})),
              ElementsAre(0.5F, 0, 0.75F, 1, 0.75F, 1));
  EXPECT_THAT(outputs_of(model(Overflow::kWrap), tensor({1, 2}, {1.25F, 2})), ElementsAre(0.25F, 0));
}

TEST(ProxyQuantizer, WithoutBitsIsWrittenSoThatHls4mlGivesZero) {
  ProxyBuilder b;
  const ProxyRef q = quantized_input(b, {2}, 6, 3);
  const ProxyRef d = b.add_dense("d", q, {2, 2}, {1, 1, 1, 1}, {});
  const ProxyModel model =
      std::move(b).finish({b.add_quantizer("dq", d, one_type(0, 0, 0), Rounding::kRnd, Overflow::kSat)});
  const Node config = model.find("dq")->config(true);
  EXPECT_EQ(config["RND"].text(), "TRN");
  EXPECT_EQ(config["SAT"].text(), "WRAP");
  EXPECT_THAT(outputs_of(model, tensor({1, 2}, {1, 2})), ElementsAre(0, 0));
}

}  // namespace firmware_test
}  // namespace hgq
