// hgq-train reference: docs/config.md, every key of a config, made by asking the readers themselves.
#include <iostream>

#include "hgq/apps/commands.h"
#include "hgq/apps/config_reference.h"
#include "hgq/apps/run_config.h"
#include "hgq/callbacks/registry.h"
#include "hgq/core/error.h"
#include "hgq/layers/quantizer_config.h"
#include "hgq/layers/registry.h"
#include "hgq/optim/loss.h"
#include "hgq/optim/metric.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {
namespace {

constexpr std::string_view kHead = R"(# Every key of a config

Made by `hgq-train reference`, of what the program reads. Paths are relative to the config file. Numbers are decimal, booleans `true` and
`false`; a key that stands twice, an unknown key, `<<` and a second document are errors. `hgq-train check CONFIG.yaml` names all errors of a config at
once.

)";

/// Tables of named things, each with a line of its own. `ask` makes one of them with no keys; what it lacks is noted
/// nowhere.
template <typename Ask>
std::vector<KeyDoc> keys_of(const Ask& ask) {
  std::vector<KeyDoc> docs;
  ErrorList ignored;
  try {
    ask(ignored, docs);
  } catch (const Error&) {  // of a key that is missing
  }
  return docs;
}

void print_names(const char* title, const std::vector<std::string>& names) {
  std::cout << "\n# " << title << "\n\n";
  for (size_t i = 0; i < names.size(); ++i) std::cout << (i == 0 ? "`" : ", `") << names[i] << "`";
  std::cout << "\n";
}

void print_group(const char* title, std::string_view text) { std::cout << "\n# " << title << "\n\n" << text << "\n\n"; }

/// What layer_graph.h reads: no layers of their own.
struct Structure {
  std::string_view name, doc;
  std::vector<KeyDoc> keys;
};

std::vector<Structure> structures() {
  const KeyDoc name{"", "name", "text", "", "name of the call"};
  return {{"Input",
           "an input of the model, or of a nested one",
           {name, {"", "shape", "a list of integers", "", "shape of a sample; not needed where the data tell"}}},
          {"NestedModel",
           "layers with names of their own, which are called together; Input layers among them stand for its inputs, "
           "in their order",
           {name,
            {"", "layers", "a list", "required", "the layers inside"},
            {"", "outputs", "a list", "",
             "names of the layers inside that give its outputs; the layers that nobody reads if not given. Several are "
             "read as NAME/LAYER"}}},
          {"Shared",
           "one more call of a layer or nested model, with the same weights, bit widths and ranges",
           {name, {"", "layer", "text", "required", "the layer or nested model that is called again"}}}};
}

void print_thing(std::string_view name, std::string_view doc, const std::vector<KeyDoc>& docs) {
  if (docs.empty()) {
    std::cout << "## " << name << "\n\n" << (doc.empty() ? "" : concat(doc, ". ")) << "No keys.\n\n";
    return;
  }
  std::cout << config_reference(docs, doc.empty() ? "" : concat(doc, ".")) << "\n";
}

}  // namespace

int run_reference() {
  std::cout << kHead << "# Sections\n\n" << config_reference(run_config_docs());

  print_group(
      "Quantizers",
      "`model.kernel_quantizer` and a layer's `kq_conf`, `model.activation_quantizer` and a layer's `paq_conf`: the "
      "layer's keys over the model's over these defaults, key by key.");
  print_thing("kernel_quantizer", "", keys_of([](ErrorList& errors, std::vector<KeyDoc>& docs) {
                QuantizerConfig::from_node(Node::map({}), get_default_kq_conf(), "kernel_quantizer", errors, &docs);
              }));
  print_thing("activation_quantizer", "", keys_of([](ErrorList& errors, std::vector<KeyDoc>& docs) {
                QuantizerConfig::from_node(Node::map({}), get_default_paq_conf(), "activation_quantizer", errors,
                                           &docs);
              }));

  print_group("Layers",
              "Written as `NAME` or `{NAME: {KEY: VALUE, ...}}`. `inputs: [LAYER, ...]` makes a graph of a chain.");
  for (const LayerKind& kind : layer_kinds()) {
    print_thing(kind.name, kind.doc, keys_of([&](ErrorList& errors, std::vector<KeyDoc>& docs) {
                  const Node none = Node::map({});
                  const LayerDefaults defaults;
                  make_layer(kind.name, {none, defaults, errors, &docs});
                }));
  }

  for (const Structure& structure : structures()) {
    std::vector<KeyDoc> keys = structure.keys;
    for (KeyDoc& key : keys) key.section = structure.name;
    print_thing(structure.name, structure.doc, keys);
  }

  print_group("Optimizers", "`learning_rate` is a number or a schedule.");
  for (const std::string& name : optimizer_names()) {
    print_thing(name, "", keys_of([&](ErrorList& errors, std::vector<KeyDoc>& docs) {
                  make_optimizer(Node::map({{name, Node::map({})}}), {}, errors, &docs);
                }));
  }

  print_group("Schedules of the learning rate", "Lengths are in steps, or in epochs.");
  for (const std::string& name : schedule_names()) {
    print_thing(name, "", keys_of([&](ErrorList& errors, std::vector<KeyDoc>& docs) {
                  make_schedule(Node::map({{name, Node::map({})}}), {}, errors, &docs);
                }));
  }

  print_group("Callbacks", "Called in the order of the list.");
  for (const CallbackKind& kind : callback_kinds()) {
    print_thing(kind.name, kind.doc, keys_of([&](ErrorList& errors, std::vector<KeyDoc>& docs) {
                  make_callback(Node::map({{std::string(kind.name), Node::map({})}}), {}, errors, &docs);
                }));
  }

  print_names("Losses", loss_names());
  print_names("Metrics", metric_names());
  return kExitDone;
}

}  // namespace hgq
