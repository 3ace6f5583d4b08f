// A quantizer with its trainable bit widths and its record of ranges (quantization.md 1): one for each kernel (`kq`),
// one for what each layer puts out (`paq`), which also quantizes the bias.
//
//   Quantizer paq(config, Quantizer::Target::kActivation, Shape{64}, "dense/");     // f: one bit width a feature
//   const Var f = paq.clipped_f(tape);
//   const ops::Quantized a = paq.forward(tape, z, f, Mode::kTrain, true);           // z -> relu(q(z)), record widened
//   const Var bits = paq.activation_bits(tape, a, f, Shape{64}, true);              // differentiable (quantization.md 1.5)
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/autograd/ops.h"
#include "hgq/core/fixed_point.h"
#include "hgq/layers/quantizer_config.h"

namespace hgq {

/// kTrain: quantize for training, record ranges, batch statistics. kEvaluate: as after training. kTrace: the same,
/// recording.
enum class Mode : uint8_t { kTrain, kEvaluate, kTrace };

class Quantizer {
 public:
  enum class Target : uint8_t { kKernel, kActivation };

  Quantizer() = default;
  /// `shape`: of the kernel; of the sample for an activation (the batch dim is added in front). `prefix`:
  /// "dense/kernel_" or "dense/". Throws ShapeError where skip_dims do not fit.
  Quantizer(const QuantizerConfig& config, Target target, const Shape& shape, const std::string& prefix);

  /// Settles `auto` rounding (quantization.md 2.2): standard where `standard`, else floor.
  void settle_rounding(bool standard);
  ops::RoundingStrategy strategy() const { return strategy_; }
  const QuantizerConfig& config() const { return config_; }

  /// f as it is before this call's clip, for the bias; and clipped in place, for everything else. Call raw before
  /// clipped.
  Var raw_f(Tape& tape);
  Var clipped_f(Tape& tape);
  /// The same where `current` is f at that moment (what adapt_bits gave).
  Var clipped_f(Var current);
  /// q(x + bias), behind it a ReLU if asked for.
  ops::Quantized forward(Tape& tape, Var x, Var f, Mode mode, bool relu = false, Var bias = {});
  /// q(b) with f_b = max of f over all dims but the channel (quantization.md 1.3); `raw`: raw_f().
  Var forward_bias(Tape& tape, Var bias, Var raw, Mode mode) const;
  /// quantization.md 1.5, of a kernel and of what forward() gave, for each element of a sample.
  Var kernel_bits(Var quantized_kernel, Var f, double parallel_factor = 1) const;
  Var activation_bits(Tape& tape, const ops::Quantized& quantized, Var f, const Shape& sample, bool relu_follows);
  /// Adds the regularizer of f to the loss.
  void add_regularizer(Tape& tape, Var f) const;

  /// quantization.md 1.6, of each element of f, from the record.
  std::vector<Kif> exact_bits(bool relu_follows) const;
  /// Element of f for each element of a sample (activation) or of the kernel.
  std::vector<int64_t> spread() const;
  /// f - log2 |w|, min over shared dims (quantization.md 1.7); for the layers that do it at build.
  void adapt_to(ConstTensorView kernel);

  void reset_record();
  /// Widens the record about its centre and quantizes its ends (quantization.md 3.1).
  void widen_record(double cover_factor);
  bool has_record() const;
  double degeneracy() const { return degeneracy_; }
  const Shape& target_shape() const { return shape_; }

  Parameter f;
  State record_min, record_max;  // shape of f; +inf, -inf: empty

 private:
  QuantizerConfig config_;
  ops::RoundingStrategy strategy_ = ops::RoundingStrategy::kStandard;
  Target target_ = Target::kActivation;
  Shape shape_;
  double degeneracy_ = 1;
};

/// Evaluation's q(x) on the host: standard or floor at 2^rne(f), exactly.
float quantize_value(float x, float f, ops::RoundingStrategy strategy);

/// Adds a regularizer of a Step value to the loss.
void add_regularizer(Tape& tape, Var value, const Regularizer& regularizer, const std::string& name);

}  // namespace hgq
