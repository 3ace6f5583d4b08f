#include "hgq/deploy/trained_model.h"

#include <algorithm>

#include "hgq/layers/hgq_file.h"
#include "hgq/optim/prediction_evaluation.h"
#include "hgq/proxy/proxy_file.h"

namespace hgq {

LoadedModel load_model_with_extras(const std::string& path, const Registry& registry) {
  ModelExtras extras;
  Model model = load_model(
      path, [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); }, registry.layer_defaults());
  return {std::move(model), std::move(extras)};
}

h5::File make_model_file_with_extras(Model& model, const ModelExtras& extras, const std::string& path) {
  return make_model_file(model, path, [&](h5::Group& hgq) { write_extras(hgq, extras); });
}

void save_model_with_extras(Model& model, const ModelExtras& extras, const std::string& path) {
  make_model_file_with_extras(model, extras, path).flush();
}

void save_proxy_with_extras(const ProxyModel& proxy, const Model& model, const ModelExtras& extras,
                            const std::string& path) {
  ModelExtras own = extras_of_proxy(extras);
  // In the order of the outputs, by which commands find the names that the outputs have in the model.
  const std::vector<std::string> outputs = output_names(model);
  const auto place = [&](const NamedArray& target) {
    return std::ranges::find(outputs, target.name) - outputs.begin();
  };
  std::ranges::stable_sort(own.targets, {}, place);
  for (const EvaluatedOutput& output : evaluated_outputs(model)) own.output_functions.push_back(output.function);
  save_proxy(proxy, path, [&own](h5::Group& hgq) { write_extras(hgq, own); });
}

std::vector<std::string> input_names(const Model& model) {
  std::vector<std::string> names;
  for (const int i : model.inputs()) names.push_back(model.entry(i).name);
  return names;
}

std::vector<std::string> output_names(const Model& model) {
  std::vector<std::string> names;
  for (const int i : model.outputs()) names.push_back(model.entry(i).name);
  return names;
}

}  // namespace hgq
