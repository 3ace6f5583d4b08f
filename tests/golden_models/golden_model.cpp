#include "golden_model.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/kinds.h"

namespace hgq::golden {
namespace {

/// A dataset, or a group with one dataset for each of several inputs or outputs: "0", "1" ...
std::vector<Tensor> one_or_several(const h5::File& data, const std::string& path) {
  std::vector<Tensor> all;
  if (data.is_dataset(path)) {
    all.push_back(data.read_floats(path));
    return all;
  }
  for (size_t i = 0; i < data.group(path).names().size(); ++i) all.push_back(data.read_floats(concat(path, "/", i)));
  return all;
}

}  // namespace

GoldenModel GoldenModel::open(const std::string& folder, const std::string& name) {
  std::ifstream text(folder + "/case.json");
  HGQ_CHECK(text.good(), FileError, folder, ": has no case.json");
  return {name, folder, nlohmann::json::parse(text), h5::File::open(folder + "/data.h5")};
}

std::vector<Tensor> GoldenModel::inputs(const std::string& set) const {
  if (data.has("x/" + set)) return one_or_several(data, "x/" + set);
  std::vector<Tensor> all;
  for (int i = 0; data.has(concat("x/", i, "/", set)); ++i) all.push_back(data.read_floats(concat("x/", i, "/", set)));
  return all;
}

std::vector<Tensor> GoldenModel::outputs(const std::string& group, const std::string& set) const {
  return one_or_several(data, group + "/" + set);
}

bool GoldenModel::is_qkeras() const { return std::filesystem::exists(file("qkeras.h5")); }

Model GoldenModel::load() const {
  FunctionTable functions;
  functions.add({"sine", [](double x) { return std::sin(x); }, [](double x, double) { return std::cos(x); }});
  LayerDefaults defaults;
  defaults.functions = std::make_shared<const FunctionTable>(std::move(functions));
  return load_model(file("hgq.h5"), {}, defaults);
}

std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors) {
  std::vector<ConstTensorView> views;
  for (const Tensor& t : tensors) views.push_back(t.view());
  return views;
}

void Differences::compare(const std::string& what, ConstTensorView ours, ConstTensorView golden) {
  if (!(ours.shape == golden.shape)) {
    lines_.push_back(concat(what, ": has shape ", ours.shape, ", expected ", golden.shape));
    return;
  }
  int64_t first = -1;
  int64_t count = 0;
  for (int64_t e = 0; e < ours.size(); ++e) {
    if (ours.data[e] == golden.data[e]) continue;
    if (first < 0) first = e;
    ++count;
  }
  if (count == 0) return;
  lines_.push_back(concat(what, ": ", count, " of ", ours.size(), " values differ; element ", first, " is ",
                          ours.data[first], ", expected ", golden.data[first]));
}

}  // namespace hgq::golden
