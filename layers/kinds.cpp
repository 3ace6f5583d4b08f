#include "hgq/layers/kinds.h"

#include <cctype>

#include "hgq/core/error.h"

namespace hgq {

void register_built_in(LayerKinds& kinds);  // made of the list in CMakeLists.txt

LayerKinds::LayerKinds() { register_built_in(*this); }

const LayerKinds& built_in_layer_kinds() {
  static const LayerKinds kKinds;
  return kKinds;
}

const LayerKinds& kinds_of(const LayerDefaults& defaults) {
  return defaults.kinds != nullptr ? *defaults.kinds : built_in_layer_kinds();
}

std::unique_ptr<Layer> make_layer(std::string_view kind, const LayerArguments& arguments, bool keras_keys) {
  const Kinds<LayerFactory>& layers = kinds_of(arguments.defaults).layers;
  const std::string_view plain = kind.substr(kind.rfind('>') + 1);
  const Kind<LayerFactory>* const found = layers.find(plain);
  if (found == nullptr) {
    arguments.errors.add(arguments.node.key_place(),
                         concat("unknown layer '", printable(kind), "'", suggestion(plain, layers.names())));
    return nullptr;
  }
  ConfigReader c(arguments.node, std::string(plain), arguments.errors, arguments.docs);
  std::unique_ptr<Layer> layer = found->make(c, arguments);
  if (layer == nullptr && !c.failed()) {
    arguments.errors.add(arguments.node.key_place(),
                         concat("'", plain, "': the function that makes it returned nothing, expected an object"));
    return nullptr;
  }
  if (keras_keys && arguments.node.is_map()) {
    for (const auto& [key, value] : arguments.node.entries()) c.known(key);
  }
  c.finish();
  if (layer != nullptr && (layers.find(layer->class_name()) != found || layers.find(layer->kind()) != found))
    arguments.errors.add(arguments.node.key_place(),
                         concat("'", plain, "' calls itself '", layer->kind(), "', and '", layer->class_name(),
                                "' in model files; expected '", found->name, "' after a '>', if there is one"));
  return c.failed() ? nullptr : std::move(layer);
}

std::string default_name(std::string_view kind, const LayerKinds* kinds) {
  const Kind<LayerFactory>* const known = (kinds != nullptr ? *kinds : built_in_layer_kinds()).layers.find(kind);
  return snake_case(known != nullptr ? std::string_view(known->name) : kind.substr(kind.rfind('>') + 1));
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
