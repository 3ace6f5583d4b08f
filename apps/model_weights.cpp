#include "hgq/apps/model_weights.h"

#include <algorithm>
#include <filesystem>

#include "hgq/core/error.h"
#include "hgq/deploy/trained_model.h"

namespace hgq {
namespace {

std::string path_of(const std::string& text, const std::string& folder) {
  return (std::filesystem::path(folder) / text).lexically_normal().string();
}

/// The scaling of the file for each input of the model, by name; a single input may have another name.
std::vector<Scaling> scaling_for(const Model& model, const WarmStart& start) {
  const std::vector<std::string> inputs = input_names(model);
  std::vector<Scaling> scaling;
  for (const std::string& input : inputs) {
    auto found = std::ranges::find(start.inputs, input);
    if (found == start.inputs.end() && inputs.size() == 1 && start.inputs.size() == 1) found = start.inputs.begin();
    const auto i = static_cast<size_t>(found - start.inputs.begin());
    scaling.push_back(i < start.extras.scaling.size() ? start.extras.scaling[i] : Scaling{});
  }
  return scaling;
}

}  // namespace

ModelWeights read_model_weights(const Node& node, const std::string& folder, ErrorList& errors,
                                std::vector<KeyDoc>* docs) {
  if (!node.is_map()) {
    const auto text = text_of(node);
    if (text && !text->empty()) return {.file = path_of(*text, folder)};
    errors.add(node.place(), concat("model.weights: found ", describe(node), ", expected a model file (model.h5)"));
    return {};
  }
  ConfigReader c(node, "model.weights", errors, docs);
  const std::string file = c.text("file", "a model of hgq, a checkpoint of it, or a model of Python HGQ", std::nullopt);
  const bool keep =
      c.choice("scaling",
               "keep: the inputs are scaled as those of the file were, if they were scaled; fit: as data.scale says",
               {"keep", "fit"}, "keep") == "keep";
  c.finish();
  return {.file = path_of(file, folder), .keep_scaling = keep};
}

Node to_node(const ModelWeights& weights) {
  return Node::map({{"file", Node::scalar(std::filesystem::absolute(weights.file).lexically_normal().string())},
                    {"scaling", Node::scalar(weights.keep_scaling ? "keep" : "fit")}});
}

DataOfWeights load_model_weights(const ModelWeights& weights, const Registry& registry, Model& model,
                                 std::vector<std::string>& notes, std::vector<std::string>& warnings) {
  WarmStart start;
  try {
    start = load_weights(model, weights.file, registry);
  } catch (const ConfigError& e) {
    throw ConfigError(concat("model.weights: ", e.what()));
  } catch (const FileError& e) {
    throw FileError(concat("model.weights: ", e.what()));
  }
  notes.push_back(concat("model.weights: ", start.loaded.size(),
                         start.loaded.size() == 1 ? " layer begins" : " layers begin", " with the weights of '",
                         printable(weights.file), "'"));
  if (!start.not_found.empty())
    notes.push_back(concat("model.weights: not in the file, so new: ", join_names(start.not_found)));
  if (!start.unused.empty())
    notes.push_back(concat("model.weights: in the file, but not in the model: ", join_names(start.unused)));
  for (const std::string& note : start.notes) warnings.push_back(concat("model.weights: ", note));
  DataOfWeights of_file{.scaling = scaling_for(model, start), .classes = std::move(start.extras.classes)};
  for (size_t i = 0; i < of_file.scaling.size() && weights.keep_scaling; ++i) {
    const Model::Entry& input = model.entry(model.inputs()[i]);
    of_file.scaling[i].check(input.shape, input.name);
  }
  return of_file;
}

std::vector<std::string> changed_data(const ModelWeights& weights, const DataOfWeights& before, const DataSets& now) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < std::min(before.scaling.size(), now.scaling.size()); ++i) {
    const Scaling& then = before.scaling[i];
    if (then.offset == now.scaling[i].offset && then.divisor == now.scaling[i].divisor) continue;
    const bool both = !then.empty() && !now.scaling[i].empty();
    lines.push_back(
        concat("model.weights: its weights were trained with ",
               then.empty() ? "inputs that were not scaled" : "inputs scaled by other numbers",
               both || then.empty() ? ", here data.scale scales them" : ", here they are not scaled (data.scale: none)",
               weights.keep_scaling ? "" : "; `scaling: keep` takes the scaling of the file"));
  }
  for (size_t o = 0; o < std::min(before.classes.size(), now.classes.size()); ++o) {
    if (!before.classes[o].empty() && !now.classes[o].empty() && before.classes[o].names != now.classes[o].names)
      lines.push_back(concat("model.weights: the classes of its data were ", quoted_names(before.classes[o].names),
                             ", here they are ", quoted_names(now.classes[o].names)));
  }
  return lines;
}

std::string evaluation_text(Model& model, const Objective& objective, const DataSets& sets, Workers& workers) {
  const bool validation = sets.validation != nullptr;
  const Metrics metrics = Evaluation(model, objective, workers)
                              .run(validation ? *sets.validation : *sets.train, 4096, validation ? "val_" : "");
  std::string text;
  for (const auto& [name, value] : metrics.entries()) text += concat(text.empty() ? "" : ", ", name, " ", value);
  return text;
}

}  // namespace hgq
