#include "hgq/layers/regularizers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hgq {
namespace regularizers_test {

using ::testing::HasSubstr;

constexpr std::array<float, 6> kWeights{0.5F, -2.0F, 1.5F, 3.0F, 0.25F, -0.75F};

Regularizer read(const std::string& yaml, std::string* message = nullptr) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "test.yaml", errors);
  const Regularizer result = Regularizer::from_node(node, errors);
  if (message == nullptr) {
    errors.throw_if_any();
  } else {
    *message = errors.empty() ? "" : errors.messages().front();
  }
  return result;
}

// From Keras 2.15 on the same weights.
TEST(Regularizer, ValuesAreKeras) {
  const std::span<const float> w(kWeights);
  EXPECT_NEAR(read("l1").value(w), 0.07999999821186066F, 1e-8);
  EXPECT_NEAR(read("l2").value(w), 0.16124999523162842F, 2e-8);
  EXPECT_NEAR(read("l1_l2").value(w), 0.24124999344348907F, 3e-8);
  EXPECT_NEAR(Regularizer::L1L2(0.1, 0.2).value(w), 4.025000095367432F, 5e-7);
  EXPECT_EQ(Regularizer::MonoL1(2).value(w), 5.0F);
  EXPECT_EQ(Regularizer::none().value(w), 0.0F);
}

TEST(Regularizer, GradientIsKerasAndIsAdded) {
  const std::array<float, 6> want{0.3F, -0.9F, 0.7F, 1.3F, 0.2F, -0.4F};
  std::array<float, 6> grad{};
  grad.fill(1.0F);
  Regularizer::L1L2(0.1, 0.2).add_gradient<float>(kWeights, 2.0F, grad);
  for (size_t i = 0; i < grad.size(); ++i) EXPECT_NEAR(grad[i], 1 + 2 * want[i], 3e-7) << i;
}

TEST(Regularizer, GradientAtZero) {
  const std::array<float, 2> zeros{0.0F, -0.0F};
  std::array<float, 2> grad{};
  Regularizer::L1(3).add_gradient<float>(zeros, 1.0F, grad);
  EXPECT_EQ(grad[0], 0.0F);
  EXPECT_EQ(grad[1], 0.0F);
  Regularizer::MonoL1(3).add_gradient<float>(zeros, 0.5F, grad);
  EXPECT_EQ(grad[0], 1.5F);
  EXPECT_EQ(grad[1], 1.5F);
}

TEST(Regularizer, GradientIsTheSlopeOfTheValue) {
  const std::vector<double> x{0.5, -1.25, 2.0, -0.125};
  for (const Regularizer& r :
       {Regularizer::L1(0.3), Regularizer::L2(0.7), Regularizer::L1L2(0.2, 0.4), Regularizer::MonoL1(0.9)}) {
    std::vector<double> grad(x.size());
    r.add_gradient<double>(x, 1.0, grad);
    for (size_t i = 0; i < x.size(); ++i) {
      std::vector<double> up = x;
      std::vector<double> down = x;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      EXPECT_NEAR(grad[i], (r.value<double>(up) - r.value<double>(down)) / 2e-5, 1e-9) << to_string(r.kind) << i;
    }
  }
}

TEST(Regularizer, FormsOfConfigsAndFilesAreRead) {
  EXPECT_EQ(read("{MonoL1: 1.0e-6}"), Regularizer::MonoL1(1e-6));
  EXPECT_EQ(read("{MonoL1: {l1: 1.0e-6}}"), Regularizer::MonoL1(1e-6));
  EXPECT_EQ(read("{L2: 0.5}"), Regularizer::L2(0.5));
  EXPECT_EQ(read("L1"), Regularizer::L1(0.01));
  EXPECT_EQ(read("l1_l2"), Regularizer::L1L2(0.01, 0.01));
  EXPECT_EQ(read("L1L2"), Regularizer::L1L2(0, 0));
  EXPECT_EQ(read("{L1L2: {l1: 0.1, l2: 0.2}}"), Regularizer::L1L2(0.1, 0.2));
  EXPECT_EQ(read("null"), Regularizer::none());
  EXPECT_EQ(read(R"({"class_name": "HGQ>MonoL1", "config": {"l1": 2e-06}, "__passive_serialization__": true})"),
            Regularizer::MonoL1(2e-6));
  EXPECT_EQ(
      read(R"({"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.25}, "registered_name": null})"),
      Regularizer::L2(0.25));
}

TEST(Regularizer, JsonIsThatOfKerasAndReadsBack) {
  const auto l2 = nlohmann::json::parse(
      R"({"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.25}, "registered_name": null})");
  EXPECT_EQ(to_json(Regularizer::L2(0.25)), l2);
  const auto mono = nlohmann::json::parse(
      R"({"class_name": "HGQ>MonoL1", "config": {"l1": 1e-06}, "__passive_serialization__": true})");
  EXPECT_EQ(to_passive_json(Regularizer::MonoL1(1e-6)), mono);
  EXPECT_TRUE(to_json(Regularizer::none()).is_null());
  for (const Regularizer& r : {Regularizer::none(), Regularizer::L1(0.3), Regularizer::L2(0.7),
                               Regularizer::L1L2(0.2, 0.4), Regularizer::MonoL1(0.9)}) {
    ErrorList errors;
    EXPECT_EQ(Regularizer::from_node(Node::from_json(to_json(r), "model"), errors), r);
    EXPECT_EQ(Regularizer::from_node(Node::from_json(to_passive_json(r), "model"), errors), r);
    EXPECT_TRUE(errors.empty());
  }
}

TEST(Regularizer, ErrorsSayWhereAndWhat) {
  std::string message;
  read("{MonoL2: 1}", &message);
  EXPECT_THAT(message, HasSubstr("test.yaml:1:2: unknown regularizer 'MonoL2', did you mean 'MonoL1'?"));
  read("{L1: {l2: 1}}", &message);
  EXPECT_THAT(message, HasSubstr("unknown key 'l2'"));
  read("{L1: -1}", &message);
  EXPECT_THAT(message, HasSubstr("expected a number of at least 0"));
  read("{L1L2: 0.1}", &message);
  EXPECT_THAT(message, HasSubstr("expected a map"));
  read("{L1: much}", &message);
  EXPECT_THAT(message, HasSubstr("expected a number"));
}

}  // namespace regularizers_test
}  // namespace hgq
