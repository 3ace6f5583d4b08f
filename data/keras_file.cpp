#include "hgq/data/keras_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/shell_word.h"
#include "hgq/data/file_form.h"
#include "hgq/data/keras_weights.h"

namespace hgq {
namespace {

constexpr const char* kKerasVersion = "2.15.0";
constexpr const char* kBackend = "tensorflow";
constexpr const char* kChecksum = "checksum";  // attribute of the group hgq

/// Keras splits a list of names over 64 kB into NAME0, NAME1, ...
std::vector<std::string> names_attribute(const h5::Group& group, const std::string& name) {
  if (group.has_attribute(name)) return group.attribute_strings(name);
  std::vector<std::string> all;
  for (int part = 0; group.has_attribute(concat(name, part)); ++part) {
    for (std::string& one : group.attribute_strings(concat(name, part))) all.push_back(std::move(one));
  }
  HGQ_CHECK(!all.empty(), FileError, group.place(), ": has no attribute '", name,
            "'; expected the layout that Keras 2 saves (model.save('NAME.h5'))");
  return all;
}

KerasWeight read_weight(const h5::Group& group, const std::string& name) {
  const h5::DatasetInfo info = group.info(name);
  if (info.type == h5::TypeClass::kInteger && info.bytes == 1 && info.is_signed) {
    const std::vector<int64_t> values = group.read_integers(name);
    return KerasWeight::of_int8(name, info.shape, std::vector<int8_t>(values.begin(), values.end()));
  }
  const Tensor values = group.read_floats(name);
  return KerasWeight::of_floats(name, info.shape, {values.values().begin(), values.values().end()});
}

KerasLayerWeights read_layer(const h5::Group& weights, const std::string& layer) {
  KerasLayerWeights out{layer, {}};
  const h5::Group group = weights.group(layer);
  for (const std::string& name : names_attribute(group, "weight_names"))
    out.weights.push_back(read_weight(group, name));
  return out;
}

Node read_model_config(const h5::File& file, const std::string& path) {
  if (!file.has_attribute("model_config")) {
    const bool weights = file.has_attribute("layer_names") || file.has_attribute("layer_names0") ||
                         file.is_group("layers") || file.is_group("_layer_checkpoint_dependencies");
    throw FileError(concat(path, ": has no attribute 'model_config', so it is not a model file of Keras 2; ",
                           weights
                               ? concat("it contains only weights, as save_weights() writes them; with the model as "
                                        "JSON: hgq-train import MODEL.json --weights ",
                                        shell_word(path), " --out proxy.h5")
                               : concat("it seems to hold data, which are given by --data ", shell_word(path))));
  }
  const std::string place = concat(path, ", model_config");
  try {
    return Node::from_json(nlohmann::json::parse(file.attribute_string("model_config")), place);
  } catch (const nlohmann::json::exception& error) {
    throw FileError(concat(place, ": is not JSON: ", json_reason(error.what())));
  }
}

void write_weight(h5::Group& group, const KerasWeight& weight) {
  if (weight.is_int8()) {
    group.write_int8(weight.name, weight.int8s(), weight.shape);
  } else {
    group.write_floats(weight.name, {weight.floats().data(), weight.shape});
  }
}

/// As one attribute, or, beyond what HDF5 keeps in one, as NAME0, NAME1 ..., which is how Keras splits them.
void set_names(h5::Group& group, const std::string& attribute, const std::vector<std::string>& names) {
  constexpr size_t kMost = 4000;  // of 16 bytes each, in at most 64 KiB
  if (names.size() <= kMost) {
    group.set_attribute(attribute, names);
    return;
  }
  for (size_t begin = 0; begin < names.size(); begin += kMost) {
    const size_t end = std::min(begin + kMost, names.size());
    group.set_attribute(concat(attribute, begin / kMost),
                        std::vector<std::string>(names.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 names.begin() + static_cast<std::ptrdiff_t>(end)));
  }
}

void write_layers(h5::Group& group, const std::vector<KerasLayerWeights>& layers) {
  std::vector<std::string> layer_names;
  for (const KerasLayerWeights& layer : layers) layer_names.push_back(layer.layer);
  group.set_attribute("keras_version", std::string(kKerasVersion));
  group.set_attribute("backend", std::string(kBackend));
  set_names(group, "layer_names", layer_names);
  for (const KerasLayerWeights& layer : layers) {
    h5::Group own = group.create_group(layer.layer);
    std::vector<std::string> weight_names;
    for (const KerasWeight& weight : layer.weights) {
      weight_names.push_back(weight.name);
      write_weight(own, weight);
    }
    set_names(own, "weight_names", weight_names);
  }
}

}  // namespace

KerasWeight KerasWeight::of_floats(std::string name, const Shape& shape, std::vector<float> values) {
  return {std::move(name), shape, std::move(values)};
}

KerasWeight KerasWeight::of_int8(std::string name, const Shape& shape, std::vector<int8_t> values) {
  return {std::move(name), shape, std::move(values)};
}

const std::vector<float>& KerasWeight::floats() const {
  HGQ_CHECK(!is_int8(), FileError, "weight '", name, "' holds int8, expected float32");
  return std::get<0>(values);
}

const std::vector<int8_t>& KerasWeight::int8s() const {
  HGQ_CHECK(is_int8(), FileError, "weight '", name, "' holds float32, expected int8");
  return std::get<1>(values);
}

std::string_view KerasWeight::leaf() const {
  std::string_view text = name;
  text.remove_prefix(text.find_last_of('/') + 1);  // npos + 1 is 0
  return text.substr(0, text.find(':'));
}

const KerasWeight* KerasLayerWeights::find(std::string_view leaf) const {
  const auto found = std::ranges::find_if(weights, [&](const KerasWeight& weight) { return weight.leaf() == leaf; });
  return found == weights.end() ? nullptr : &*found;
}

const KerasLayerWeights* KerasFile::find(std::string_view layer) const {
  const auto found = std::ranges::find_if(layers, [&](const KerasLayerWeights& one) { return one.layer == layer; });
  return found == layers.end() ? nullptr : &*found;
}

const KerasWeight* KerasFile::find(std::string_view layer, std::string_view leaf) const {
  const KerasLayerWeights* weights = find(layer);
  return weights == nullptr ? nullptr : weights->find(leaf);
}

void check_keras_checksum(const h5::File& file) {
  if (!file.is_group("hgq") || !file.group("hgq").has_attribute(kChecksum)) return;
  const int64_t stored = file.group("hgq").attribute_integer(kChecksum);
  const int64_t found = file.checksum(kChecksum);
  HGQ_CHECK(found == stored, FileError, file.place(), ": the checksum of its contents is ", found, ", expected ",
            stored, "; the file is damaged, or was changed by another program");
}

std::vector<KerasLayerWeights> read_keras_layers(const h5::Group& weights) {
  std::vector<KerasLayerWeights> out;
  std::set<std::string> seen;
  for (const std::string& layer : names_attribute(weights, "layer_names")) {
    HGQ_CHECK(seen.insert(layer).second, FileError, weights.place(), ": layer '", layer, "' is listed twice");
    out.push_back(read_layer(weights, layer));
  }
  return out;
}

namespace {

KerasFile read_all(const h5::File& file, const std::string& path, const ReadGroup& read_hgq) {
  check_keras_checksum(file);
  KerasFile out{path, read_model_config(file, path), {}};
  out.layers = read_keras_layers(file.group("model_weights"));
  if (read_hgq && file.is_group("hgq")) read_hgq(file.group("hgq"));
  return out;
}

}  // namespace

KerasFile read_keras_file(const std::string& path, const ReadGroup& read_hgq) {
  expect_model_file(path);
  const h5::File file = h5::File::open(path, [&](const h5::File& tried) { read_all(tried, path, read_hgq); });
  return read_all(file, path, read_hgq);
}

h5::File make_keras_file(const KerasFile& file, const std::string& path, const WriteGroup& write_hgq) {
  const std::string config = file.model_config.to_json().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  h5::File out = h5::File::create(path);
  out.set_attribute("keras_version", std::string(kKerasVersion));
  out.set_attribute("backend", std::string(kBackend));
  out.set_attribute("model_config", config);
  h5::Group weights = out.create_group("model_weights");
  write_layers(weights, file.layers);
  if (write_hgq) {
    h5::Group hgq = out.create_group("hgq");
    write_hgq(hgq);
    hgq.set_attribute(kChecksum, int64_t{out.checksum(kChecksum)});
  }
  return out;
}

void write_keras_file(const KerasFile& file, const std::string& path, const WriteGroup& write_hgq) {
  make_keras_file(file, path, write_hgq).flush();
}

}  // namespace hgq
