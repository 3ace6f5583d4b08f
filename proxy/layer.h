// One layer of a proxy model: a Keras layer with its numbers.
//
// A new one is a class with the four functions that have no default, and a line that registers how it is read from a
// file (kinds.h). The other functions are the questions that narrowing, notes, verification and files ask of a layer;
// each has an answer that is right for a layer that only brings elements to other places. Nothing outside a layer's own
// file needs to know its class. The quantizer is the exception: it stands between all others, and as_quantizer() finds
// it.
//
// The families that are here: input, quantizer, dense, conv, pooling, activations, unary_lut, merging (Add,
// Concatenate), reshaping (Flatten, Reshape, Permute).
//
// Layers do not know their neighbours: the graph is in ProxyModel.
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

/// What a layer did with one row of data.
struct ProxyLayerRow {
  Shape shape;                   // of the output, without the batch
  std::span<const float> input;  // all values of the first layer that it reads, row-major; empty for an input
  int64_t element = 0;           // of the output, row-major: the first whose value is not that of the model
  int64_t overflows = 0;         // values of this row that the layer's step counted
};

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
  /// In the order of the file. Default: none.
  virtual std::vector<KerasWeight> weights(bool only_child) const;
  /// Checks what the layer is to read, and prepares its exact computation. Throws ShapeError that names the layer.
  virtual ProxyPlan plan(std::span<const ProxySignal* const> in) const = 0;

  /// The quantizer that this layer is; nullptr for every other class.
  virtual const ProxyQuantizer* as_quantizer() const { return nullptr; }
  ProxyQuantizer* as_quantizer() { return const_cast<ProxyQuantizer*>(std::as_const(*this).as_quantizer()); }

  /// The one type, in bits, that Python HGQ 0.2.6 takes for all values of the output, where it narrows the quantizers
  /// in front of a table (package_types.h). `in`: that of each layer that this one reads, in order. Default: the widest
  /// of them, as for elements that only move.
  virtual HlsType package_type(std::span<const HlsType> in) const;
  /// What hls4ml 1.3.0 computes otherwise than the emulation here, or cannot convert, behind such an input (the first
  /// of several): a sentence for the user, without the layer's name and without a full stop. Default: empty, for
  /// nothing of the kind.
  virtual std::string firmware_note(const ProxySignal& input) const;
  /// Whether the output's elements are those of the only input, each once, in another shape or order: hls4ml writes the
  /// type of a quantizer behind such a layer into the one in front of it. Default: false.
  virtual bool only_moves() const { return false; }
  /// Whether it is the ReLU that stands between the two quantizers of one layer of the model (quantization.md 3.2): an
  /// element for which the quantizer behind it has no bits need not be right in the quantizer in front of it, either.
  /// Default: false.
  virtual bool is_relu() const { return false; }

  /// Why the layer gave a value on this row that is not what it stands for, as values that overflow. `row` is one where
  /// proxy and model part at this layer or behind it. Default: a sentence that names the layer where values of the row
  /// overflow, else empty.
  virtual std::string why_wrong(const ProxyLayerRow& row) const;
  /// Why its values may differ from the model's though nothing overflows and float32 holds every one of them: a
  /// sentence that names the layer. Default: empty, for a layer that computes just what the model does.
  virtual std::string why_inexact() const;

  /// For a layer that looks its values up in a table: of each entry, 1 where it wraps, so that it counts as an
  /// overflow, else 0; empty where that is not known. Keras has no place for them: files keep them beside the weights
  /// (proxy_file.h). Default: nullptr, no table.
  virtual const std::vector<int8_t>* table_overflows() const { return nullptr; }
  /// Sets them, an entry each. Throws ShapeError for another number, and by default, as there is no table.
  virtual void set_table_overflows(std::vector<int8_t> overflows);
  /// Finds them for a table that came from a file without them, from the function that it was made of. Default: does
  /// nothing.
  virtual void find_table_overflows(const ops::UnaryFunction& function);
  /// Softmax is to be computed from hls4ml's tables of so many entries (softmax_tables.h); 0: as Keras computes it.
  /// Default: does nothing, as for every layer that computes no softmax.
  virtual void set_softmax_table(int64_t entries);

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
