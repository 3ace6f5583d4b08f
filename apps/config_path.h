// Paths into a config: `--set train.epochs=10` changes one value, and two configs are compared key by key.
//
// A path consists of keys with dots between them. An item of a list is named by its index from 0, a layer by its name,
// a callback by its kind; after such an item come its arguments:
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

/// Applies `KEY.PATH=YAML`; missing keys are added. Paths of data files in the value start from the current folder and
/// become absolute. Errors, also later ones about the value, have the place "--set #NUMBER". `kinds`: the kinds of
/// layers, whose aliases have default names; nullptr: those of hgq.
void apply_set(Node& config, const std::string& assignment, int number, ErrorList& errors,
               const LayerKinds* kinds = nullptr);

/// Sets the value of a path, likewise. Errors have this place, and so has a value without a place of its own.
void set_value(Node& config, const std::string& path, Node value, const std::string& place, ErrorList& errors,
               const LayerKinds* kinds = nullptr);

/// A value for this path with absolute paths of data files and weights, which start from `folder`.
Node value_with_paths(const std::string& path, const Node& value, const std::string& folder);

/// The paths of the values that differ, in the order of `a`, followed by those that only `b` has. Values are compared
/// by meaning (1e-3 is 0.001), and layers by name. If lists differ in length, kinds or names, the path is that of the
/// list.
std::vector<std::string> differing_keys(const Node& a, const Node& b);

}  // namespace hgq
