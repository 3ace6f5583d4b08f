#include "hgq/layers/regularizers.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "hgq/config/keras_object.h"
#include "hgq/config/written_keys.h"
#include "hgq/core/error.h"
#include "hgq/layers/object_docs.h"

namespace hgq {
namespace {

constexpr std::array<KerasName, 5> kRegularizerNames{{{"L1", {"l1"}, "l1"},
                                                      {"L2", {"l2"}, "l2"},
                                                      {"L1L2", {"l1_l2"}},
                                                      {"MonoL1", {"mono_l1"}, "l1"},
                                                      {"None", {"none"}}}};

/// Reads the keys of its kind; its values are the fallbacks.
void read_keys(ConfigReader& c, Regularizer& r) {
  using Kind = Regularizer::Kind;
  const char* const l1_doc =
      r.kind == Kind::kMonoL1 ? "factor of the sum of the values, signed" : "factor of the sum of absolute values";
  if (r.kind != Kind::kL2) r.l1 = c.number("l1", l1_doc, {.fallback = r.l1, .min = 0});
  if (r.kind == Kind::kL2 || r.kind == Kind::kL1L2)
    r.l2 = c.number("l2", "factor of the sum of squares", {.fallback = r.l2, .min = 0});
}

nlohmann::json config_of(Regularizer regularizer) {
  return written_keys([&](ConfigReader& c) { read_keys(c, regularizer); });
}

Regularizer read_regularizer(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs) {
  if (node.is_null() || (node.is_list() && node.items().empty())) return {};
  const KerasObject object = read_keras_object(node, "a regularizer", kRegularizerNames, errors);
  const double fallback = object.name == "MonoL1" || object.written == "L1L2" ? 0.0 : 0.01;
  Regularizer result;
  for (const Regularizer& one : {Regularizer::L1(fallback), Regularizer::L2(fallback),
                                 Regularizer::L1L2(fallback, fallback), Regularizer::MonoL1(fallback)}) {
    if (object.name == to_string(one.kind)) result = one;
  }
  if (!result) return {};  // none, or an error
  ConfigReader c(object.arguments, object.written, errors, docs);
  read_keys(c, result);
  c.finish();
  return result;
}

}  // namespace

Regularizer Regularizer::from_node(const Node& node, ErrorList& errors) {
  return read_regularizer(node, errors, nullptr);
}

namespace {

std::string doc_of_regularizer(std::string_view name) {
  if (name == "L1") return "l1 * sum(abs(x))";
  if (name == "L2") return "l2 * sum(x * x)";
  if (name == "L1L2") return "both; as l1_l2 both defaults are 0.01, as in Keras";
  if (name == "MonoL1") return "l1 * sum(x), signed: for bit widths, of which fewer are always better";
  return "nothing";
}

}  // namespace

std::vector<ObjectDoc> regularizer_docs() {
  return object_docs(
      kRegularizerNames, [](const KerasName& name) { return doc_of_regularizer(name.class_name); }, read_regularizer);
}

std::string config_text(const Regularizer& regularizer) {
  if (!regularizer) return "none";
  const std::string_view name = to_string(regularizer.kind);
  if (regularizer.kind == Regularizer::Kind::kL1L2)
    return concat("{", name, ": {l1: ", regularizer.l1, ", l2: ", regularizer.l2, "}}");
  return concat("{", name, ": ", regularizer.kind == Regularizer::Kind::kL2 ? regularizer.l2 : regularizer.l1, "}");
}

std::string_view to_string(Regularizer::Kind kind) {
  switch (kind) {
    case Regularizer::Kind::kL1:
      return "L1";
    case Regularizer::Kind::kL2:
      return "L2";
    case Regularizer::Kind::kL1L2:
      return "L1L2";
    case Regularizer::Kind::kMonoL1:
      return "MonoL1";
    case Regularizer::Kind::kNone:
      break;
  }
  return "None";
}

nlohmann::json to_json(const Regularizer& regularizer) {
  if (!regularizer) return nullptr;
  const bool mono = regularizer.kind == Regularizer::Kind::kMonoL1;
  nlohmann::json json =
      keras_json(mono ? "HGQ.utils.utils" : "keras.regularizers", to_string(regularizer.kind), config_of(regularizer));
  if (mono) json["registered_name"] = "HGQ>MonoL1";
  return json;
}

nlohmann::json to_passive_json(const Regularizer& regularizer) {
  if (!regularizer) return nullptr;
  const bool mono = regularizer.kind == Regularizer::Kind::kMonoL1;
  return {{"class_name", (mono ? "HGQ>" : "") + std::string(to_string(regularizer.kind))},
          {"config", config_of(regularizer)},
          {"__passive_serialization__", true}};
}

}  // namespace hgq
