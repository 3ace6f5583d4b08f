// The functions that record operations on a tape. Layers and losses are written with them, also those of your own.
//
// All values are float32. Row values have a batch dimension before the dimensions that the shapes here show. A binary
// operation takes two values of the same shape, or as the second a Step value whose shape is the end of the first's (a
// bias). Every function throws ShapeError if the shapes do not fit. Gradients are checked against central differences
// (autograd/gradcheck.h).
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

/// Applies the function to each element. Throws ShapeError if UnaryFunction::record makes a value of another shape.
Var unary(Var a, std::shared_ptr<const UnaryFunction> function);
/// max(x, 0); the gradient at 0 is 0 (quantization.md 2.1).
Var relu(Var a);
Var square(Var a);
/// softmax over the last dimension, as in Keras.
Var softmax(Var a);
/// log(softmax(a)) over the last dimension.
Var log_softmax(Var a);
/// Keeps each element with probability 1 - rate and divides it by that probability; the others become 0. The choice is
/// a function of (seed, step, element).
Var dropout(Var a, float rate);

// ---- shapes (ops_shape.cpp); the shapes are those of one sample for Row values
Var reshape(Var a, const Shape& shape);
/// Dimension d of the result is dimension dims[d] of `a`, counted from 0.
Var permute(Var a, const std::vector<int>& dims);
Var concatenate(const std::vector<Var>& parts, int axis);
/// A value of any shape whose element e is element source[e] of `a`, or 0 if source[e] is -1.
Var gather(Var a, const Shape& shape, std::vector<int64_t> source);

// ---- products (ops_linear.cpp)
/// [..., k] x [k, n] -> [..., n]; b is a Step value.
Var matmul(Var a, Var b);

// ---- convolution and pooling (ops_conv.cpp, ops_pool.cpp): samples [length, c] or [height, width, c]
/// The convolution of x with a kernel [size..., c / groups, n], a Step value; in each group, n / groups outputs depend
/// on c / groups inputs.
Var conv(Var x, Var kernel, const Windows& windows, int64_t groups = 1);
/// The maximum of each window. The gradient goes to the first maximum.
Var max_pool(Var x, const Windows& windows);
/// The mean of each window's inputs; padding does not count.
Var average_pool(Var x, const Windows& windows);

// ---- reductions (ops_reduce.cpp, ops_moments.cpp)
/// The mean and the biased variance of each channel (last dimension) over all rows and all other dimensions: [2, n], a
/// Step value.
Var moments(Var x);
/// The sum of all elements, of a Row value also over the batch: a Step scalar.
Var sum(Var a);
/// The mean of all elements, of a Row value also over the batch: a Step scalar.
Var mean(Var a);
/// The mean and the biased variance of each channel (last dimension) of z = x w over all rows and all other dimensions:
/// [2, n], a Step value. z itself is not computed if the mean and the covariance C of x give the result with less work
/// (var_j = w_j' C w_j). Gradients go to x and w.
Var channel_moments(Var x, Var w);

// ---- quantization (ops_quantize.cpp); quantization.md 1
enum class RoundingStrategy : uint8_t { kStandard = 0, kStochastic = 1, kNoise = 2, kFloor = 3 };
struct QuantizeOptions {
  RoundingStrategy strategy = RoundingStrategy::kStandard;
  bool scale_of_rounded_f = true;  // 2^rne(f), else 2^f (exact_q_value off, in training)
  bool train = true;            // f gets a gradient (quantization.md 1.2); if false, strategies 1 and 2 act as standard
  bool relu = false;            // max(q, 0) after the quantizer
  State* record_min = nullptr;  // widened by this batch's q(x) before the ReLU (quantization.md 1.4); both or none
  State* record_max = nullptr;
};
struct Quantized {
  Var value;
  Var record_min, record_max;  // the records after this batch; invalid without record
};
/// q(x + bias). `f` has the shape of x, with extent 1 for each dimension along which it is shared; if x is a Row value,
/// f has another dimension of 1 before them, for the batch. `bias`, of the last dimension of x, may be invalid.
Quantized quantize(Var x, Var f, const QuantizeOptions& options, Var bias = {});
/// Clips a parameter in place, at each replay, before everything that reads the result (quantization.md 1, bw_clip).
/// The gradient passes unchanged, also where the value was clipped.
Var clip_in_place(Parameter& parameter, Var current, float low, float high);
/// The f of a bias (quantization.md 1.3): the maximum of f over all dimensions but the last, one for each of `channels`
/// channels; an f with one entry in its last dimension is used for all channels. The gradient is divided equally among
/// the largest entries.
Var bias_f(Var f, int64_t channels);
/// Changes the parameter in place, once, at the first replay at which `adapted` is 0: parameter <- parameter - log2
/// |w|, the minimum over shared dimensions (quantization.md 1.7). Returns the value of the parameter.
Var adapt_bits(Parameter& parameter, Var w, State& adapted);

// ---- bits and BOPs (ops_bits.cpp); quantization.md 1.5, 2.4
/// relu(I + rne(f)) for each element of the quantized kernel.
Var kernel_bits(Var quantized_kernel, Var f, double degeneracy);
/// The bits of each element of one sample, of shape `sample`, from the record.
Var activation_bits(Var record_min, Var record_max, Var f, const Shape& sample, bool relu_follows, double degeneracy);
/// The sum over positions, inputs and outputs of bits(input) * bits(kernel): a scalar.
Var dense_bops(Var input_bits, Var kernel_bits);
/// factor * the sum of bits(input) * bits(kernel) over all pairs that a convolution multiplies: a scalar
/// (ops_conv_bops.cpp).
Var conv_bops(Var input_bits, Var kernel_bits, const Windows& windows, int64_t groups, double factor);
/// value * factor, where `factor` is a scalar (beta).
Var scale_by(Var value, State& factor);
/// For regularizers: factor * sum(w), factor * sum(|w|), or factor * sum(w^2).
enum class Norm : uint8_t { kSigned, kAbsolute, kSquare };
Var penalty(Var w, Norm norm, float factor);

// ---- batch norm (ops_batchnorm.cpp); quantization.md 2.3
struct BatchNormOptions {
  float momentum = 0.99F;
  float epsilon = 1e-3F;
  State* moving_mean = nullptr;  // updated if not nullptr; likewise moving_variance
  State* moving_variance = nullptr;
  bool moments_with_bias = false;  // evaluation: the mean is that of z0 + b, as the moving one is
};
struct FusedKernel {
  Var kernel;  // w g
  Var bias;    // beta + (b - mean) g; invalid if beta is
};
/// Batch norm fused into the kernel w, with g = gamma / sqrt(variance + epsilon). `moments` [2, n] are those of z0. If
/// gamma is invalid, it counts as 1; if beta is invalid, there is no bias. Gradients go to w, gamma, beta and moments;
/// that of `bias` is 0.
FusedKernel batch_norm_fuse(Var w, Var gamma, Var beta, Var bias, Var moments, const BatchNormOptions& options);

// ---- losses and metrics (ops_loss.cpp): Row predictions and targets -> mean over the batch, a Step scalar `weights`
// are optional Row values: one number for each sample, or one for each element of the prediction's shape without its
// last dimension (the shape of Keras' loss of a sample). Each number is multiplied by its weight; the sum is divided by
// the count of the numbers, not by the sum of the weights, as Keras does. No gradient flows to weights.
/// logits [..., classes]; labels [...] or [..., 1] are class numbers. If `from_logits` is false, the first argument
/// contains probabilities.
Var sparse_categorical_crossentropy(Var logits, Var labels, bool from_logits, Var weights = {});
Var categorical_crossentropy(Var prediction, Var one_hot, bool from_logits, Var weights = {});
Var binary_crossentropy(Var prediction, Var target, bool from_logits, Var weights = {});
Var mean_squared_error(Var prediction, Var target, Var weights = {});
Var mean_absolute_error(Var prediction, Var target, Var weights = {});
Var huber(Var prediction, Var target, float delta, Var weights = {});
/// The share of samples whose largest prediction is that of the label; of equal predictions the first counts, as in
/// Keras. Not differentiable; nor are the other accuracies.
Var sparse_categorical_accuracy(Var prediction, Var labels, Var weights = {});
Var categorical_accuracy(Var prediction, Var one_hot, Var weights = {});
/// The share of elements for which (prediction > threshold) equals the target.
Var binary_accuracy(Var prediction, Var target, float threshold, Var weights = {});

}  // namespace hgq::ops
