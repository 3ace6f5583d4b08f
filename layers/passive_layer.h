// The base of layers without weights that pass on their inputs: the bits of a sample are moved like its values
// (quantization.md 2.4).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "hgq/layers/layer.h"

namespace hgq {

class PassiveLayer : public Layer {
 public:
  Signal call(Recording& recording, std::span<const Signal> inputs) override;
  ExactSignal exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& bops) override;

 protected:
  using Layer::Layer;
  /// Records the layer for Row values, and pass_bits() for the bits of a sample, Step values of the same shape.
  virtual Var pass(const std::vector<Var>& inputs) const = 0;
  virtual Var pass_bits(const std::vector<Var>& inputs) const { return pass(inputs); }
  /// The keys that every layer has in a file.
  nlohmann::json named() const;

  Shape output_;  // of a sample
};

}  // namespace hgq
