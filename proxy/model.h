// A proxy model: the network that hls4ml turns into firmware, and that is computed here bit by bit.
//
// A graph of ProxyLayers, each behind those that it reads. It comes from a file (proxy_file.h) or from a conversion
// (builder.h); emulator.h computes it.
//
//   input -> inp_q -> dense -> dense_quantizer -> re_lu -> dense_relu_quantizer -> out -> out_quantizer
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/proxy/layer.h"

namespace hgq {

class ProxyModel {
 public:
  struct Entry {
    std::unique_ptr<ProxyLayer> layer;
    std::vector<int> parents;  // indices of layers in front
  };

  /// `inputs`, `outputs`: indices of layers, the inputs InputLayers. Throws ShapeError where a parent is not in front,
  /// two layers have one name, or there is no output.
  ProxyModel(std::string name, std::vector<Entry> layers, std::vector<int> inputs, std::vector<int> outputs);

  const std::string& name() const { return name_; }
  const std::vector<Entry>& layers() const { return layers_; }
  const std::vector<int>& inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  const ProxyLayer& layer(int index) const { return *layers_[static_cast<size_t>(index)].layer; }
  /// nullptr where there is none.
  ProxyLayer* find(std::string_view layer);
  const ProxyLayer* find(std::string_view layer) const;

  /// What the user should know of the model: names that were changed, values that float32 cannot hold; a line each.
  /// Not part of the file.
  const std::vector<std::string>& notes() const { return notes_; }
  void set_notes(std::vector<std::string> notes) { notes_ = std::move(notes); }

  /// Where the proxy was converted from a trained model: by the name of each layer of that model, the name of the proxy
  /// layer with its output, also of such as lead to no output and are not in the proxy. Empty for a proxy from a file,
  /// as files do not hold it.
  const std::map<std::string, std::string>& ends() const { return ends_; }
  void set_ends(std::map<std::string, std::string> ends) { ends_ = std::move(ends); }

  /// Every softmax is computed from hls4ml's tables of so many entries (softmax_tables.h); 0: as Keras computes it,
  /// which a new model does.
  void set_softmax_table(int64_t entries);

  /// Whether no other layer reads this one's parent (it has one parent, and that one reader).
  bool only_child(int index) const;

  /// The layers as Keras orders those of a rebuilt model: by decreasing depth (longest way to an output), then by the
  /// first visit of a walk from the outputs. It pairs weights with layers by that order. Layers that lead to no output
  /// are not among them, inputs always are (proxy-format.md 1.3).
  std::vector<int> keras_order() const;

 private:
  std::string name_;
  std::vector<Entry> layers_;
  std::vector<int> inputs_, outputs_;
  std::vector<int> readers_;  // of each layer
  std::vector<std::string> notes_;
  std::map<std::string, std::string> ends_;
};

/// What each layer of a model gives, and how it is computed; in the order of layers(). Throws ShapeError.
std::vector<ProxyPlan> plan_layers(const ProxyModel& model);

}  // namespace hgq
