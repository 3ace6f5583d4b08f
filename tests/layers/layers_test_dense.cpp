// HDense and HDenseBatchNorm.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "layer_contract.h"
#include "tape_lab.h"

namespace hgq {
namespace {

using testing::LayerContract;

TEST(HDense, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3), .inputs = {Shape{4}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3).relu(), .inputs = {Shape{4}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(1), .inputs = {Shape{1}}}));
}

TEST(HDense, KeepsTheContractAlongTheLastOfSeveralDims) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3).relu(), .inputs = {Shape{2, 4}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(2), .inputs = {Shape{2, 2, 3}}}));
}

TEST(HDense, KeepsTheContractWithoutBias) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3).relu().set("use_bias", "false"), .inputs = {Shape{4}}}));
}

TEST(HDense, KeepsTheContractForAllGranularities) {
  for (const char* const kq : {"all", "except_last", "[0]", "[1]"}) {
    EXPECT_LAYER_CONTRACT(
        (LayerContract{.layer = HDense(3).set("kq_conf", concat("{skip_dims: ", kq, "}")), .inputs = {Shape{4}}}));
  }
  for (const char* const paq : {"all", "except_last", "except_1st", "[0, -1]"}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3).relu().set("paq_conf", concat("{skip_dims: ", paq, "}")),
                                         .inputs = {Shape{2, 4}}}));
  }
}

TEST(HDense, KeepsTheContractForAllRoundings) {
  for (const char* const rounding : {"standard_round", "floor", "stochastic_round", "fast_uniform_noise_injection"}) {
    const std::string conf = concat("{rnd_strategy: ", rounding, "}");
    EXPECT_LAYER_CONTRACT(
        (LayerContract{.layer = HDense(3).set("kq_conf", conf).set("paq_conf", conf), .inputs = {Shape{4}}}));
  }
  const std::string inexact = "{exact_q_value: false, bw_clip: none}";
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = HDense(3).set("kq_conf", inexact).set("paq_conf", inexact), .inputs = {Shape{4}}}));
}

TEST(HDense, KeepsTheContractWithRegularizersAndNarrowClips) {
  LayerSpec layer = HDense(3);
  layer.set("kernel_regularizer", "{L1L2: {l1: 0.01, l2: 0.02}}").set("bias_regularizer", "l2");
  layer.set("kq_conf", "{bw_clip: [0, 2], regularizer: {MonoL1: 0.01}}")
      .set("paq_conf", "{bw_clip: [2, 3], regularizer: {L1: 0.01}}");
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = layer, .inputs = {Shape{4}}}));
}

TEST(HDense, KeepsTheContractWhereFrozen) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3).set("trainable", "false"), .inputs = {Shape{4}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3).set("kq_conf", "{trainable: false}"), .inputs = {Shape{4}}}));
}

TEST(HDense, RefusesSamplesWithoutADim) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3), .inputs = {Shape{4}}, .wrong_inputs = {{Shape{}}}}));
}

TEST(HDense, WantsAProducerWithBits) {
  Model model = Sequential({HDense(3)}, Shape{4});
  Tape tape;
  try {
    model.record(tape, Mode::kTrain);
    FAIL() << "a bare input was accepted";
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("put an HQuantize or Signature in front"), std::string::npos) << e.what();
  }
}

TEST(HDenseBatchNorm, KeepsTheContract) {
  for (const Shape& input : {Shape{4}, Shape{9}, Shape{2, 4}}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDenseBatchNorm(3), .inputs = {input}, .gradient = 3e-3}));
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDenseBatchNorm(3).relu(), .inputs = {input}, .gradient = 3e-3}));
  }
}

TEST(HDenseBatchNorm, KeepsTheContractWithoutScaleCenterBias) {
  for (const char* const key : {"scale", "center", "use_bias"}) {
    EXPECT_LAYER_CONTRACT(
        (LayerContract{.layer = HDenseBatchNorm(3).relu().set(key, "false"), .inputs = {Shape{4}}, .gradient = 3e-3}));
  }
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = HDenseBatchNorm(3).set("scale", "false").set("center", "false"), .inputs = {Shape{4}}}));
}

TEST(HDenseBatchNorm, KeepsTheContractWithoutAdaptedBits) {
  EXPECT_LAYER_CONTRACT((LayerContract{
      .layer = HDenseBatchNorm(3).set("do_adapt_kernel_bits", "false").set("epsilon", "0.1").set("momentum", "0.5"),
      .inputs = {Shape{4}}}));
}

// quantization.md 1.7: f <- f - log2 |w g| at the first training batch, and that batch is quantized with it.
TEST(HDenseBatchNorm, AdaptsItsKernelBitsAtTheFirstBatchBeforeTheyAreUsed) {
  Model model = Sequential({HQuantize(), HDenseBatchNorm(3).name("b").set("kq_conf", "{init_bw: 4}")}, Shape{4});
  Tape tape;
  const ModelRecording recording = model.record(tape, Mode::kTrain);
  tape.keep(recording.outputs[0].value);
  Workers workers(1);
  Executor executor(tape, workers, {.gradients = false});
  const Tensor x = testing::spread_numbers(Shape{64, 4}, "x");
  executor.forward({{x.view()}}, 0);
  std::vector<Parameter*> parameters = model.parameters();
  const auto named = [&](const std::string& name) {
    return *std::ranges::find_if(parameters, [&](const Parameter* p) { return p->name == name; });
  };
  const auto kernel = named("b/kernel")->value.values();
  const auto f = named("b/kernel_f")->value.values();
  EXPECT_FALSE(std::ranges::all_of(f, [](float v) { return v == 4.0F; }));
  // f + log2 |w| is 4 - log2 g, the same for all weights of a channel.
  for (size_t j = 0; j < 3; ++j) {
    const double of_channel = static_cast<double>(f[j]) + std::log2(std::abs(static_cast<double>(kernel[j])));
    for (size_t i = 1; i < 4; ++i) {
      EXPECT_NEAR(static_cast<double>(f[i * 3 + j]) + std::log2(std::abs(static_cast<double>(kernel[i * 3 + j]))),
                  of_channel, 1e-5);
    }
  }
  // A second model that starts from these f computes the same first batch: the first one was quantized with them.
  Model again = Sequential({HQuantize(), HDenseBatchNorm(3).name("b").set("do_adapt_kernel_bits", "false")}, Shape{4});
  const std::vector<Parameter*> others = again.parameters();
  for (size_t i = 0; i < parameters.size(); ++i)
    std::ranges::copy(parameters[i]->value.values(), others[i]->value.values().begin());
  Tape other_tape;
  const ModelRecording other = again.record(other_tape, Mode::kTrain);
  other_tape.keep(other.outputs[0].value);
  Executor other_executor(other_tape, workers, {.gradients = false});
  other_executor.forward({{x.view()}}, 0);
  const auto first = executor.rows_of(recording.outputs[0].value).values();
  const auto second = other_executor.rows_of(other.outputs[0].value).values();
  EXPECT_TRUE(std::ranges::equal(first, second));
}

}  // namespace
}  // namespace hgq
