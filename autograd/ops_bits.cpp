// Bits, BOPs, and penalties (quantization.md 1.5, 2.4): small Step operations on kernels, records and bit widths.
#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/autograd/ops.h"
#include "hgq/autograd/sharing.h"
#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/core/ordered_sum.h"

namespace hgq::ops {
namespace {

float top_bit_of(float v) { return top_bit(v); }
double top_bit_of(double v) {
  return v == 0.0 ? -std::numeric_limits<double>::infinity() : std::floor(std::log2(std::abs(v))) + 1.0;
}

/// max(top + rne(f), 0). For a twin that follows the line: the recorded bits, plus `slope` times the change of f; 0 if
/// the recorded bits are 0. I has no gradient, so the line keeps that of the recorded point. The point has two entries
/// for each element, bits and f.
template <typename T>
T plain_bits(const PlainContext<T>& c, T top, T f, double slope, int64_t element) {
  const auto at = static_cast<size_t>(2 * element);
  if (c.rounding == TwinRounding::kFollowLine) {
    const double bits = (*c.point)[at];
    return bits > 0.0 ? static_cast<T>(bits + (static_cast<double>(f) - (*c.point)[at + 1]) * slope) : T(0);
  }
  const T bits = std::max(top + std::nearbyint(f), T(0));
  if (c.rounding == TwinRounding::kRecordPoint) {
    if (element == 0) c.point->clear();
    c.point->insert(c.point->end(), {static_cast<double>(bits), static_cast<double>(f)});
  }
  return bits;
}

// Shared by kernels and activations: bits[e] = relu(I[k] + rne(f[k]) + extra[k]), k = index[e].
class KernelBits final : public OpWith<KernelBits> {
 public:
  explicit KernelBits(double degeneracy) : slope_(std::sqrt(1.0 / degeneracy)) {}
  std::string_view name() const override { return "kernel_bits"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    sharing_ = Sharing::of(in[0].shape, in[1].shape, 0);
    own_ = sharing_.f_size == size_;
    return {in[0]};
  }
  bool differentiable(int input) const override { return input == 1; }
  Needs needs() const override { return {.inputs = 0, .outputs = 1}; }
  int64_t scratch_floats(int64_t /*rows*/) const override { return sharing_.f_size; }

  void forward(const OpContext& c) const override {
    if (own_) {
#pragma omp simd
      for (int64_t i = 0; i < size_; ++i)
        c.out[0][i] = std::max(top_bit(c.in[0][i]) + std::nearbyint(c.in[1][i]), 0.0F);
      return;
    }
    float* const top = c.scratch;
    std::fill_n(top, sharing_.f_size, -std::numeric_limits<float>::infinity());
    for (int64_t i = 0; i < size_; ++i) top[sharing_.at(i)] = std::max(top[sharing_.at(i)], top_bit(c.in[0][i]));
    for (int64_t i = 0; i < size_; ++i)
      c.out[0][i] = std::max(top[sharing_.at(i)] + std::nearbyint(c.in[1][sharing_.at(i)]), 0.0F);
  }
  void backward(const OpContext& c) const override {
    const auto slope = static_cast<float>(slope_);
    if (own_) {
#pragma omp simd
      for (int64_t i = 0; i < size_; ++i) c.grad_in[1][i] += c.out[0][i] > 0.0F ? c.grad_out[0][i] * slope : 0.0F;
      return;
    }
    for (int64_t i = 0; i < size_; ++i)
      c.grad_in[1][sharing_.at(i)] += c.out[0][i] > 0.0F ? c.grad_out[0][i] * slope : 0.0F;
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    std::vector<T> top(static_cast<size_t>(sharing_.f_size), -std::numeric_limits<T>::infinity());
    for (int64_t i = 0; i < size_; ++i) {
      T& shared = top[static_cast<size_t>(sharing_.at(i))];
      shared = std::max(shared, top_bit_of(c.in[0][i]));
    }
    for (int64_t i = 0; i < size_; ++i) {
      const int64_t k = sharing_.at(i);
      c.out[0][i] = plain_bits(c, top[static_cast<size_t>(k)], c.in[1][k], slope_, i);
    }
  }

 private:
  double slope_;
  Sharing sharing_;
  int64_t size_ = 0;
  bool own_ = false;
};

class ActivationBits final : public OpWith<ActivationBits> {
 public:
  ActivationBits(const Shape& sample, bool relu, double degeneracy)
      : sample_(sample), relu_(relu), slope_(std::sqrt(1.0 / degeneracy)) {}
  std::string_view name() const override { return "activation_bits"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].shape == in[2].shape && in[1].shape == in[2].shape, ShapeError, "activation_bits: record ",
              in[0].shape, ", bit widths ", in[2].shape);
    sharing_ = Sharing::of(sample_, in[2].shape, 1);
    size_ = sample_.size();
    own_ = sharing_.f_size == size_;
    return {{sample_, Domain::kStep}};
  }
  bool differentiable(int input) const override { return input == 2; }
  Needs needs() const override { return {.inputs = 0, .outputs = 1}; }
  int64_t scratch_floats(int64_t /*rows*/) const override { return own_ ? 0 : sharing_.f_size; }
  // The bits of each f, and then those of each element.
  void forward(const OpContext& c) const override {
    float* const bits = own_ ? c.out[0] : c.scratch;
    const float* const low = c.in[0];
    const float* const high = c.in[1];
    const float* const f = c.in[2];
    const auto fill = [&](const auto& integer_part) {
#pragma omp simd
      for (int64_t k = 0; k < sharing_.f_size; ++k) {
        const float top = low[k] > high[k] ? -std::numeric_limits<float>::infinity() : integer_part(low[k], high[k]);
        const float b = top + std::nearbyint(f[k]);
        bits[k] = b < 0.0F ? 0.0F : b;
      }
    };
    if (relu_) {
      fill([](float /*least*/, float most) { return top_bit(most < 0.0F ? 0.0F : most); });
    } else {
      fill([](float least, float most) {
        const float end = std::abs(least) < std::abs(most) ? std::abs(most) : std::abs(least);
        return top_bit(end) + (least < 0.0F ? 1.0F : 0.0F);
      });
    }
    if (own_) return;
    for (int64_t begin = 0; begin < size_; begin += sharing_.period) {
      for (int64_t j = 0; j < sharing_.period; ++j) c.out[0][begin + j] = bits[sharing_.index[static_cast<size_t>(j)]];
    }
  }
  void backward(const OpContext& c) const override {
    const auto slope = static_cast<float>(slope_);
    const float* const bits = c.out[0];
    const float* const g = c.grad_out[0];
    float* const to = c.grad_in[2];
    if (own_) {
#pragma omp simd
      for (int64_t i = 0; i < size_; ++i) to[i] += bits[i] > 0.0F ? g[i] * slope : 0.0F;
      return;
    }
    for (int64_t begin = 0; begin < size_; begin += sharing_.period) {
      for (int64_t j = 0; j < sharing_.period; ++j)
        to[sharing_.index[static_cast<size_t>(j)]] += bits[begin + j] > 0.0F ? g[begin + j] * slope : 0.0F;
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    for (int64_t i = 0; i < size_; ++i) {
      const auto k = sharing_.at(i);
      c.out[0][i] = plain_bits(c, integer_part(c.in[0][k], c.in[1][k]), c.in[2][k], slope_, i);
    }
  }

 private:
  /// I + [min < 0] of quantization.md 1.5; an empty record (min = inf, max = -inf) has 0 bits.
  template <typename T>
  T integer_part(T low, T high) const {
    if (low > high) return -std::numeric_limits<T>::infinity();
    if (relu_) return top_bit_of(std::max(high, T(0)));
    return top_bit_of(std::max(std::abs(low), std::abs(high))) + (low < T(0) ? T(1) : T(0));
  }
  Shape sample_;
  bool relu_;
  double slope_;
  Sharing sharing_;
  int64_t size_ = 0;
  bool own_ = false;  // each element has an f of its own
};

class DenseBops final : public OpWith<DenseBops> {
 public:
  std::string_view name() const override { return "dense_bops"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].shape.rank() > 0 && in[1].shape.rank() == 2 && in[0].shape[-1] == in[1].shape[0], ShapeError,
              "dense_bops: bits of shapes ", in[0].shape, " and ", in[1].shape);
    inputs_ = in[1].shape[0];
    units_ = in[1].shape[1];
    positions_ = inputs_ == 0 ? 0 : in[0].shape.size() / inputs_;
    return {{Shape{}, Domain::kStep}};
  }
  Needs needs() const override { return {.inputs = 3}; }
  void forward(const OpContext& c) const override { loop(c.in[0], c.in[1], c.out[0]); }
  // The gradient of the bits of a weight is the sum of the bits of its input over all positions; that of the bits of an
  // input is the sum of the bits of its row of the kernel.
  void backward(const OpContext& c) const override {
    const float g = c.grad_out[0][0];
    for (int64_t i = 0; i < inputs_; ++i) {
      float input = 0;
      for (int64_t p = 0; p < positions_; ++p) input += c.in[0][p * inputs_ + i];
      const float* const row = c.in[1] + i * units_;
      if (c.grad_in[1] != nullptr) {
        float* const grad = c.grad_in[1] + i * units_;
        const float each = g * input;
#pragma omp simd
        for (int64_t j = 0; j < units_; ++j) grad[j] += each;
      }
      if (c.grad_in[0] == nullptr) continue;
      const float kernel = row_sum(row);
      for (int64_t p = 0; p < positions_; ++p) c.grad_in[0][p * inputs_ + i] += g * kernel;
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    loop(c.in[0], c.in[1], c.out[0]);
  }

 private:
  // Bits are whole numbers: their sums are exact in any order.
  template <typename T>
  T row_sum(const T* row) const {
    T total = 0;
#pragma omp simd reduction(+ : total)
    for (int64_t j = 0; j < units_; ++j) total += row[j];
    return total;
  }
  template <typename T>
  void loop(const T* input_bits, const T* bits, T* out) const {
    double total = 0;
    for (int64_t i = 0; i < inputs_; ++i) {
      T input = 0;
      for (int64_t p = 0; p < positions_; ++p) input += input_bits[p * inputs_ + i];
      total += static_cast<double>(input) * static_cast<double>(row_sum(bits + i * units_));
    }
    out[0] = static_cast<T>(total);
  }
  int64_t inputs_ = 0, units_ = 0, positions_ = 0;
};

class ScaleBy final : public OpWith<ScaleBy> {
 public:
  std::string_view name() const override { return "scale_by"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[1].shape.size() == 1, ShapeError, "scale_by: the factor has shape ", in[1].shape,
              ", expected one value");
    size_ = in[0].shape.size();
    return {in[0]};
  }
  bool differentiable(int input) const override { return input == 0; }
  void forward(const OpContext& c) const override {
    const float factor = c.in[1][0];
    const float* const in = c.in[0];
    float* const out = c.out[0];
#pragma omp simd
    for (int64_t i = 0; i < c.rows * size_; ++i) out[i] = in[i] * factor;
  }
  void backward(const OpContext& c) const override {
    const float factor = c.in[1][0];
    const float* const g = c.grad_out[0];
    float* const to = c.grad_in[0];
    if (c.accumulate[0]) {
#pragma omp simd
      for (int64_t i = 0; i < c.rows * size_; ++i) to[i] += g[i] * factor;
    } else {
#pragma omp simd
      for (int64_t i = 0; i < c.rows * size_; ++i) to[i] = g[i] * factor;
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.out[0][i] = c.in[0][i] * c.in[1][0];
  }

 private:
  int64_t size_ = 0;
};

class Penalty final : public OpWith<Penalty> {
 public:
  Penalty(Norm norm, float factor) : norm_(norm), factor_(factor) {}
  std::string_view name() const override { return "penalty"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].domain == Domain::kStep, ShapeError, "penalty: takes a Step value");
    size_ = in[0].shape.size();
    return {{Shape{}, Domain::kStep}};
  }
  Needs needs() const override { return {.inputs = 1}; }
  void forward(const OpContext& c) const override { loop(c.in[0], c.out[0]); }
  void backward(const OpContext& c) const override {
    const float g = c.grad_out[0][0] * factor_;
    const auto add = [&](const auto& slope) {
      const float* const w = c.in[0];
      float* const to = c.grad_in[0];
#pragma omp simd
      for (int64_t i = 0; i < size_; ++i) to[i] += g * slope(w[i]);
    };
    switch (norm_) {
      case Norm::kSigned:
        add([](float) { return 1.0F; });
        break;
      case Norm::kSquare:
        add([](float w) { return 2.0F * w; });
        break;
      default:
        add([](float w) { return static_cast<float>((w > 0.0F) - (w < 0.0F)); });
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    loop(c.in[0], c.out[0]);
  }

 private:
  template <typename T>
  void loop(const T* w, T* out) const {
    const auto sum = [&](const auto& term) {
      return ordered_sum(size_, [&](int64_t i) { return term(static_cast<double>(w[i])); });
    };
    double total = 0;
    switch (norm_) {
      case Norm::kSigned:
        total = sum([](double v) { return v; });
        break;
      case Norm::kSquare:
        total = sum([](double v) { return v * v; });
        break;
      default:
        total = sum([](double v) { return std::abs(v); });
    }
    out[0] = static_cast<T>(total * static_cast<double>(factor_));
  }
  Norm norm_;
  float factor_;
  int64_t size_ = 0;
};

}  // namespace

Var kernel_bits(Var quantized_kernel, Var f, double degeneracy) {
  return f.tape->record_one(std::make_unique<KernelBits>(degeneracy), {quantized_kernel, f});
}

Var activation_bits(Var record_min, Var record_max, Var f, const Shape& sample, bool relu_follows, double degeneracy) {
  return f.tape->record_one(std::make_unique<ActivationBits>(sample, relu_follows, degeneracy),
                            {record_min, record_max, f});
}

Var dense_bops(Var input_bits, Var kernel_bits) {
  return kernel_bits.tape->record_one(std::make_unique<DenseBops>(), {input_bits, kernel_bits});
}

Var scale_by(Var value, State& factor) {
  return value.tape->record_one(std::make_unique<ScaleBy>(), {value, value.tape->state(factor)});
}

Var penalty(Var w, Norm norm, float factor) { return w.tape->record_one(std::make_unique<Penalty>(norm, factor), {w}); }

}  // namespace hgq::ops
