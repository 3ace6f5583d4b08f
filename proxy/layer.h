// One layer of a proxy model: a Keras layer with its numbers.
//
// A new layer is a class that defines the functions without a default, and registers how it is read from a file
// (kinds.h). All other functions answer questions of narrowing, notes, verification and files. Their defaults are right
// for a layer that only moves elements. Nothing outside the file of a layer needs to know its class, except for the
// quantizer, which comes between all other layers and is found by as_quantizer().
//
// The layers of hgq are in input, quantizer, dense, conv, pooling, activations, unary_lut, merging (Add, Concatenate)
// and reshaping (Flatten, Reshape, Permute); those of zero padding are next to the layers of the model, in
// layers/zero_padding.cpp.
//
// A layer does not know its neighbours: the graph is in ProxyModel.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/data/keras_file.h"
#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/signal.h"

namespace hgq::ops {
struct UnaryFunction;
}

namespace hgq {

class ProxyQuantizer;

/// What a layer has computed for one row of data.
struct ProxyLayerRow {
  Shape shape;                   // of a sample of the output
  std::span<const float> input;  // all values of the first layer that it reads, row-major; empty for an input
  int64_t element = 0;           // index into the output of the first value that is not that of the model
  int64_t overflows = 0;         // overflows in this row, as ProxyPlan::compute counts them
};

class ProxyLayer {
 public:
  explicit ProxyLayer(std::string name) : name_(std::move(name)) {}
  virtual ~ProxyLayer() = default;
  ProxyLayer(const ProxyLayer&) = delete;
  ProxyLayer& operator=(const ProxyLayer&) = delete;

  const std::string& name() const { return name_; }
  /// The class name in a file: "Dense", "HGQ>FixedPointQuantizer".
  virtual std::string_view class_name() const = 0;
  /// The config of the layer in a file, `name` included. `only_child`: no other layer reads the parent of this one.
  virtual Node config(bool only_child) const = 0;
  /// The weights in the order of the file. Default: none.
  virtual std::vector<KerasWeight> weights(bool only_child) const;
  /// Checks the signals that the layer reads, and prepares its exact computation. Throws ShapeError, with where(), if
  /// they do not fit. The plan is used while the layer lives.
  virtual ProxyPlan plan(std::span<const ProxySignal* const> in) const = 0;

  /// This layer as a quantizer; nullptr if it is of another class.
  virtual const ProxyQuantizer* as_quantizer() const { return nullptr; }
  ProxyQuantizer* as_quantizer() { return const_cast<ProxyQuantizer*>(std::as_const(*this).as_quantizer()); }

  /// The one type that Python HGQ 0.2.6 assumes for all values of the output when it narrows the quantizers before a
  /// table (package_types.h). `in` has that of each layer that this one reads, in order. Default: the widest of them,
  /// as for elements that only move.
  virtual HlsType package_type(std::span<const HlsType> in) const;
  /// What hls4ml 1.3.0 computes differently from the emulation here, or cannot convert, for such an input (the first,
  /// if there are several): a sentence for the user, without the name of the layer and without a full stop. Default:
  /// empty, for nothing of that kind.
  virtual std::string firmware_note(const ProxySignal& input) const;
  /// Whether the elements of the output are those of the only input, each once, in another shape or order. hls4ml
  /// applies the type of a quantizer after such a layer to the layer before it. Default: false.
  virtual bool only_moves() const { return false; }
  /// Whether it is the ReLU between the two quantizers of one layer of the model (quantization.md 3.2). An element
  /// without bits in the quantizer after it need not be right in the quantizer before it either. Default: false.
  virtual bool is_relu() const { return false; }

  /// Why the layer gave a wrong value on this row, for example because a value overflows. On `row`, proxy and model
  /// begin to differ at this layer or after it. Default: a sentence with the name of the layer if values of the row
  /// overflow, otherwise empty.
  virtual std::string why_wrong(const ProxyLayerRow& row) const;
  /// Why its values may differ from those of the model although nothing overflows and float32 holds all of them: a
  /// sentence with the name of the layer. Default: empty, for a layer that computes exactly what the model computes.
  virtual std::string why_inexact() const;

  /// For a layer with a table: for each entry, 1 if it wraps, so that reading it counts as an overflow, otherwise 0;
  /// empty if that is not known. Keras has no place for this, so files keep it next to the weights (proxy_file.h).
  /// Default: nullptr, for a layer without a table.
  virtual const std::vector<int8_t>* table_overflows() const { return nullptr; }
  /// Sets them, one for each entry. Throws ShapeError if there are more or fewer. Default: throws, as there is no
  /// table.
  virtual void set_table_overflows(std::vector<int8_t> overflows);
  /// Computes them, for a table from a file without them, from the function of the table. Default: does nothing.
  virtual void find_table_overflows(const ops::UnaryFunction& function);
  /// Lets a softmax be computed from the tables of hls4ml with this many entries (softmax_tables.h), or, for 0, as in
  /// Keras. Default: does nothing, as the layer computes no softmax.
  virtual void set_softmax_table(int64_t entries);

 protected:
  /// "layer 'out' (Dense)", with which messages begin.
  std::string where() const;
  /// The only signal of a layer with one parent. Throws ShapeError if there are more or fewer.
  const ProxySignal& only_input(std::span<const ProxySignal* const> in) const;
  /// The same. Throws ShapeError if its values are not fixed-point, which they are after a quantizer.
  const ProxySignal& fixed_input(std::span<const ProxySignal* const> in) const;
  void check_fixed(const ProxySignal& in) const;
  /// The keys name, trainable and dtype, with which every config begins, except that of an InputLayer.
  Node base_config(bool trainable) const;

 private:
  std::string name_;
};

/// A list of integers for a config.
Node integer_list(std::span<const int64_t> values);

}  // namespace hgq
