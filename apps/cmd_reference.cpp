// hgq-train reference: prints docs/config.md, every key of a config. It runs the readers, which collect the keys that
// they ask for.
#include <iostream>

#include "hgq/apps/command_docs.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/config_reference.h"
#include "hgq/apps/reference_text.h"
#include "hgq/apps/run_config.h"
#include "hgq/autograd/activations.h"
#include "hgq/autograd/expression_program.h"
#include "hgq/config/object_docs.h"
#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/object_docs.h"
#include "hgq/layers/quantizer_config.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {
namespace {

/// Tables of named things, each with a line of its own. `ask` makes one of them without any keys; the errors about
/// missing keys are dropped.
template <typename Ask>
std::vector<KeyDoc> keys_of(const Ask& ask) {
  std::vector<KeyDoc> docs;
  ErrorList ignored;
  try {
    ask(ignored, docs);
  } catch (const Error&) {  // because a key is missing
  }
  return docs;
}

std::string code(const std::string& text) { return concat("`", text, "`"); }

std::string code_list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + code(name);
  return out;
}

/// Named things with their arguments: a table with a row for each, since most have only a few keys.
void print_objects(const std::vector<ObjectDoc>& objects) {
  std::cout << "| name | arguments | |\n|---|---|---|\n";
  for (const ObjectDoc& object : objects) {
    std::vector<std::string> names{object.name};
    names.insert(names.end(), object.aliases.begin(), object.aliases.end());
    std::string keys;
    for (const KeyDoc& key : object.keys) {
      if (key.key == "seed") continue;  // described once for all of them
      keys += concat(keys.empty() ? "" : "<br>", code(key.key), ", ", key.type,
                     key.fallback.empty() ? std::string() : concat(", default ", code(key.fallback)), ": ", key.doc);
    }
    if (!object.scalar.empty())
      keys += concat("<br>", code(concat("{", object.name, ": VALUE}")), " gives ", code(object.scalar));
    std::cout << "| " << code_list(names) << " | " << keys << " | " << object.doc << " |\n";
  }
}

void print_names(std::span<const NamedDoc> names) {
  std::cout << "| | |\n|---|---|\n";
  for (const NamedDoc& name : names) std::cout << "| " << code(std::string(name.name)) << " | " << name.doc << " |\n";
}

void print_group(const char* title, std::string_view text) {
  std::cout << "\n# " << title << "\n\n" << text << (text.ends_with('\n') ? "\n" : "\n\n");
}

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
           "layers with names of their own, which are called together; Input layers among them are its inputs, "
           "in their order",
           {name,
            {"", "layers", "a list", "required", "the layers inside"},
            {"", "outputs", "a list", "",
             "names of the layers inside that give its outputs; if not given, the layers that no other layer reads. "
             "Several are "
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

using DocsOfCommand = std::vector<KeyDoc>;

/// A section for each: what it is, and its keys, which `make` asks for when it is called without any.
template <typename Make, typename MakeOne>
void print_kinds(const Kinds<Make>& kinds, MakeOne make) {
  for (const Kind<Make>& kind : kinds.all()) {
    std::string doc = kind.doc;
    const bool lower = std::ranges::any_of(kind.aliases, [](const std::string& a) { return std::islower(a[0]) != 0; });
    if (!kind.aliases.empty() && !lower)
      doc += concat(doc.empty() ? "" : "; ", "also called ", code_list(kind.aliases));
    const Node named = Node::map({{kind.name, Node::map({})}});
    print_thing(kind.name, doc,
                keys_of([&](ErrorList& errors, DocsOfCommand& docs) { make(named, kind.name, errors, docs); }));
  }
}

template <typename Make>
std::vector<ObjectDoc> docs_of(const Kinds<Make>& kinds, const ReadNamed& read) {
  const auto doc = [&](const KerasName& name) { return kinds.find(name.class_name)->doc; };
  return object_docs(kinds.keras_names(), doc, read);
}

}  // namespace

int run_reference(const Registry& registry) {
  std::cout << reference_text::kHead << "# How values are written\n\n"
            << reference_text::kValues << "\n## Changing values on the command line: --set\n\n"
            << reference_text::kSets << "\n# Sections\n\n"
            << config_reference(run_config_docs());

  print_group("Data: forms of inputs, targets and sets", reference_text::kArrays);
  std::cout << reference_text::kTargets;
  print_group("Quantizers", reference_text::kQuantizers);
  print_thing("kernel_quantizer", "", keys_of([](ErrorList& errors, std::vector<KeyDoc>& docs) {
                QuantizerConfig::from_node(Node::map({}), get_default_kq_conf(), "kernel_quantizer", errors, &docs);
              }));
  print_thing("activation_quantizer", "", keys_of([](ErrorList& errors, std::vector<KeyDoc>& docs) {
                QuantizerConfig::from_node(Node::map({}), get_default_paq_conf(), "activation_quantizer", errors,
                                           &docs);
              }));

  print_group("Layers", reference_text::kLayers);
  print_kinds(registry.layers,
              [&](const Node& /*named*/, const std::string& name, ErrorList& errors, DocsOfCommand& docs) {
                const Node none = Node::map({});
                const LayerDefaults defaults = registry.layer_defaults();
                make_layer(name, {none, defaults, errors, &docs});
              });
  for (const Structure& structure : structures()) {
    std::vector<KeyDoc> keys = structure.keys;
    for (KeyDoc& key : keys) key.section = structure.name;
    print_thing(structure.name, structure.doc, keys);
  }

  print_group("Activations", reference_text::kActivations);
  std::vector<std::string> functions{"linear", "relu", "softmax", "log_softmax"};
  for (const std::string& name : registry.activations.names()) functions.push_back(name);
  std::cout << code_list(functions) << ".\n\n" << reference_text::kFormulas << "\n";
  std::vector<std::string> in_formulas;
  for (const ExpressionFunction& function : expression_functions()) in_formulas.emplace_back(function.name);
  std::cout << code_list(in_formulas) << ".\n";

  print_group(
      "Initializers",
      "First values of weights, by the names of Keras. Random ones take `seed`, an integer, too: the same numbers "
      "for every parameter of a shape, as in Keras; without it they follow from the run's seed and the "
      "parameter's name. The fans of a kernel are its last two dims, times the extent of its window.");
  print_objects(initializer_docs());
  print_group("Regularizers", "Terms that weights or bit widths add to the loss.");
  print_objects(regularizer_docs());
  print_group("Constraints", "What is applied to weights after each update.");
  print_objects(constraint_docs());

  print_group("Optimizers", "`learning_rate` is a number or a schedule.");
  print_kinds(registry.optimizers,
              [&](const Node& named, const std::string& /*name*/, ErrorList& errors, DocsOfCommand& docs) {
                make_optimizer(named, {.kinds = &registry}, errors, &docs);
              });

  print_group("Schedules of the learning rate",
              "As `learning_rate: {CosineDecay: {initial_learning_rate: 0.01, decay_epochs: 100}}`. Lengths are in "
              "steps (batches), or in epochs.");
  print_kinds(registry.schedules,
              [&](const Node& named, const std::string& /*name*/, ErrorList& errors, DocsOfCommand& docs) {
                make_schedule(named, {.kinds = &registry}, errors, &docs);
              });

  print_group("Losses", reference_text::kLosses);
  print_objects(docs_of(registry.losses, [&](const Node& named, ErrorList& errors, DocsOfCommand* docs) {
    make_loss(named, registry.losses, errors, docs);
  }));
  print_group("Metrics", reference_text::kMetrics);
  print_objects(docs_of(registry.metrics, [&](const Node& named, ErrorList& errors, DocsOfCommand* docs) {
    make_metric(named, registry.metrics, errors, docs);
  }));

  print_group("Callbacks", reference_text::kCallbacks);
  print_kinds(registry.callbacks, [&](const Node& named, const std::string& /*name*/, ErrorList& errors,
                                      DocsOfCommand& docs) { make_callback(named, {}, registry, errors, &docs); });

  std::cout << "\n# Defaults that differ from Python HGQ\n\n" << reference_text::kDifferences;
  print_group("Files of a run", "In the folder given by `--out`, `runs/CONFIGNAME` by default.");
  print_names(run_files());
  print_group("Exit codes", "Of every command.");
  print_names(exit_codes());
  return kExitDone;
}

}  // namespace hgq
