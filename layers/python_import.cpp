#include "hgq/layers/python_import.h"

#include "hgq/core/error.h"
#include "hgq/core/nearest_name.h"
#include "hgq/layers/expression.h"

namespace hgq {
namespace {

bool is_plain_name(std::string_view text) { return !text.empty() && !is_expression(text); }

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

void ImportedLayers::complete(LayerSpec& layer) {
  const Node* const own_name = layer.arguments.find("name");
  const std::string name = own_name == nullptr ? "" : own_name->text();
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
