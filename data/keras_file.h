// HDF5 files in the layout that Keras 2 saves models in: a JSON description of the layers, and their weights by name.
//
//   /                                attributes keras_version, backend, model_config (JSON)
//   /model_weights                   attribute layer_names: the layers that the weights are paired with, in order
//   /model_weights/LAYER             attribute weight_names: paths inside this group, one dataset each
//
// Models of Python HGQ, of QKeras, proxies for hls4ml, and our own files are all of this kind; they differ in the
// classes of their layers, and in whether a weight lies at LAYER/kernel:0 (proxies) or at LAYER/LAYER/kernel:0 (trained
// models). This file knows no class; a weight's name is the path as it stands there, and find() goes by its last part.
//
//   const KerasFile file = read_keras_file("model.h5");
//   for (const KerasNode& node : keras_graph(file.model_config).nodes)          // in the order of the file
//     if (const KerasWeight* kernel = file.find(node.name, "kernel")) kernel->floats();
//
// What Keras does not know (ranges, scaling, the state of a run) goes into the group `hgq` of the same file, which
// Keras and hls4ml leave alone; the caller reads and writes it through a function that is given the group.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/core/shape.h"
#include "hgq/data/h5.h"

namespace hgq {

struct KerasWeight {
  std::string name;  // "kernel:0", "dense/kernel:0": path inside the layer's group
  Shape shape;
  std::variant<std::vector<float>, std::vector<int8_t>> values;  // row-major, shape.size() of them

  static KerasWeight of_floats(std::string name, const Shape& shape, std::vector<float> values);
  static KerasWeight of_int8(std::string name, const Shape& shape, std::vector<int8_t> values);
  bool is_int8() const { return values.index() == 1; }
  /// The values of one kind; a FileError that names the weight where it has the other.
  const std::vector<float>& floats() const;
  const std::vector<int8_t>& int8s() const;
  /// "kernel" of "dense/kernel:0".
  std::string_view leaf() const;
};

/// The weights of one layer, in the order of weight_names. A layer without weights has its entry, too.
struct KerasLayerWeights {
  std::string layer;
  std::vector<KerasWeight> weights;

  /// The first weight whose leaf() is `leaf`, nullptr where there is none.
  const KerasWeight* find(std::string_view leaf) const;
};

struct KerasFile {
  std::string path;                       // where it was read from, for messages
  Node model_config;                      // the map {class_name, config}; places "FILE, model_config:/config/layers/0"
  std::vector<KerasLayerWeights> layers;  // in the order of layer_names

  /// nullptr where there is no such layer (the InputLayer of a Sequential model has none).
  const KerasLayerWeights* find(std::string_view layer) const;
  /// nullptr where there is no such layer or weight.
  const KerasWeight* find(std::string_view layer, std::string_view leaf) const;
};

/// One call of a layer: what it is, and the calls that it reads, in order; none for an InputLayer.
struct KerasNode {
  std::string class_name;           // "Dense", "HGQ>HDense", "Functional" or "Sequential" for a model inside
  std::string name;                 // of the layer; of a further call "NAME_1" ..., or as our own files tell
  Node config;                      // a map, `name` among its keys
  std::vector<std::string> inputs;  // "NAME"; "NAME/INNER" for one of several outputs of a model inside
  std::string shared_with{};        // of a further call: the layer's first one; it has the same config
  std::string proxy_name{};         // our own files: what it is called in a proxy, where that is another name
};

struct KerasGraph {
  std::string name;
  std::vector<KerasNode> nodes;  // each behind those that it reads
  std::vector<std::string> inputs, outputs;
};

/// Called with the group `hgq` of a file.
using WriteGroup = std::function<void(h5::Group&)>;
using ReadGroup = std::function<void(const h5::Group&)>;

/// The layers of a Functional or Sequential model, {class_name, config}; of a Sequential one the first is an
/// InputLayer, made up where the file has none (not in a `nested` one that does not tell its shape). Models inside are
/// nodes, with their config to be read likewise. Throws FileError with the place for anything else: an unknown parent,
/// a circle.
KerasGraph keras_graph(const Node& model_config, bool nested = false);

/// "HDense" of "HGQ>HDense": the class without the package that it is registered in. Files have other packages, or
/// none, for the same class, as HGQ before 0.2 had.
std::string_view plain_class_name(std::string_view class_name);

/// Whether a node of this class is a model inside the model.
bool is_nested_model(std::string_view class_name);
/// The layers of such a node.
KerasGraph nested_graph(const KerasNode& node);

/// The other way: a Functional model. Names of further calls, and names in the proxy, go into keys that Keras leaves
/// alone.
Node keras_functional(const KerasGraph& graph);

/// The layers as Keras orders those of a rebuilt model, and pairs their weights with: by decreasing depth (longest way
/// to an output), then by the first visit of a walk from the outputs (proxy-format.md 1.3). `parents`: of each
/// layer, all in front of it. Layers that lead to no output are not among them, inputs always are.
std::vector<int> keras_order(const std::vector<std::vector<int>>& parents, const std::vector<int>& inputs,
                             const std::vector<int>& outputs);

/// Throws FileError where the file has a checksum (ours have, in the group `hgq`) that does not fit its contents.
void check_keras_checksum(const h5::File& file);

/// Checks the checksum, then reads model_config and all weights; numbers other than int8 become float32. `read_hgq` is
/// called only if the file has the group. Throws FileError.
KerasFile read_keras_file(const std::string& path, const ReadGroup& read_hgq = {});

/// The file for `path`, not yet written: contiguous datasets, float32 and int8. `write_hgq` adds to the file's group
/// `hgq`; the group, and in it a checksum of the file's contents, is made only if it is given.
h5::File make_keras_file(const KerasFile& file, const std::string& path, const WriteGroup& write_hgq = {});

/// Writes the file whole or not at all.
void write_keras_file(const KerasFile& file, const std::string& path, const WriteGroup& write_hgq = {});

}  // namespace hgq
