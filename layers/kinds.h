// The layers and activations that a model can name, and with them the layers of proxies.
//
//   LayerKinds kinds;                                                   // all that hgq has
//   kinds.layers.add({.name = "Scale", .doc = "x times a factor", .make = make_scale});
//   const LayerDefaults defaults{.kinds = &kinds};                      // for Model::Options and load_model
//
// Each file of this folder that holds some has a function `register_FILE(LayerKinds&)`, which CMakeLists.txt lists. A
// layer with a proxy layer of its own registers that in the same function: kinds.proxy_layers, kinds.keras_layers.
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

/// Reads the keys of a layer through `c`. After an error the layer is not used.
using LayerFactory = std::unique_ptr<Layer> (*)(ConfigReader& c, const LayerArguments& arguments);

/// The factory of a class whose constructor takes the reader, the arguments where it wants them, and `kExtra`.
template <typename L, auto... kExtra>
std::unique_ptr<Layer> layer_of(ConfigReader& c, const LayerArguments& arguments) {
  if constexpr (std::is_constructible_v<L, ConfigReader&, const LayerArguments&, decltype(kExtra)...>) {
    return std::make_unique<L>(c, arguments, kExtra...);
  } else {
    return std::make_unique<L>(c, kExtra...);
  }
}

struct LayerKinds : ProxyKinds {
  /// With all that hgq has.
  LayerKinds();

  Kinds<LayerFactory> layers{"a layer"};
  FunctionTable activations{};  // of HActivation
};

/// A table with what hgq has, which is made once.
const LayerKinds& built_in_layer_kinds();

/// Those of `defaults`.
const LayerKinds& kinds_of(const LayerDefaults& defaults);

/// Reads the keys of a layer; nullptr after an error. `kind` may have Keras' prefix "HGQ>"; it is looked up in the
/// defaults' kinds. Keys that nobody asked for are errors, unless `keras_keys`: a saved model may have keys of Keras
/// that change nothing.
std::unique_ptr<Layer> make_layer(std::string_view kind, const LayerArguments& arguments, bool keras_keys = false);

/// What Keras calls a layer of this kind without a name of its own: the snake case of its class, that of PMaxPooling1D
/// for PMaxPool1D.
std::string default_name(std::string_view kind);
/// "HDenseBatchNorm" -> "h_dense_batch_norm", as Keras names layers.
std::string snake_case(std::string_view kind);

}  // namespace hgq
