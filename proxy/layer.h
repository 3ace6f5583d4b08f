// One layer of a proxy model: a Keras layer with its numbers.
//
// Each family has its file here: input, quantizer, dense, conv, pooling, activations, merging (Add, Concatenate),
// reshaping (Flatten, Reshape, Permute). A new one is a class with the four functions below, a line in the table of
// registry.cpp that reads it from a file, and, where a converter makes it, a function of ProxyBuilder; nothing else
// knows the classes.
//
// Layers do not know their neighbours: the graph is in ProxyModel.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/data/keras_file.h"
#include "hgq/proxy/signal.h"

namespace hgq {

class ProxyLayer {
 public:
  explicit ProxyLayer(std::string name) : name_(std::move(name)) {}
  virtual ~ProxyLayer() = default;
  ProxyLayer(const ProxyLayer&) = delete;
  ProxyLayer& operator=(const ProxyLayer&) = delete;

  const std::string& name() const { return name_; }
  /// As in the file: "Dense", "HGQ>FixedPointQuantizer".
  virtual std::string_view class_name() const = 0;
  /// The keys of the file's config, `name` among them. `only_child`: no other layer reads this one's parent.
  virtual Node config(bool only_child) const = 0;
  /// In the order of the file.
  virtual std::vector<KerasWeight> weights(bool only_child) const;
  /// Checks what the layer is to read, and prepares its exact computation. Throws ShapeError that names the layer.
  virtual ProxyPlan plan(std::span<const ProxySignal* const> in) const = 0;

 protected:
  /// "layer 'out' (Dense)", to open messages.
  std::string where() const;
  /// The only signal that a layer with one parent reads.
  const ProxySignal& only_input(std::span<const ProxySignal* const> in) const;
  /// The same, and it must be fixed-point.
  const ProxySignal& fixed_input(std::span<const ProxySignal* const> in) const;
  void check_fixed(const ProxySignal& in) const;
  /// name, trainable, dtype: what every config but that of an InputLayer begins with.
  Node base_config(bool trainable) const;

 private:
  std::string name_;
};

/// A list of integers for a config.
Node integer_list(std::span<const int64_t> values);

}  // namespace hgq
