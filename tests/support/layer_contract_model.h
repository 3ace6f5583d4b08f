// The model that a layer stands in while its contract is checked: inputs, an HQuantize before each, the layer, a dense
// layer.
#pragma once

#include "layer_contract.h"

namespace hgq::testing {

/// Of the layer under test.
inline constexpr const char* kContractName = "under_test";

std::vector<LayerSpec> contract_specs(const LayerContract& contract, const std::vector<Shape>& inputs);

/// Defaults with the kinds and functions of the contract.
LayerDefaults contract_defaults(const LayerContract& contract);

/// With parameters spread over a range. `keras_keys`: the layer's keys are those of a saved model.
Model contract_model(const LayerContract& contract, bool keras_keys);

}  // namespace hgq::testing
