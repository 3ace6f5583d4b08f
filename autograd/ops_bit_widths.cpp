// Operations on bit widths before a quantizer uses them: clipping, the widths of a bias (quantization.md 1.3), and the
// adaption to the kernel (1.7).
#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/autograd/ops.h"
#include "hgq/autograd/sharing.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

void add_to(float* to, const float* from, int64_t count) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) to[i] += from[i];
}

class ClipInPlace final : public OpWith<ClipInPlace> {
 public:
  ClipInPlace(Parameter& parameter, float low, float high) : parameter_(parameter), low_(low), high_(high) {}
  std::string_view name() const override { return "clip_in_place"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override { return {in[0]}; }
  void forward(const OpContext& c) const override {
    float* const value = parameter_.value.data();
    float* const out = c.out[0];
    const float* const in = c.in[0];
    const int64_t size = parameter_.value.size();
    const float low = low_;
    const float high = high_;
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) {
      const float v = in[i];
      const float above = v < low ? low : v;
      value[i] = out[i] = high < above ? high : above;
    }
  }
  void backward(const OpContext& c) const override { add_to(c.grad_in[0], c.grad_out[0], parameter_.value.size()); }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    if (c.rounding == TwinRounding::kRecordPoint) c.point->clear();
    for (int64_t i = 0; i < parameter_.value.size(); ++i) {
      c.out[0][i] = std::clamp(c.in[0][i], T(low_), T(high_));
      if (c.rounding == TwinRounding::kRecordPoint) c.point->push_back(static_cast<double>(c.out[0][i] - c.in[0][i]));
      if (c.rounding == TwinRounding::kFollowLine)
        c.out[0][i] = c.in[0][i] + static_cast<T>((*c.point)[static_cast<size_t>(i)]);
    }
  }

 private:
  Parameter& parameter_;
  float low_, high_;
};

class ChannelMax final : public OpWith<ChannelMax> {
 public:
  std::string_view name() const override { return "channel_max"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].shape.rank() > 0, ShapeError, "channel_max: needs at least one dim");
    channels_ = in[0].shape[-1];
    rows_ = channels_ == 0 ? 0 : in[0].shape.size() / channels_;
    return {{Shape{channels_}, in[0].domain}};
  }
  Needs needs() const override { return {.inputs = 0, .outputs = 1}; }
  // A copy of f: the clip that follows changes f in place before backward looks for ties.
  int64_t extra_floats() const override { return rows_ > 1 ? rows_ * channels_ : 0; }
  int64_t scratch_floats(int64_t /*rows*/) const override { return channels_; }
  void forward(const OpContext& c) const override {
    loop(c.in[0], c.out[0]);
    if (rows_ > 1) std::copy_n(c.in[0], rows_ * channels_, c.extra);
  }
  void backward(const OpContext& c) const override {
    if (rows_ == 1) {
      add_to(c.grad_in[0], c.grad_out[0], channels_);
      return;
    }
    const float* const f = c.extra;
    const float* const most = c.out[0];
    float* const share = c.scratch;  // the number of ties at first
    float* const to = c.grad_in[0];
    std::fill_n(share, channels_, 0.0F);
    for (int64_t r = 0; r < rows_; ++r) {
#pragma omp simd
      for (int64_t j = 0; j < channels_; ++j) share[j] += f[r * channels_ + j] == most[j] ? 1.0F : 0.0F;
    }
    for (int64_t j = 0; j < channels_; ++j) share[j] = c.grad_out[0][j] / share[j];
    for (int64_t r = 0; r < rows_; ++r) {
#pragma omp simd
      for (int64_t j = 0; j < channels_; ++j)
        to[r * channels_ + j] += f[r * channels_ + j] == most[j] ? share[j] : 0.0F;
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    loop(c.in[0], c.out[0]);
  }

 private:
  template <typename T>
  void loop(const T* f, T* out) const {
    std::copy_n(f, channels_, out);
    for (int64_t r = 1; r < rows_; ++r) {
      for (int64_t j = 0; j < channels_; ++j) out[j] = std::max(out[j], f[r * channels_ + j]);
    }
  }
  int64_t channels_ = 0, rows_ = 0;
};

class AdaptBits final : public OpWith<AdaptBits> {
 public:
  AdaptBits(Parameter& parameter, State& adapted) : parameter_(parameter), adapted_(adapted) {}
  std::string_view name() const override { return "adapt_bits"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    sharing_ = Sharing::of(in[1].shape, in[0].shape, 0);
    size_ = in[1].shape.size();
    return {in[0]};
  }
  bool differentiable(int input) const override { return input == 0; }
  void forward(const OpContext& c) const override {
    float* const f = parameter_.value.data();
    if (adapted_.value.values()[0] == 0.0F) {
      const std::vector<float> shift = shifts(c.in[1]);
      for (int64_t i = 0; i < sharing_.f_size; ++i) f[i] += shift[static_cast<size_t>(i)];
      adapted_.value.values()[0] = 1.0F;
    }
    std::copy_n(f, sharing_.f_size, c.out[0]);
  }
  void backward(const OpContext& c) const override { add_to(c.grad_in[0], c.grad_out[0], sharing_.f_size); }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    std::vector<T> shift(static_cast<size_t>(sharing_.f_size), T(0));
    if (adapted_.value.values()[0] == 0.0F) shift = shifts(c.in[1]);
    if (c.rounding == TwinRounding::kFollowLine) shift.assign(c.point->begin(), c.point->end());
    if (c.rounding == TwinRounding::kRecordPoint) c.point->assign(shift.begin(), shift.end());
    for (int64_t i = 0; i < sharing_.f_size; ++i) c.out[0][i] = c.in[0][i] + shift[static_cast<size_t>(i)];
  }

 private:
  /// -log2 |w|: for each f the smallest of the weights that share it.
  template <typename T>
  std::vector<T> shifts(const T* w) const {
    std::vector<T> shift(static_cast<size_t>(sharing_.f_size), std::numeric_limits<T>::infinity());
    for (int64_t i = 0; i < size_; ++i) {
      T& s = shift[static_cast<size_t>(sharing_.at(i))];
      s = std::min(s, static_cast<T>(-std::log2(std::abs(static_cast<double>(w[i])))));
    }
    return shift;
  }

  Parameter& parameter_;
  State& adapted_;
  Sharing sharing_;
  int64_t size_ = 0;
};

}  // namespace

Var clip_in_place(Parameter& parameter, Var current, float low, float high) {
  return current.tape->record_one(std::make_unique<ClipInPlace>(parameter, low, high), {current});
}

Var bias_f(Var f, int64_t channels) {
  const Var highest = f.tape->record_one(std::make_unique<ChannelMax>(), {f});
  HGQ_CHECK(highest.shape()[0] == channels || highest.shape()[0] == 1, ShapeError, "bias_f: bit widths of shape ",
            f.shape(), " for ", channels, " channels");
  return highest;
}

Var adapt_bits(Parameter& parameter, Var w, State& adapted) {
  return w.tape->record_one(std::make_unique<AdaptBits>(parameter, adapted), {w.tape->parameter(parameter), w});
}

}  // namespace hgq::ops
