// HConv1D, HConv2D, with and without batch norm, and pooling.
#include <gtest/gtest.h>

#include "hgq/core/error.h"
#include "layer_contract.h"

namespace hgq {
namespace {

using testing::LayerContract;

LayerSpec layer(const char* kind) { return {.kind = kind, .arguments = Node::map({}), .inputs = {}}; }
LayerSpec conv_1d() { return HConv1D(3, 2); }
LayerSpec conv_2d() { return HConv2D(3, {2, 3}); }

TEST(HConv1D, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{
      .layer = conv_1d(), .inputs = {Shape{5, 2}}, .wrong_inputs = {{Shape{1, 2}}, {Shape{5}}, {Shape{5, 5, 2}}}}));
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = conv_1d().relu().set("padding", "same").set("strides", "2"), .inputs = {Shape{5, 2}}}));
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = conv_1d().set("dilation_rate", "2").set("use_bias", "false"), .inputs = {Shape{5, 2}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = conv_1d().set("parallel_factor", "4"), .inputs = {Shape{5, 1}}}));
}

TEST(HConv2D, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{
      .layer = conv_2d().relu(), .inputs = {Shape{4, 5, 2}}, .wrong_inputs = {{Shape{1, 5, 2}}, {Shape{4, 5}}}}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = conv_2d().set("groups", "3").set("padding", "same"),
                                       .inputs = {Shape{3, 4, 3}},
                                       .wrong_inputs = {{Shape{3, 4, 2}}}}));
}

TEST(HConv2D, KeepsTheContractForAllGranularities) {
  for (const char* const conf : {"all", "except_last", "[0, 2]"}) {
    const std::string dims = concat("{skip_dims: ", conf, "}");
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = conv_2d().relu().set("kq_conf", dims).set("paq_conf", dims),
                                         .inputs = {Shape{3, 4, 2}}}));
  }
}

TEST(HConvBatchNorm, KeepsTheContract) {
  EXPECT_LAYER_CONTRACT((LayerContract{
      .layer = HConv1DBatchNorm(3, 2).relu(), .inputs = {Shape{4, 2}}, .gradient = 2e-3, .value = 1e-2, .cut = 1e-3}));
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = HConv2DBatchNorm(3, {2, 3}).set("padding", "same"),
                                       .inputs = {Shape{3, 3, 2}},
                                       .gradient = 2e-3,
                                       .value = 1e-2,
                                       .cut = 1e-3}));
}

TEST(Pooling, KeepsTheContract) {
  for (const char* const kind : {"PMaxPooling1D", "PAveragePooling1D", "PMaxPool1D", "PAvgPool1D"}) {
    EXPECT_LAYER_CONTRACT(
        (LayerContract{.layer = layer(kind), .inputs = {Shape{4, 2}}, .wrong_inputs = {{Shape{1, 2}}, {Shape{4}}}}));
  }
  for (const char* const kind : {"PMaxPooling2D", "PAveragePooling2D", "PMaxPool2D", "PAvgPool2D"}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = layer(kind), .inputs = {Shape{4, 4, 2}}}));
  }
  EXPECT_LAYER_CONTRACT((LayerContract{
      .layer = layer("PMaxPooling2D").set("pool_size", "[3, 2]").set("strides", "1").set("padding", "same"),
      .inputs = {Shape{4, 3, 2}}}));
}

}  // namespace
}  // namespace hgq
