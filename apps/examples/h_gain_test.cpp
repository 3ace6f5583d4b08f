// That HGain keeps what every layer must keep: gradients, bits for any number of threads, files, proxy. A project
// outside of hgq builds this with find_package(hgq COMPONENTS testing) and hgq::testing.
#include "h_gain.h"

#include <gtest/gtest.h>

#include "hgq/testing/layer_contract.h"

namespace {

using namespace hgq;
using hgq::testing::LayerContract;

TEST(HGain, KeepsTheContractOfLayers) {
  LayerKinds kinds;
  register_h_gain(kinds);
  for (const char* const kq : {"{}", "{init_bw: 4, skip_dims: all}"}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = AnyLayer("HGain").set("start", "0.75").set("kq_conf", kq),
                                         .inputs = {Shape{5}},
                                         .wrong_inputs = {{Shape{}}},
                                         .kinds = &kinds}));
  }
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = AnyLayer("HGain"), .inputs = {Shape{3, 4}}, .kinds = &kinds}));  // a series
}

}  // namespace
