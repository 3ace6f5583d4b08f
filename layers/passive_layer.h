// The base of layers without weights that pass on their inputs: the bits of a sample are moved like its values
// (quantization.md 2.4).
#pragma once

#include <vector>

#include "hgq/layers/layer.h"

namespace hgq {

class PassiveLayer : public Layer {
 public:
  Signal call(Recording& recording, std::span<const Signal> inputs) override;
  ExactSignal exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& bops) override;

 protected:
  /// Reads the key `name`, and knows those that Keras gives to every layer.
  explicit PassiveLayer(ConfigReader& c);
  /// Records the layer for Row values, and pass_bits() for the bits of a sample, Step values of the same shape.
  virtual Var pass(const std::vector<Var>& inputs) const = 0;
  virtual Var pass_bits(const std::vector<Var>& inputs) const { return pass(inputs); }

  Shape output_;  // of a sample
};

}  // namespace hgq
