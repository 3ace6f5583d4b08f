// HDF5 files in the layout that Keras 2 saves models in: a JSON description of the layers, and their weights by name.
//
//   /                                attributes keras_version, backend, model_config (JSON)
//   /model_weights                   attribute layer_names: the layers that the weights are paired with, in order
//   /model_weights/LAYER             attribute weight_names: paths inside this group, one dataset each
//
// Models of Python HGQ, of QKeras, proxies for hls4ml, and our own files are all of this kind; they differ in the
// classes of their layers, and in whether a weight lies at LAYER/kernel:0 (proxies) or at LAYER/LAYER/kernel:0 (trained
// models). The functions here depend on no class. The name of a weight is its path in the file; find() compares only
// the last part.
//
//   const KerasFile file = read_keras_file("model.h5");
//   for (const KerasNode& node : keras_graph(file.model_config).nodes)          // in the order of the file
//     if (const KerasWeight* kernel = file.find(node.name, "kernel")) kernel->floats();
//
// What Keras does not know (ranges, scaling, the state of a run) is in the group `hgq` of the same file, which Keras
// and hls4ml ignore. The caller reads and writes it in a function that is given the group.
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
  /// The values of one type. Throws FileError, which names the weight, if it has the other type.
  const std::vector<float>& floats() const;
  const std::vector<int8_t>& int8s() const;
  /// "kernel" of "dense/kernel:0".
  std::string_view leaf() const;
};

/// The weights of one layer, in the order of weight_names. A layer without weights also has an entry.
struct KerasLayerWeights {
  std::string layer;
  std::vector<KerasWeight> weights;

  /// The first weight whose leaf() is `leaf`; nullptr if there is none.
  const KerasWeight* find(std::string_view leaf) const;
};

struct KerasFile {
  std::string path;                       // from which it was read, for messages
  Node model_config;                      // the map {class_name, config}; places "FILE, model_config:/config/layers/0"
  std::vector<KerasLayerWeights> layers;  // in the order of layer_names

  /// nullptr if there is no such layer (the InputLayer of a Sequential model has no entry).
  const KerasLayerWeights* find(std::string_view layer) const;
  /// nullptr if there is no such layer or weight.
  const KerasWeight* find(std::string_view layer, std::string_view leaf) const;
};

/// One call of a layer, and the calls whose outputs it reads, in order; none for an InputLayer.
struct KerasNode {
  std::string class_name;           // "Dense", "HGQ>HDense", "Functional" or "Sequential" for a model inside
  std::string name;                 // of the layer; of a further call "NAME_1" and so on, or as our own files say
  Node config;                      // a map, `name` among its keys
  std::vector<std::string> inputs;  // "NAME"; "NAME/INNER" for one of several outputs of a model inside
  std::string shared_with{};        // of a further call: the name of the layer's first call, with the same config
  std::string proxy_name{};         // in our own files: its name in a proxy, if that is another one
};

struct KerasGraph {
  std::string name;
  std::vector<KerasNode> nodes;  // each after those that it reads
  std::vector<std::string> inputs, outputs;
};

/// Called with the group `hgq` of a file.
using WriteGroup = std::function<void(h5::Group&)>;
using ReadGroup = std::function<void(const h5::Group&)>;

/// The layers of a Functional or Sequential model, {class_name, config}. The first layer of a Sequential model is an
/// InputLayer; if the file has none, it is added (but not to a `nested` model without a given shape). Models inside the
/// model are nodes; nested_graph() reads them. Throws FileError, with the place, for everything else, such as an
/// unknown parent or a circle.
KerasGraph keras_graph(const Node& model_config, bool nested = false);

/// "HDense" of "HGQ>HDense": the class without the package that it is registered in. Files have other packages, or
/// none, for the same class, as HGQ before 0.2 had.
std::string_view plain_class_name(std::string_view class_name);

/// Whether a node of this class is a model inside the model.
bool is_nested_model(std::string_view class_name);
/// The layers of such a node.
KerasGraph nested_graph(const KerasNode& node);

/// The reverse of keras_graph(): a Functional model. The names of further calls, and names in the proxy, are written to
/// keys that Keras ignores.
Node keras_functional(const KerasGraph& graph);

/// The order in which Keras has the layers of a rebuilt model, and pairs them with weights: by decreasing depth (the
/// longest path to an output), then by the first visit of a walk from the outputs (proxy-format.md 1.3). `parents` has
/// the parents of each layer, which come before it. Layers that lead to no output are left out; inputs never are.
std::vector<int> keras_order(const std::vector<std::vector<int>>& parents, const std::vector<int>& inputs,
                             const std::vector<int>& outputs);

/// Throws FileError if the file has a checksum (ours have one in the group `hgq`) that does not match its contents.
void check_keras_checksum(const h5::File& file);

/// Checks the checksum, then reads model_config and all weights; numbers other than int8 become float32. `read_hgq` is
/// called only if the file has the group. Throws FileError.
KerasFile read_keras_file(const std::string& path, const ReadGroup& read_hgq = {});

/// The file for `path`, not yet written: contiguous datasets, float32 and int8. `write_hgq` adds to the file's group
/// `hgq`; the group, and in it a checksum of the file's contents, is made only if it is given.
h5::File make_keras_file(const KerasFile& file, const std::string& path, const WriteGroup& write_hgq = {});

/// Writes the file completely or not at all (data/atomic_file.h).
void write_keras_file(const KerasFile& file, const std::string& path, const WriteGroup& write_hgq = {});

}  // namespace hgq
