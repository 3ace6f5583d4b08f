// Quantizers as QKeras' files write them, and what becomes of those behind a layer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/proxy/qkeras/activation_quantizers.h"
#include "hgq/proxy/qkeras/quantizer_spec.h"

namespace hgq {
namespace qkeras_quantizers_test {

using ::testing::HasSubstr;

Node object(const std::string& json) { return Node::from_json(nlohmann::json::parse(json), "f.h5"); }

QKerasQuantizer read(const Node& node) {
  ErrorList errors;
  QKerasQuantizer q = read_qkeras_quantizer(node, "layer 'a'", errors);
  errors.throw_if_any();
  return q;
}

QKerasQuantizer read(const std::string& text) { return read(Node::string(text)); }

std::string error_of(const Node& node) {
  ErrorList errors;
  const QKerasQuantizer q = read_qkeras_quantizer(node, "layer 'a'", errors);
  EXPECT_TRUE(errors.empty() || q.name.empty());
  return errors.empty() ? "" : errors.messages()[0];
}

std::string error_of(const std::string& text) { return error_of(Node::string(text)); }

TEST(QKerasQuantizer, IsNoneForNull) { EXPECT_EQ(read(Node()).name, ""); }

TEST(QKerasQuantizer, MayBeAFunctionOfKeras) { EXPECT_EQ(read("relu").name, "relu"); }

TEST(QKerasQuantizer, TextHasPositionalArgumentsAndThoseWithAName) {
  const QKerasQuantizer q = read(" quantized_bits( 5,1 , 0, alpha = 'auto_po2' ,use_ste=False, scale_axis=None)");
  EXPECT_EQ(q.name, "quantized_bits");
  EXPECT_EQ(q.arguments.at("bits"), QKerasValue(5.0));
  EXPECT_EQ(q.arguments.at("integer"), QKerasValue(1.0));
  EXPECT_EQ(q.arguments.at("symmetric"), QKerasValue(0.0));
  EXPECT_EQ(q.arguments.at("alpha"), QKerasValue(std::string("auto_po2")));
  EXPECT_EQ(q.arguments.at("use_ste"), QKerasValue(false));
  EXPECT_EQ(q.arguments.at("scale_axis"), QKerasValue());
}

TEST(QKerasQuantizer, NumbersAreAsPythonWritesThem) {
  EXPECT_EQ(read("ternary(alpha=.5)").arguments.at("alpha"), QKerasValue(0.5));
  EXPECT_EQ(read("ternary(alpha=-2.)").arguments.at("alpha"), QKerasValue(-2.0));
  EXPECT_EQ(read("ternary(1e-3)").arguments.at("alpha"), QKerasValue(1e-3));
  EXPECT_EQ(read("ternary(\"auto\")").arguments.at("alpha"), QKerasValue(std::string("auto")));
}

TEST(QKerasQuantizer, WithoutArgumentsHasDefaults) {
  EXPECT_TRUE(read("binary").arguments.empty());
  EXPECT_TRUE(read("binary()").arguments.empty());
}

TEST(QKerasQuantizer, ObjectsGiveTheSameAsText) {
  const QKerasQuantizer q = read(object(R"({"module": "qkeras.quantizers", "class_name": "qkeras>quantized_bits",
      "config": {"bits": 5, "integer": 1, "symmetric": true, "alpha": null, "keep_negative": false}})"));
  EXPECT_EQ(q.name, "quantized_bits");
  EXPECT_EQ(q.arguments.at("bits"), QKerasValue(5.0));
  EXPECT_EQ(q.arguments.at("symmetric"), QKerasValue(true));
  EXPECT_EQ(q.arguments.at("alpha"), QKerasValue());
  EXPECT_EQ(q.arguments.at("keep_negative"), QKerasValue(false));
}

TEST(QKerasQuantizer, TextThatIsNoCallIsRefused) {
  for (const std::string text :
       {"", "(5)", "quantized_bits(5", "quantized_bits 5", "quantized_bits(5))", "quantized_bits(5)(6)",
        "quantized_bits(max(1,2))", "4bits", "quantized_bits(5)x", "\x01\x02"})
    EXPECT_THAT(error_of(text), HasSubstr("layer 'a': found '")) << text;
  EXPECT_THAT(error_of(std::string(5000, 'a')), HasSubstr("5000 characters"));
  EXPECT_THAT(error_of(object("[1]")), HasSubstr("found a list"));
  EXPECT_THAT(error_of(object(R"({"config": {}})")), HasSubstr("without a class_name"));
  EXPECT_THAT(error_of(object(R"({"class_name": "quantized_bits", "config": 3})")), HasSubstr("has no config"));
}

TEST(QKerasQuantizer, ArgumentsThatAreWrongAreRefused) {
  EXPECT_THAT(error_of("quantized_bits(bits=5,1)"), HasSubstr("without a name after one with a name"));
  EXPECT_THAT(error_of("quantized_bits(5,bits=6)"), HasSubstr("gives bits twice"));
  EXPECT_THAT(error_of("quantized_bits(5,,6)"), HasSubstr("has '' as an argument"));
  EXPECT_THAT(error_of("quantized_bits(5,alpha=auto)"), HasSubstr("has 'auto' as an argument, expected a number"));
  EXPECT_THAT(error_of("quantized_bits(0x10)"), HasSubstr("has '0x10'"));
  EXPECT_THAT(error_of("quantized_bits(bit=5)"), HasSubstr("has no argument 'bit', did you mean 'bits'"));
  EXPECT_THAT(error_of("binary(1,1,1,1)"), HasSubstr("more than the 3 arguments"));
  EXPECT_THAT(error_of(object(R"({"class_name": "ternary", "config": {"alpha": [1, 2]}})")),
              HasSubstr("alpha: found a list"));
}

TEST(QKerasQuantizer, ArgumentsOfTheWrongKindAreErrors) {
  ErrorList errors;
  const QKerasQuantizer q = read("quantized_bits(5.5,'a',2)");
  QKerasArguments arguments(q, errors);
  EXPECT_EQ(arguments.integer("bits", 8, 1, 60), 8);
  EXPECT_EQ(arguments.number("integer", 7), 7);
  EXPECT_FALSE(arguments.flag("symmetric", false));
  EXPECT_EQ(errors.size(), 3);
  EXPECT_FALSE(arguments.good());
  EXPECT_THAT(errors.messages()[0], HasSubstr("layer 'a' quantized_bits(5.5,'a',2): bits: found the number 5.5"));
}

QKerasActivation activation(const std::string& text, Overflow overflow = Overflow::kSat) {
  ErrorList errors;
  const QKerasActivation out = qkeras_activation(read(text), overflow, errors);
  errors.throw_if_any();
  return out;
}

std::string refusal(const std::string& text) {
  try {
    activation(text);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(QKerasActivation, QuantizedBitsIsOneType) {
  const QKerasActivation a = activation("quantized_bits(5,1,alpha=1)");
  EXPECT_EQ(a.function, "linear");
  EXPECT_EQ(a.type, (Kbi{.k = 1, .b = 5, .i = 2}));
  EXPECT_EQ(a.overflow, Overflow::kSat);
  EXPECT_EQ(activation("quantized_bits(5,1,0,False,1)").type, (Kbi{.k = 0, .b = 5, .i = 1}));
}

TEST(QKerasActivation, AnAlphaOfNoneScalesNothing) {
  for (const std::string text : {"quantized_bits(5,1)", "quantized_bits(5,1,alpha=None)",
                                 "quantized_bits(5,1,alpha=1.0)", "quantized_bits(5,1,alpha='1')"})
    EXPECT_EQ(activation(text).type, (Kbi{.k = 1, .b = 5, .i = 2})) << text;
}

// Files of QKeras for Keras 3 have it.
TEST(QKerasActivation, ArgumentsOfLaterVersionsMayBeNone) {
  EXPECT_EQ(activation("quantized_bits(5,1,alpha=1,post_training_scale=None)").type, (Kbi{.k = 1, .b = 5, .i = 2}));
  EXPECT_THAT(refusal("quantized_bits(5,1,alpha=1,post_training_scale=0.5)"),
              HasSubstr("post_training_scale is given"));
}

// The bits bound it below relu_upper_bound, or above it: QKeras looks at the bits alone where is_quantized_clip is set.
TEST(QKerasActivation, AnUpperBoundDoesNotCountBesideTheBits) {
  EXPECT_EQ(activation("quantized_relu(5,1,relu_upper_bound=6)").type, (Kbi{.k = 0, .b = 5, .i = 1}));
}

TEST(QKerasActivation, QuantizedTanhIsATypeUnlessItIsTheRealOne) {
  const QKerasActivation hard = activation("quantized_tanh(6)");
  EXPECT_EQ(hard.function, "linear");
  EXPECT_EQ(hard.type, (Kbi{.k = 1, .b = 6, .i = 1}));
  EXPECT_EQ(hard.overflow, Overflow::kSat);
  EXPECT_EQ(activation("quantized_tanh(6,symmetric=True)").overflow, Overflow::kSatSym);
  const QKerasActivation real = activation("quantized_tanh(6,use_real_tanh=True)");
  EXPECT_EQ(real.function, "tanh");
  ASSERT_NE(real.table, nullptr);
  EXPECT_EQ(real.table->value(0.5), std::tanh(0.5));
}

TEST(QKerasActivation, QuantizedSigmoidIsATable) {
  const QKerasActivation hard = activation("quantized_sigmoid(6)");
  EXPECT_EQ(hard.type, (Kbi{.k = 0, .b = 6, .i = 0}));
  ASSERT_NE(hard.table, nullptr);
  EXPECT_EQ(hard.table->value(0.5), 0.75);
  EXPECT_EQ(hard.table->value(-3), 0);
  EXPECT_EQ(activation("quantized_sigmoid(6,1)").table->value(-3), 1.0 / 64);
  EXPECT_EQ(activation("quantized_sigmoid(6,use_real_sigmoid=1)").table->value(0), 0.5);
}

TEST(QKerasActivation, OverflowFollowsSymmetryAndWish) {
  EXPECT_EQ(activation("quantized_bits(5,1,1,alpha=1.0)").overflow, Overflow::kSatSym);
  EXPECT_EQ(activation("quantized_bits(5,1,1,alpha=1.0)", Overflow::kWrap).overflow, Overflow::kSatSym);
  EXPECT_EQ(activation("quantized_bits(5,1,0,alpha=1.0)", Overflow::kWrap).overflow, Overflow::kWrap);
  EXPECT_EQ(activation("quantized_relu(5,1)", Overflow::kWrap).overflow, Overflow::kSat);
}

TEST(QKerasActivation, QuantizedReluIsAReluAndAType) {
  const QKerasActivation a = activation("quantized_relu(6,2)");
  EXPECT_EQ(a.function, "relu");
  EXPECT_EQ(a.type, (Kbi{.k = 0, .b = 6, .i = 2}));
}

TEST(QKerasActivation, FunctionsOfKerasHaveNoType) {
  EXPECT_EQ(activation("tanh").function, "tanh");
  EXPECT_FALSE(activation("tanh").type);
  EXPECT_TRUE(activation("linear").is_linear());
}

TEST(QKerasActivation, IsRefusedWithItsReason) {
  EXPECT_THAT(refusal("quantized_bits(5,1,alpha=0.5)"), HasSubstr("alpha is 0.5"));
  EXPECT_THAT(refusal("quantized_bits(5,1,alpha='auto')"), HasSubstr("alpha is 'auto'"));
  EXPECT_THAT(refusal("quantized_bits(1,0,alpha=1)"), HasSubstr("one bit with a sign"));
  EXPECT_THAT(refusal("quantized_bits(5,1,alpha=1,qnoise_factor=0.5)"), HasSubstr("qnoise_factor"));
  EXPECT_THAT(refusal("quantized_bits(99,1,alpha=1)"), HasSubstr("bits: found the number 99"));
  EXPECT_THAT(refusal("quantized_relu(5,1,1)"), HasSubstr("use_sigmoid"));
  EXPECT_THAT(refusal("quantized_relu(5,1,negative_slope=0.25)"), HasSubstr("negative_slope"));
  EXPECT_THAT(refusal("quantized_relu(5,1,relu_upper_bound=6,is_quantized_clip=False)"), HasSubstr("relu_upper_bound"));
  EXPECT_THAT(refusal("quantized_po2(4)"), HasSubstr("powers of two"));
  EXPECT_THAT(refusal("ternary"), HasSubstr("beyond a threshold"));
  EXPECT_THAT(refusal("stochastic_binary"), HasSubstr("gives the sign"));
  EXPECT_THAT(refusal("quantized_ulaw(4)"), HasSubstr("has no counterpart"));
  EXPECT_THAT(refusal("hard_tanh"), HasSubstr("is no activation of a proxy"));
}

}  // namespace qkeras_quantizers_test
}  // namespace hgq
