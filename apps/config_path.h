// Paths into a config: `--set train.epochs=10` changes one value, and two configs are told apart key by key.
//
// A path is keys with dots between them. An item of a list is named by its index from 0, a layer by its name, a
// callback by its kind; behind such an item stand its arguments:
//
//   model.layers.out.units=8          the layer named `out`, also when it has that name by default (h_dense_1)
//   model.layers.0={HQuantize: {beta: 0}}
//   callbacks.EarlyStopping.patience=5
//   train.optimizer.Adam.learning_rate=1.0e-3
#pragma once

#include <string>
#include <vector>

#include "hgq/config/node.h"

namespace hgq {

struct LayerKinds;

/// Applies `KEY.PATH=YAML`; keys that are not there are added. Paths of data files in it start from the current folder
/// and become absolute. Errors, and later ones about the value, have the place
/// "--set #NUMBER". `kinds`: of layers, whose aliases give names; nullptr: those of hgq.
void apply_set(Node& config, const std::string& assignment, int number, ErrorList& errors,
               const LayerKinds* kinds = nullptr);

/// Paths of the values that differ, in the order of `a`, then what only `b` has. Values are compared by meaning (1e-3
/// is 0.001). Layers are told apart by name; where lists differ in length, kinds or names the path of the list is
/// given.
std::vector<std::string> differing_keys(const Node& a, const Node& b);

}  // namespace hgq
