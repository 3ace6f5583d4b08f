// What every layer keeps, checked by one line in its test.
//
//   EXPECT_LAYER_CONTRACT((LayerContract{.layer = HDense(3).relu(), .inputs = {Shape{4}}, .wrong_inputs = {Shape{}}}));
//
// The layer stands in a model: inputs, an HQuantize before each (unless the layer makes its own precision), the layer,
// and a dense layer behind it, so that its bits and their gradients count. Checked are
//   - gradients of all parameters and inputs against central differences, BOPs and regularizers in the loss; values
//     against the twins, in training, evaluation and tracing;
//   - one chunk and many: close; one thread and several: the same bits;
//   - all weights on the tape are among parameters(), states() and file_weights();
//   - recorded anew after a step, as when a run is continued: the same bits in the next step;
//   - no memory taken by a warm step;
//   - the config: written as JSON and read again it makes the same layer, which computes the same;
//   - a model file: written and read again it predicts the same, states included;
//   - frozen: a step changes neither its weights nor the moments of its batch norm, but other layers;
//   - exact bits of each output element after a trace, and nothing before it;
//   - inputs that do not fit are refused with the layer's name and the shape that was found;
//   - all that becomes of it after training (proxy_contract.h): its proxy, with wrap and sat, in range and out of it, and
//     the proxy's file.
// An installed hgq has it for layers of other projects, as the component `testing`: find_package(hgq COMPONENTS
// testing) gives the library hgq::testing, with this header as hgq/testing/layer_contract.h. Linked into a program, it
// replaces the operators new, to count allocations.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/layers/model.h"

namespace hgq::testing {

struct LayerContract {
  LayerSpec layer;                                 // without name and inputs
  std::vector<Shape> inputs;                       // samples, one for each input
  std::vector<std::vector<Shape>> wrong_inputs{};  // each must be refused
  bool behind_quantizer = true;                    // false: the layer reads the bare inputs
  bool dense_behind = true;                        // false: where the layer gives no bits
  bool exact_in_proxy = true;                      // false: hls4ml computes it in its own way (docs/hls4ml.md)
  double gradient = 1e-3;                          // tolerance, of the largest gradient
  double value = 2e-4;
  double cut = 1e-4;                                 // how far one chunk and many may differ
  std::shared_ptr<const FunctionTable> functions{};  // for reading a file back, where the layer has one of its own
  const LayerKinds* kinds = nullptr;                 // that have the layer; nullptr: hgq's. They must outlive the check
};

void expect_layer_contract(const LayerContract& contract);

}  // namespace hgq::testing

/// The place of the call is in the messages, which is why this is a macro.
#define EXPECT_LAYER_CONTRACT(contract)              \
  do {                                               \
    SCOPED_TRACE("layer contract");                  \
    ::hgq::testing::expect_layer_contract(contract); \
  } while (false)
