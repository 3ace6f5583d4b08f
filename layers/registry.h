// The layers by name: one line each in registry.cpp, aliases too.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/layers/layer.h"

namespace hgq {

using LayerFactory = std::unique_ptr<Layer> (*)(ConfigReader& c, const LayerArguments& arguments);

struct LayerKind {
  std::string_view name;  // "HDense"
  LayerFactory make;
  std::string_view doc;
  std::string_view alias_of = "";  // the class that Keras makes of it, where it is only another name
};

std::span<const LayerKind> layer_kinds();
std::vector<std::string> layer_kind_names();

/// Reads the keys of a layer; nullptr after an error. `kind` may have Keras' prefix "HGQ>". Keys that nobody asked for
/// are errors, unless `keras_keys`: a saved model may have keys of Keras that change nothing.
std::unique_ptr<Layer> make_layer(std::string_view kind, const LayerArguments& arguments, bool keras_keys = false);

/// What Keras calls a layer of this kind without a name of its own: the snake case of its class, that of PMaxPooling1D
/// for PMaxPool1D.
std::string default_name(std::string_view kind);
/// "HDenseBatchNorm" -> "h_dense_batch_norm", as Keras names layers.
std::string snake_case(std::string_view kind);

// The factories, each beside its class.
std::unique_ptr<Layer> make_h_quantize(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_dense(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_dense_batch_norm(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_conv_1d(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_conv_2d(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_conv_1d_batch_norm(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_conv_2d_batch_norm(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_activation(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_h_add(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_signature(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_reshape(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_flatten(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_permute(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_concatenate(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_dropout(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_max_pooling_1d(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_max_pooling_2d(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_average_pooling_1d(ConfigReader& c, const LayerArguments& arguments);
std::unique_ptr<Layer> make_p_average_pooling_2d(ConfigReader& c, const LayerArguments& arguments);

}  // namespace hgq
