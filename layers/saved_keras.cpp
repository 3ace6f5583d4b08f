#include "hgq/layers/saved_keras.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/data/bytes.h"
#include "hgq/data/file_form.h"
#include "hgq/data/keras_weights.h"
#include "hgq/data/zip_file.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

constexpr int64_t kFreeBytes = int64_t{1} << 26U;  // of a description, and of weights that may be packed tightly
constexpr int kMaxConfigDepth = 32;                // of models inside models

/// A copy of a member of a zip, since libhdf5 opens files; it is gone with this object.
class TemporaryCopy {
 public:
  explicit TemporaryCopy(const Bytes& bytes) {
    path_ = (std::filesystem::temp_directory_path() / "hgq-weights-XXXXXX").string();
    const int file = ::mkstemp(path_.data());
    HGQ_CHECK(file >= 0, RunError, path_, ": cannot be created");
    std::FILE* const out = ::fdopen(file, "wb");
    std::vector<char> piece(size_t{1} << 20U);
    bool good = out != nullptr;
    for (int64_t offset = 0; good && offset < bytes.size();) {
      const auto count = std::min<int64_t>(std::ssize(piece), bytes.size() - offset);
      bytes.read(offset, std::span(piece).first(static_cast<size_t>(count)));
      good = std::fwrite(piece.data(), 1, static_cast<size_t>(count), out) == static_cast<size_t>(count);
      offset += count;
    }
    good = out != nullptr && std::fclose(out) == 0 && good;
    if (!good) std::remove(path_.c_str());
    HGQ_CHECK(good, RunError, path_, ": cannot be written");
  }
  ~TemporaryCopy() { std::remove(path_.c_str()); }
  TemporaryCopy(const TemporaryCopy&) = delete;
  TemporaryCopy& operator=(const TemporaryCopy&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string text_of(const Bytes& bytes) {
  HGQ_CHECK(bytes.size() <= kFreeBytes, FileError, bytes.place(), ": has ", bytes.size(), " bytes, at most ",
            kFreeBytes, " are read");
  std::string text(static_cast<size_t>(bytes.size()), '\0');
  bytes.read(0, text);
  return text;
}

Node parse(const std::string& text, const std::string& place) {
  try {
    return Node::from_json(nlohmann::json::parse(text), place);
  } catch (const nlohmann::json::exception& error) {
    throw FileError(concat(place, ": is not JSON: ", json_reason(error.what())));
  }
}

bool is_true(const Node& config, std::string_view key) { return config[key].text() != "false"; }

/// What the variables of a layer are, in the order in which Keras makes them, trained ones first.
std::vector<std::string> variable_names(const std::string& class_name, const Node& config) {
  std::vector<std::string> names;
  if (class_name.ends_with("BatchNormalization")) {
    if (is_true(config, "scale")) names.emplace_back("gamma");
    if (is_true(config, "center")) names.emplace_back("beta");
    names.emplace_back("moving_mean");
    names.emplace_back("moving_variance");
    return names;
  }
  const bool separable = class_name.find("Separable") != std::string::npos;
  const bool depthwise = separable || class_name.find("Depthwise") != std::string::npos;
  names.emplace_back(depthwise ? "depthwise_kernel" : "kernel");
  if (separable) names.emplace_back("pointwise_kernel");
  if (is_true(config, "use_bias")) names.emplace_back("bias");
  return names;
}

/// Collects the weights of a model from the store of its zip.
class WeightStore {
 public:
  explicit WeightStore(const h5::Group& root) : root_(root) {}

  std::vector<KerasLayerWeights> read(const Node& model) {
    const Node& layers = model["config"]["layers"];
    std::map<std::string, int> used;
    const std::string container = container_of("");
    for (const Node& layer : layers.items()) {
      KerasLayerWeights& weights = found_.emplace_back();
      weights.layer = name_of(layer);
      read_layer(layer, next_group(container, layer, used), "", weights, 0);
    }
    return std::move(found_);
  }

 private:
  static std::string name_of(const Node& layer) {
    return layer["name"].is_scalar() ? layer["name"].text() : layer["config"]["name"].text();
  }

  /// The group of a model that holds those of its layers, as Keras 3 and Keras 2 call it.
  std::string container_of(const std::string& model) const {
    const std::string front = model.empty() ? "" : model + "/";
    for (const char* const name : {"layers", "_layer_checkpoint_dependencies"}) {
      if (root_.is_group(front + name)) return front + name;
    }
    throw FileError(concat(root_.place(), front, ": has no group 'layers' or '_layer_checkpoint_dependencies'; ",
                           "expected the weights of a .keras file"));
  }

  static std::string next_group(const std::string& container, const Node& layer, std::map<std::string, int>& used) {
    const std::string name = snake_case(plain_class_name(layer["class_name"].text()));
    const int number = used[name]++;
    return concat(container, "/", name, number == 0 ? std::string() : concat("_", number));
  }

  /// `path`: of the model that the layer is in, within the outermost layer: "", "block/".
  void read_layer(const Node& layer, const std::string& group, const std::string& path, KerasLayerWeights& out,
                  int depth) {
    HGQ_CHECK(depth <= kMaxConfigDepth, FileError, layer.place(), ": models are nested more than ", kMaxConfigDepth,
              " deep");
    const Node& config = layer["config"];
    if (config["layers"].is_list()) {
      std::map<std::string, int> used;
      const std::string container = container_of(group);
      for (const Node& inner : config["layers"].items()) {
        const std::string inner_group = next_group(container, inner, used);
        const bool is_model = inner["config"]["layers"].is_list();
        read_layer(inner, inner_group, is_model ? concat(path, name_of(inner), "/") : path, out, depth + 1);
      }
      return;
    }
    const std::string class_name(plain_class_name(layer["class_name"].text()));
    const std::string front = concat(path, name_of(layer), "/");
    if (config["layer"].is_map()) {  // TimeDistributed
      const std::string inner(plain_class_name(config["layer"]["class_name"].text()));
      read_variables(group + "/layer", variable_names(inner, config["layer"]["config"]), front, out);
      return;
    }
    read_variables(group, variable_names(class_name, config), front, out);
    if (root_.is_group(group + "/batchnorm"))
      read_variables(group + "/batchnorm", variable_names("BatchNormalization", config), front, out);
  }

  /// The variables of a group, those beyond the names left out: they are counters.
  void read_variables(const std::string& group, const std::vector<std::string>& names, const std::string& front,
                      KerasLayerWeights& out) const {
    if (!root_.is_group(group + "/vars")) return;
    const h5::Group variables = root_.group(group + "/vars");
    const std::string layer = front.substr(front.rfind('/', front.size() - 2) + 1);  // npos + 1 is 0
    if (variables.has_attribute("name") && !group.ends_with("/layer") && !group.ends_with("/batchnorm"))
      HGQ_CHECK(variables.attribute_string("name") + "/" == layer, FileError, variables.place(),
                ": holds the weights of layer '", printable(variables.attribute_string("name")),
                "', expected those of '", printable(layer.substr(0, layer.size() - 1)), "'");
    for (size_t v = 0; v < names.size() && variables.is_dataset(concat(v)); ++v) {
      const Tensor values = variables.read_floats(concat(v));
      out.weights.push_back(KerasWeight::of_floats(concat(front, names[v], ":0"), values.shape(),
                                                   {values.values().begin(), values.values().end()}));
    }
  }

  const h5::Group& root_;
  std::vector<KerasLayerWeights> found_;
};

/// Reads from an HDF5 file of weights alone, or of a whole model.
std::vector<KerasLayerWeights> read_weights(const std::string& path, const Node& model) {
  std::vector<KerasLayerWeights> out;
  const auto read = [&](const h5::File& file) {
    if (file.is_group("model_weights")) {
      out = read_keras_layers(file.group("model_weights"));
    } else if (file.has_attribute("layer_names") || file.has_attribute("layer_names0")) {
      out = read_keras_layers(file);
    } else {
      out = WeightStore(file).read(model);
    }
  };
  read(h5::File::open(path, read));
  return out;
}

/// A member of the zip; Keras does not pack them, so one that unpacks to far more than the file holds is made to harm.
std::unique_ptr<Bytes> read_member(const ZipFile& zip, const std::string& name, const Bytes& file, int64_t most) {
  const uint64_t claimed = zip.claimed_size(name);
  HGQ_CHECK(claimed <= static_cast<uint64_t>(most), FileError, file.place(), ":", name, ": claims to unpack to ",
            claimed, " bytes, expected at most ", most, " in a file of ", file.size());
  return zip.member(name);
}

KerasFile read_zip(const std::string& path) {
  constexpr int64_t kMostPacked = 16;  // times
  const std::shared_ptr<const Bytes> bytes = open_bytes(path);
  const ZipFile zip(bytes);
  for (const char* const member : {"config.json", "model.weights.h5"}) {
    HGQ_CHECK(zip.has(member), FileError, path, ": is a zip file without '", member,
              "', expected a model of Keras (model.save('NAME.keras'))");
  }
  KerasFile out{path, parse(text_of(*read_member(zip, "config.json", *bytes, kFreeBytes)), path + ", config.json"), {}};
  const TemporaryCopy copy(*read_member(zip, "model.weights.h5", *bytes, kFreeBytes + kMostPacked * bytes->size()));
  try {
    out.layers = read_weights(copy.path(), out.model_config);
  } catch (const FileError& error) {
    std::string message = error.what();
    for (size_t at = message.find(copy.path()); at != std::string::npos; at = message.find(copy.path()))
      message.replace(at, copy.path().size(), path + ":model.weights.h5");
    throw FileError(message);
  }
  return out;
}

bool looks_like_json(const Bytes& bytes) {
  const std::string front = bytes.front(64);
  const auto first =
      std::ranges::find_if(front, [](char c) { return std::isspace(static_cast<unsigned char>(c)) == 0; });
  return first != front.end() && *first == '{';
}

}  // namespace

bool is_keras_zip(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) > 0 &&
         ZipFile::looks_like_zip(*open_bytes(path));
}

KerasFile read_saved_keras(const std::string& path, const std::string& weights) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error) && std::filesystem::file_size(path, error) > 0;
  if (!regular) return read_keras_file(path);  // which says what is wrong
  const std::unique_ptr<Bytes> bytes = open_bytes(path);
  if (looks_like_json(*bytes)) {
    HGQ_CHECK(!weights.empty(), FileError, path,
              ": is a model as JSON, without its weights; give them by --weights "
              "FILE.h5, as model.save_weights('FILE.h5') writes them");
    KerasFile out{path, parse(text_of(*bytes), path), {}};
    expect_hdf5_file(weights, "weights (an HDF5 file, as model.save_weights('FILE.h5') writes one)");
    out.layers = read_weights(weights, out.model_config);
    return out;
  }
  HGQ_CHECK(weights.empty(), FileError, path,
            ": --weights is for a model as JSON (model.to_json()); this file has its "
            "own weights");
  if (!ZipFile::looks_like_zip(*bytes) || is_data(file_form(path))) return read_keras_file(path);
  try {
    return read_zip(path);
  } catch (const FileError& reason) {
    throw FileError(concat(
        reason.what(),
        "; if Keras opens this .keras file (the zip of Keras 2.12 and later), save it as HDF5: model.save('NAME.h5')"));
  }
}

}  // namespace hgq
