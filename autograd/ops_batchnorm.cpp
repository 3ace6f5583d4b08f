// Batch norm fused into a kernel (quantization.md 2.3): the fused kernel and bias, made of the moments of z0 = x w over
// the batch (ops_channel_moments.cpp).
#include <algorithm>
#include <cmath>

#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

// Kernel w g and bias beta + (b - mean) g of the moments (quantization.md 2.3); updates the moving statistics as it
// goes.
class BatchNormFuse final : public OpWith<BatchNormFuse> {
 public:
  BatchNormFuse(bool gamma, bool beta, const BatchNormOptions& options)
      : gamma_(gamma), beta_(beta), options_(options) {}
  std::string_view name() const override { return "batch_norm_fuse"; }

  // Inputs: w, moments, then gamma if any, then beta and b if any.
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    channels_ = in[0].shape.rank() > 0 ? in[0].shape[-1] : 0;
    rows_ = channels_ == 0 ? 0 : in[0].shape.size() / channels_;
    HGQ_CHECK(in[1].shape == (Shape{2, channels_}), ShapeError, "batch_norm_fuse: moments of shape ", in[1].shape,
              " for a kernel of shape ", in[0].shape);
    for (size_t i = 2; i < in.size(); ++i) {
      HGQ_CHECK(in[i].shape == Shape{channels_}, ShapeError, "batch_norm_fuse: gamma, beta, bias have shape [",
                channels_, "], not ", in[i].shape);
    }
    std::vector<ValueSpec> out{in[0]};
    if (beta_) out.push_back({Shape{channels_}, Domain::kStep});
    return out;
  }
  Needs needs() const override { return {.inputs = 31}; }
  bool differentiable(int input) const override { return !(beta_ && input == beta_at() + 1); }
  int64_t scratch_floats(int64_t /*rows*/) const override { return 2 * channels_; }

  void forward(const OpContext& c) const override {
    loop(c.in, c.out, c.scratch);
    const float* const mean = c.in[1];
    const float* const variance = c.in[1] + channels_;
    for (int64_t j = 0; j < channels_; ++j) {
      if (options_.moving_mean != nullptr)
        update(*options_.moving_mean, j, mean[j] + (beta_ ? c.in[beta_at() + 1][j] : 0.0F));
      if (options_.moving_variance != nullptr) update(*options_.moving_variance, j, variance[j]);
    }
  }

  // With g = gamma r, r = 1 / sqrt(variance + epsilon), and dk for the gradient of the fused kernel w g: dw = g dk,
  // dg = sum(w dk) over the rows of the kernel, plus that from the bias, dgamma = r dg,
  // dvariance = -gamma r^3 dg / 2, dmean = -g dbias.
  void backward(const OpContext& c) const override {
    const float* const w = c.in[0];
    const float* const mean = c.in[1];
    const float* const variance = c.in[1] + channels_;
    float* const g = c.scratch;
    float* const to_g = c.scratch + channels_;
    const float* const to_kernel = c.grad_out[0];
    const float* const to_bias = beta_ ? c.grad_out[1] : nullptr;
    for (int64_t j = 0; j < channels_; ++j) g[j] = factor(c.in, j);
    std::fill_n(to_g, channels_, 0.0F);
    if (to_kernel != nullptr) {
      float* const to_w = c.grad_in[0];
      for (int64_t i = 0; i < rows_ * channels_; i += channels_) {
#pragma omp simd
        for (int64_t j = 0; j < channels_; ++j) to_g[j] += to_kernel[i + j] * w[i + j];
        if (to_w == nullptr) continue;
#pragma omp simd
        for (int64_t j = 0; j < channels_; ++j) to_w[i + j] += to_kernel[i + j] * g[j];
      }
    }
    for (int64_t j = 0; j < channels_; ++j) {
      if (to_bias != nullptr) {
        to_g[j] += to_bias[j] * (options_.moments_with_bias ? c.in[beta_at() + 1][j] - mean[j] : -mean[j]);
        if (c.grad_in[1] != nullptr) c.grad_in[1][j] -= to_bias[j] * g[j];
        if (c.grad_in[beta_at()] != nullptr) c.grad_in[beta_at()][j] += to_bias[j];
      }
      if (!gamma_) continue;
      const float r = 1.0F / std::sqrt(variance[j] + options_.epsilon);
      if (c.grad_in[2] != nullptr) c.grad_in[2][j] += to_g[j] * r;
      if (c.grad_in[1] != nullptr) c.grad_in[1][channels_ + j] -= 0.5F * to_g[j] * c.in[2][j] * r * r * r;
    }
  }

  template <typename T>
  void plain(const PlainContext<T>& c) const {
    std::vector<T> memory(static_cast<size_t>(channels_));
    loop(c.in, c.out, memory.data());
  }

 private:
  int beta_at() const { return gamma_ ? 3 : 2; }

  template <typename T>
  T factor(const T* const* in, int64_t j) const {
    return gamma_ ? in[2][j] / std::sqrt(in[1][channels_ + j] + static_cast<T>(options_.epsilon)) : T(1);
  }

  template <typename T>
  void loop(const T* const* in, T* const* out, T* g) const {
    for (int64_t j = 0; j < channels_; ++j) g[j] = factor(in, j);
    const T* const w = in[0];
    T* const fused = out[0];
    for (int64_t i = 0; i < rows_ * channels_; i += channels_) {
#pragma omp simd
      for (int64_t j = 0; j < channels_; ++j) fused[i + j] = w[i + j] * g[j];
    }
    if (!beta_) return;
    const T* const beta = in[beta_at()];
    const T* const b = in[beta_at() + 1];
    for (int64_t j = 0; j < channels_; ++j) {
      const T mean = options_.moments_with_bias ? in[1][j] : in[1][j] + b[j];
      out[1][j] = beta[j] + (b[j] - mean) * g[j];
    }
  }

  void update(State& moving, int64_t j, float batch) const {
    float& value = moving.value.values()[static_cast<size_t>(j)];
    value = options_.momentum * value + (1.0F - options_.momentum) * batch;
  }

  bool gamma_, beta_;
  BatchNormOptions options_;
  int64_t channels_ = 0, rows_ = 0;
};

}  // namespace

FusedKernel batch_norm_fuse(Var w, Var gamma, Var beta, Var bias, Var moments, const BatchNormOptions& options) {
  std::vector<Var> inputs{w, moments};
  if (gamma.valid()) inputs.push_back(gamma);
  if (beta.valid()) {
    inputs.push_back(beta);
    inputs.push_back(bias);
  }
  const auto out = w.tape->record(std::make_unique<BatchNormFuse>(gamma.valid(), beta.valid(), options), inputs);
  return {out[0], beta.valid() ? out[1] : Var{}};
}

}  // namespace hgq::ops
