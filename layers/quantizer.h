// A quantizer, its trainable fractional bits `f`, and its record of ranges (quantization.md 1). A layer has one for its
// kernel (`kq`), which keeps no record, and one for its output (`paq`), which also quantizes the bias.
//
//   Quantizer paq(config, Quantizer::Target::kActivation, Shape{64}, "dense/");     // f of shape [1, 64]
//   const Var f = paq.clipped_f(tape);
//   const ops::Quantized a = paq.forward(tape, z, f, Mode::kTrain, true);           // relu(q(z)); widens the record
//   const Var bits = paq.activation_bits(tape, a, f, Shape{64}, true);              // differentiable (quantization.md 1.5)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/autograd/ops.h"
#include "hgq/core/fixed_point.h"
#include "hgq/layers/quantizer_config.h"

namespace hgq {

/// How a model is recorded on a tape. kTrain: rounding as the configuration says, ranges are recorded, batch norm uses
/// the statistics of the batch. kEvaluate: the arithmetic after training, with moving statistics; nothing is recorded.
/// kTrace: as kEvaluate, and ranges are recorded.
enum class Mode : uint8_t { kTrain, kEvaluate, kTrace };

class Quantizer {
 public:
  enum class Target : uint8_t { kKernel, kActivation };

  Quantizer() = default;
  /// `shape` is that of the kernel, or of one sample of an activation, whose batch dimension is added in front.
  /// `prefix` is the layer's, "dense/"; f is then called "dense/kernel_f" or "dense/f". Throws ShapeError if skip_dims
  /// do not fit the shape.
  Quantizer(const QuantizerConfig& config, Target target, const Shape& shape, const std::string& prefix);

  /// Decides what `auto` rounding means (quantization.md 2.2): standard or floor. Any other strategy stays.
  void settle_rounding(bool standard);
  ops::RoundingStrategy strategy() const { return strategy_; }
  const QuantizerConfig& config() const { return config_; }

  /// f before and after it is clipped to bw_clip in place. The bias uses the former (quantization.md 1.3), everything
  /// else the latter; record raw_f() first.
  Var raw_f(Tape& tape);
  Var clipped_f(Tape& tape);
  /// The same for `current` as the value of f, for example what ops::adapt_bits returned.
  Var clipped_f(Var current);
  /// q(x + bias), followed by a ReLU if `relu`. `f` is clipped_f(), `x` a Row value with the shape of the sample, or a
  /// kernel. An activation widens the record in kTrain and kTrace.
  ops::Quantized forward(Tape& tape, Var x, Var f, Mode mode, bool relu = false, Var bias = {});
  /// q(b) with f_b, the maximum of f over all dims but the channel (quantization.md 1.3). `raw` is raw_f().
  Var forward_bias(Tape& tape, Var bias, Var raw, Mode mode) const;
  /// Differentiable bits (quantization.md 1.5): of each element of a kernel, and of each element of a sample of what
  /// forward() returned.
  Var kernel_bits(Var quantized_kernel, Var f, double parallel_factor = 1) const;
  Var activation_bits(Tape& tape, const ops::Quantized& quantized, Var f, const Shape& sample, bool relu_follows);
  /// Adds the regularizer of f to the loss.
  void add_regularizer(Tape& tape, Var f) const;

  /// Exact bits of an activation (quantization.md 1.6) for each element of f, from the record; 0 bits if the record is
  /// empty. Throws ConfigError if an f lies outside [-126, 126].
  std::vector<Kif> exact_bits(bool relu_follows) const;
  /// The index into f for each element of a sample or of the kernel, row-major.
  std::vector<int64_t> spread() const;
  /// Adds to f the minimum of -log2 |w| over the elements that share it (quantization.md 1.7). For layers that adapt
  /// when they are built; those with batch norm use ops::adapt_bits in their first batch.
  void adapt_to(ConstTensorView kernel);

  // The record, which only activations have.
  void reset_record();
  /// Widens the record about its centre by `cover_factor`, and quantizes its ends (quantization.md 3.1).
  void widen_record(double cover_factor);
  /// Whether every element of f has recorded a value.
  bool has_record() const;
  /// How many elements share an f, the batch not counted (quantization.md 1).
  double degeneracy() const { return degeneracy_; }
  const Shape& target_shape() const { return shape_; }

  Parameter f;
  State record_min, record_max;  // of an activation, in the shape of f; +inf and -inf: empty

 private:
  QuantizerConfig config_;
  ops::RoundingStrategy strategy_ = ops::RoundingStrategy::kStandard;
  Target target_ = Target::kActivation;
  Shape shape_;
  double degeneracy_ = 1;
};

/// q(x) of evaluation for one number, with the scale 2^rne(f): floor, or standard rounding for any other strategy.
float quantize_value(float x, float f, ops::RoundingStrategy strategy);

/// Adds the regularizer of a Step value to the loss of the tape, under NAME/regularizer.
void add_regularizer(Tape& tape, Var value, const Regularizer& regularizer, const std::string& name);

}  // namespace hgq
