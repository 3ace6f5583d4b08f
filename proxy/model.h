// A proxy model: the network of fixed-point layers that hls4ml turns into firmware (proxy-format.md 1).
//
// It is a graph of ProxyLayers, in an order in which each layer comes after those that it reads. It is read from a file
// (proxy_file.h) or built by a conversion (builder.h); the Emulator (emulator.h) computes it bit by bit.
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
    std::vector<int> parents;  // indices of the layers that it reads, all smaller than its own
  };

  /// `inputs` and `outputs` are indices of layers; the inputs are all its InputLayers. Throws ShapeError if they are
  /// not, if a parent does not come before its reader, if two layers have the same name, or if there is no input or
  /// output.
  ProxyModel(std::string name, std::vector<Entry> layers, std::vector<int> inputs, std::vector<int> outputs);

  const std::string& name() const { return name_; }
  const std::vector<Entry>& layers() const { return layers_; }
  /// The same layers with other outputs. Throws as the constructor.
  ProxyModel with_outputs(std::vector<int> outputs) &&;
  const std::vector<int>& inputs() const { return inputs_; }
  const std::vector<int>& outputs() const { return outputs_; }
  const ProxyLayer& layer(int index) const { return *layers_[static_cast<size_t>(index)].layer; }
  /// The layer with this name; nullptr if there is none.
  ProxyLayer* find(std::string_view layer);
  const ProxyLayer* find(std::string_view layer) const;

  /// Lines for the user about the conversion, such as names that were changed, or values that float32 cannot hold. They
  /// are not part of a file.
  const std::vector<std::string>& notes() const { return notes_; }
  void set_notes(std::vector<std::string> notes) { notes_ = std::move(notes); }

  /// For a proxy that was converted from a trained model: by the name of each entry of the model, the name of the proxy
  /// layer with its output. That layer is not in the proxy if it leads to no output. Empty for a proxy from a file.
  const std::map<std::string, std::string>& ends() const { return ends_; }
  void set_ends(std::map<std::string, std::string> ends) { ends_ = std::move(ends); }

  /// Lets every softmax be computed from the tables of hls4ml with this many entries (softmax_tables.h), or, for 0, as
  /// in Keras, which is the default.
  void set_softmax_table(int64_t entries);

  /// Puts another layer of the same name in the place of one that is not an input. Throws ShapeError for another name.
  void replace(int index, std::unique_ptr<ProxyLayer> layer);

  /// Whether a layer has one parent, and no other layer reads that parent.
  bool only_child(int index) const;

  /// The layers in the order in which Keras has them after it has loaded a model, and by which it pairs weights with
  /// layers: by decreasing depth, which is the longest way to an output, then by the first visit of a walk from the
  /// outputs (proxy-format.md 1.3). Layers that lead to no output are left out, inputs never.
  std::vector<int> keras_order() const;

 private:
  std::string name_;
  std::vector<Entry> layers_;
  std::vector<int> inputs_, outputs_;
  std::vector<int> readers_;  // the number of readers of each layer
  std::vector<std::string> notes_;
  std::map<std::string, std::string> ends_;
};

/// The plan of each layer, in the order of layers(); used while the model lives. Throws ShapeError if shapes do not
/// fit.
std::vector<ProxyPlan> plan_layers(const ProxyModel& model);

}  // namespace hgq
