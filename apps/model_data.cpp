#include "hgq/apps/model_data.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/layers/hgq_file.h"

namespace hgq {
namespace {

constexpr int64_t kSliceRows = 65536;

/// The arrays that a command names, the model's own, or one dataset called `fallback`.
std::vector<NamedArray> choose_arrays(const std::string& given, const std::vector<NamedArray>& own,
                                      const std::string& fallback) {
  if (!given.empty()) return parse_arrays(given);
  if (!own.empty()) return own;
  NamedArray array;
  array.array.names = {fallback};
  return {array};
}

}  // namespace

LoadedModel load_model_with_extras(const std::string& path) {
  ModelExtras extras;
  Model model = load_model(path, [&](const h5::Group& hgq) { extras = read_extras(hgq); });
  return {std::move(model), std::move(extras)};
}

h5::File make_model_file_with_extras(Model& model, const ModelExtras& extras, const std::string& path) {
  return make_model_file(model, path, [&](h5::Group& hgq) { write_extras(hgq, extras); });
}

void save_model_with_extras(Model& model, const ModelExtras& extras, const std::string& path) {
  make_model_file_with_extras(model, extras, path).flush();
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

std::unique_ptr<Dataset> load_command_data(const DataCommand& command, const ModelExtras& extras,
                                           const std::vector<std::string>& inputs,
                                           const std::vector<OutputSpec>& outputs, const std::string& sample_weights) {
  SetSpec spec{.file = command.data, .inputs = choose_arrays(command.inputs, extras.inputs, "x")};
  if (!outputs.empty()) spec.targets = choose_arrays(command.targets, extras.targets, "y");
  if (!sample_weights.empty()) spec.weights = parse_arrays(sample_weights);
  // A file that holds one array (NPY, IDX) has no names.
  DataFiles files;
  const FileKind kind = files.open(command.data).kind();
  if (kind == FileKind::kNpy || kind == FileKind::kIdx) {
    for (NamedArray& array : spec.inputs) array.array.names.clear();
  }
  return load_set(open_rows(spec, files), inputs, outputs, extras.scaling, extras.classes, default_memory_limit());
}

std::vector<Tensor> all_inputs(const Dataset& data) {
  std::vector<Tensor> all;
  for (const FieldSpec& field : data.inputs()) all.emplace_back(field.sample.with_front(data.size()));
  Batch batch;
  for (int64_t first = 0; first < data.size(); first += kSliceRows) {
    data.slice(first, std::min(kSliceRows, data.size() - first), batch);
    for (size_t i = 0; i < all.size(); ++i)
      std::ranges::copy(batch.inputs()[i].values(), all[i].view().rows(first, batch.rows()).data);
  }
  return all;
}

std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors) {
  std::vector<ConstTensorView> views;
  for (const Tensor& t : tensors) views.push_back(t.view());
  return views;
}

}  // namespace hgq
