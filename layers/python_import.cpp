#include "hgq/layers/python_import.h"

#include <algorithm>
#include <array>

#include "hgq/autograd/expression.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/data/keras_file.h"
#include "hgq/layers/constraints.h"
#include "hgq/layers/initializers.h"
#include "hgq/layers/regularizers.h"

namespace hgq {
namespace {

bool is_plain_name(std::string_view text) { return !text.empty() && !is_expression(text); }

/// Whether "keras.constraints", or "HGQ" of "HGQ>MonoL1", is a package whose classes are known by their names.
bool is_known_package(std::string_view name) {
  constexpr std::array<std::string_view, 6> kKnown{"keras", "tf_keras", "tensorflow", "HGQ", "hgq", "builtins"};
  return std::ranges::find(kKnown, name.substr(0, name.find('.'))) != kKnown.end();
}

/// Whether an object that Keras has written is of a class of somebody's own, which may be called like one of Keras'.
bool is_of_own_package(const Node& object) {
  const auto is_foreign = [](std::string_view package) { return !package.empty() && !is_known_package(package); };
  if (object["module"].is_scalar() && is_foreign(object["module"].text())) return true;
  for (const std::string_view key : {"class_name", "registered_name"}) {
    const std::string& name = object[key].text();
    if (name.find('>') != std::string::npos && is_foreign(name.substr(0, name.rfind('>')))) return true;
  }
  return false;
}

template <typename Config>
bool can_be_read(const Node& object) {
  ErrorList errors;
  Config::from_node(object, errors);
  return errors.empty();
}

/// Whether the value of a key is one that only Python can make: an object of a class that is not known here.
bool is_python(std::string_view key, const Node& value) {
  if (value.is_null()) return false;
  if (key == "activity_regularizer") return true;
  const bool own = is_of_own_package(value);
  if (key.ends_with("constraint")) return own || !can_be_read<ConstraintConfig>(value);
  if (key.ends_with("regularizer")) return own || !can_be_read<Regularizer>(value);
  return key.ends_with("initializer") && (own || !can_be_read<Initializer>(value));
}

/// What a user calls it: the class, or the name of a function.
std::string python_name(const Node& value) {
  std::string name = value.is_map() ? value["class_name"].text() : value.text();
  if (name == "function" && value["config"].is_scalar()) name = value["config"].text();
  return std::string(plain_class_name(name));
}

}  // namespace

std::string keras_function_name(const Node& activation) {
  if (activation.is_map()) {
    const Node* const kind = activation.find("class_name");
    if (kind != nullptr && kind->text() == "__lambda__") return "<lambda>";
  }
  const Node* const written = activation.is_map() ? activation.find("config") : &activation;
  std::string name = written == nullptr ? "" : written->text();
  const size_t mark = name.rfind('>');
  if (mark != std::string::npos && is_plain_name(name.substr(0, mark)) && is_plain_name(name.substr(mark + 1)))
    name.erase(0, mark + 1);
  return name;
}

void ImportedLayers::leave_out_python(Node& keys, const std::string& layer) {
  std::vector<std::string> python;
  for (const auto& [key, value] : keys.entries()) {
    if (is_python(key, value)) python.push_back(key);
  }
  for (const std::string& key : python) {
    left_out_.push_back(concat(key, " '", printable(python_name(keys[key])), "' of layer '", printable(layer), "'"));
    keys.erase(key);
  }
}

void ImportedLayers::complete(LayerSpec& layer) {
  const Node* const own_name = layer.arguments.find("name");
  const std::string name = own_name == nullptr ? "" : own_name->text();
  if (layer.arguments.is_map()) leave_out_python(layer.arguments, name);
  for (const char* const quantizer : {"kq_conf", "paq_conf"}) {
    Node* const keys = layer.arguments.find(quantizer);
    if (keys != nullptr && keys->is_map()) leave_out_python(*keys, name);
  }
  if (layer.kind.ends_with("BatchNorm") && layer.arguments.find("epsilon") == nullptr) {
    if (options_.epsilon) {
      layer.arguments.set("epsilon", Node::number(*options_.epsilon));
    } else {
      guessed_epsilon_.insert(name);
    }
  }
  const Node* const activation = layer.arguments.find("activation");
  if (!layer.kind.ends_with("HActivation") || activation == nullptr) return;
  const std::string function = keras_function_name(*activation);
  functions_.insert(function);
  for (const std::string& key : {name, function}) {
    const auto given = options_.functions.find(key);
    if (given == options_.functions.end()) continue;
    taken_.insert(key);
    Node formula = Node::string(given->second);
    formula.set_place(concat("--function ", key));
    formula.set_key_place(formula.place());
    layer.arguments.set("activation", std::move(formula));
    return;
  }
}

void ImportedLayers::check_all_taken(const std::string& file) const {
  for (const auto& [name, formula] : options_.functions) {
    const std::vector<std::string> functions(functions_.begin(), functions_.end());
    HGQ_CHECK(taken_.contains(name), ConfigError, file, ": no HActivation has the name or function '", printable(name),
              "', for which a formula is given; its functions are ",
              functions.empty() ? "none" : join_names(functions));
  }
}

}  // namespace hgq
