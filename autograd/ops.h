// The functions that record operations on a tape: what layers, losses, and a user's own layers and losses are written
// with.
//
// Row values have the batch dim in front, which no shape here shows. A binary operation takes two values of the same
// shape, or a Step value whose shape is the end of the other's (a bias). All are differentiable to any order of use,
// checked against central differences.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/autograd/tape.h"
#include "hgq/autograd/unary_function.h"
#include "hgq/core/window.h"

namespace hgq::ops {

// ---- elementwise (ops_elementwise.cpp)
Var add(Var a, Var b);
Var subtract(Var a, Var b);
Var multiply(Var a, Var b);
Var scale(Var a, float factor);

/// Throws ShapeError where `record` makes a value of another shape.
Var unary(Var a, std::shared_ptr<const UnaryFunction> function);
/// max(x, 0); the gradient at 0 is 0 (quantization.md 2.1).
Var relu(Var a);
Var square(Var a);
/// Over the last dim, as in Keras.
Var softmax(Var a);
/// log(softmax(a)), over the last dim.
Var log_softmax(Var a);
/// Keeps each element with probability 1 - rate and divides it by that; elements are chosen by (seed, step, element).
Var dropout(Var a, float rate);

// ---- shapes (ops_shape.cpp): of one sample for Row values
Var reshape(Var a, const Shape& shape);
/// dims count from 0.
Var permute(Var a, const std::vector<int>& dims);
Var concatenate(const std::vector<Var>& parts, int axis);
/// A value of any shape whose element e is element source[e] of `a`, or 0 where source[e] is -1.
Var gather(Var a, const Shape& shape, std::vector<int64_t> source);

// ---- products (ops_linear.cpp)
/// [..., k] x [k, n] -> [..., n]; b is a Step value.
Var matmul(Var a, Var b);

// ---- convolution and pooling (ops_conv.cpp, ops_pool.cpp): samples [length, c] or [height, width, c]
/// x with a kernel [size ..., c / groups, n], a Step value; n / groups outputs see c / groups inputs.
Var conv(Var x, Var kernel, const Windows& windows, int64_t groups = 1);
/// The gradient goes to the first maximum of a window.
Var max_pool(Var x, const Windows& windows);
/// The mean of a window's inputs, padding not counted.
Var average_pool(Var x, const Windows& windows);

// ---- reductions (ops_reduce.cpp, ops_moments.cpp)
/// Mean and biased variance of each channel (last dim) over all rows and leading dims: [2, n].
Var moments(Var x);
/// Sum of all elements, of Row values over the batch too: a Step scalar.
Var sum(Var a);
/// Mean of the elements, over the batch too.
Var mean(Var a);
/// Mean and biased variance of each channel (last dim) of z = x w over all rows and leading dims: [2, n]. The values
/// are those of the product, which is not formed where the mean and covariance of x serve with less work (var_j = w_j'
/// C w_j); gradients go to x and w.
Var channel_moments(Var x, Var w);

// ---- quantization (ops_quantize.cpp); quantization.md 1
enum class RoundingStrategy : uint8_t { kStandard = 0, kStochastic = 1, kNoise = 2, kFloor = 3 };
struct QuantizeOptions {
  RoundingStrategy strategy = RoundingStrategy::kStandard;
  bool scale_of_rounded_f = true;  // 2^rne(f), else 2^f (exact_q_value off, in training)
  bool train = true;            // gradient to f (quantization.md 1.2); strategies 1 and 2 act as standard where false
  bool relu = false;            // max(q, 0) behind the quantizer
  State* record_min = nullptr;  // widened by this batch's q(x) before the ReLU (quantization.md 1.4); both or none
  State* record_max = nullptr;
};
struct Quantized {
  Var value;
  Var record_min, record_max;  // the records after this batch; invalid without record
};
/// q(x + bias): `f` has the shape of x with shared dims 1, behind a leading 1 for the batch dim where x is a Row value;
/// `bias` (last dim of x) may be invalid.
Quantized quantize(Var x, Var f, const QuantizeOptions& options, Var bias = {});
/// Clips a parameter in place, at each replay, before anything that reads the result (quantization.md 1, bw_clip); the
/// gradient passes unmasked.
Var clip_in_place(Parameter& parameter, Var current, float low, float high);
/// Max over all dims but the last, the f of a bias (quantization.md 1.3), one for each of `channels` (an f with one
/// entry in its last dim serves all). The gradient goes to the maximal entries, shared equally.
Var bias_f(Var f, int64_t channels);
/// Once, at the first replay where `adapted` is 0: parameter <- parameter - log2 |w| (min over shared dims), in place
/// (quantization.md 1.7). Returns the parameter's value.
Var adapt_bits(Parameter& parameter, Var w, State& adapted);

// ---- bits and BOPs (ops_bits.cpp); quantization.md 1.5, 2.4
/// relu(I + rne(f)) for each element of the quantized kernel.
Var kernel_bits(Var quantized_kernel, Var f, double degeneracy);
/// Bits of each element of one sample (shape `sample`) from the record.
Var activation_bits(Var record_min, Var record_max, Var f, const Shape& sample, bool relu_follows, double degeneracy);
/// Sum over positions, inputs and outputs of bits(input) bits(kernel): a scalar.
Var dense_bops(Var input_bits, Var kernel_bits);
/// factor * sum of bits(input) bits(kernel) over all pairs that a convolution multiplies: a scalar (ops_conv_bops.cpp).
Var conv_bops(Var input_bits, Var kernel_bits, const Windows& windows, int64_t groups, double factor);
/// value * factor, factor a State scalar (beta).
Var scale_by(Var value, State& factor);
/// factor * sum(w), sum(|w|), sum(w^2), for regularizers.
enum class Norm : uint8_t { kSigned, kAbsolute, kSquare };
Var penalty(Var w, Norm norm, float factor);

// ---- batch norm (ops_batchnorm.cpp); quantization.md 2.3
struct BatchNormOptions {
  float momentum = 0.99F;
  float epsilon = 1e-3F;
  State* moving_mean = nullptr;  // updated where given
  State* moving_variance = nullptr;
  bool moments_with_bias = false;  // evaluation: the mean is that of z0 + b, as the moving one is
};
struct FusedKernel {
  Var kernel;  // w g
  Var bias;    // beta + (b - mean) g; invalid where beta is
};
/// `moments` [2, n] of z0; gamma invalid: g = 1; beta invalid: no bias. Gradients go to w, gamma, beta and moments;
/// that to bias is 0.
FusedKernel batch_norm_fuse(Var w, Var gamma, Var beta, Var bias, Var moments, const BatchNormOptions& options);

// ---- losses and metrics (ops_loss.cpp): Row predictions and targets -> mean over the batch, a Step scalar
// Each takes weights, if given: Row values, one a sample, or one for each place of the prediction but its last dim (the
// shape of Keras' loss of a sample). Each number is multiplied by its weight; the sum is divided by the count of the
// numbers, not by the sum of the weights, as Keras does. No gradient flows to weights.
/// logits [..., classes], labels [...] or [..., 1] as class numbers.
Var sparse_categorical_crossentropy(Var logits, Var labels, bool from_logits, Var weights = {});
Var categorical_crossentropy(Var prediction, Var one_hot, bool from_logits, Var weights = {});
Var binary_crossentropy(Var prediction, Var target, bool from_logits, Var weights = {});
Var mean_squared_error(Var prediction, Var target, Var weights = {});
Var mean_absolute_error(Var prediction, Var target, Var weights = {});
Var huber(Var prediction, Var target, float delta, Var weights = {});
/// Share of samples whose largest prediction is the label's; ties go to the first, as in Keras. Not differentiable.
Var sparse_categorical_accuracy(Var prediction, Var labels, Var weights = {});
Var categorical_accuracy(Var prediction, Var one_hot, Var weights = {});
/// Share of elements where (prediction > threshold) equals the target.
Var binary_accuracy(Var prediction, Var target, float threshold, Var weights = {});

}  // namespace hgq::ops
