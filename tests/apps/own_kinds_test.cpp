// What hgq-train says of a program's own layers, losses and metrics that do something wrong: each message names the
// thing, what was found, and what was expected, and the exit code tells it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "hgq/apps/hgq_train_main.h"
#include "hgq/core/error.h"
#include "hgq/layers/passive_layer.h"
#include "temporary_folder.h"

namespace hgq {
namespace own_kinds_test {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Passes on its input, times a gain of 1. What it does wrong is said by the key `wrong`.
class PTwisted final : public PassiveLayer {
 public:
  explicit PTwisted(ConfigReader& c) : PassiveLayer(c) {
    c.known("trainable");
    wrong_ = c.text("wrong", "what it does wrong", "");
  }
  std::string_view kind() const override { return "PTwisted"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    if (wrong_ == "build throws") throw std::out_of_range("vector::at");
    gain_ = Parameter(name() + "/gain", Shape{inputs[0][-1]});
    gain_.value.fill(1);
    gain_.trainable = false;
    return output_ = inputs[0];
  }
  std::vector<Parameter*> parameters() override {
    return wrong_ == "untrained" ? std::vector<Parameter*>{} : std::vector<Parameter*>{&gain_};
  }
  std::vector<LayerWeight> file_weights() override {
    if (wrong_ == "unsaved") return {};
    return {{.file_name = name() + "/gain:0", .parameter = &gain_}};
  }
  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    if (wrong_ == "call") return {};
    if (wrong_ == "call throws") throw std::out_of_range("vector::at");
    if (wrong_ == "width") return {ops::concatenate({inputs[0].value, inputs[0].value}, 0), {}};
    return {ops::multiply(inputs[0].value, recording.tape.parameter(gain_)), inputs[0].bits};
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    const int64_t n = output_[-1];
    if (wrong_ == "throws") throw std::out_of_range("vector::at");
    if (wrong_ == "refuses") throw ConfigError("it cannot be done");
    if (wrong_ == "nothing") return {};
    const int64_t units = wrong_ == "shape" ? n + 1 : n;
    std::vector<float> kernel(static_cast<size_t>(n * units), 0.0F);
    const float factor = wrong_ == "value" ? 0.5F : wrong_ == "overflow" ? 1024.0F : 1.0F;
    for (int64_t i = 0; i < n; ++i) kernel[static_cast<size_t>(i * units + i)] = factor;
    return builder.add_dense(builder.layer_name(), inputs[0], Shape{n, units}, std::move(kernel), {});
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override { return inputs[0]; }

 private:
  std::string wrong_;
  Parameter gain_;
};

/// What its record() does wrong is said by the key `wrong`.
class Broken final : public Loss {
 public:
  explicit Broken(std::string wrong) : wrong_(std::move(wrong)) {}
  std::string_view name() const override { return "broken"; }
  Var record(const OutputVars& o) const override {
    if (wrong_ == "throws") throw std::out_of_range("vector::at");
    if (wrong_ == "nothing") return {};
    return ops::subtract(o.prediction, o.target);
  }
  nlohmann::json arguments() const override { return {{"wrong", wrong_}}; }

 private:
  std::string wrong_;
};

LossPtr make_broken(ConfigReader& c) { return std::make_shared<Broken>(c.text("wrong", "what it does wrong", "")); }

class OwnKinds : public ::testing::Test {
 protected:
  OwnKinds() {
    registry.layers.add({.name = "PTwisted", .doc = "passes on", .make = layer_of<PTwisted>});
    registry.losses.add({.name = "broken", .doc = "no loss", .make = make_broken});
    std::ofstream csv(folder / "rows.csv");
    csv << "a,b,y\n";
    for (int i = 0; i < 300; ++i) csv << (i % 17) / 16.0 << ',' << (i % 11) / 8.0 << ',' << i % 2 << '\n';
  }
  /// The exit code of a command; what it says on standard error is in `said`, on standard output in `printed`.
  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "hgq-train");
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    ::testing::internal::CaptureStderr();
    ::testing::internal::CaptureStdout();
    const int code = hgq_train_main(static_cast<int>(arguments.size()), arguments.data(), registry);
    printed = ::testing::internal::GetCapturedStdout();
    said = ::testing::internal::GetCapturedStderr();
    return code;
  }
  int train(const std::string& layer, const std::string& train = "loss: sparse_categorical_crossentropy",
            int units = 2) {
    const std::string config = write_text(
        folder, "run.yaml",
        concat("data: {file: rows.csv, inputs: [a, b], targets: y, validation: 0.2}\nmodel: {layers: [HQuantize, ",
               layer, ", {HDense: {units: ", units, ", name: out}}]}\ntrain: {", train, ", epochs: 1}\n"));
    std::filesystem::remove_all(folder / "run");
    return run({config, "--out", folder / "run", "--quiet"});
  }
  nlohmann::json summary() const { return nlohmann::json::parse(std::ifstream(folder / "run/summary.json")); }

  TemporaryFolder folder;
  Registry registry;
  std::string said, printed;
};

TEST_F(OwnKinds, ARunWhoseProxyIsWrongEndsWith1) {
  for (const char* const wrong : {"value", "overflow"}) {
    EXPECT_EQ(train(concat("{PTwisted: {name: twist, wrong: ", wrong, "}}")), 1) << wrong;
    EXPECT_THAT(said, AllOf(HasSubstr("proxy.h5: the proxy does not compute what the model computes: "),
                            HasSubstr(" of 60 rows differ"), HasSubstr("to_proxy() does not compute")));
    EXPECT_THAT(printed, Not(HasSubstr("to do: trace")));
    EXPECT_THAT(summary().at("proxy_is_wrong"), HasSubstr("of 60 rows differ"));
    EXPECT_TRUE(std::filesystem::exists(folder / "run/proxy.h5"));
    EXPECT_EQ(
        run({"verify", folder / "run/proxy.h5", "--against", folder / "run/model.h5", "--data", folder / "rows.csv"}),
        1);
  }
  EXPECT_EQ(train("PTwisted"), 0) << said;
  EXPECT_FALSE(summary().contains("proxy_is_wrong"));
}

TEST_F(OwnKinds, WhateverToProxyThrowsNamesTheLayer) {
  const auto reason = [&](const char* wrong) {
    EXPECT_EQ(train(concat("{PTwisted: {name: twist, wrong: ", wrong, "}}")), 3) << wrong;
    return summary().at("not_exported").get<std::string>();
  };
  EXPECT_THAT(reason("throws"),
              HasSubstr("layer 'twist' (PTwisted): its to_proxy() failed: vector::at; expected a ConfigError"));
  EXPECT_EQ(reason("refuses"), "layer 'twist' (PTwisted): it cannot be done");
  EXPECT_THAT(reason("nothing"), HasSubstr("layer 'twist' (PTwisted): its to_proxy() gave back no layer of the proxy"));
  EXPECT_EQ(reason("shape"),
            "layer 'twist' (PTwisted): its to_proxy() made values of shape [3], expected [2], the shape of the layer's "
            "output");
}

TEST_F(OwnKinds, WeightsThatALayerForgetsAreErrors) {
  const auto refused = [&](const char* wrong) {
    EXPECT_EQ(train(concat("{PTwisted: {name: twist, wrong: ", wrong, "}}, HQuantize")), 2) << wrong;
    EXPECT_FALSE(std::filesystem::exists(folder / "run"));
    return said;
  };
  EXPECT_THAT(refused("untrained"), HasSubstr("layer 'twist' (PTwisted): the parameter 'twist/gain' is recorded by "
                                              "call(), but is missing in parameters()"));
  EXPECT_THAT(refused("unsaved"), HasSubstr("layer 'twist' (PTwisted): the parameter 'twist/gain' is missing in "
                                            "file_weights()"));
  EXPECT_THAT(refused("call"), HasSubstr("layer 'twist' (PTwisted): its call() gave no value"));
  EXPECT_THAT(refused("call throws"), HasSubstr("layer 'twist' (PTwisted): its call() failed: vector::at"));
  EXPECT_THAT(refused("build throws"), HasSubstr("layer 'twist' (PTwisted): its build() failed: vector::at"));
}

TEST_F(OwnKinds, WhateverALossRecordsNamesIt) {
  const auto refused = [&](const char* wrong) {
    EXPECT_EQ(train("PTwisted", concat("loss: {broken: {wrong: ", wrong, "}}"), 1), 2) << wrong;
    return said;
  };
  EXPECT_THAT(refused("throws"), HasSubstr("loss 'broken' of output 'out': its record() failed: vector::at"));
  EXPECT_THAT(refused("nothing"), HasSubstr("loss 'broken' of output 'out': its record() gave no value, expected"));
  EXPECT_THAT(refused("rows"), HasSubstr("loss 'broken' of output 'out': its record() gave a value for each row, of "
                                         "shape [1], expected one value"));
}

TEST_F(OwnKinds, ALayerHasNoScalarForm) {
  registry.layers.add({.name = "PScaled", .doc = "passes on", .scalar = "wrong", .make = layer_of<PTwisted>});
  EXPECT_EQ(run({"check", folder / "run.yaml"}), 2);
  EXPECT_THAT(said, HasSubstr("layer 'PScaled' with scalar 'wrong', but no layer can be written as {NAME: VALUE}"));
}

}  // namespace own_kinds_test
}  // namespace hgq
