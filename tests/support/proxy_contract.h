// The second half of the contract of layers: what becomes of a layer after training. Part of EXPECT_LAYER_CONTRACT.
//
// The model of the contract, with a quantizer in front of each input, is traced, and its proxy made, with wrap and with
// sat. Checked are
//   - the proxy computes what the model computes, in every bit, on the rows that were traced, where nothing overflows;
//     and on rows far out of range in all those where nothing does;
//   - the proxy's file: written and read again it computes the same on both kinds of rows, overflows included;
//   - a layer that cannot be exported says so before training, and the export refuses it with the same words;
//   - the layer's keys as YAML text, as a config has them, make the same layer.
#pragma once

#include "layer_contract.h"

namespace hgq::testing {

void expect_proxy_contract(const LayerContract& contract);

}  // namespace hgq::testing
