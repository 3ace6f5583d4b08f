#include "keras_json.h"

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq::fuzz {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMostValues = 100000;  // of a weight: a file that holds more is no small one

template <typename T>
std::vector<T> filled(const Json& values, int64_t count) {
  std::vector<T> out;
  for (int64_t i = 0; i < count; ++i) {
    const double value = values.empty() ? 0 : values[static_cast<size_t>(i) % values.size()].get<double>();
    if constexpr (std::is_same_v<T, int8_t>) {
      out.push_back(static_cast<int8_t>(static_cast<int64_t>(std::clamp(value, -128.0, 127.0))));
    } else {
      out.push_back(static_cast<float>(value));
    }
  }
  return out;
}

KerasWeight weight_of(const Json& json) {
  std::vector<int64_t> dims;
  int64_t count = 1;
  for (const double d : json.at("shape").get<std::vector<double>>()) {
    dims.push_back(static_cast<int64_t>(std::clamp<double>(d, 0, kMostValues)));
    count *= dims.back();
    HGQ_CHECK(count <= kMostValues, FileError, "too many values");
  }
  const Shape shape{std::span<const int64_t>(dims)};
  const std::string name = json.at("name").get<std::string>();
  const Json& values = json.at("values");
  if (json.value("int8", false)) return KerasWeight::of_int8(name, shape, filled<int8_t>(values, count));
  return KerasWeight::of_floats(name, shape, filled<float>(values, count));
}

}  // namespace

KerasFile keras_file_of(const Json& document) {
  try {
    KerasFile file;
    file.path = "input.h5";
    file.model_config = Node::from_json(document.at("model_config"), "input.h5, model_config");
    for (const Json& layer : document.at("layers")) {
      KerasLayerWeights& weights = file.layers.emplace_back();
      weights.layer = layer.at("layer").get<std::string>();
      for (const Json& weight : layer.at("weights")) weights.weights.push_back(weight_of(weight));
    }
    return file;
  } catch (const Json::exception& e) {
    throw FileError(concat("no document of a Keras file: ", e.what()));
  }
}

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

}  // namespace hgq::fuzz
