// Circuits of whole proxies compute what the emulator computes: every layer, wraps and saturations, rows out of range.
#include "hgq/rtl/lowering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/autograd/unary_function.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/data/h5.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/proxy_file.h"

namespace hgq::rtl {
namespace lowering_test {

using ::testing::HasSubstr;

class Numbers {
 public:
  explicit Numbers(uint64_t seed) : seed_(seed) {}
  /// A whole number from low to high.
  int integer(int low, int high) {
    return low + static_cast<int>(random_bits(seed_, 0, 0, next_++) % static_cast<uint64_t>(high - low + 1));
  }
  /// A multiple of 2^-fraction from -2^(bits-fraction) to 2^(bits-fraction), a third of the time 0.
  float weight(int bits, int fraction) {
    return integer(0, 2) == 0 ? 0.0F : std::ldexp(static_cast<float>(integer(-(1 << bits), 1 << bits)), -fraction);
  }
  std::vector<float> weights(int64_t count, int bits = 4, int fraction = 3) {
    std::vector<float> out(static_cast<size_t>(count));
    for (float& w : out) w = weight(bits, fraction + integer(-1, 1));
    return out;
  }
  QuantizerTypes types(const Shape& sample, bool is_signed, bool zeros = true) {
    std::vector<int64_t> shape{1};
    for (const int64_t extent : sample.dims()) shape.push_back(extent);
    QuantizerTypes types{Shape(shape), {}, {}, {}};
    for (int64_t e = 0; e < sample.size(); ++e) {
      const int b = zeros && integer(0, 6) == 0 ? 0 : integer(2, 5);
      types.k.push_back(static_cast<int8_t>(b > 0 && is_signed ? 1 : 0));
      types.b.push_back(static_cast<int8_t>(b));
      types.i.push_back(static_cast<int8_t>(integer(0, 2)));
    }
    return types;
  }
  Tensor data(const Shape& shape) {
    Tensor x(shape);
    for (float& v : x.values()) v = std::ldexp(static_cast<float>(integer(-4096, 4096)), -10);  // -4 to 4
    return x;
  }

 private:
  uint64_t seed_;
  uint64_t next_ = 0;
};

void expect_equal(const ProxyModel& model, std::span<const ConstTensorView> inputs) {
  Workers workers(2);
  const Lowered lowered = lower(model, {}, workers);
  const int64_t rows = inputs[0].shape[0];
  const Emulation expected = Emulator(model).run(inputs);
  const std::vector<PortValues> in = lowered.input_values(inputs);
  const std::vector<PortValues> out = Interpreter(lowered.circuit).run(in, rows, &workers);
  ASSERT_EQ(out.size(), expected.outputs.size());
  for (size_t i = 0; i < out.size(); ++i) {
    const std::vector<float> got = to_floats(lowered.circuit.outputs[i], out[i]);
    const std::span<const float> want = expected.outputs[i].values();
    ASSERT_EQ(got.size(), want.size());
    size_t wrong = 0;
    for (size_t e = 0; e < got.size(); ++e) {
      if (got[e] != want[e] && wrong++ < 3)
        ADD_FAILURE() << "output " << i << ", element " << e << ": " << got[e] << ", expected " << want[e];
    }
    EXPECT_EQ(wrong, 0U) << "of " << got.size();
  }
}

void expect_equal(const ProxyModel& model, const Tensor& x) {
  const std::vector<ConstTensorView> inputs{x.view()};
  expect_equal(model, inputs);
}

const std::vector<Rounding> kRoundings{Rounding::kTrn,     Rounding::kRnd,       Rounding::kRndConv, Rounding::kTrnZero,
                                       Rounding::kRndZero, Rounding::kRndMinInf, Rounding::kRndInf};
const std::vector<Overflow> kOverflows{Overflow::kWrap, Overflow::kSat, Overflow::kSatZero, Overflow::kSatSym,
                                       Overflow::kWrapSm};

TEST(Lowering, DenseLayersInAllModes) {
  uint64_t seed = 0;
  for (const Rounding rounding : kRoundings) {
    for (const Overflow overflow : kOverflows) {
      SCOPED_TRACE(::testing::Message() << to_string(rounding) << " " << to_string(overflow));
      Numbers n(++seed);
      ProxyBuilder b;
      const ProxyRef x = b.add_quantizer("x_q", b.add_input("x", {6}), n.types({6}, true), rounding, overflow);
      ProxyRef h = b.add_dense("h", x, {6, 9}, n.weights(54), n.weights(9, 6, 7));
      h = b.add_quantizer("h_q", h, n.types({9}, true), rounding, overflow);
      h = b.add_quantizer("h_relu_q", b.add_relu(h), n.types({9}, false), rounding, overflow);
      ProxyRef y = b.add_dense("y", h, {9, 4}, n.weights(36), n.weights(4, 5, 5));
      y = b.add_quantizer("y_q", y, n.types({4}, true), rounding, overflow);
      expect_equal(std::move(b).finish({y}), n.data({600, 6}));
    }
  }
}

TEST(Lowering, OutputsWithoutAQuantizerAndSeveralReaders) {
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    Numbers n(seed);
    ProxyBuilder b;
    const ProxyRef in = b.add_input("x", {5});
    const ProxyRef x = b.add_quantizer("a_q", in, n.types({5}, true), Rounding::kRnd, Overflow::kWrap);
    const ProxyRef z = b.add_quantizer("b_q", in, n.types({5}, false), Rounding::kTrn, Overflow::kSat);
    const ProxyRef h = b.add_dense("h", x, {5, 5}, n.weights(25), {});
    const ProxyRef sum = b.add_add("sum", {h, z, x});
    const ProxyRef q = b.add_quantizer("q", sum, n.types({5}, true), Rounding::kRndConv, Overflow::kSat);
    const ProxyRef r = b.add_quantizer("r", h, n.types({5}, true), Rounding::kRnd, Overflow::kWrap);
    const ProxyRef joined = b.add_concatenate("c", {q, r, z});
    expect_equal(std::move(b).finish({joined, h, sum}), n.data({300, 5}));
  }
}

TEST(Lowering, ConvolutionsPoolingAndMoves) {
  uint64_t seed = 100;
  for (const Padding padding : {Padding::kValid, Padding::kSame}) {
    for (const bool average : {false, true}) {
      for (const int64_t stride : {1, 2}) {
        for (const Overflow overflow : {Overflow::kWrap, Overflow::kSat}) {
          SCOPED_TRACE(::testing::Message() << "seed " << seed + 1);
          Numbers n(++seed);
          ProxyBuilder b;
          const ProxyRef x =
              b.add_quantizer("x_q", b.add_input("x", {6, 5, 2}), n.types({6, 5, 2}, true), Rounding::kTrn, overflow);
          ConvOptions conv{.rank = 2, .stride = {stride, 1}, .dilation = {1, 1}, .padding = padding};
          ProxyRef h = b.add_conv("c", x, conv, {3, 2, 2, 3}, n.weights(36), n.weights(3, 5, 5));
          h = b.add_quantizer("c_q", h, n.types(b.signal(h).shape, true), Rounding::kRnd, overflow);
          h = b.add_relu(h);
          h = b.add_quantizer("c_relu_q", h, n.types(b.signal(h).shape, false), Rounding::kTrn, overflow);
          h = b.add_pooling("p", h,
                            {.rank = 2, .average = average, .size = {2, 3}, .stride = {1, 2}, .padding = padding});
          h = b.add_quantizer("p_q", h, n.types(b.signal(h).shape, false), Rounding::kRnd, overflow);
          h = b.add_permute("t", h, {3, 1, 2});
          h = b.add_flatten("f", h);
          const int64_t size = b.signal(h).shape.size();
          h = b.add_dense("d", h, {size, 3}, n.weights(size * 3), n.weights(3));
          h = b.add_quantizer("d_q", h, n.types({3}, true), Rounding::kTrn, overflow);
          expect_equal(std::move(b).finish({h}), n.data({200, 6, 5, 2}));
        }
      }
    }
  }
}

TEST(Lowering, ConvolutionsOfSeriesInGroupsWithDilation) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Numbers n(seed);
    ProxyBuilder b;
    ProxyRef h = b.add_reshape("r", b.add_input("x", {24}), {6, 4});
    h = b.add_quantizer("x_q", h, n.types({6, 4}, true), Rounding::kRnd, Overflow::kSat);
    const ConvOptions conv{.rank = 1,
                           .stride = {1},
                           .dilation = {2},
                           .padding = seed % 2 == 0 ? Padding::kSame : Padding::kCausal,
                           .groups = 2};
    h = b.add_conv("c", h, conv, {2, 2, 4}, n.weights(16), n.weights(4));
    h = b.add_quantizer("c_q", h, n.types({6, 4}, true), Rounding::kRndZero, Overflow::kWrap);
    h = b.add_pooling("p", h, {.rank = 1, .average = true, .size = {3}, .stride = {3}});
    h = b.add_dense("d",
                    b.add_quantizer("p_q", h, n.types(b.signal(h).shape, true), Rounding::kTrnZero, Overflow::kSatSym),
                    {4, 2}, n.weights(8), {});
    expect_equal(std::move(b).finish({h}), n.data({200, 24}));
  }
}

TEST(Lowering, MeansOfAnyNumberOfValuesAreDivisions) {
  uint64_t seed = 300;
  for (const int64_t count : {3, 5, 6, 7, 9, 12, 25}) {
    for (const Rounding rounding : kRoundings) {
      for (const Overflow overflow : {Overflow::kWrap, Overflow::kSat}) {
        for (const bool is_wide : {false, true}) {
          SCOPED_TRACE(::testing::Message() << "seed " << seed + 1 << ", count " << count);
          Numbers n(++seed);
          ProxyBuilder b;
          QuantizerTypes types = n.types({count, 4}, true);
          for (int8_t& width : types.b) width = static_cast<int8_t>(is_wide && width > 0 ? width + 7 : width);
          ProxyRef h = b.add_quantizer("x_q", b.add_input("x", {count, 4}), types, Rounding::kTrn, Overflow::kWrap);
          h = b.add_pooling("p", h, {.rank = 1, .average = true, .size = {count}, .stride = {count}});
          const ProxyRef signed_q = b.add_quantizer("s_q", h, n.types({1, 4}, true), rounding, overflow);
          std::vector<ProxyRef> outputs{b.add_flatten("s", signed_q)};
          const ProxyRef relu_q = b.add_quantizer("r_q", b.add_relu(h), n.types({1, 4}, false), rounding, overflow);
          outputs.push_back(b.add_flatten("r", relu_q));
          if (rounding == Rounding::kTrn) outputs.push_back(b.add_flatten("m", h));
          expect_equal(std::move(b).finish(outputs), n.data({300, count, 4}));
        }
      }
    }
  }
}

TEST(Lowering, FunctionsBecomeTables) {
  for (const Overflow overflow : {Overflow::kWrap, Overflow::kSat}) {
    for (const std::string function : {"tanh", "sigmoid", "relu", "linear"}) {
      SCOPED_TRACE(function);
      Numbers n(7);
      ProxyBuilder b;
      ProxyRef h = b.add_quantizer("x_q", b.add_input("x", {6}), n.types({6}, true), Rounding::kTrn, overflow);
      h = b.add_activation("a", h, function);
      const ProxyRef q = b.add_quantizer("a_q", h, n.types({6}, true), Rounding::kRnd, overflow);
      expect_equal(std::move(b).finish({q, h}), n.data({400, 6}));
    }
    Numbers n(8);
    ProxyBuilder b;
    ProxyRef h = b.add_quantizer("x_q", b.add_input("x", {4}), {{1}, {1}, {7}, {3}}, Rounding::kTrn, overflow);
    const auto square = std::make_shared<const ops::UnaryFunction>(
        ops::UnaryFunction{.name = "square", .value = [](double v) { return v * v; }});
    h = b.add_unary_lut("lut", h, square);
    const ProxyRef q = b.add_quantizer("lut_q", h, n.types({4}, false), Rounding::kRnd, overflow);
    const ProxyRef d = b.add_dense("d", h, {4, 2}, n.weights(8), {});
    expect_equal(std::move(b).finish({q, d}), n.data({400, 4}));
  }
}

TEST(Lowering, GoldenProxies) {
  const std::string folder = std::string(HGQ_SOURCE_DIR) + "/tests/golden/models/";
  for (const std::string name :
       {"mixer/proxy_wrap", "mixer/proxy_sat", "unary_fn/proxy_wrap", "unary_fn/proxy_wrap_cover1.1",
        "unary_fn/proxy_sat", "jsc_bn/proxy_wrap", "jsc_bn/proxy_sat", "sigmoid_out/proxy_wrap",
        "sigmoid_out/proxy_sat", "sigmoid_out/proxy_wrap_lut", "sigmoid_out/proxy_sat_lut",
        "sigmoid_out/proxy_wrap_cover1.1", "mlp_relu/proxy_wrap", "mlp_relu/proxy_sat", "mlp_relu/proxy_wrap_cover1.1",
        "mlp_relu/proxy_wrap_acc2"}) {
    SCOPED_TRACE(name);
    const ProxyModel model = load_proxy(folder + name + ".h5", ProxyKinds());
    const h5::File data = h5::File::open(folder + name.substr(0, name.find('/')) + "/data.h5");
    for (const std::string set : {"test", "overflow"}) expect_equal(model, data.read_floats("x/" + set));
  }
}

TEST(Lowering, ProgressNamesTheLayerAndGrows) {
  Numbers n(1);
  ProxyBuilder b;
  const ProxyRef x =
      b.add_quantizer("x_q", b.add_input("x", {12}), n.types({12}, true), Rounding::kRnd, Overflow::kWrap);
  const ProxyRef h = b.add_dense("h", x, {12, 12}, n.weights(144), {});
  const ProxyRef y = b.add_dense("y", h, {12, 3}, n.weights(36), {});
  std::vector<LoweringProgress> told;
  LoweringOptions options;
  options.solver.steps_per_adder = 30;
  options.progress = [&](const LoweringProgress& progress) { told.push_back(progress); };
  Workers workers(2);
  lower(std::move(b).finish({y}), options, workers);
  ASSERT_GT(told.size(), 4U);
  EXPECT_EQ(told.front().layer, "h");
  EXPECT_EQ(told.back().layer, "y");
  EXPECT_EQ(told.back().number, 2U);
  EXPECT_EQ(told.back().count, 2U);
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_GE(told[i].share, i > 0 && told[i].number == told[i - 1].number ? told[i - 1].share : 0);
    EXPECT_LE(told[i].share, 1);
  }
}

TEST(Lowering, SoftmaxIsRefusedOrItsInputsAreTheOutputs) {
  const std::string folder = std::string(HGQ_SOURCE_DIR) + "/tests/golden/models/softmax_out/";
  ProxyModel model = load_proxy(folder + "proxy_wrap.h5", ProxyKinds());
  Workers workers(1);
  try {
    lower(model, {}, workers);
    FAIL() << "expected an error";
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("is a softmax"));
  }
  const std::vector<LayerWithoutCircuit> without = layers_without_circuit(model);
  ASSERT_EQ(without.size(), 1);
  EXPECT_TRUE(without[0].is_softmax_at_output);
  std::vector<std::string> notes;
  LogitOutputs logit_outputs = with_logits(std::move(model), notes);
  EXPECT_THAT(logit_outputs.had_softmax, ::testing::ElementsAre(true));
  model = std::move(logit_outputs.model);
  EXPECT_TRUE(layers_without_circuit(model).empty());
  EXPECT_THAT(notes, ::testing::ElementsAre(HasSubstr("before the softmax")));
  const Tensor x = h5::File::open(folder + "data.h5").read_floats("x/test");
  expect_equal(model, x);

  const Lowered lowered = lower(model, {.argmax = {true}}, workers);
  const std::vector<ConstTensorView> inputs{x.view()};
  const Emulation expected = Emulator(model).run(inputs);
  const PortValues got = Interpreter(lowered.circuit).run(lowered.input_values(inputs), expected.rows())[0];
  const std::span<const float> logits = expected.outputs[0].values();
  const size_t classes = logits.size() / got.size();
  for (size_t row = 0; row < got.size(); ++row) {
    const auto of_row = logits.subspan(row * classes, classes);
    EXPECT_EQ(got[row], std::ranges::max_element(of_row) - of_row.begin()) << "row " << row;
  }
}

}  // namespace lowering_test
}  // namespace hgq::rtl
