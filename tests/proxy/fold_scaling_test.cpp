// A proxy with the scaling of its inputs folded in computes on the data as they are, bit by bit, what it computed on
// scaled data, for values out of range, too.
#include "hgq/proxy/fold_scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/data/h5.h"
#include "hgq/deploy/files.h"
#include "hgq/proxy/proxy_file.h"
#include "proxy_test_support.h"

namespace hgq {
namespace fold_scaling_test {

using ::testing::HasSubstr;

/// 2^-3 to 2^4, another one for each feature.
Scaling powers(int64_t features) {
  Scaling scaling;
  for (int64_t f = 0; f < features; ++f) {
    scaling.offset.push_back(0);
    scaling.divisor.push_back(std::ldexp(1.0, static_cast<int>(f * 5 % 8) - 3));
  }
  return scaling;
}

std::vector<float> random_values(int64_t count, double deviation) {
  std::vector<float> values;
  for (int64_t e = 0; e < count; ++e)
    values.push_back(static_cast<float>(deviation * normal_double(random_bits(5, 0, 0, static_cast<uint64_t>(e)))));
  return values;
}

void expect_equal(const Emulation& a, const Emulation& b) {
  EXPECT_EQ(a.row_overflows, b.row_overflows);
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (size_t o = 0; o < a.outputs.size(); ++o)
    EXPECT_TRUE(std::ranges::equal(a.outputs[o].values(), b.outputs[o].values()));
}

/// Of `x` before it was scaled.
Tensor unscaled(const Tensor& x, const Scaling& scaling) {
  Tensor raw(x.shape(), std::vector<float>(x.values().begin(), x.values().end()));
  scaling.undo(raw.values());
  return raw;
}

Emulation emulated(const ProxyModel& proxy, const Tensor& x) {
  const std::vector<ConstTensorView> inputs{x.view()};
  return Emulator(proxy).run(inputs);
}

/// `make` gives the same proxy each time. `file`: also of one that is written and read.
void expect_folds(const std::function<ProxyModel()>& make, const Tensor& x, bool file) {
  const std::vector<Scaling> scaling{powers(x.shape()[-1])};
  const Tensor raw = unscaled(x, scaling[0]);
  const Emulation expected = emulated(make(), x);
  const ProxyModel folded = fold_scaling(make(), scaling);
  expect_equal(emulated(folded, raw), expected);

  if (!file) return;
  const TemporaryFolder folder;
  save_proxy(folded, folder / "folded.h5");
  expect_equal(emulated(load_proxy(folder / "folded.h5"), raw), expected);
  expect_equal(emulated(fold_scaling(load_proxy(folder / "folded.h5"), inverse(scaling)), x), expected);
}

TEST(FoldScaling, OfProxiesOfPythonHgq) {
  for (const std::string model : {"jsc_bn", "mlp_relu", "sigmoid_out", "softmax_out", "unary_fn"}) {
    for (const std::string tag : {"proxy_wrap", "proxy_sat"}) {
      const std::string path = golden_model(model + "/" + tag + ".h5");
      if (!std::ifstream(path)) continue;
      for (const std::string set : {"test", "overflow"}) {
        SCOPED_TRACE(model + " " + tag + " " + set);
        expect_folds([&] { return load_proxy(path); },
                     h5::File::open(golden_model(model + "/data.h5")).read_floats("x/" + set), true);
      }
    }
  }
}

/// An image through [flatten or permute,] a quantizer and a dense layer or a convolution with padding.
ProxyModel image_proxy(const std::string& first, const Shape& types_shape, Rounding rounding, Overflow overflow) {
  ProxyBuilder b;
  ProxyRef x = b.add_input("x", Shape{4, 3, 2});
  if (first == "flatten") x = b.add_flatten("flat", x);
  if (first == "permute") x = b.add_permute("turned", x, {2, 1, 3});
  QuantizerTypes types = one_type(1, 6, 2, types_shape);
  for (size_t t = 0; t < types.b.size(); ++t) types.i[t] = static_cast<int8_t>(static_cast<int>(t % 4) - 1);
  ProxyRef y = b.add_quantizer("q", x, types, rounding, overflow);
  const int64_t inputs = first == "flatten" ? 24 : 2;
  if (first == "conv") {
    y = b.add_conv("conv", b.add_relu(y), {.rank = 2, .stride = {1, 1}, .dilation = {1, 1}, .padding = Padding::kSame},
                   Shape{3, 3, 2, 2}, random_values(36, 8), {0.5F, -3});
  } else {
    y = b.add_dense("dense", y, Shape{inputs, 3}, random_values(inputs * 3, 8), {1, 2, 3});
  }
  return std::move(b).finish({b.add_quantizer("out_q", y, one_type(1, 14, 9), Rounding::kTrn, Overflow::kWrap)});
}

TEST(FoldScaling, OfImagesInEveryMode) {
  const Tensor x(Shape{20, 4, 3, 2}, random_values(20 * 24, 2.5));
  for (const std::string first : {"dense", "flatten", "permute", "conv"}) {
    for (const Shape& types : {Shape{1}, first == "flatten" ? Shape{1, 24} : Shape{1, 1, 1, 2}}) {
      for (int r = 0; r < 7; ++r) {
        for (int o = 0; o < 5; ++o) {
          SCOPED_TRACE(concat(first, " ", types, " rounding ", r, " overflow ", o));
          expect_folds([&] { return image_proxy(first, types, static_cast<Rounding>(r), static_cast<Overflow>(o)); }, x,
                       r == 0);
        }
      }
    }
  }
}

std::string refusal(const Scaling& scaling, float weight = 1, const std::string& function = "") {
  return message_of<ConfigError>([&] {
    ProxyBuilder b;
    ProxyRef x = b.add_quantizer("q", b.add_input("x", Shape{2}), one_type(1, 6, 2), Rounding::kRnd, Overflow::kWrap);
    if (!function.empty()) x = b.add_activation("act", x, function);
    if (function.empty()) x = b.add_dense("dense", x, Shape{2, 1}, {weight, weight}, {});
    fold_scaling(std::move(b).finish({x}), std::vector<Scaling>{scaling});
  });
}

TEST(FoldScaling, RefusesWhatIsNotExact) {
  EXPECT_THAT(refusal({{0, 0}, {2, 3}}), HasSubstr("layer 'x' (InputLayer): the scaling of the inputs is not folded: "
                                                   "feature 1 is scaled as (x - 0) / 3"));
  EXPECT_THAT(refusal({{0.5, 0}, {2, 4}}), HasSubstr("feature 0 is scaled as (x - 0.5) / 2"));
  EXPECT_THAT(refusal({{0, 0}, {2, 0}}), HasSubstr("feature 1"));
  EXPECT_THAT(refusal({{0, 0}, {std::ldexp(1.0, 20), 4}}, 1.5e-38F),
              HasSubstr("layer 'dense' (Dense): the scaling of the inputs is not folded: its weight"));
  EXPECT_THAT(refusal({{0, 0}, {std::ldexp(1.0, 126), 4}}), HasSubstr("128 integer bits"));
  EXPECT_THAT(refusal({{0, 0}, {2, 4}}, 1, "tanh"), HasSubstr("layer 'act' (Activation)"));
}

}  // namespace fold_scaling_test
}  // namespace hgq
