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
               "keep: inputs and targets are scaled as those of the file were, if they were scaled; fit: as data.scale "
               "and data.scale_targets say",
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
  DataOfWeights of_file{.scaling = scaling_for(model, start),
                        .target_scaling = {},
                        .classes = std::move(start.extras.classes),
                        .inputs = std::move(start.extras.inputs)};
  if (start.extras.target_scaling.size() == model.outputs().size())
    of_file.target_scaling = std::move(start.extras.target_scaling);
  for (size_t i = 0; i < of_file.scaling.size() && weights.keep_scaling; ++i) {
    const Model::Entry& input = model.entry(model.inputs()[i]);
    of_file.scaling[i].check(input.shape, input.name);
  }
  return of_file;
}

std::vector<std::string> changed_data(const ModelWeights& weights, const DataOfWeights& before, const DataSets& now) {
  std::vector<std::string> lines;
  const auto compare = [&](const std::vector<Scaling>& then, const std::vector<Scaling>& here, const char* what,
                           const char* key) {
    for (size_t i = 0; i < std::min(then.size(), here.size()); ++i) {
      if (then[i].offset == here[i].offset && then[i].divisor == here[i].divisor) continue;
      lines.push_back(concat("model.weights: its weights were trained with ", what,
                             then[i].empty() ? " that were not scaled" : " scaled by other numbers",
                             here[i].empty() ? concat(", here they are not scaled (", key, ": none)")
                                             : concat(", here ", key, " scales them"),
                             weights.keep_scaling ? "" : "; `scaling: keep` takes the scaling of the file"));
    }
  };
  compare(before.scaling, now.scaling, "inputs", "data.scale");
  compare(before.target_scaling, now.target_scaling, "targets", "data.scale_targets");
  for (size_t o = 0; o < std::min(before.classes.size(), now.classes.size()); ++o) {
    if (!before.classes[o].empty() && !now.classes[o].empty() && before.classes[o].names != now.classes[o].names)
      lines.push_back(concat("model.weights: the classes of its data were ", quoted_names(before.classes[o].names),
                             ", here they are ", quoted_names(now.classes[o].names)));
  }
  return lines;
}

std::vector<std::string> changed_inputs(const std::string& key, const std::vector<NamedArray>& before,
                                        const std::vector<NamedArray>& now) {
  std::vector<std::string> lines;
  for (const NamedArray& input : now) {
    const auto named = std::ranges::find(before, input.name, &NamedArray::name);
    const bool only_one = before.size() == 1 && now.size() == 1;
    if (named == before.end() && !only_one) continue;
    const NamedArray& then = named == before.end() ? before.front() : *named;
    if (then.array.names.empty() || input.array.names.empty() || then.array.names == input.array.names) continue;
    lines.push_back(concat(key, ": its inputs were ", quoted_names(then.array.names), " of its data, here they are ",
                           quoted_names(input.array.names), "; if these are other quantities, or in another order, ",
                           "its weights mean nothing for them"));
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
