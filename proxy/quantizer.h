// FixedPointQuantizer: brings every element into its own fixed-point type (quantization.md 3.3).
//
// The types are three int8 arrays k, b, i of one shape, the layer's output shape with batch 1, where dims that share a
// type have extent 1; b and i count the sign, as ap_fixed<b, i> does. Where b is 0 the output is 0.
//
//   QuantizerTypes types{.shape = {1, 3}, .k = {1, 1, 0}, .b = {5, 4, 0}, .i = {2, 2, 0}};
//
// hls4ml 1.3.0 takes from a type what its input cannot fill, before it saturates: a quantizer (0, 3, 0) behind quarters
// saturates at 0.75, not at 0.875. So do we; what lies within the type is the same (firmware_types).
//
// A value overflows if it lies outside its type after rounding. Where b is 0 nothing overflows: such an element masks
// whatever comes to it, which need not be a value of the model (a unit without bits has lost its bias, quantization.md
// 3.2).
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
  Shape shape;                  // [1, 24]: batch 1, shared dims 1; [1] or [] for one type
  std::vector<int8_t> k, b, i;  // row-major, shape.size() entries each

  Kbi at(size_t index) const { return {.k = k[index], .b = b[index], .i = i[index]}; }
  bool one_type() const;
  bool operator==(const QuantizerTypes&) const = default;
};

/// What hls4ml is to set on other layers: layer -> key -> value, as in {"conv": {"parallelization_factor": 4}}.
using LayerOverrides = std::map<std::string, std::map<std::string, Node>>;

class ProxyQuantizer : public ProxyLayer {
 public:
  /// Makes k and i 0 where b is. Throws ShapeError for arrays of other sizes, k other than 0 and 1, b beyond
  /// kMaxFixedBits or below k.
  ProxyQuantizer(std::string name, QuantizerTypes types, Rounding rounding, Overflow overflow,
                 LayerOverrides overrides);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  const QuantizerTypes& types() const { return types_; }
  /// Other types of the same shape.
  void set_types(QuantizerTypes types);
  /// The type for all of its values that hls4ml makes of `narrowed` types, those of its plan, where it folds the
  /// quantizer into the layer in front.
  HlsType folded_hls_type(const HlsTypes& narrowed, const Shape& sample) const;
  /// The type of each element of a sample.
  std::vector<Kbi> types_of_elements(const Shape& sample) const;
  /// The same as hls4ml computes them behind such an input, elements that share a type together.
  std::vector<Kbi> firmware_types(const ProxySignal& input) const;
  /// Whether hls4ml folds it into the layer in front, where that has no other reader.
  bool is_folded(const ProxySignal& input) const;
  /// Whether no other layer reads what it reads; told by the model.
  void set_only_child(bool only_child) { only_child_ = only_child; }
  /// Index into the types of each element of a sample.
  std::vector<size_t> type_indices(const Shape& sample) const;
  Rounding rounding() const { return rounding_; }
  Overflow overflow() const { return overflow_; }
  const LayerOverrides& overrides() const { return overrides_; }

  std::string_view class_name() const override { return "HGQ>FixedPointQuantizer"; }
  /// `fusible` (hls4ml may fold the quantizer into the layer in front): one type, and `only_child`.
  Node config(bool only_child) const override;
  /// A shape [] is written as [1] unless the layer is fusible: hls4ml fails on it.
  std::vector<KerasWeight> weights(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  const ProxyQuantizer* as_quantizer() const override { return this; }
  std::string why_wrong(const ProxyLayerRow& row) const override;

 private:
  bool fusible(bool only_child) const { return only_child && types_.one_type(); }
  /// types().shape, or what stands for [] in the file.
  Shape file_shape(bool only_child) const;
  HlsTypes narrowed(const HlsTypes& in, const Shape& sample) const;

  QuantizerTypes types_;
  Rounding rounding_;
  Overflow overflow_;
  LayerOverrides overrides_;
  bool only_child_ = true;
};

}  // namespace hgq
