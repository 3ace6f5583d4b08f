// The kinds of layers and activations that a model can name, and the kinds of proxy layers.
//
//   LayerKinds kinds;                                                   // has the kinds of hgq
//   kinds.layers.add({.name = "Scale", .doc = "x times a factor", .make = make_scale});
//   const LayerDefaults defaults{.kinds = &kinds};                      // for Model::Options and load_model
//
// Each file of this folder that defines kinds has a function `register_FILE(LayerKinds&)`, and is listed in
// CMakeLists.txt. A layer with a proxy layer of its own registers both in this function, the latter in
// kinds.proxy_layers and kinds.keras_layers.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "hgq/autograd/activations.h"
#include "hgq/config/kinds.h"
#include "hgq/layers/layer.h"
#include "hgq/proxy/kinds.h"

namespace hgq {

/// Reads the keys of a layer through `c`, and makes the layer. It is not used if there was an error.
using LayerFactory = std::unique_ptr<Layer> (*)(ConfigReader& c, const LayerArguments& arguments);

/// The factory of a class whose constructor takes the reader, the arguments if it has a use for them, and `kExtra`.
template <typename L, auto... kExtra>
std::unique_ptr<Layer> layer_of(ConfigReader& c, const LayerArguments& arguments) {
  if constexpr (std::is_constructible_v<L, ConfigReader&, const LayerArguments&, decltype(kExtra)...>) {
    return std::make_unique<L>(c, arguments, kExtra...);
  } else {
    return std::make_unique<L>(c, kExtra...);
  }
}

struct LayerKinds : ProxyKinds {
  /// The table has all kinds of hgq.
  LayerKinds();

  Kinds<LayerFactory> layers{"a layer", {"Input", "Shared", "NestedModel"}};  // layers/layer_graph.h has these three
  FunctionTable activations{};  // the functions that HActivation knows by name
};

/// The kinds of hgq alone; made once, and never changed.
const LayerKinds& built_in_layer_kinds();

/// The kinds of `defaults`, or those of hgq if it has none.
const LayerKinds& kinds_of(const LayerDefaults& defaults);

/// Makes a layer from its keys; nullptr after an error. `kind` is looked up in the kinds of the defaults, without a
/// package in front such as "HGQ>". Unknown keys are errors unless `keras_keys`: a saved model may have keys of Keras
/// that change nothing.
std::unique_ptr<Layer> make_layer(std::string_view kind, const LayerArguments& arguments, bool keras_keys = false);

/// The name that Keras gives to a layer of this kind without a name of its own: the class in snake case. An alias gets
/// that of its kind: "p_max_pooling1d" for "PMaxPool1D". `kinds` knows the aliases; nullptr: those of hgq.
std::string default_name(std::string_view kind, const LayerKinds* kinds = nullptr);
/// A class name in snake case as Keras forms it: "h_dense_batch_norm" for "HDenseBatchNorm".
std::string snake_case(std::string_view kind);

}  // namespace hgq
