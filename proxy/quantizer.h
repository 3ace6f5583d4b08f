// FixedPointQuantizer: converts every element to a fixed-point type of its own (quantization.md 3.3).
//
// The types are three int8 arrays k, b, i of one shape: that of the output with batch 1, in which dimensions that share
// a type are 1. b and i count the sign, as in ap_fixed<b, i>. If b is 0, the output is 0.
//
//   QuantizerTypes types{.shape = {1, 3}, .k = {1, 1, 0}, .b = {5, 4, 0}, .i = {2, 2, 0}};
//
// Before it saturates, hls4ml 1.3.0 removes the bits of a type that its input cannot fill: a quantizer (0, 3, 0) whose
// input has a spacing of 1/4 saturates at 0.75, not at 0.875. hgq does the same (firmware_types()). Values within the
// type are not affected.
//
// A value overflows if it lies outside its type after rounding. An element with b = 0 never overflows: it masks its
// input, which need not be a value of the model, since a unit without bits has lost its bias (quantization.md 3.2).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/layer.h"

namespace hgq {

/// The fixed-point types of a quantizer.
struct QuantizerTypes {
  Shape shape;                  // [1, 24]: 1 for the batch and for shared dimensions; [1] or [] for one type
  std::vector<int8_t> k, b, i;  // row-major, each with shape.size() entries

  Kbi at(size_t index) const { return {.k = k[index], .b = b[index], .i = i[index]}; }
  bool one_type() const;
  bool operator==(const QuantizerTypes&) const = default;
};

/// Settings of other layers for hls4ml, by layer and key: {"conv": {"parallelization_factor": 4}}.
using LayerOverrides = std::map<std::string, std::map<std::string, Node>>;

class ProxyQuantizer : public ProxyLayer {
 public:
  /// Sets k and i to 0 where b is 0. Throws ShapeError if the arrays have other sizes, k is not 0 or 1, or b is less
  /// than k or more than kMaxFixedBits.
  ProxyQuantizer(std::string name, QuantizerTypes types, Rounding rounding, Overflow overflow,
                 LayerOverrides overrides);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  const QuantizerTypes& types() const { return types_; }
  /// Replaces the types with others of the same shape.
  void set_types(QuantizerTypes types);
  /// The one type of all values that hls4ml makes from the types `narrowed` of the plan, if it folds the quantizer into
  /// the layer before it.
  HlsType folded_hls_type(const HlsTypes& narrowed, const Shape& sample) const;
  /// The type of each element of a sample.
  std::vector<Kbi> types_of_elements(const Shape& sample) const;
  /// The same as hls4ml narrows them for such an input; elements that share a type still share one.
  std::vector<Kbi> firmware_types(const ProxySignal& input) const;
  /// Whether hls4ml folds it into the layer before it, which must have no other reader.
  bool is_folded(const ProxySignal& input) const;
  /// Sets whether no other layer reads the parent of this one; ProxyModel calls it.
  void set_only_child(bool only_child) { only_child_ = only_child; }
  /// The index into the types for each element of a sample. Throws ShapeError if the types do not fit.
  std::vector<size_t> type_indices(const Shape& sample) const;
  Rounding rounding() const { return rounding_; }
  Overflow overflow() const { return overflow_; }
  const LayerOverrides& overrides() const { return overrides_; }

  std::string_view class_name() const override { return "HGQ>FixedPointQuantizer"; }
  /// Its key `fusible` says that hls4ml may fold the quantizer into the layer before it: there is one type, and
  /// `only_child`.
  Node config(bool only_child) const override;
  /// A shape [] is written as [1] unless the layer is fusible: hls4ml fails on it.
  std::vector<KerasWeight> weights(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  const ProxyQuantizer* as_quantizer() const override { return this; }
  std::string why_wrong(const ProxyLayerRow& row) const override;

 private:
  bool fusible(bool only_child) const { return only_child && types_.one_type(); }
  /// types().shape, or the shape that is written instead of [].
  Shape file_shape(bool only_child) const;
  HlsTypes narrowed(const HlsTypes& in, const Shape& sample) const;

  QuantizerTypes types_;
  Rounding rounding_;
  Overflow overflow_;
  LayerOverrides overrides_;
  bool only_child_ = true;
};

}  // namespace hgq
