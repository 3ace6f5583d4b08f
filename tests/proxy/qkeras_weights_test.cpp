// Weights behind QKeras' quantizers, beside the numbers of QKeras itself (files/make_qkeras_files.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"
#include "hgq/proxy/qkeras/weight_quantizers.h"

namespace hgq {
namespace qkeras_weights_test {

using ::testing::HasSubstr;

std::vector<float> quantized(const std::string& quantizer, bool of_kernel, const Shape& shape, std::vector<float> x) {
  ErrorList errors;
  const QKerasQuantizer q = read_qkeras_quantizer(Node::string(quantizer), "weight", errors);
  std::vector<float> y = quantize_weights(q, of_kernel, shape, std::move(x), errors);
  errors.throw_if_any();
  return y;
}

std::string error_of(const std::string& quantizer, bool of_kernel = true) {
  try {
    quantized(quantizer, of_kernel, Shape{2}, {0.5F, 1.0F});
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(QKerasWeights, AreThoseOfQKerasBitByBit) {
  const h5::File file = h5::File::open(std::string(HGQ_SOURCE_DIR) + "/tests/layers/files/qkeras_weights.h5");
  const std::vector<std::string> quantizers = file.read_strings("quantizers");
  const std::vector<int64_t> of_kernel = file.read_integers("of_kernel");
  ASSERT_EQ(quantizers.size(), 31);
  for (const std::string& name : file.group("x").names()) {
    const Tensor x = file.read_floats("x/" + name);
    const Tensor expected = file.read_floats("y/" + name);
    const Shape shape = x.shape().without_front();
    const auto size = static_cast<size_t>(shape.size());
    for (size_t q = 0; q < quantizers.size(); ++q) {
      const std::span<const float> from = x.values().subspan(q * size, size);
      const std::vector<float> y = quantized(quantizers[q], of_kernel[q] == 1, shape, {from.begin(), from.end()});
      for (size_t e = 0; e < size; ++e) {
        const float wanted = expected.values()[q * size + e];
        EXPECT_EQ(y[e], wanted) << quantizers[q] << " of a " << name << ", element " << e << ": " << from[e];
      }
    }
  }
}

TEST(QKerasWeights, WithoutAQuantizerStayAsTheyAre) {
  EXPECT_EQ(quantized("linear", true, Shape{2}, {0.3F, 5.0F}), (std::vector<float>{0.3F, 5.0F}));
}

TEST(QKerasWeights, AKernelsQuantizerWithoutAnAlphaFitsPowersOfTwo) {
  const Shape shape{2, 2};
  const std::vector<float> x{0.1F, 4.0F, -0.7F, 3.0F};
  EXPECT_EQ(quantized("quantized_bits(4,0)", true, shape, x),
            quantized("quantized_bits(4,0,1,alpha='auto_po2')", true, shape, x));
  EXPECT_EQ(quantized("quantized_bits(4,0)", false, shape, x),
            quantized("quantized_bits(4,0,alpha=1)", false, shape, x));
}

TEST(QKerasWeights, AChannelOfZerosStaysZero) {
  for (const std::string quantizer :
       {"quantized_bits(4,0,alpha='auto')", "quantized_bits(4,0)", "ternary", "ternary(alpha='auto')"}) {
    const std::vector<float> y = quantized(quantizer, true, Shape{2, 2}, {0, 1, 0, -1});
    EXPECT_EQ(y[0], 0) << quantizer;
    EXPECT_EQ(y[2], 0) << quantizer;
    EXPECT_GT(y[1], 0) << quantizer;
  }
}

TEST(QKerasWeights, QuantizersThatAreNotKnownAreRefusedByName) {
  EXPECT_THAT(error_of("quantized_sigmoid(4)"),
              HasSubstr("weight quantized_sigmoid(4): is not a quantizer for weights"));
  EXPECT_THAT(error_of("quantized_bit(4)"), HasSubstr("did you mean 'quantized_bits'"));
  EXPECT_THAT(error_of("bernoulli"), HasSubstr("at random"));
}

TEST(QKerasWeights, WhatQKerasCanNotComputeIsRefused) {
  EXPECT_THAT(error_of("quantized_bits(4,-1)"),
              HasSubstr("integer: found the number -1, expected a whole number from 0"));
  EXPECT_THAT(error_of("quantized_bits(0)"), HasSubstr("bits: found the number 0"));
  EXPECT_THAT(error_of("quantized_bits(1e9)"), HasSubstr("bits"));
  EXPECT_THAT(error_of("quantized_bits(1,0)"), HasSubstr("need 2 bits"));
  EXPECT_EQ(error_of("quantized_bits(1,0)", false), "");
  EXPECT_THAT(error_of("quantized_bits(4,0,alpha='best')"), HasSubstr("'auto' or 'auto_po2'"));
  EXPECT_THAT(error_of("quantized_bits(4,0,alpha='auto',scale_axis=7)"), HasSubstr("scale_axis"));
  EXPECT_THAT(error_of("quantized_po2(1)"), HasSubstr("too few bits"));
  EXPECT_THAT(error_of("quantized_po2(4,-2)"), HasSubstr("max_value is negative"));
  EXPECT_THAT(error_of("quantized_po2(4,log2_rounding='up')"), HasSubstr("'rnd' or 'floor'"));
  EXPECT_THAT(error_of("ternary(threshold=0.5)"), HasSubstr("threshold"));
  EXPECT_THAT(error_of("quantized_relu(4,0,1)"), HasSubstr("use_sigmoid"));
}

}  // namespace qkeras_weights_test
}  // namespace hgq
