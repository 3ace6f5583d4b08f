#include "hgq/layers/initializers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace initializers_test {

using ::testing::HasSubstr;
using Kind = Initializer::Kind;

Initializer read(const std::string& yaml, std::string* message = nullptr) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "test.yaml", errors);
  const Initializer result = Initializer::from_node(node, errors);
  if (message == nullptr) {
    errors.throw_if_any();
  } else {
    *message = errors.empty() ? "" : errors.messages().front();
  }
  return result;
}

Tensor made(const Initializer& initializer, const Shape& shape, uint64_t seed = 1,
            const std::string& name = "dense/kernel") {
  Tensor w(shape);
  initializer.fill(w.view(), seed, name);
  return w;
}

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};
Moments moments(const Tensor& w) {
  Moments m;
  for (const float v : w.values()) {
    m.mean += static_cast<double>(v);
    m.deviation += static_cast<double>(v) * static_cast<double>(v);
    m.largest = std::max(m.largest, std::abs(static_cast<double>(v)));
  }
  const auto n = static_cast<double>(w.size());
  m.mean /= n;
  m.deviation = std::sqrt(m.deviation / n - m.mean * m.mean);
  return m;
}

TEST(Initializer, FansAreKeras) {
  EXPECT_EQ(fans(Shape{}).in, 1);
  EXPECT_EQ(fans(Shape{7}).in, 7);
  EXPECT_EQ(fans(Shape{7}).out, 7);
  EXPECT_EQ(fans(Shape{4, 6}).in, 4);
  EXPECT_EQ(fans(Shape{4, 6}).out, 6);
  EXPECT_EQ(fans(Shape{3, 5, 2, 8}).in, 30);
  EXPECT_EQ(fans(Shape{3, 5, 2, 8}).out, 120);
}

struct Scaled {
  const char* name;
  double scale;
  double (*fan)(double in, double out);
  bool uniform;
};

TEST(Initializer, VarianceIsScaleByFan) {
  const auto in = [](double i, double) { return i; };
  const auto average = [](double i, double o) { return (i + o) / 2; };
  const std::vector<Scaled> cases{{"glorot_uniform", 1, average, true}, {"glorot_normal", 1, average, false},
                                  {"lecun_uniform", 1, in, true},       {"lecun_normal", 1, in, false},
                                  {"he_uniform", 2, in, true},          {"he_normal", 2, in, false}};
  for (const Scaled& c : cases) {
    for (const Shape& shape : {Shape{400, 100}, Shape{3, 3, 20, 200}, Shape{40000}}) {
      const Fans fan = fans(shape);
      const double deviation = std::sqrt(c.scale / c.fan(fan.in, fan.out));
      const Moments m = moments(made(read(c.name), shape));
      const auto n = static_cast<double>(shape.size());
      EXPECT_NEAR(m.mean, 0, 5 * deviation / std::sqrt(n)) << c.name << to_string(shape);
      EXPECT_NEAR(m.deviation, deviation, 5 * deviation / std::sqrt(n)) << c.name << to_string(shape);
      // The ends of the range: nearly reached, never passed.
      const double end = c.uniform ? deviation * std::sqrt(3.0) : 2 * deviation / 0.87962566103423978;
      EXPECT_LE(m.largest, end * 1.000001) << c.name;
      EXPECT_GT(m.largest, end * 0.99) << c.name;
    }
  }
}

TEST(Initializer, VarianceScalingTakesModeAndDistribution) {
  const Moments m = moments(
      made(read("{VarianceScaling: {scale: 4.0, mode: fan_out, distribution: untruncated_normal}}"), Shape{400, 100}));
  EXPECT_NEAR(m.deviation, 0.2, 0.005);
  EXPECT_GT(m.largest, 0.6);  // beyond 3 deviations: not truncated
  EXPECT_EQ(read("{VarianceScaling: {distribution: normal}}"), read("VarianceScaling"));
}

TEST(Initializer, SimpleDistributions) {
  const Moments uniform = moments(made(read("{RandomUniform: {minval: 1.0, maxval: 3.0}}"), Shape{40000}));
  EXPECT_NEAR(uniform.mean, 2, 0.015);
  EXPECT_NEAR(uniform.deviation, 2 / std::sqrt(12.0), 0.01);
  EXPECT_LT(uniform.largest, 3);
  const Moments normal = moments(made(read("{RandomNormal: {mean: 0.5, stddev: 0.1}}"), Shape{40000}));
  EXPECT_NEAR(normal.mean, 0.5, 0.0025);
  EXPECT_NEAR(normal.deviation, 0.1, 0.002);
  EXPECT_GT(normal.largest, 0.85);
  const Moments truncated = moments(made(read("truncated_normal"), Shape{40000}));
  EXPECT_NEAR(truncated.deviation, 0.05 * 0.87962566103423978, 0.001);
  EXPECT_LE(truncated.largest, 0.1);
}

TEST(Initializer, NormalNumbersAreNormal) {
  const Tensor w = made(read("{RandomNormal: {stddev: 1.0}}"), Shape{100000});
  // Share below z, against the normal distribution: 5 standard errors are 0.008.
  for (const double z : {-2.0, -1.0, 0.0, 0.5, 1.5}) {
    const auto below = std::ranges::count_if(w.values(), [z](float v) { return static_cast<double>(v) < z; });
    EXPECT_NEAR(static_cast<double>(below) / 1e5, 0.5 * std::erfc(-z / std::sqrt(2.0)), 0.008) << z;
  }
}

TEST(Initializer, RangeOfOneFloatEndsIsNotReached) {
  // Rounded to float32 a number below the upper end could become the end itself.
  Initializer narrow = read("random_uniform");
  narrow.minval = 1.0;
  narrow.maxval = 1.0 + 0x1p-22;
  const Tensor w = made(narrow, Shape{1000});
  for (const float v : w.values()) EXPECT_LT(static_cast<double>(v), narrow.maxval);
}

TEST(Initializer, Constants) {
  EXPECT_THAT(made(read("zeros"), Shape{2}).values(), ::testing::ElementsAre(0, 0));
  EXPECT_THAT(made(read("ones"), Shape{2}).values(), ::testing::ElementsAre(1, 1));
  EXPECT_THAT(made(read("{Constant: 229}"), Shape{2}).values(), ::testing::ElementsAre(229, 229));
  EXPECT_THAT(made(read("{Constant: {value: -0.5}}"), Shape{1}).values(), ::testing::ElementsAre(-0.5F));
  EXPECT_THAT(made(read("{Identity: {gain: 2.0}}"), Shape{2, 3}).values(), ::testing::ElementsAre(2, 0, 0, 0, 2, 0));
  EXPECT_EQ(Initializer::constant(3), read("{Constant: 3}"));
}

TEST(Initializer, OrthogonalVectorsAreOrthonormal) {
  for (const Shape& shape : {Shape{20, 8}, Shape{8, 20}, Shape{16, 16}, Shape{3, 2, 5}}) {
    const Tensor w = made(read("{Orthogonal: {gain: 3.0}}"), shape);
    const int64_t columns = shape[-1];
    const int64_t rows = shape.size() / columns;
    const bool tall = rows >= columns;
    for (int64_t a = 0; a < std::min(rows, columns); ++a) {
      for (int64_t b = 0; b <= a; ++b) {
        double product = 0;
        for (int64_t i = 0; i < std::max(rows, columns); ++i) {
          product +=
              tall ? static_cast<double>(w.data()[i * columns + a]) * static_cast<double>(w.data()[i * columns + b])
                   : static_cast<double>(w.data()[a * columns + i]) * static_cast<double>(w.data()[b * columns + i]);
        }
        EXPECT_NEAR(product, a == b ? 9.0 : 0.0, 1e-5) << to_string(shape) << a << " " << b;
      }
    }
  }
}

TEST(Initializer, NumbersDependOnSeedAndNameAlone) {
  const auto values = [](const Initializer& i, uint64_t seed, const std::string& name) {
    const Tensor w = made(i, Shape{64}, seed, name);
    return std::vector<float>(w.values().begin(), w.values().end());
  };
  const Initializer i = read("glorot_uniform");
  EXPECT_EQ(values(i, 1, "a/kernel"), values(i, 1, "a/kernel"));
  EXPECT_NE(values(i, 1, "a/kernel"), values(i, 2, "a/kernel"));
  EXPECT_NE(values(i, 1, "a/kernel"), values(i, 1, "b/kernel"));
  const Initializer seeded = read("{GlorotUniform: {seed: 7}}");
  EXPECT_EQ(values(seeded, 1, "a/kernel"), values(seeded, 2, "b/kernel"));
  EXPECT_NE(values(seeded, 1, "a/kernel"), values(read("{GlorotUniform: {seed: 8}}"), 1, "a/kernel"));
}

TEST(Initializer, JsonIsThatOfKerasAndReadsBack) {
  const auto glorot = nlohmann::json::parse(
      R"({"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null}, "registered_name": null})");
  EXPECT_EQ(to_json(Initializer::glorot_uniform()), glorot);
  EXPECT_EQ(to_json(Initializer::zeros()),
            nlohmann::json::parse(
                R"({"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": null})"));
  EXPECT_EQ(to_json(read("VarianceScaling")),
            nlohmann::json::parse(R"({"module": "keras.initializers", "class_name": "VarianceScaling", "config":
      {"scale": 1.0, "mode": "fan_in", "distribution": "truncated_normal", "seed": null}, "registered_name": null})"));
  for (const std::string yaml :
       {"zeros", "ones", "{Constant: 1.5}", "{random_uniform: {minval: -1, seed: 5}}", "random_normal",
        "{truncated_normal: {mean: 2}}", "{variance_scaling: {mode: fan_avg, distribution: uniform}}", "orthogonal",
        "{identity: {gain: 2}}", "glorot_uniform", "glorot_normal", "lecun_uniform", "lecun_normal", "he_uniform",
        "{he_normal: {seed: 3}}"}) {
    const Initializer initializer = read(yaml);
    ErrorList errors;
    EXPECT_EQ(Initializer::from_node(Node::from_json(to_json(initializer), "model"), errors), initializer) << yaml;
    EXPECT_TRUE(errors.empty()) << yaml;
  }
  EXPECT_EQ(
      read(
          R"({"module": "tf_keras.initializers", "class_name": "HeNormal", "config": {"seed": null}, "registered_name": null})")
          .kind,
      Kind::kHeNormal);
}

TEST(Initializer, ErrorsSayWhereAndWhat) {
  const auto error_of = [](const std::string& yaml) {
    std::string message;
    read(yaml, &message);
    return message;
  };
  EXPECT_THAT(error_of("glorot_unifrom"),
              HasSubstr("test.yaml:1:1: unknown initializer 'glorot_unifrom', did you mean 'glorot_uniform'?"));
  EXPECT_THAT(error_of("{VarianceScaling: {mode: fan_inn}}"), HasSubstr("did you mean 'fan_in'?"));
  EXPECT_THAT(error_of("{VarianceScaling: {scale: 0}}"), HasSubstr("expected a number above 0"));
  EXPECT_THAT(error_of("{RandomUniform: {minval: 1}}"), HasSubstr("1 is above maxval 0.05"));
  EXPECT_THAT(error_of("{zeros: {seed: 1}}"), HasSubstr("unknown key 'seed'"));
  EXPECT_THAT(error_of("{RandomNormal: {stddev: -1}}"), HasSubstr("expected a number of at least 0"));
  EXPECT_THAT(error_of("[zeros]"), HasSubstr("found a list"));
  EXPECT_THROW(made(read("orthogonal"), Shape{3}), ShapeError);
  EXPECT_THROW(made(read("identity"), Shape{3}), ShapeError);
}

}  // namespace initializers_test
}  // namespace hgq
