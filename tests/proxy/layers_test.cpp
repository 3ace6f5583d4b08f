// Dense, merging, reshaping, activations and pooling in the emulator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/emulator.h"
#include "proxy_test_support.h"

namespace hgq {
namespace layers_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Numbers in [-1, 1), the same ones every time.
class Numbers {
 public:
  float next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(static_cast<int32_t>(state_ >> 32)) * 0x1p-31f;
  }

 private:
  uint64_t state_ = 42;
};

TEST(ProxyDense, IsExactForInputsOfManyFractions) {
  constexpr int kIn = 13;
  constexpr int kOut = 7;
  Numbers numbers;
  QuantizerTypes types{{1, kIn}, {}, {}, {}};
  for (int e = 0; e < kIn; ++e) {
    types.k.push_back(static_cast<int8_t>(e % 2));
    types.b.push_back(static_cast<int8_t>(e == 5 ? 0 : 3 + e % 6));
    types.i.push_back(static_cast<int8_t>(e % 5 - 1));
  }
  std::vector<float> kernel(kIn * kOut);
  for (float& w : kernel) w = std::round(numbers.next() * 64) / 16;
  std::vector<float> bias(kOut);
  for (float& v : bias) v = std::round(numbers.next() * 64) / 512;
  ProxyBuilder b;
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {kIn}), types, Rounding::kRnd, Overflow::kWrap);
  const ProxyRef d = b.add_dense("d", q, {kIn, kOut}, kernel, bias);
  const ProxyModel inner = std::move(b).finish({q, d});

  Tensor x(Shape{300, kIn});
  for (float& v : x.values()) v = numbers.next() * 8;
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation result = Emulator(inner).run(inputs);
  const float* xq = result.outputs[0].data();
  const float* y = result.outputs[1].data();
  for (int64_t row = 0; row < 300; ++row, xq += kIn, y += kOut) {
    for (size_t j = 0; j < kOut; ++j) {
      double sum = double{bias[j]};
      for (size_t k = 0; k < kIn; ++k) sum += double{xq[k]} * double{kernel[k * kOut + j]};
      ASSERT_EQ(y[j], static_cast<float>(sum)) << row << " " << j;
    }
  }
}

TEST(ProxyDense, ActsOnTheLastDimWhateverTheTypesOfTheOthers) {
  ProxyBuilder b;
  const QuantizerTypes types{{1, 2, 2}, {0, 0, 0, 0}, {4, 8, 6, 4}, {2, 4, 1, 4}};
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {2, 2}), types, Rounding::kTrn, Overflow::kSat);
  const ProxyRef d = b.add_dense("d", q, {2, 1}, {0.5f, -3.0f}, {0.125f});
  EXPECT_EQ(b.signal(d).shape, (Shape{2, 1}));
  const ProxyModel model = std::move(b).finish({d});
  EXPECT_THAT(outputs_of(model, tensor({1, 2, 2}, {1.3f, 2.07f, 0.7f, 5.9f})),
              ElementsAre(1.25f * 0.5f - 2.0625f * 3 + 0.125f, 0.6875f * 0.5f - 5.0f * 3 + 0.125f));
}

TEST(ProxyDense, SumsBeyond64BitsAreExact) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {2});
  const ProxyRef q = b.add_quantizer("q", x, {{1, 2}, {1, 1}, {24, 24}, {20, -30}}, Rounding::kRnd, Overflow::kSat);
  // 2^17 * 2^20 - 2^17 * 2^20 + 2^-54: bits from 2^37 down to 2^-54 in one sum.
  const ProxyRef d = b.add_dense("d", q, {2, 2}, {0x1p20f, 1.0f, 1.0f, 0.0f}, {-0x1p37f, 0.0f});
  EXPECT_EQ(b.signal(d).storage, Storage::kInt128);
  const ProxyRef r = b.add_relu(d);
  const ProxyRef sum = b.add_add("sum", {d, r});
  const ProxyRef out = b.add_quantizer("out", sum, one_type(1, 40, -14, {1, 2}), Rounding::kTrn, Overflow::kWrap);
  const ProxyModel model = std::move(b).finish({out});
  EXPECT_THAT(outputs_of(model, tensor({1, 2}, {0x1p17f, 0x1p-53f})), ElementsAre(0x1p-52f, 0.0f));
}

TEST(ProxyDense, WhatNoIntegerHoldsIsRefused) {
  ProxyBuilder b;
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {2}), one_type(1, 60, 30), Rounding::kRnd, Overflow::kSat);
  EXPECT_THAT(message_of<ShapeError>([&] {
                b.add_dense("d", q, {2, 1}, {0x1p60f, 0x1p-60f}, {});
              }),
              HasSubstr("layer 'd' (Dense): an exact sum here has terms of"));
  EXPECT_THAT(message_of<ShapeError>([&] {
                b.add_dense("e", q, {3, 1}, {1, 2, 3}, {});
              }),
              HasSubstr("layer 'e' (Dense): reads values of shape [2], its kernel has shape [3, 1]"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message_of<ShapeError>([&] { b.add_dense("f", q, {2, 1}, {1, nan}, {}); }), HasSubstr("not finite"));
}

TEST(ProxyLayers, RawInputsMustBeQuantizedFirst) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {2});
  EXPECT_THAT(message_of<ShapeError>([&] {
                b.add_dense("d", x, {2, 1}, {1, 1}, {});
              }),
              HasSubstr("layer 'd' (Dense): reads values that are not quantized"));
  EXPECT_THAT(message_of<ShapeError>([&] { b.add_add("a", {x, x}); }), HasSubstr("not quantized"));
}

TEST(ProxyAdd, AlignsEveryElement) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {2});
  const ProxyRef q1 = b.add_quantizer("q1", x, {{1, 2}, {1, 1}, {6, 4}, {3, 4}}, Rounding::kTrn, Overflow::kWrap);
  const ProxyRef q2 = b.add_quantizer("q2", x, {{1, 2}, {1, 1}, {4, 8}, {4, 3}}, Rounding::kTrn, Overflow::kWrap);
  const ProxyModel model = std::move(b).finish({b.add_add("sum", {q1, q2, q1})});
  EXPECT_THAT(outputs_of(model, tensor({1, 2}, {1.3f, 2.7f})), ElementsAre(1.25f + 1 + 1.25f, 2 + 2.6875f + 2));
}

TEST(ProxyConcatenate, JoinsAlongAnyDim) {
  const auto joined = [](int64_t axis) {
    ProxyBuilder b;
    const ProxyRef x = b.add_input("x", {2, 2});
    const ProxyRef q1 = b.add_quantizer("q1", x, one_type(1, 8, 8), Rounding::kTrn, Overflow::kWrap);
    const ProxyRef q2 = b.add_quantizer("q2", x, one_type(1, 8, 6), Rounding::kTrn, Overflow::kWrap);
    const ProxyModel model = std::move(b).finish({b.add_concatenate("cat", {q1, q2}, axis)});
    return outputs_of(model, tensor({1, 2, 2}, {1.5f, 2.5f, 3.5f, 4.5f}));
  };
  EXPECT_THAT(joined(-1), ElementsAre(1, 2, 1.5f, 2.5f, 3, 4, 3.5f, 4.5f));
  EXPECT_EQ(joined(2), joined(-1));
  EXPECT_THAT(joined(1), ElementsAre(1, 2, 3, 4, 1.5f, 2.5f, 3.5f, 4.5f));
  EXPECT_EQ(joined(-2), joined(1));
  EXPECT_THAT(message_of<ShapeError>([&] { joined(0); }), HasSubstr("axis 0 is not a dim"));
}

TEST(ProxyReshaping, MovesElementsAsKerasDoes) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {2, 3});
  const ProxyRef turned = b.add_permute("turn", x, {2, 1});
  const ProxyRef q = b.add_quantizer("q", turned, one_type(1, 8, 8), Rounding::kTrn, Overflow::kWrap);
  const ProxyRef flat = b.add_flatten("flat", q);
  const ProxyRef shaped = b.add_reshape("shaped", flat, {-1, 2, 1});
  EXPECT_EQ(b.signal(turned).shape, (Shape{3, 2}));
  EXPECT_EQ(b.signal(flat).shape, Shape{6});
  EXPECT_EQ(b.signal(shaped).shape, (Shape{3, 2, 1}));
  EXPECT_THAT(message_of<ShapeError>([&] {
                b.add_reshape("wrong", flat, {4, 2});
              }),
              HasSubstr("layer 'wrong' (Reshape): cannot bring values of shape [6] into shape [4, 2]"));
  EXPECT_THAT(message_of<ShapeError>([&] {
                b.add_reshape("twice", flat, {-1, -1});
              }),
              HasSubstr("into shape [-1, -1]"));
  EXPECT_THAT(message_of<ShapeError>([&] { b.add_permute("twice", q, {1, 1}); }), HasSubstr("do not order the 2 dims"));
  const ProxyModel model = std::move(b).finish({shaped});
  EXPECT_THAT(outputs_of(model, tensor({1, 2, 3}, {1, 2, 3, 4, 5, 6})), ElementsAre(1, 4, 2, 5, 3, 6));
}

TEST(ProxyActivation, SigmoidAndTanhAreThoseOfHls4mlsTables) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {3});
  const ProxyRef q = b.add_quantizer("q", x, one_type(1, 6, 3), Rounding::kTrn, Overflow::kSat);
  const std::vector<ProxyRef> outputs{b.add_activation("relu", q, "relu"), b.add_activation("sigmoid", q, "sigmoid"),
                                      b.add_activation("tanh", q, "tanh"), b.add_activation("softmax", q, "softmax"),
                                      b.add_relu(q)};
  const ProxyModel model = std::move(b).finish(outputs);
  const Tensor data = tensor({1, 3}, {-1.5f, 0.25f, 2.0f});
  const std::vector<ConstTensorView> inputs{data.view()};
  const Emulation result = Emulator(model).run(inputs);
  EXPECT_THAT(result.outputs[0].values(), ElementsAre(0.0f, 0.25f, 2.0f));
  EXPECT_THAT(result.outputs[4].values(), ElementsAre(0.0f, 0.25f, 2.0f));
  const double sum = std::exp(-1.5) + std::exp(0.25) + std::exp(2.0);
  const auto entry = [](double y) { return static_cast<float>(std::floor(y * 1024) / 1024); };
  for (size_t e = 0; e < 3; ++e) {
    const double v = double{data.data()[e]};
    EXPECT_EQ(result.outputs[1].data()[e], entry(1 / (1 + std::exp(-v))));
    EXPECT_EQ(result.outputs[2].data()[e], entry(std::tanh(v)));
    EXPECT_FLOAT_EQ(result.outputs[3].data()[e], static_cast<float>(std::exp(v) / sum));
  }
}

TEST(ProxyActivation, OtherFunctionsAreRefused) {
  ProxyBuilder b;
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {3}), one_type(1, 6, 3), Rounding::kTrn, Overflow::kSat);
  EXPECT_THAT(message_of<ShapeError>([&] { b.add_activation("act", q, "swish"); }),
              HasSubstr("layer 'act' (Activation): a proxy cannot hold the function 'swish'"));
}

TEST(ProxyPooling, AMeanOfThreeIsCutTowardsZero) {
  for (const Padding padding : {Padding::kValid, Padding::kSame}) {
    ProxyBuilder b;
    const ProxyRef q =
        b.add_quantizer("q", b.add_input("x", {9, 1}), one_type(1, 4, 4, {1, 1}), Rounding::kTrn, Overflow::kWrap);
    const ProxyRef mean =
        b.add_pooling("mean", q, {.rank = 1, .average = true, .size = {3}, .stride = {3}, .padding = padding});
    EXPECT_EQ(b.signal(mean).fraction, (std::vector<int>{32, 32, 32}));
    const ProxyRef times =
        b.add_conv("times", mean, {.rank = 1, .stride = {1}, .dilation = {1}}, {1, 1, 1}, {3.0f}, {});
    const ProxyRef out = b.add_quantizer("out", times, one_type(1, 7, 5, {1, 1}), Rounding::kTrn, Overflow::kWrap);
    const ProxyModel model = std::move(b).finish({out});
    EXPECT_THAT(outputs_of(model, tensor({1, 9, 1}, {1, 1, 0, -1, -1, 0, 3, 3, 6})), ElementsAre(1.75f, -2.0f, 12.0f));
  }
}

TEST(ProxyPooling, PaddingDoesNotCountInAMean) {
  ProxyBuilder b;
  const ProxyRef q =
      b.add_quantizer("q", b.add_input("x", {3, 1}), one_type(1, 4, 4, {1, 1}), Rounding::kTrn, Overflow::kWrap);
  const ProxyRef mean =
      b.add_pooling("mean", q, {.rank = 1, .average = true, .size = {3}, .stride = {1}, .padding = Padding::kSame});
  const ProxyRef out = b.add_quantizer("out", mean, one_type(1, 7, 5, {1, 1}), Rounding::kTrn, Overflow::kWrap);
  EXPECT_THAT(outputs_of(std::move(b).finish({out}), tensor({1, 3, 1}, {1, 2, 3})), ElementsAre(1.5f, 2.0f, 2.5f));
}

}  // namespace layers_test
}  // namespace hgq
