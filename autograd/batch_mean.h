// The common base of losses and metrics on the tape: the mean over the batch of a number for each sample or element,
// with or without weights. A partial result is a sum in double, which takes the memory of two floats.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/autograd/doubles.h"
#include "hgq/autograd/op.h"
#include "hgq/autograd/tape.h"
#include "hgq/core/error.h"

namespace hgq::ops {

/// keras.backend.epsilon(): probabilities are clipped to [1e-7, 1 - 1e-7].
constexpr double kProbabilityFloor = 1e-7;

/// The mean over the batch of a number for each sample or element. A derived class adds the sums over rows, the
/// gradients, and the twin.
class BatchMean : public Op {
 public:
  int64_t partial_floats(int /*output*/) const override { return 2; }
  void combine(const OpContext& /*c*/, int /*output*/, float* into, const float* from) const override {
    *doubles(into) += *doubles(from);
  }
  void finish(const OpContext& c) const override {
    c.out[0][0] = static_cast<float>(*doubles(c.partial[0]) / static_cast<double>(c.batch_rows * per_sample_));
  }
  Needs needs() const override { return {.inputs = weighted_ ? 7U : 3U}; }
  bool differentiable(int input) const override { return input == 0; }

 protected:
  static void add(const OpContext& c, double value) { *doubles(c.out[0]) += value; }
  /// The gradient of each of these numbers.
  float share(const OpContext& c) const { return c.grad_out[0][0] / static_cast<float>(c.batch_rows * per_sample_); }
  std::vector<ValueSpec> scalar() const { return {{Shape{}, Domain::kStep}}; }
  static void check_rows(std::string_view name, std::span<const ValueSpec> in) {
    HGQ_CHECK(in[0].domain == Domain::kRow && in[1].domain == Domain::kRow, ShapeError, name,
              ": predictions and targets need a batch dim");
  }
  /// Reads the shape of the weights, if there are any: one number for each sample, or one for each element of the
  /// prediction's shape without its last dimension. per_sample_ must be set before.
  void take_weights(std::string_view name, std::span<const ValueSpec> in) {
    weighted_ = in.size() > 2;
    if (!weighted_) return;
    const Shape& prediction = in[0].shape;
    const int64_t places = prediction.rank() == 0 ? 1 : prediction.size() / std::max<int64_t>(prediction[-1], 1);
    const int64_t count = in[2].shape.size();
    HGQ_CHECK(in[2].domain == Domain::kRow && (count == 1 || count == places), ShapeError, name, ": weights of shape ",
              in[2].shape, " do not fit predictions of shape ", prediction, "; expected one number for each row",
              places > 1 ? concat(", or ", places) : "");
    per_weight_ = per_sample_ / count;
  }
  /// The weight of number i of the chunk; 1 if there are no weights.
  template <typename T>
  T weight(const T* const* in, int64_t i) const {
    return weighted_ ? in[2][i / per_weight_] : T{1};
  }
  int64_t per_sample_ = 1;  // numbers for each sample
  int64_t per_weight_ = 1;  // numbers that share a weight
  bool weighted_ = false;
};

/// Records such an operation. Without weights, `weights` is invalid.
inline Var record_mean(std::unique_ptr<Op> op, Var prediction, Var target, Var weights) {
  return weights.valid() ? prediction.tape->record_one(std::move(op), {prediction, target, weights})
                         : prediction.tape->record_one(std::move(op), {prediction, target});
}

}  // namespace hgq::ops
