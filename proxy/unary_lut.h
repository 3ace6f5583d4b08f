// UnaryLUT: a function of one number as a table, with an entry for each value of the type of its input (quantization.md
// 3.2, 3.3).
//
//   index = x 2^f, halves to even, modulo 2^(k+i+f): the raw bits of a number of type (k, i, f), two's complement
//
// hls4ml takes the raw bits of the type that it derives for the layer before the table, so a table must be made for
// exactly that type (proxy-format.md 1.4.2). ProxyBuilder::add_unary_lut() does so.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/autograd/unary_function.h"
#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/layer.h"

namespace hgq {

/// The most bits of the input of a table, so that it has at most 2^16 entries; Keras reads up to 2048 (proxy-format.md
/// 1.4.3).
inline constexpr int kMaxTableBits = 16;

class ProxyUnaryLut : public ProxyLayer {
 public:
  /// What a table is made from: the function, the type of its input, and the type, rounding and overflow mode of the
  /// entries.
  struct Source {
    std::shared_ptr<const ops::UnaryFunction> function;
    HlsType in, out;
    Rounding rounding = Rounding::kTrn;
    Overflow overflow = Overflow::kWrap;
  };
  /// Throws ShapeError if a type is empty or too wide, or if a value is not finite.
  ProxyUnaryLut(std::string name, const Source& source);
  ProxyUnaryLut(std::string name, HlsType in, HlsType out, std::vector<float> table);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  const HlsType& input_type() const { return in_; }
  const HlsType& output_type() const { return out_; }
  const std::vector<float>& table() const { return table_; }
  /// nullptr for a table from a file.
  const std::shared_ptr<const ops::UnaryFunction>& function() const { return function_; }

  std::string_view class_name() const override { return "HGQ>UnaryLUT"; }
  Node config(bool only_child) const override;
  std::vector<KerasWeight> weights(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
  std::string why_wrong(const ProxyLayerRow& row) const override;
  /// For each entry, 1 if the value of the function is outside the type of the entries.
  const std::vector<int8_t>* table_overflows() const override { return &overflows_; }
  void set_table_overflows(std::vector<int8_t> overflows) override;
  /// An entry wraps if it differs from the function by more than the spacing of its type's values.
  void find_table_overflows(const ops::UnaryFunction& function) override;

 private:
  void check() const;
  /// The value of the input for a code.
  double point(int64_t code) const;

  HlsType in_, out_;
  std::vector<float> table_;
  std::vector<int8_t> overflows_;
  std::shared_ptr<const ops::UnaryFunction> function_;  // shared with the model
};

}  // namespace hgq
