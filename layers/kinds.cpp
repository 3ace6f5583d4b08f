#include "hgq/layers/kinds.h"

#include <algorithm>
#include <array>
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

namespace {

/// A key of Keras that changes nothing here, and the values that it may have: any other would be expected to act.
struct NeutralKey {
  std::string_view key;
  std::array<std::string_view, 2> values{"null", ""};
  std::string_view reason = "hgq does not compute it";
};

constexpr NeutralKey kNeutralKeys[] = {
    {.key = "activity_regularizer"},
    {.key = "noise_shape"},
    {.key = "seed", .reason = "dropout follows the seed of the run"},
    {.key = "gamma_regularizer"},
    {.key = "beta_regularizer"},
    {.key = "gamma_constraint"},
    {.key = "beta_constraint"},
    {.key = "moving_mean_initializer", .values = {"zeros", "null"}},
    {.key = "moving_variance_initializer", .values = {"ones", "null"}},
    {.key = "bn_beta_initializer", .values = {"zeros", "null"}, .reason = "write beta_initializer"},
    {.key = "bn_gamma_initializer", .values = {"ones", "null"}, .reason = "write gamma_initializer"},
    {.key = "synchronized", .values = {"false", "null"}},
};

/// "zeros" of `zeros`, `Zeros`, {Zeros: {}} or {class_name: Zeros}; "null" of null.
std::string plain_value(const Node& node) {
  if (node.is_null()) return "null";
  std::string text = node.is_scalar() ? node.text() : "";
  if (node.is_map() && !node.entries().empty())
    text = node.find("class_name") != nullptr ? node["class_name"].text() : node.entries().front().first;
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void check_neutral_keys(ConfigReader& c) {
  if (!c.map().is_map()) return;
  for (const NeutralKey& neutral : kNeutralKeys) {
    const Node* const value = c.map().find(neutral.key);
    if (value == nullptr || std::ranges::find(neutral.values, plain_value(*value)) != neutral.values.end()) continue;
    c.error(std::string(neutral.key),
            concat("found ", describe(*value), ", expected ", neutral.values[0], ": ", neutral.reason));
  }
}

}  // namespace

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
  } else if (built_in_layer_kinds().layers.find(plain) != nullptr) {
    check_neutral_keys(c);
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
