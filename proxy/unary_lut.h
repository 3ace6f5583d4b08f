// UnaryLUT: a function of one number as a table, an entry for each value that its input's type can have
// (quantization.md 3.2, 3.3).
//
//   index = x 2^f rounded to even, modulo 2^(k+i+f): the raw bits of a number of type (k, i, f), two's complement
//
// hls4ml takes the raw bits of the type that it derives for the layer in front; a table is right there only if it was
// made for that very type (proxy-format.md 1.4.2), which is what ProxyBuilder::add_unary_lut does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/autograd/unary_function.h"
#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/layer.h"

namespace hgq {

/// Largest table that a proxy can hold; Keras reads up to 2048 (proxy-format.md 1.4.3).
inline constexpr int kMaxTableBits = 16;

class ProxyUnaryLut : public ProxyLayer {
 public:
  /// What a table is made of: the function, its input's type, and the type, rounding and overflow of its entries.
  struct Source {
    std::shared_ptr<const ops::UnaryFunction> function;
    HlsType in, out;
    Rounding rounding = Rounding::kTrn;
    Overflow overflow = Overflow::kWrap;
  };
  /// Throws ShapeError for types that are empty or too wide, and values that are not finite.
  ProxyUnaryLut(std::string name, const Source& source);
  ProxyUnaryLut(std::string name, HlsType in, HlsType out, std::vector<float> table);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);

  const HlsType& input_type() const { return in_; }
  const HlsType& output_type() const { return out_; }
  const std::vector<float>& table() const { return table_; }
  /// nullptr for one that comes from a file.
  const std::shared_ptr<const ops::UnaryFunction>& function() const { return function_; }

  std::string_view class_name() const override { return "HGQ>UnaryLUT"; }
  Node config(bool only_child) const override;
  std::vector<KerasWeight> weights(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
  std::string why_wrong(const ProxyLayerRow& row) const override;
  /// 1 where the function's value was outside the entries' type.
  const std::vector<int8_t>* table_overflows() const override { return &overflows_; }
  void set_table_overflows(std::vector<int8_t> overflows) override;
  /// Those of entries more than a step of their type away from the function.
  void find_table_overflows(const ops::UnaryFunction& function) override;

 private:
  void check() const;
  /// What the input is at an entry.
  double point(int64_t code) const;

  HlsType in_, out_;
  std::vector<float> table_;
  std::vector<int8_t> overflows_;
  std::shared_ptr<const ops::UnaryFunction> function_;  // shared with the model
};

}  // namespace hgq
