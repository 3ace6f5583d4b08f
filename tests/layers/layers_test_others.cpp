// HQuantize, HActivation, HAdd, Signature, and the passive layers.
#include <gtest/gtest.h>

#include "layer_contract.h"

namespace hgq {
namespace {

using testing::LayerContract;

TEST(HQuantize, KeepsTheContract) {
  for (const Shape& input : {Shape{5}, Shape{2, 3}, Shape{2, 3, 2}}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = HQuantize(), .inputs = {input}, .behind_quantizer = false}));
  }
  for (const char* const conf : {"{skip_dims: all}", "{skip_dims: except_last}", "{rnd_strategy: standard_round}",
                                 "{rnd_strategy: stochastic_round}"}) {
    EXPECT_LAYER_CONTRACT((
        LayerContract{.layer = HQuantize().set("paq_conf", conf), .inputs = {Shape{2, 3}}, .behind_quantizer = false}));
  }
}

TEST(HActivation, KeepsTheContractForEachFunction) {
  for (const char* const function :
       {"linear",   "relu",     "softmax",     "sigmoid", "tanh",        "elu",          "selu",
        "softplus", "softsign", "swish",       "gelu",    "exponential", "hard_sigmoid", "leaky_relu",
        "mish",     "relu6",    "log_softmax", "square",  "exp",         "sin"}) {
    // The bare input is no multiple of a power of two, so it hits none of the functions' corners.
    EXPECT_LAYER_CONTRACT((LayerContract{
        .layer = HActivation(function), .inputs = {Shape{3}}, .behind_quantizer = false, .value = 1e-2, .cut = 1e-3}));
  }
}

TEST(HActivation, KeepsTheContractBehindAQuantizer) {
  for (const char* const function : {"relu", "softmax", "tanh", "square"}) {
    EXPECT_LAYER_CONTRACT(
        (LayerContract{.layer = HActivation(function), .inputs = {Shape{2, 3}}, .value = 1e-2, .cut = 1e-3}));
  }
}

TEST(HAdd, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = HAdd({}),
                     .inputs = {Shape{2, 3}, Shape{2, 3}},
                     .wrong_inputs = {{Shape{2, 3}}, {Shape{2, 3}, Shape{3, 2}}, {Shape{3}, Shape{3}, Shape{1, 3}}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HAdd({}), .inputs = {Shape{4}, Shape{4}, Shape{4}}}));
}

TEST(Signature, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = Signature(1, 8, 4), .inputs = {Shape{3}}, .behind_quantizer = false}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = Signature(1, 8, 4).set("bits", "[[8, 6, 0]]"),
                                       .inputs = {Shape{3}},
                                       .wrong_inputs = {{Shape{4}}, {Shape{2, 2}}},
                                       .behind_quantizer = false,
                                       .exact_in_proxy = false}));  // its third element is said to be 0, and is not
}

TEST(PReshape, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = PReshape({3, 4}), .inputs = {Shape{2, 6}}, .wrong_inputs = {{Shape{2, 5}}, {Shape{}}}}));
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = PReshape({-1, 2}), .inputs = {Shape{12}}, .wrong_inputs = {{Shape{5}}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = PReshape({12}), .inputs = {Shape{12}}}));
}

TEST(PFlatten, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = PFlatten(), .inputs = {Shape{2, 3, 2}}}));
}

TEST(PPermute, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{
      .layer = PPermute({2, 1}), .inputs = {Shape{2, 3}}, .wrong_inputs = {{Shape{6}}, {Shape{2, 3, 1}}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = PPermute({3, 1, 2}), .inputs = {Shape{2, 3, 4}}}));
}

TEST(PConcatenate, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = PConcatenate({}, -1),
                     .inputs = {Shape{2, 3}, Shape{2, 1}},
                     .wrong_inputs = {{Shape{2, 3}}, {Shape{2, 3}, Shape{3, 3}}, {Shape{2, 3}, Shape{2}}}}));
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = PConcatenate({}, 1), .inputs = {Shape{2, 3}, Shape{1, 3}, Shape{2, 3}}}));
}

// Rate 0.5: the factor 2 is exact, so that float and double round the same values behind it.
TEST(PDropout, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = PDropout(0.5), .inputs = {Shape{5}}}));
}

}  // namespace
}  // namespace hgq
