// A config in a folder of its own, for the tests of configs.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/apps/run_config.h"
#include "hgq/apps/setup.h"

namespace hgq {

// The example that users are shown, every section in it.
inline constexpr const char* kExample = R"(seed: 42
data:
  file: ../../data/samples/magic.h5
  inputs: x
  targets: y
  validation: 0.15
  test: {inputs: x_test, targets: y_test}
  scale: standard
model:
  kernel_quantizer: {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}
  activation_quantizer: {init_bw: 2, skip_dims: [0]}
  beta: 1.0e-5
  layers:
    - HQuantize: {name: inp_q, beta: 0}
    - HDenseBatchNorm: {units: 64, activation: relu}
    - HDense: {units: 2, kq_conf: {init_bw: 3}}
train:
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 5.0e-3}}
  metrics: [accuracy]
  batch_size: 512
  epochs: 100
callbacks:
  - ResetMinMax
  - FreeBOPs
  - CalibratedBOPs: {data: validation, every: 10}
  - BetaSchedule: {from: 1.0e-6, to: 1.0e-4, scale: log}
  - ParetoFront: {metrics: [val_accuracy, bops], best: [max, min]}
  - EarlyStopping: {monitor: val_loss, patience: 30}
export:
  trace: {data: [train, validation], cover_factor: 1.0}
  overflow: wrap
)";

inline constexpr const char* kGraph = R"(data:
  file: a.h5
  inputs: {muon: x1, mask: x2}
  targets: {a: y1, b: y2}
model:
  outputs: [b, a]
  layers:
    - Input: {name: muon, shape: [4]}
    - Input: {name: mask}
    - HQuantize: {name: q1, inputs: muon}
    - HAdd: {name: sum, inputs: [q1, q2]}
    - HQuantize: {name: q2, inputs: [mask]}
    - HDense: {name: a, units: 1, inputs: [sum]}
    - HDense: {name: b, units: 1, inputs: [sum]}
train:
  loss: {a: mse, b: mae}
  loss_weights: {b: 0.5}
)";

/// A folder of its own for each test, with one config in it.
class RunConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("hgq_run_config_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "run.yaml").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  RunConfig read(const std::string& yaml, std::vector<std::string> sets = {}, std::optional<int64_t> seed = {}) {
    std::ofstream(path_, std::ios::binary) << yaml;
    errors_ = ErrorList();
    return read_run_config({.path = path_, .sets = std::move(sets), .seed = seed}, config_hooks(built_in_registry()),
                           errors_);
  }
  RunConfig read_valid(const std::string& yaml, std::vector<std::string> sets = {}, std::optional<int64_t> seed = {}) {
    RunConfig config = read(yaml, std::move(sets), seed);
    EXPECT_THAT(messages(), testing::ElementsAre()) << yaml;
    return config;
  }
  /// Messages, the path of the file cut to its name.
  std::vector<std::string> messages() const {
    std::vector<std::string> out;
    for (std::string message : errors_.messages()) {
      for (std::size_t at = message.find(path_); at != std::string::npos; at = message.find(path_)) {
        message.replace(at, path_.size(), "run.yaml");
      }
      out.push_back(message);
    }
    return out;
  }
  /// The only error of a config.
  std::string error_of(const std::string& yaml, std::vector<std::string> sets = {}) {
    read(yaml, std::move(sets));
    EXPECT_EQ(errors_.size(), 1U) << yaml << "\n" << testing::PrintToString(messages());
    return errors_.empty() ? "" : messages().front();
  }
  std::string error_with(const std::string& set) { return error_of(kExample, {set}); }

  std::filesystem::path folder_;
  std::string path_;
  ErrorList errors_;
};

/// The example with the first `from` changed; lines keep their numbers.
inline std::string example_with(const std::string& from, const std::string& to) {
  std::string text = kExample;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// A short config around layers (indented by four), with one output, at lines 3 and further.
inline std::string with_layers(const std::string& layers, const std::string& rest = "train: {loss: mse}\n",
                               const std::string& data = "data: {file: a.h5}\n") {
  return data + "model:\n  layers:\n" + layers + rest;
}

}  // namespace hgq
