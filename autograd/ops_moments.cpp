// The mean and the variance of each channel over the batch, from the values themselves (the output of a convolution).
// Chunks are merged as in merge_moments.h.
#include <algorithm>
#include <vector>

#include "hgq/autograd/doubles.h"
#include "hgq/autograd/merge_moments.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

class Moments final : public OpWith<Moments> {
 public:
  std::string_view name() const override { return "moments"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].domain == Domain::kRow && in[0].shape.rank() > 0 && in[0].shape[-1] > 0, ShapeError,
              "moments: needs Row values with a dimension of channels, found ", in[0].shape);
    n_ = in[0].shape[-1];
    positions_ = in[0].shape.size() / n_;
    return {{Shape{2, n_}, Domain::kStep}};
  }
  Needs needs() const override { return {.inputs = 1}; }
  // Doubles: count, mean [n], sum of squared deviations [n].
  int64_t partial_floats(int /*output*/) const override { return 2 * (1 + 2 * n_); }
  int64_t extra_floats() const override { return n_; }  // the mean, for backward
  int64_t scratch_floats(int64_t /*rows*/) const override { return 4 * n_; }

  void forward(const OpContext& c) const override {
    const int64_t rows = c.rows * positions_;
    auto* const mean = doubles(c.scratch);
    double* const squares = mean + n_;
    about_mean(c.in[0], rows, mean, squares);
    merge(doubles(c.out[0]), static_cast<double>(rows), mean, squares);
  }
  void combine(const OpContext& /*c*/, int /*output*/, float* into, const float* from) const override {
    const auto* const lane = doubles(from);
    merge(doubles(into), lane[0], lane + 1, lane + 1 + n_);
  }
  void finish(const OpContext& c) const override {
    const auto* const total = doubles(c.partial[0]);
    for (int64_t j = 0; j < n_; ++j) {
      c.extra[j] = c.out[0][j] = static_cast<float>(total[1 + j]);
      c.out[0][n_ + j] = static_cast<float>(total[1 + n_ + j] / total[0]);
    }
  }
  void backward(const OpContext& c) const override {
    if (c.grad_in[0] == nullptr || c.grad_out[0] == nullptr) return;
    const float share = 1.0F / static_cast<float>(c.batch_rows * positions_);
    const float* const to_mean = c.grad_out[0];
    const float* const to_variance = c.grad_out[0] + n_;
    for (int64_t r = 0; r < c.rows * positions_; ++r) {
      const float* const x = c.in[0] + r * n_;
      float* const g = c.grad_in[0] + r * n_;
      for (int64_t j = 0; j < n_; ++j) {
        const float d = share * (to_mean[j] + 2.0F * to_variance[j] * (x[j] - c.extra[j]));
        g[j] = c.accumulate[0] ? g[j] + d : d;
      }
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    const int64_t rows = c.rows * positions_;
    for (int64_t j = 0; j < n_; ++j) {
      T total = 0;
      for (int64_t r = 0; r < rows; ++r) total += c.in[0][r * n_ + j];
      const T mean = total / static_cast<T>(rows);
      T squares = 0;
      for (int64_t r = 0; r < rows; ++r) squares += (c.in[0][r * n_ + j] - mean) * (c.in[0][r * n_ + j] - mean);
      c.out[0][j] = mean;
      c.out[0][n_ + j] = squares / static_cast<T>(rows);
    }
  }

 private:
  void about_mean(const float* x, int64_t rows, double* mean, double* squares) const {
    std::fill_n(mean, 2 * n_, 0.0);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < n_; ++j) mean[j] += static_cast<double>(x[r * n_ + j]);
    }
    for (int64_t j = 0; j < n_; ++j) mean[j] /= static_cast<double>(rows);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < n_; ++j) {
        const double d = static_cast<double>(x[r * n_ + j]) - mean[j];
        squares[j] += d * d;
      }
    }
  }

  void merge(double* lane, double rows, const double* mean, const double* squares) const {
    merge_moments(lane, rows, mean, n_, squares, n_, [&](double weight, const double* lane_mean, double* lane_squares) {
      for (int64_t j = 0; j < n_; ++j) {
        const double d = mean[j] - lane_mean[j];
        lane_squares[j] += squares[j] + d * d * weight;
      }
    });
  }

  int64_t n_ = 0, positions_ = 0;
};

}  // namespace

Var moments(Var x) { return x.tape->record_one(std::make_unique<Moments>(), {x}); }

}  // namespace hgq::ops
