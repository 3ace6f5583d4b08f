#include "hgq/layers/registry.h"

#include <array>
#include <cctype>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr std::array kKinds{
    LayerKind{"HQuantize", make_h_quantize, "quantizes the input"},
    LayerKind{"HDense", make_h_dense, "dense layer"},
    LayerKind{"HDenseBatchNorm", make_h_dense_batch_norm, "dense layer with fused batch norm"},
    LayerKind{"HConv1D", make_h_conv_1d, "convolution along one dim"},
    LayerKind{"HConv2D", make_h_conv_2d, "convolution along two dims"},
    LayerKind{"HConv1DBatchNorm", make_h_conv_1d_batch_norm, "convolution along one dim with fused batch norm"},
    LayerKind{"HConv2DBatchNorm", make_h_conv_2d_batch_norm, "convolution along two dims with fused batch norm"},
    LayerKind{"HActivation", make_h_activation,
              "a function of each value, or softmax, and a quantizer. A formula has x, numbers, `pi`, `e`, "
              "`+ - * / ^` (`**` too), comparisons, `&& ||`, `condition ? a : b`, and sin cos tan asin acos atan sinh "
              "cosh tanh "
              "exp expm1 log (natural) log1p log2 log10 sqrt abs sign floor erf sigmoid relu pow min max; write it in "
              "quotes"},
    LayerKind{"HAdd", make_h_add, "sum of several inputs, and a quantizer"},
    LayerKind{"Signature", make_signature, "tells the precision of values that are quantized already"},
    LayerKind{"PReshape", make_p_reshape, "another shape for the same values"},
    LayerKind{"PFlatten", make_p_flatten, "all values in one dim"},
    LayerKind{"PPermute", make_p_permute, "another order of the dims"},
    LayerKind{"PConcatenate", make_p_concatenate, "joins inputs along a dim"},
    LayerKind{"PDropout", make_p_dropout, "sets values to 0 in training"},
    LayerKind{"PMaxPooling1D", make_p_max_pooling_1d, "largest value of a window along one dim"},
    LayerKind{"PMaxPooling2D", make_p_max_pooling_2d, "largest value of a window along two dims"},
    LayerKind{"PAveragePooling1D", make_p_average_pooling_1d, "mean of a window along one dim"},
    LayerKind{"PAveragePooling2D", make_p_average_pooling_2d, "mean of a window along two dims"},
    LayerKind{"PMaxPool1D", make_p_max_pooling_1d, "PMaxPooling1D", "PMaxPooling1D"},
    LayerKind{"PMaxPool2D", make_p_max_pooling_2d, "PMaxPooling2D", "PMaxPooling2D"},
    LayerKind{"PAvgPool1D", make_p_average_pooling_1d, "PAveragePooling1D", "PAveragePooling1D"},
    LayerKind{"PAvgPool2D", make_p_average_pooling_2d, "PAveragePooling2D", "PAveragePooling2D"},
};

}  // namespace

std::span<const LayerKind> layer_kinds() { return kKinds; }

std::vector<std::string> layer_kind_names() {
  std::vector<std::string> names;
  for (const LayerKind& kind : kKinds) names.emplace_back(kind.name);
  return names;
}

std::unique_ptr<Layer> make_layer(std::string_view kind, const LayerArguments& arguments, bool keras_keys) {
  const std::string_view plain = kind.substr(kind.rfind('>') + 1);
  for (const LayerKind& candidate : kKinds) {
    if (candidate.name != plain) continue;
    const size_t before = arguments.errors.size();
    ConfigReader c(arguments.node, std::string(plain), arguments.errors, arguments.docs);
    std::unique_ptr<Layer> layer = candidate.make(c, arguments);
    if (keras_keys) {
      if (arguments.node.is_map()) {
        for (const auto& [key, value] : arguments.node.entries()) c.known(key);
      }
    }
    c.finish();
    return arguments.errors.size() == before ? std::move(layer) : nullptr;
  }
  arguments.errors.add(arguments.node.key_place(),
                       concat("unknown layer '", printable(kind), "'", suggestion(plain, layer_kind_names())));
  return nullptr;
}

std::string default_name(std::string_view kind) {
  for (const LayerKind& candidate : kKinds) {
    if (candidate.name == kind && !candidate.alias_of.empty()) return snake_case(candidate.alias_of);
  }
  return snake_case(kind);
}

std::string snake_case(std::string_view kind) {
  std::string out;
  const auto lower = [](char c) { return std::islower(static_cast<unsigned char>(c)) != 0; };
  for (size_t i = 0; i < kind.size(); ++i) {
    const char c = kind[i];
    const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
    // Keras splits before a capital that begins a word ("HDense" -> "h_dense") and behind a small letter or digit
    // ("Conv2D" -> "conv2d": digits do not split).
    const bool begins = upper && i > 0 && ((i + 1 < kind.size() && lower(kind[i + 1])) || lower(kind[i - 1]));
    if (begins) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

}  // namespace hgq
