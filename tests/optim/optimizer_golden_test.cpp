// Every optimizer and schedule of the golden data, as Keras 2.15 computed them: optimizers followed step by step.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"
#include "hgq/optim/optimizer_config.h"

namespace hgq {
namespace optimizer_golden_test {

const std::string kGolden = HGQ_SOURCE_DIR "/tests/golden/layers/optimizers.h5";

/// {"type": T, ...} of the golden data as {T: {...}}, inner ones too.
nlohmann::json named(const nlohmann::json& typed) {
  if (!typed.is_object()) return typed;
  nlohmann::json arguments = nlohmann::json::object();
  for (const auto& [key, value] : typed.items()) {
    if (key != "type") arguments[key] = named(value);
  }
  return {{typed.at("type").get<std::string>(), arguments}};
}

float largest(std::span<const float> values) {
  float result = 0;
  for (const float v : values) result = std::max(result, std::abs(v));
  return result;
}

void expect_near(std::span<const float> got, std::span<const float> want, float scale, const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], want[i], 1e-6 * static_cast<double>(scale)) << what << ", element " << i;
  }
}

void follow_optimizer(const h5::Group& golden, const nlohmann::json& config, const std::string& name) {
  ErrorList errors;
  const Node node = Node::from_json(named(config.at("optimizer")), "golden");
  const auto optimizer = make_optimizer(node, {}, errors);
  errors.throw_if_any();
  ASSERT_NE(optimizer, nullptr);
  EXPECT_EQ(optimizer->name(), config.at("optimizer").at("type").get<std::string>());

  std::vector<Parameter> parameters;
  for (const char* weight : {"w0", "w1"}) {
    Tensor start = golden.read_floats(std::string("params/") + weight);
    parameters.emplace_back(weight, start.shape());
    parameters.back().value = std::move(start);
  }
  std::vector<Parameter*> pointers{&parameters[0], &parameters[1]};
  const int steps = config.at("steps").get<int>();
  for (int step = 0; step < steps; ++step) {
    for (size_t p = 0; p < 2; ++p) {
      parameters[p].grad = golden.read_floats("in/g" + std::to_string(p), step, 1);
    }
    optimizer->update(pointers);
    for (size_t p = 0; p < 2; ++p) {
      const std::string path = "out/w" + std::to_string(p);
      const Tensor all = golden.read_floats(path);
      const Tensor want = golden.read_floats(path, step, 1);
      expect_near(parameters[p].value.values(), want.values(), largest(all.values()),
                  concat(name, " ", path, ", step ", step));
    }
  }
  EXPECT_EQ(optimizer->iterations(), steps);
}

void follow_schedule(const h5::Group& golden, const nlohmann::json& config, const std::string& name) {
  ErrorList errors;
  const auto schedule = make_schedule(Node::from_json(named(config.at("schedule")), "golden"), {}, errors);
  errors.throw_if_any();
  ASSERT_TRUE(schedule.has_value());
  const std::vector<int64_t> steps = golden.read_integers("in/step");
  const Tensor want = golden.read_floats("out/learning_rate");
  std::vector<float> got;
  for (const int64_t step : steps) got.push_back((*schedule)(step));
  expect_near(got, want.values(), largest(want.values()), name);
}

TEST(OptimizerGolden, EveryOptimizerFollowsKerasStepByStep) {
  const h5::File file = h5::File::open(kGolden);
  int cases = 0;
  for (const std::string& name : file.names()) {
    const h5::Group golden = file.group(name);
    const auto config = nlohmann::json::parse(golden.attribute_string("config"));
    if (config.at("kind") != "optimizer") continue;
    ++cases;
    follow_optimizer(golden, config, name);
  }
  EXPECT_EQ(cases, 22);
}

TEST(OptimizerGolden, EveryScheduleIsKeras) {
  const h5::File file = h5::File::open(kGolden);
  int cases = 0;
  for (const std::string& name : file.names()) {
    const h5::Group golden = file.group(name);
    const auto config = nlohmann::json::parse(golden.attribute_string("config"));
    if (config.at("kind") != "schedule") continue;
    ++cases;
    follow_schedule(golden, config, name);
  }
  EXPECT_EQ(cases, 10);
}

}  // namespace optimizer_golden_test
}  // namespace hgq
