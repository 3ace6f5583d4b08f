// ReLU and Activation.
//
// ReLU (and Activation with "relu" or "linear") maps fixed-point values to fixed-point values, exactly. Sigmoid and
// tanh are computed from the tables of hls4ml (activation_tables.h), whereas Keras computes the functions themselves.
// Softmax is computed as in Keras, unless set_softmax_table() asks for the tables of hls4ml.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/proxy/layer.h"

namespace hgq {

/// Whether the keys of Keras' ReLU make it max(x, 0).
bool is_plain_relu(ConfigReader& reader);

class ProxyRelu : public ProxyLayer {
 public:
  using ProxyLayer::ProxyLayer;
  /// Throws FileError for a max_value, a negative_slope or a threshold.
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);
  std::string_view class_name() const override { return "ReLU"; }
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
  bool is_relu() const override { return true; }
};

class ProxyActivation : public ProxyLayer {
 public:
  /// `function` must be one of functions(), otherwise throws ShapeError.
  ProxyActivation(std::string name, std::string function);
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& weights);
  /// "linear", "relu", "sigmoid", "softmax", "tanh".
  static const std::vector<std::string>& functions();

  const std::string& function() const { return function_; }
  void set_softmax_table(int64_t entries) override { softmax_table_ = entries; }
  std::string_view class_name() const override { return "Activation"; }
  Node config(bool only_child) const override;
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override;
  HlsType package_type(std::span<const HlsType> in) const override;
  std::string firmware_note(const ProxySignal& input) const override;
  std::string why_inexact() const override;

 private:
  std::string function_;
  int64_t softmax_table_ = 0;
};

}  // namespace hgq
