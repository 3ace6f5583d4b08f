#include "hgq/proxy/emulator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/proxy/dense.h"
#include "proxy_test_support.h"

namespace hgq {
namespace emulator_test {

using ::testing::Each;
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

/// x -> quantizer -> out, for four features.
ProxyModel quantizer_model(QuantizerTypes types, Rounding rounding, Overflow overflow, const Shape& sample = {4}) {
  ProxyBuilder b;
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", sample), std::move(types), rounding, overflow);
  return std::move(b).finish({q});
}

TEST(ProxyQuantizer, RoundsAndWrapsEachElementByItsOwnType) {
  const QuantizerTypes types{{1, 4}, {1, 0, 1, 0}, {4, 3, 6, 0}, {2, 3, 8, 0}};
  const Tensor x = tensor({2, 4}, {1.99f, 9.5f, 70.0f, 3.0f, -0.13f, -1.0f, -130.0f, 0.25f});
  EXPECT_THAT(outputs_of(quantizer_model(types, Rounding::kTrn, Overflow::kWrap), x),
              ElementsAre(1.75f, 1.0f, 68.0f, 0.0f, -0.25f, 7.0f, 124.0f, 0.0f));
  EXPECT_THAT(outputs_of(quantizer_model(types, Rounding::kRnd, Overflow::kSat), x),
              ElementsAre(1.75f, 7.0f, 72.0f, 0.0f, -0.25f, 0.0f, -128.0f, 0.0f));
}

TEST(ProxyQuantizer, SharedDimsHaveOneType) {
  const QuantizerTypes types{{1, 2, 1}, {1, 1}, {4, 6}, {4, 4}};
  const Tensor x = tensor({1, 2, 2}, {1.6f, -1.6f, 1.6f, -1.6f});
  EXPECT_THAT(outputs_of(quantizer_model(types, Rounding::kRnd, Overflow::kWrap, {2, 2}), x),
              ElementsAre(2.0f, -2.0f, 1.5f, -1.5f));
  EXPECT_THAT(outputs_of(quantizer_model(one_type(1, 4, 4, {}), Rounding::kRnd, Overflow::kWrap, {2, 2}), x),
              ElementsAre(2.0f, -2.0f, 2.0f, -2.0f));
}

/// A quantizer behind a quantizer, finer and coarser, narrower and wider: the loops for 64-bit mantissas against
/// quantize().
TEST(ProxyQuantizer, BehindFixedPointValuesItDoesWhatQuantizeDoes) {
  Numbers numbers;
  Tensor x(Shape{200, 9});
  for (float& v : x.values()) v = numbers.next() * 8;
  const std::vector<ConstTensorView> inputs{x.view()};
  QuantizerTypes second{{1, 9}, {}, {}, {}};
  for (int e = 0; e < 9; ++e) {
    second.k.push_back(static_cast<int8_t>(e % 2));
    second.b.push_back(static_cast<int8_t>(e == 4 ? 0 : 2 + e));
    second.i.push_back(static_cast<int8_t>(e == 4 ? 0 : e % 4));
  }
  for (const std::string& rounding_name : rounding_names()) {
    for (const std::string& overflow_name : overflow_names()) {
      SCOPED_TRACE(rounding_name + " " + overflow_name);
      const Rounding rounding = rounding_named(rounding_name).value();
      const Overflow overflow = overflow_named(overflow_name).value();
      ProxyBuilder b;
      const ProxyRef q = b.add_quantizer("q", b.add_input("x", {9}), one_type(1, 9, 5), Rounding::kTrn, Overflow::kSat);
      const ProxyModel model = std::move(b).finish({q, b.add_quantizer("q2", q, second, rounding, overflow)});
      const Emulation result = Emulator(model).run(inputs);
      int64_t outside = 0;
      for (size_t n = 0; n < result.outputs[0].values().size(); ++n) {
        Kbi type = second.at(n % 9);
        // What saturates has no more fractional bits than comes, as in hls4ml.
        if (overflow == Overflow::kSat) type.b -= std::max(type.fraction() - 4, 0);
        const Quantized expected = quantize(double{result.outputs[0].data()[n]}, type, rounding, overflow);
        ASSERT_EQ(result.outputs[1].data()[n], to_float(expected.mantissa, type.fraction())) << n;
        outside += expected.outside;
      }
      EXPECT_EQ(result.overflows[1].values, outside);
      EXPECT_GT(outside, 0);
    }
  }
}

TEST(ProxyQuantizer, TypesThatDoNotFitAreNamed) {
  EXPECT_THAT(
      message_of<ShapeError>([] {
        quantizer_model(one_type(1, 4, 4, {1, 3}), Rounding::kRnd, Overflow::kWrap);
      }),
      HasSubstr("layer 'q' (HGQ>FixedPointQuantizer): types of shape [1, 3] do not fit values of shape [1, 4]"));
  EXPECT_THAT(message_of<ShapeError>([] { quantizer_model(one_type(1, 61, 4), Rounding::kRnd, Overflow::kWrap); }),
              HasSubstr("b = 61"));
  EXPECT_THAT(message_of<ShapeError>([] { quantizer_model(one_type(2, 4, 4), Rounding::kRnd, Overflow::kWrap); }),
              HasSubstr("k = 2"));
}

TEST(ProxyQuantizer, OverflowsAreCountedByLayerAndByRow) {
  const ProxyModel model = quantizer_model(one_type(1, 4, 2), Rounding::kRnd, Overflow::kSat);
  const Tensor x = tensor({3, 4}, {0, 1, 1.75f, -2, 1.9f, -2.1f, -2.2f, 5, 0, 0, 0, 1.88f});
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation result = Emulator(model).run(inputs);
  // 1.9 rounds to 2 and -2.1 to -2, which is in range.
  EXPECT_THAT(result.overflows, ElementsAre(OverflowCount{"q", 4}));
  EXPECT_THAT(result.row_overflows, ElementsAre(0, 1, 1));
  EXPECT_EQ(result.rows_with_overflow(), 2);
}

/// Every rounding and overflow mode, floats and integers of both widths: the vectorised step and the general one.
TEST(ProxyQuantizer, WithoutBitsItMasksWhateverComesAndNothingOverflows) {
  const Tensor x = tensor({4, 2}, {0.3f, 1, -0.1f, -1, 3e30f, 1, -4e9f, -1});
  for (const std::string& rounding : rounding_names()) {
    for (const std::string& overflow : overflow_names()) {
      SCOPED_TRACE(rounding + " " + overflow);
      ProxyBuilder b;
      const auto add = [&](const char* name, ProxyRef parent, QuantizerTypes types) {
        return b.add_quantizer(name, parent, std::move(types), *rounding_named(rounding), *overflow_named(overflow));
      };
      const ProxyRef in = b.add_input("x", {2});
      const ProxyRef masked = add("masked", in, {{1, 2}, {0, 1}, {0, 4}, {0, 4}});
      const ProxyRef all = add("all", in, {{1, 2}, {1, 1}, {60, 4}, {60, 4}});
      const ProxyRef again = add("again", all, {{1, 2}, {0, 1}, {0, 4}, {0, 4}});
      const ProxyModel model = std::move(b).finish({masked, again});
      const std::vector<ConstTensorView> inputs{x.view()};
      const Emulation result = Emulator(model).run(inputs);
      for (const Tensor& y : result.outputs) EXPECT_THAT(y.values(), ElementsAre(0, 1, 0, -1, 0, 1, 0, -1));
      EXPECT_THAT(result.overflows,
                  ElementsAre(OverflowCount{"masked", 0}, OverflowCount{"all", 0}, OverflowCount{"again", 0}));
    }
  }
}

/// A unit without bits behind its ReLU has lost its bias, so that what comes to the quantizer in front of the ReLU is
/// no value of the model.
TEST(ProxyQuantizer, InFrontOfAReluThatLeadsToNoBitsNothingOverflows) {
  const auto model_of = [](int8_t bits, bool output_too) {
    ProxyBuilder b;
    const ProxyRef in =
        b.add_quantizer("in", b.add_input("x", {2}), one_type(1, 12, 8, {1, 1}), Rounding::kTrn, Overflow::kWrap);
    const ProxyRef before = b.add_quantizer("before", in, one_type(1, 4, 4, {1}), Rounding::kTrn, Overflow::kWrap);
    const ProxyRef after = b.add_quantizer("after", b.add_relu(before), {{1, 2}, {0, 0}, {3, bits}, {3, bits}},
                                           Rounding::kTrn, Overflow::kWrap);
    return std::move(b).finish(output_too ? std::vector{after, before} : std::vector{after});
  };
  const Tensor x = tensor({2, 2}, {1, 100, 1, -9});
  const std::vector<ConstTensorView> inputs{x.view()};
  const auto overflows = [&](const ProxyModel& model) { return Emulator(model).run(inputs).overflows[1].values; };
  EXPECT_EQ(overflows(model_of(0, false)), 0);
  EXPECT_EQ(overflows(model_of(0, true)), 2);  // an output is read
  EXPECT_EQ(overflows(model_of(3, false)), 2);
}

/// Quantizer with types of every kind -> Dense -> quantizer, against plain double arithmetic, which is exact for these
/// widths.

/// A net with all stages; rows cross the blocks of the emulator.
ProxyModel deep_model() {
  Numbers numbers;
  const auto values = [&](int n) {
    std::vector<float> out(static_cast<size_t>(n));
    for (float& v : out) v = std::round(numbers.next() * 16) / 8;
    return out;
  };
  ProxyBuilder b;
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {16}), one_type(1, 6, 3), Rounding::kRnd, Overflow::kWrap);
  const ProxyRef d = b.add_dense("d", q, {16, 32}, values(512), values(32));
  const ProxyRef dq = b.add_quantizer("dq", d, one_type(1, 9, 6), Rounding::kTrn, Overflow::kWrap);
  const ProxyRef s = b.add_quantizer("sq", b.add_activation("s", dq, "sigmoid"), one_type(0, 7, 1), Rounding::kRnd,
                                     Overflow::kSatZero);
  const ProxyRef o = b.add_dense("o", s, {32, 5}, values(160), values(5));
  return std::move(b).finish({b.add_quantizer("oq", o, one_type(1, 7, 6), Rounding::kRnd, Overflow::kSat)});
}

TEST(Emulator, AnyNumberOfThreadsGivesTheSame) {
  const ProxyModel model = deep_model();
  const Emulator emulator(model);
  Numbers numbers;
  Tensor x(Shape{1001, 16});
  for (float& v : x.values()) v = numbers.next() * 3.9f;
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation one = emulator.run(inputs);
  EXPECT_GT(one.rows_with_overflow(), 0);
  EXPECT_LT(one.rows_with_overflow(), 1001);
  for (const int threads : {1, 2, 3}) {
    Workers workers(threads);
    const Emulation many = emulator.run(inputs, &workers);
    EXPECT_TRUE(std::ranges::equal(one.outputs[0].values(), many.outputs[0].values()));
    EXPECT_EQ(one.row_overflows, many.row_overflows);
    EXPECT_EQ(one.overflows, many.overflows);
  }
  // Each row by itself, too.
  for (const int64_t row : {0, 255, 256, 1000}) {
    const std::vector<ConstTensorView> single{x.view().rows(row, 1)};
    const Emulation alone = emulator.run(single);
    EXPECT_TRUE(std::ranges::equal(alone.outputs[0].values(), one.outputs[0].view().rows(row, 1).values()));
    EXPECT_EQ(alone.row_overflows[0], one.row_overflows[static_cast<size_t>(row)]);
  }
}

TEST(Emulator, NoRowsGiveNoRows) {
  const ProxyModel model = deep_model();
  const Tensor x(Shape{0, 16});
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation result = Emulator(model).run(inputs);
  EXPECT_EQ(result.outputs[0].shape(), (Shape{0, 5}));
  EXPECT_EQ(result.rows(), 0);
}

TEST(Emulator, DataThatDoNotFitAreNamed) {
  const ProxyModel model = quantizer_model(one_type(1, 4, 2), Rounding::kRnd, Overflow::kSat);
  const Emulator emulator(model);
  const auto message = [&](const std::vector<ConstTensorView>& inputs) {
    return message_of<ShapeError>([&] { emulator.run(inputs); });
  };
  const Tensor narrow(Shape{3, 3});
  EXPECT_THAT(message({narrow.view()}), HasSubstr("input 'x': data have shape [3, 3], expected rows of shape [4]"));
  EXPECT_THAT(message({}), HasSubstr("the proxy has 1 inputs, 0 are given"));
  Tensor x(Shape{3, 4});
  x.data()[9] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(message({x.view()}), HasSubstr("input 'x': row 2 holds inf, expected finite numbers"));
  x.data()[9] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(message({x.view()}), HasSubstr("row 2 holds nan"));
}

// As hls4ml 1.3.0 has it: 2/3 is cut towards 0 after 32 more bits, so that 3 times as much stays below 2 (and above
// -2).

TEST(Emulator, TheLargestAndSmallestFloatsAreExact) {
  const Tensor x = tensor({1, 4}, {std::numeric_limits<float>::max(), -std::numeric_limits<float>::denorm_min(),
                                   std::numeric_limits<float>::denorm_min(), -std::numeric_limits<float>::max()});
  EXPECT_THAT(outputs_of(quantizer_model(one_type(1, 8, 4), Rounding::kTrn, Overflow::kSat), x),
              ElementsAre(7.9375f, -0.0625f, 0.0f, -8.0f));
  EXPECT_THAT(outputs_of(quantizer_model(one_type(1, 8, 4), Rounding::kRnd, Overflow::kWrap), x),
              ElementsAre(0.0f, 0.0f, 0.0f, 0.0f));
}

// The type before the ReLU is finer than its input, which hls4ml narrows; the second unit has no bits after the ReLU.
TEST(Emulator, UnitsWithoutBitsLeaveTheTypesOfTheOthersAsTheyAre) {
  ProxyBuilder b;
  ProxyRef h = b.add_quantizer("x_q", b.add_input("x", {2}), one_type(1, 4, 4), Rounding::kTrn, Overflow::kWrap);
  h = b.add_quantizer("q", h, {{1, 2}, {1, 1}, {8, 7}, {4, 4}}, Rounding::kTrn, Overflow::kWrap);
  h = b.add_quantizer("relu_q", b.add_relu(h), {{1, 2}, {0, 0}, {6, 0}, {4, 0}}, Rounding::kTrn, Overflow::kWrap);
  EXPECT_THAT(outputs_of(std::move(b).finish({h}), tensor({2, 2}, {5, 1, -3, 7})), ElementsAre(5, 0, 0, 0));
}

}  // namespace emulator_test
}  // namespace hgq
