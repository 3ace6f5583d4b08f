// The quantizer (quantization.md 1.1 to 1.4): rounding, record of ranges, ReLU and bias in one pass over the values.
//
// f is shared along the dimensions in which its extent is 1. Leading shared dimensions of a sample count as more rows.
// The other dimensions are one "period" of parameters, s = 2^f and 1 / s for each element, which is repeated to at
// least kPeriod elements; so the same two loops compute every granularity.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "hgq/autograd/ops.h"
#include "hgq/autograd/quantize_rows.h"
#include "hgq/autograd/sharing.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"

namespace hgq::ops {
namespace {

constexpr int64_t kPeriod = 64;    // the smallest number of elements in one pass of the loops
constexpr int64_t kBlockRows = 4;  // rows that share one load of the parameters

float round_half_to_even(float f) { return std::nearbyint(f); }

class Quantize final : public OpWith<Quantize> {
 public:
  Quantize(const QuantizeOptions& options, bool bias, uint64_t stream)
      : options_(options), bias_(bias), stream_(stream) {
    if (!options_.train &&
        (options_.strategy == RoundingStrategy::kStochastic || options_.strategy == RoundingStrategy::kNoise)) {
      options_.strategy = RoundingStrategy::kStandard;
    }
  }

  std::string_view name() const override { return options_.relu ? "quantize_relu" : "quantize"; }

  // x [sample], f that is shared along dims of the sample, then the bias [channels] if there is one. Elements are
  // worked on in periods of width_, after which f and bias repeat.
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    sample_ = in[0].shape;
    size_ = sample_.size();
    row_ = in[0].domain == Domain::kRow;
    HGQ_CHECK(in[1].domain == Domain::kStep, ShapeError, "quantize: bit widths cannot have a batch dim");
    sharing_ = Sharing::of(sample_, in[1].shape, row_ ? 1 : 0);
    if (bias_) {
      bias_size_ = in[2].shape.size();
      HGQ_CHECK(in[2].domain == Domain::kStep && sample_.rank() > 0 && bias_size_ == sample_[-1], ShapeError,
                "quantize: a bias of shape ", in[2].shape, " does not fit values of shape ", sample_);
    }
    const int64_t smallest = std::max<int64_t>(sharing_.period, 1);
    width_ = smallest * ((kPeriod + smallest - 1) / smallest);
    if (!row_) width_ = smallest;
    for (int64_t j = 0; j < width_; ++j) {
      index_.push_back(sharing_.index[static_cast<size_t>(j % smallest)]);
      if (bias_) bias_index_.push_back(static_cast<int32_t>(j % bias_size_));
    }
    own_ = width_ == sharing_.f_size;
    direct_ = row_ && own_ && (!bias_ || bias_size_ == width_);
    std::vector<ValueSpec> out{in[0]};
    if (options_.record_min != nullptr) {
      HGQ_CHECK(row_, ShapeError, "quantize: only Row values have a record");
      out.insert(out.end(), 2, {in[1].shape, Domain::kStep});
    }
    return out;
  }

  Needs needs() const override { return {.inputs = 7, .outputs = 1}; }
  bool passes_gradient(int output) const override { return output == 0; }
  bool recomputable() const override { return true; }
  float partial_start(int output) const override {
    return output == 1 ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity();
  }
  // scale, 1 / scale, bias: for rows they are the same in all chunks.
  int64_t extra_floats() const override { return row_ ? 3 * width_ : 0; }
  bool prepares() const override { return row_; }
  void prepare(const OpContext& c) const override { spread_parameters(c, c.extra); }
  // low and high, or the gradients of f and bias; for kernels then the parameters
  int64_t scratch_floats(int64_t /*rows*/) const override { return (row_ ? 2 : 5) * width_; }

  void combine(const OpContext& /*c*/, int output, float* into, const float* from) const override {
    for (int64_t i = 0; i < sharing_.f_size; ++i)
      into[i] = output == 1 ? std::min(into[i], from[i]) : std::max(into[i], from[i]);
  }

  void finish(const OpContext& c) const override {
    float* const low = options_.record_min->value.data();
    float* const high = options_.record_max->value.data();
    for (int64_t i = 0; i < sharing_.f_size; ++i) {
      c.out[1][i] = low[i] = std::min(low[i], c.partial[1][i]);
      c.out[2][i] = high[i] = std::max(high[i], c.partial[2][i]);
    }
  }

  // With a record, the smallest and largest q(x) for each element of f are merged into those of the lane.
  void forward(const OpContext& c) const override {
    if (!row_) spread_parameters(c, c.scratch + 2 * width_);
    const BlockParameters p = parameters(c);
    if (options_.strategy == RoundingStrategy::kStochastic || options_.strategy == RoundingStrategy::kNoise) {
      forward_random(c, p);
      return;
    }
    const bool record = options_.record_min != nullptr && !c.recompute;
    float* const low = c.scratch;
    float* const high = c.scratch + width_;
    if (record) {
      std::fill_n(low, width_, std::numeric_limits<float>::infinity());
      std::fill_n(high, width_, -std::numeric_limits<float>::infinity());
    }
    const bool exact = options_.scale_of_rounded_f || !options_.train;
    if (options_.strategy == RoundingStrategy::kStandard) {
      exact ? run_forward<RoundingStrategy::kStandard, true>(c, p, record, low, high)
            : run_forward<RoundingStrategy::kStandard, false>(c, p, record, low, high);
    } else {
      exact ? run_forward<RoundingStrategy::kFloor, true>(c, p, record, low, high)
            : run_forward<RoundingStrategy::kFloor, false>(c, p, record, low, high);
    }
    if (record) merge_record(c, low, high);
  }

  // quantization.md 1.2: gradients of f and bias are summed for each place of a period, then for each f and channel.
  void backward(const OpContext& c) const override {
    if (c.grad_out[0] == nullptr) return;
    float* const grad_f = c.scratch;
    float* const grad_bias = c.scratch + width_;
    if (!row_) spread_bias(c, c.scratch + 4 * width_);
    const BlockParameters p = parameters(c);
    std::fill_n(grad_f, width_, 0.0F);
    std::fill_n(grad_bias, width_, 0.0F);
    if (bias_) {
      options_.relu ? run_backward<true, true>(c, p, grad_f, grad_bias)
                    : run_backward<true, false>(c, p, grad_f, grad_bias);
    } else {
      options_.relu ? run_backward<false, true>(c, p, grad_f, grad_bias)
                    : run_backward<false, false>(c, p, grad_f, grad_bias);
    }
    if (c.grad_in[1] != nullptr && options_.train) {
      float* const to = c.grad_in[1];
      if (own_) {
#pragma omp simd
        for (int64_t j = 0; j < width_; ++j) to[j] += grad_f[j];
      } else {
        for (int64_t j = 0; j < width_; ++j) to[index_[static_cast<size_t>(j)]] += grad_f[j];
      }
    }
    if (bias_ && c.grad_in[2] != nullptr) {
      for (int64_t j = 0; j < width_; ++j) c.grad_in[2][bias_index_[static_cast<size_t>(j)]] += grad_bias[j];
    }
  }

  template <typename T>
  void plain(const PlainContext<T>& c) const {
    const int64_t n = c.rows * size_;
    const auto period = static_cast<int64_t>(index_.size());
    std::vector<T> low(static_cast<size_t>(sharing_.f_size), std::numeric_limits<T>::infinity());
    std::vector<T> high(low.size(), -std::numeric_limits<T>::infinity());
    if (c.rounding == TwinRounding::kRecordPoint) c.point->clear();
    for (int64_t i = 0; i < n; ++i) {
      const auto k = static_cast<size_t>(index_[static_cast<size_t>(i % period)]);
      const T f = c.in[1][k];
      const T x = bias_ ? c.in[0][i] + c.in[2][bias_index_[static_cast<size_t>(i % period)]] : c.in[0][i];
      const T q = plain_value(c, x, f, i);
      low[k] = std::min(low[k], q);
      high[k] = std::max(high[k], q);
      // The line of a ReLU's twin stays on the side of the recorded point: q is often 0, and the gradient there is 0.
      const bool open =
          c.rounding == TwinRounding::kFollowLine ? (*c.point)[static_cast<size_t>(3 * i + 2)] > 0.0 : q > T(0);
      c.out[0][i] = options_.relu && !open ? T(0) : q;
    }
    if (options_.record_min == nullptr) return;
    for (size_t k = 0; k < low.size(); ++k) {
      c.out[1][k] = std::min(static_cast<T>(options_.record_min->value.values()[k]), low[k]);
      c.out[2][k] = std::max(static_cast<T>(options_.record_max->value.values()[k]), high[k]);
    }
  }

 private:
  /// The point of an element: d = q - x, f, q.
  template <typename T>
  T plain_value(const PlainContext<T>& c, T x, T f, int64_t i) const {
    if (c.rounding == TwinRounding::kFollowLine) {
      const double d = (*c.point)[static_cast<size_t>(3 * i)];
      const double f0 = (*c.point)[static_cast<size_t>(3 * i + 1)];
      return static_cast<T>(static_cast<double>(x) + d -
                            (options_.train ? (static_cast<double>(f) - f0) * d * std::numbers::ln2 : 0.0));
    }
    const bool exact = options_.scale_of_rounded_f || !options_.train;
    const T s = static_cast<T>(std::exp2(exact ? std::nearbyint(f) : f));
    const T y = x * s;
    T q;
    switch (options_.strategy) {
      case RoundingStrategy::kStandard:
        q = std::floor(y + T(0.5)) / s;
        break;
      case RoundingStrategy::kFloor:
        q = std::floor(y) / s;
        break;
      default:
        q = static_cast<T>(random_value(static_cast<float>(x), static_cast<float>(s), c.seed, c.step, i));
    }
    if (c.rounding == TwinRounding::kRecordPoint) {
      for (const T v : {q - x, f, q}) c.point->push_back(static_cast<double>(v));
    }
    return q;
  }

  /// What spread_parameters() wrote.
  BlockParameters parameters(const OpContext& c) const {
    const float* const memory = row_ ? c.extra : c.scratch + 2 * width_;
    const float* const bias = direct_ ? c.in[2] : memory + 2 * width_;
    return {memory, memory + width_, bias_ ? bias : nullptr};
  }

  void spread_bias(const OpContext& c, float* memory) const {
    if (!bias_ || direct_) return;
    for (int64_t j = 0; j < width_; ++j) memory[j] = c.in[2][bias_index_[static_cast<size_t>(j)]];
  }

  // scale = 2^f or 2^rne(f) and its inverse for each place of a period [width_], and the bias.
  void spread_parameters(const OpContext& c, float* memory) const {
    const float* const f = c.in[1];
    float* const scale = memory;
    float* const inverse = memory + width_;
    if (options_.scale_of_rounded_f || !options_.train) {
      if (own_) {
        std::copy_n(f, width_, scale);
      } else {
        for (int64_t j = 0; j < width_; ++j) scale[j] = f[index_[static_cast<size_t>(j)]];
      }
      int32_t wide = 0;  // also those that are not numbers
#pragma omp simd reduction(+ : wide)
      for (int64_t j = 0; j < width_; ++j) wide += std::abs(scale[j]) < 126.0F ? 0 : 1;
      if (wide == 0) {  // 2^n has the bits (n + 127) << 23
        for (int64_t j = 0; j < width_; ++j) {
          const auto n = static_cast<int32_t>(round_half_to_even(scale[j]));
          scale[j] = std::bit_cast<float>((n + 127) << 23);
          inverse[j] = std::bit_cast<float>((127 - n) << 23);
        }
      } else {
        for (int64_t j = 0; j < width_; ++j) {
          const float n = round_half_to_even(scale[j]);
          scale[j] = std::exp2(n);
          inverse[j] = std::exp2(-n);
        }
      }
    } else {
      for (int64_t j = 0; j < width_; ++j) scale[j] = std::exp2(f[index_[static_cast<size_t>(j)]]);
      for (int64_t j = 0; j < width_; ++j) inverse[j] = 1.0F / scale[j];
    }
    spread_bias(c, memory + 2 * width_);
  }

  // Runs the loop that was compiled for this combination of bias, ReLU and record. It computes kBlockRows periods at a
  // time, and then the remaining ones one by one.
  template <RoundingStrategy kStrategy, bool kExact>
  void run_forward(const OpContext& c, const BlockParameters& p, bool record, float* low, float* high) const {
    const auto run = [&]<bool kBias, bool kRelu, bool kRecord>() {
      const int64_t n = c.rows * size_;
      int64_t i = 0;
      for (; i + kBlockRows * width_ <= n; i += kBlockRows * width_) {
        fetch_ahead(c.in[0] + i, kBlockRows * width_);
        forward_rows<kStrategy, kExact, kBias, kRelu, kRecord, kBlockRows>(c.in[0] + i, c.out[0] + i, width_, width_, p,
                                                                           low, high);
      }
      for (; i < n; i += width_) {
        forward_rows<kStrategy, kExact, kBias, kRelu, kRecord, 1>(c.in[0] + i, c.out[0] + i, std::min(width_, n - i),
                                                                  width_, p, low, high);
      }
    };
    const auto with_record = [&]<bool kBias, bool kRelu>() {
      record ? run.template operator()<kBias, kRelu, true>() : run.template operator()<kBias, kRelu, false>();
    };
    if (bias_) {
      options_.relu ? with_record.template operator()<true, true>() : with_record.template operator()<true, false>();
    } else {
      options_.relu ? with_record.template operator()<false, true>() : with_record.template operator()<false, false>();
    }
  }

  // The same for backward, compiled for whether x needs a gradient, and whether that is added to an earlier one.
  template <bool kBias, bool kRelu>
  void run_backward(const OpContext& c, const BlockParameters& p, float* grad_f, float* grad_bias) const {
    const auto run = [&]<bool kToX, bool kAdd>() {
      const int64_t n = c.rows * size_;
      int64_t i = 0;
      float* const to = c.grad_in[0];
      for (; i + kBlockRows * width_ <= n; i += kBlockRows * width_) {
        fetch_ahead(c.in[0] + i, kBlockRows * width_);
        fetch_ahead(c.grad_out[0] + i, kBlockRows * width_);
        backward_rows<kBias, kRelu, kToX, kAdd, kBlockRows>(c.in[0] + i, c.out[0] + i, c.grad_out[0] + i,
                                                            kToX ? to + i : nullptr, width_, width_, p, grad_f,
                                                            grad_bias);
      }
      for (; i < n; i += width_) {
        backward_rows<kBias, kRelu, kToX, kAdd, 1>(c.in[0] + i, c.out[0] + i, c.grad_out[0] + i,
                                                   kToX ? to + i : nullptr, std::min(width_, n - i), width_, p, grad_f,
                                                   grad_bias);
      }
    };
    if (c.grad_in[0] == nullptr) {
      run.template operator()<false, false>();
    } else if (c.accumulate[0]) {
      run.template operator()<true, true>();
    } else {
      run.template operator()<true, false>();
    }
  }

  /// Strategies 1 and 2 of quantization.md 1.1, for element i of the batch.
  float random_value(float x, float s, uint64_t seed, uint64_t step, int64_t i) const {
    const float u = uniform_float(random_bits(seed, stream_, step, static_cast<uint64_t>(i)));
    const float y = x * s;
    if (options_.strategy == RoundingStrategy::kNoise) return std::abs(y) <= 0.5F ? 0.0F : x + (u - 0.5F) / s;
    const float below = std::floor(y);
    return (below + (u < y - below ? 1.0F : 0.0F)) / s;
  }

  // Stochastic rounding and noise: the random number belongs to the element of the whole batch, not of the chunk.
  void forward_random(const OpContext& c, const BlockParameters& p) const {
    const int64_t n = c.rows * size_;
    const bool record = options_.record_min != nullptr && !c.recompute;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t j = i % width_;
      const float x = bias_ ? c.in[0][i] + p.bias[j] : c.in[0][i];
      const float q = random_value(x, p.scale[j], c.seed, c.step, c.row_begin * size_ + i);
      if (record) {
        const auto k = index_[static_cast<size_t>(j)];
        c.out[1][k] = std::min(c.out[1][k], q);
        c.out[2][k] = std::max(c.out[2][k], q);
      }
      c.out[0][i] = options_.relu ? std::max(q, 0.0F) : q;
    }
  }

  void merge_record(const OpContext& c, const float* low, const float* high) const {
    for (int64_t j = 0; j < width_; ++j) {
      const auto k = index_[static_cast<size_t>(j)];
      c.out[1][k] = std::min(c.out[1][k], low[j]);
      c.out[2][k] = std::max(c.out[2][k], high[j]);
    }
  }

  QuantizeOptions options_;
  bool bias_;
  uint64_t stream_;
  Shape sample_;
  Sharing sharing_;
  int64_t size_ = 0, width_ = 0, bias_size_ = 0;
  bool row_ = false;
  bool own_ = false;     // one f for each element of the width
  bool direct_ = false;  // one f and one bias for each element of the width
  std::vector<int32_t> index_, bias_index_;
};

}  // namespace

Quantized quantize(Var x, Var f, const QuantizeOptions& options, Var bias) {
  HGQ_CHECK(x.valid(), ShapeError, "quantize: a value that is on no tape was used: a Var{}");
  auto op = std::make_unique<Quantize>(options, bias.valid(), x.tape->next_stream("quantize"));
  const std::vector<Var> inputs = bias.valid() ? std::vector<Var>{x, f, bias} : std::vector<Var>{x, f};
  const std::vector<Var> out = x.tape->record(std::move(op), inputs);
  return out.size() == 1 ? Quantized{out[0], {}, {}} : Quantized{out[0], out[1], out[2]};
}

}  // namespace hgq::ops
