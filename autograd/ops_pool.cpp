// Pooling over one or two dimensions, channels last, as Keras defines it: the maximum of a window, or the mean of its
// inputs without padding. Values are Row values; bits are Step values of the shape of one sample.
#include <algorithm>
#include <limits>
#include <type_traits>

#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

/// The inputs that each window reads: positions without channels, one window after the other.
struct Sources {
  std::vector<int32_t> from;  // inputs of all windows
  std::vector<int32_t> ends;  // the index after the last input of each window

  explicit Sources(const Windows& v) {
    for (int64_t oh = 0; oh < v.h.output; ++oh) {
      for (int64_t ow = 0; ow < v.w.output; ++ow) {
        for (int64_t kh = 0; kh < v.h.size; ++kh) {
          for (int64_t kw = 0; kw < v.w.size; ++kw) {
            const int64_t h = v.h.source(oh, kh);
            const int64_t w = v.w.source(ow, kw);
            if (h >= 0 && w >= 0) from.push_back(static_cast<int32_t>(h * v.w.input + w));
          }
        }
        ends.push_back(static_cast<int32_t>(from.size()));
      }
    }
  }

  /// Calls f(position, pointer to the first input, pointer after the last) for each window.
  template <typename F>
  void each(const F& f) const {
    int32_t begin = 0;
    for (size_t p = 0; p < ends.size(); ++p) {
      f(static_cast<int64_t>(p), from.data() + begin, from.data() + ends[p]);
      begin = ends[p];
    }
  }
};

class Pool : public Op {
 public:
  explicit Pool(const Windows& windows) : windows_(windows), sources_(windows) {}
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].shape.size() == windows_.inputs() * windows_.channels && in[0].shape.rank() == windows_.rank + 1,
              ShapeError, name(), ": samples of shape ", in[0].shape, " do not fit the windows");
    channels_ = windows_.channels;
    in_ = windows_.inputs() * channels_;
    out_ = windows_.positions() * channels_;
    return {{windows_.output_shape(channels_), in[0].domain}};
  }
  bool recomputable() const override { return true; }

 protected:
  Windows windows_;
  Sources sources_;
  int64_t channels_ = 0, in_ = 0, out_ = 0;
};

class MaxPool final : public Pool {
 public:
  using Pool::Pool;
  std::string_view name() const override { return "max_pool"; }
  Needs needs() const override { return {.inputs = 1, .outputs = 1}; }
  void forward(const OpContext& c) const override { loop(c.in[0], c.out[0], c.rows); }

  // The gradient goes to the first maximum of a window, row by row.
  void backward(const OpContext& c) const override {
    if (!c.accumulate[0]) std::fill_n(c.grad_in[0], c.rows * in_, 0.0F);
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* const x = c.in[0] + r * in_;
      const float* const y = c.out[0] + r * out_;
      const float* const g = c.grad_out[0] + r * out_;
      float* const to = c.grad_in[0] + r * in_;
      sources_.each([&](int64_t p, const int32_t* first, const int32_t* last) {
        each_block([&](auto count, int64_t j) {
          give<count()>(x + j, y + p * channels_ + j, g + p * channels_ + j, to + j, first, last);
        });
      });
    }
  }

  void twin(const PlainContext<float>& c) const override { plain(c); }
  void twin(const PlainContext<double>& c) const override { plain(c); }

 private:
  void loop(const float* x, float* y, int64_t rows) const {
    for (int64_t r = 0; r < rows; ++r, x += in_, y += out_) {
      sources_.each([&](int64_t p, const int32_t* first, const int32_t* last) {
        each_block([&](auto count, int64_t j) { largest<count()>(x + j, y + p * channels_ + j, first, last); });
      });
    }
  }

  /// Calls f(number of channels, first channel) for blocks of channels that fit into registers.
  template <typename F>
  void each_block(const F& f) const {
    int64_t j = 0;
    for (; j + 16 <= channels_; j += 16) f(std::integral_constant<int, 16>(), j);
    for (; j + 8 <= channels_; j += 8) f(std::integral_constant<int, 8>(), j);
    for (; j < channels_; ++j) f(std::integral_constant<int, 1>(), j);
  }

  template <int kCount>
  void largest(const float* x, float* y, const int32_t* first, const int32_t* last) const {
    float most[kCount];
    for (float& m : most) m = -std::numeric_limits<float>::infinity();
    for (const int32_t* s = first; s != last; ++s) {
      const float* const from = x + *s * channels_;
#pragma omp simd
      for (int j = 0; j < kCount; ++j) most[j] = from[j] > most[j] ? from[j] : most[j];
    }
    for (int j = 0; j < kCount; ++j) y[j] = most[j];
  }

  template <int kCount>
  void give(const float* x, const float* y, const float* g, float* to, const int32_t* first,
            const int32_t* last) const {
    float most[kCount];
    float left[kCount];  // what has not been distributed yet
    for (int j = 0; j < kCount; ++j) most[j] = y[j];
    for (int j = 0; j < kCount; ++j) left[j] = g[j];
    for (const int32_t* s = first; s != last; ++s) {
      const float* const from = x + *s * channels_;
      float* const share = to + *s * channels_;
#pragma omp simd
      for (int j = 0; j < kCount; ++j) {
        const float given = from[j] == most[j] ? left[j] : 0.0F;
        share[j] += given;
        left[j] = from[j] == most[j] ? 0.0F : left[j];
      }
    }
  }

  // Ties are common among quantized values, and a tie is a kink: the line stays with the element that was chosen.
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    if (c.rounding == TwinRounding::kRecordPoint) c.point->clear();
    for (int64_t r = 0; r < c.rows; ++r) {
      const T* const x = c.in[0] + r * in_;
      T* const y = c.out[0] + r * out_;
      sources_.each([&](int64_t p, const int32_t* first, const int32_t* last) {
        for (int64_t j = 0; j < channels_; ++j) {
          const int64_t element = r * out_ + p * channels_ + j;
          int64_t most = *first * channels_ + j;
          for (const int32_t* s = first; s != last; ++s) {
            if (x[*s * channels_ + j] > x[most]) most = *s * channels_ + j;
          }
          if (c.rounding == TwinRounding::kRecordPoint) c.point->push_back(static_cast<double>(most));
          if (c.rounding == TwinRounding::kFollowLine)
            most = static_cast<int64_t>((*c.point)[static_cast<size_t>(element)]);
          y[p * channels_ + j] = x[most];
        }
      });
    }
  }
};

class AveragePool final : public Pool {
 public:
  using Pool::Pool;
  std::string_view name() const override { return "average_pool"; }
  void forward(const OpContext& c) const override { loop(c.in[0], c.out[0], c.rows); }

  void backward(const OpContext& c) const override {
    if (!c.accumulate[0]) std::fill_n(c.grad_in[0], c.rows * in_, 0.0F);
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* const g = c.grad_out[0] + r * out_;
      float* const to = c.grad_in[0] + r * in_;
      sources_.each([&](int64_t p, const int32_t* first, const int32_t* last) {
        const auto count = static_cast<float>(last - first);
        for (const int32_t* s = first; s != last; ++s) {
          for (int64_t j = 0; j < channels_; ++j) to[*s * channels_ + j] += g[p * channels_ + j] / count;
        }
      });
    }
  }

  template <typename T>
  void loop(const T* x, T* y, int64_t rows) const {
    for (int64_t r = 0; r < rows; ++r, x += in_, y += out_) {
      sources_.each([&](int64_t p, const int32_t* first, const int32_t* last) {
        T* const mean = y + p * channels_;
        std::fill_n(mean, channels_, T(0));
        for (const int32_t* s = first; s != last; ++s) {
          for (int64_t j = 0; j < channels_; ++j) mean[j] += x[*s * channels_ + j];
        }
        for (int64_t j = 0; j < channels_; ++j) mean[j] /= static_cast<T>(last - first);
      });
    }
  }
  void twin(const PlainContext<float>& c) const override { loop(c.in[0], c.out[0], c.rows); }
  void twin(const PlainContext<double>& c) const override { loop(c.in[0], c.out[0], c.rows); }
};

}  // namespace

Var max_pool(Var x, const Windows& windows) { return x.tape->record_one(std::make_unique<MaxPool>(windows), {x}); }

Var average_pool(Var x, const Windows& windows) {
  return x.tape->record_one(std::make_unique<AveragePool>(windows), {x});
}

}  // namespace hgq::ops
