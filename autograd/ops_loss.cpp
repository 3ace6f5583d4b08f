// Losses and metrics: means over the batch, with Keras' formulas. A partial is a sum in double, kept as two floats'
// room. With weights each number is multiplied by its own before the sum; the divisor stays the count of the numbers
// (Keras: SUM_OVER_BATCH_SIZE).
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"
#include "hgq/core/vector_math.h"

namespace hgq::ops {
namespace {

constexpr double kProbabilityFloor = 1e-7;  // keras.backend.epsilon(): probabilities are clipped to [1e-7, 1 - 1e-7]

/// Mean over the batch of a number per sample (or per element); `Derived` has sums over rows, gradients, and the twin.
class BatchMean : public Op {
 public:
  int64_t partial_floats(int /*output*/) const override { return 2; }
  void combine(const OpContext& /*c*/, int /*output*/, float* into, const float* from) const override {
    *reinterpret_cast<double*>(into) += *reinterpret_cast<const double*>(from);
  }
  void finish(const OpContext& c) const override {
    c.out[0][0] = static_cast<float>(*reinterpret_cast<const double*>(c.partial[0]) /
                                     static_cast<double>(c.batch_rows * per_sample_));
  }
  Needs needs() const override { return {.inputs = weighted_ ? 7U : 3U}; }
  bool differentiable(int input) const override { return input == 0; }

 protected:
  static void add(const OpContext& c, double value) { *reinterpret_cast<double*>(c.out[0]) += value; }
  /// Gradient that each sample's number gets.
  float share(const OpContext& c) const { return c.grad_out[0][0] / static_cast<float>(c.batch_rows * per_sample_); }
  std::vector<ValueSpec> scalar() const { return {{Shape{}, Domain::kStep}}; }
  static void check_rows(std::string_view name, std::span<const ValueSpec> in) {
    HGQ_CHECK(in[0].domain == Domain::kRow && in[1].domain == Domain::kRow, ShapeError, name,
              ": predictions and targets need a batch dim");
  }
  /// Weights, if given: one a sample, or one for each place of the prediction but its last dim. Needs per_sample_.
  void take_weights(std::string_view name, std::span<const ValueSpec> in) {
    weighted_ = in.size() > 2;
    if (!weighted_) return;
    const Shape& prediction = in[0].shape;
    const int64_t places = prediction.rank() == 0 ? 1 : prediction.size() / std::max<int64_t>(prediction[-1], 1);
    const int64_t count = in[2].shape.size();
    HGQ_CHECK(in[2].domain == Domain::kRow && (count == 1 || count == places), ShapeError, name, ": weights of shape ",
              in[2].shape, " do not fit predictions of shape ", prediction, "; expected one number a row",
              places > 1 ? concat(", or ", places) : "");
    per_weight_ = per_sample_ / count;
  }
  /// Of number i of the chunk; 1 where there are none.
  template <typename T>
  T weight(const T* const* in, int64_t i) const {
    return weighted_ ? in[2][i / per_weight_] : T{1};
  }
  int64_t per_sample_ = 1;  // numbers a sample
  int64_t per_weight_ = 1;  // numbers that share a weight
  bool weighted_ = false;
};

// ---- cross-entropy over classes; targets are class numbers or a distribution
class CrossEntropy final : public BatchMean {
 public:
  CrossEntropy(bool sparse, bool from_logits) : sparse_(sparse), from_logits_(from_logits) {}
  std::string_view name() const override {
    return sparse_ ? "sparse_categorical_crossentropy" : "categorical_crossentropy";
  }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    check_rows(name(), in);
    HGQ_CHECK(in[0].shape.rank() > 0, ShapeError, name(), ": predictions need a dim of classes, got ", in[0].shape);
    classes_ = in[0].shape[-1];
    per_sample_ = in[0].shape.size() / std::max<int64_t>(classes_, 1);
    const int64_t wanted = sparse_ ? per_sample_ : in[0].shape.size();
    HGQ_CHECK(in[1].shape.size() == wanted, ShapeError, name(), ": targets of shape ", in[1].shape,
              " do not fit predictions of shape ", in[0].shape,
              sparse_ ? "; expected one class number for each" : "; expected one value for each class");
    take_weights(name(), in);
    return scalar();
  }
  int64_t scratch_floats(int64_t /*rows*/) const override { return kBlock * (classes_ + 2); }

  void forward(const OpContext& c) const override {
    const int64_t rows = c.rows * per_sample_;
    double total = 0;
    for (int64_t r = 0; r < rows; r += kBlock) total += block_forward(c, r, std::min(kBlock, rows - r));
    add(c, total);
  }
  void backward(const OpContext& c) const override {
    const int64_t rows = c.rows * per_sample_;
    for (int64_t r = 0; r < rows; r += kBlock) block_backward(c, r, std::min(kBlock, rows - r));
  }

  template <typename T>
  void plain(const PlainContext<T>& c) const {
    const int64_t rows = c.rows * per_sample_;
    double total = 0;
    for (int64_t r = 0; r < rows; ++r)
      total += static_cast<double>(weight(c.in, r)) * plain_row(c.in[0] + r * classes_, c.in[1], r);
    c.out[0][0] = static_cast<T>(total / static_cast<double>(rows));
  }
  void twin(const PlainContext<float>& c) const override { plain<float>(c); }
  void twin(const PlainContext<double>& c) const override { plain<double>(c); }

 private:
  static constexpr int64_t kBlock = 64;

  // Rows are turned into columns, so that the loops over rows are vectors however few the classes.
  void turn(const float* x, int64_t rows, float* columns) const {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < classes_; ++j) columns[j * kBlock + r] = x[r * classes_ + j];
    }
    for (int64_t j = 0; j < classes_; ++j) {
      for (int64_t r = rows; r < kBlock; ++r) columns[j * kBlock + r] = 0.0F;
    }
  }

  /// columns: logits -> exp(logit - top); top [kBlock] and sums [kBlock] behind them.
  void exponentials(float* columns) const {
    float* const top = columns + classes_ * kBlock;
    float* const sums = top + kBlock;
    std::copy_n(columns, kBlock, top);
    for (int64_t j = 1; j < classes_; ++j) {
#pragma omp simd
      for (int64_t r = 0; r < kBlock; ++r) top[r] = std::max(top[r], columns[j * kBlock + r]);
    }
    std::fill_n(sums, kBlock, 0.0F);
    for (int64_t j = 0; j < classes_; ++j) {
#pragma omp simd
      for (int64_t r = 0; r < kBlock; ++r) {
        const float e = fast_exp(columns[j * kBlock + r] - top[r]);
        columns[j * kBlock + r] = e;
        sums[r] += e;
      }
    }
  }

  double block_forward(const OpContext& c, int64_t begin, int64_t rows) const {
    const float* const x = c.in[0] + begin * classes_;
    double total = 0;
    if (!from_logits_) {
      for (int64_t r = 0; r < rows; ++r)
        total += weight_of(c, begin + r) * plain_row(x + r * classes_, c.in[1], begin + r);
      return total;
    }
    float* const columns = c.scratch;
    turn(x, rows, columns);
    exponentials(columns);
    const float* const top = columns + classes_ * kBlock;
    const float* const sums = top + kBlock;
    for (int64_t r = 0; r < rows; ++r) {
      const float log_total = std::log(sums[r]) + top[r];
      const double of_row = weight_of(c, begin + r);
      if (sparse_) {
        total += of_row * static_cast<double>(log_total - x[r * classes_ + label(c.in[1][begin + r])]);
        continue;
      }
      const float* const y = c.in[1] + (begin + r) * classes_;
      for (int64_t j = 0; j < classes_; ++j)
        total += of_row * static_cast<double>(y[j] * (log_total - x[r * classes_ + j]));
    }
    return total;
  }

  double weight_of(const OpContext& c, int64_t r) const { return static_cast<double>(weight(c.in, r)); }

  void block_backward(const OpContext& c, int64_t begin, int64_t rows) const {
    const float g = share(c);
    const float* const x = c.in[0] + begin * classes_;
    if (!from_logits_) {
      for (int64_t r = 0; r < rows; ++r) probability_gradient(c, begin + r, g * weight(c.in, begin + r));
      return;
    }
    float* const columns = c.scratch;
    turn(x, rows, columns);
    exponentials(columns);
    float* const each = columns + (classes_ + 1) * kBlock;  // sums, then the factor of a row's exponentials
    for (int64_t r = 0; r < kBlock; ++r) each[r] = g / each[r];
    if (weighted_) {
      for (int64_t r = 0; r < rows; ++r) each[r] *= weight(c.in, begin + r);
    }
    if (!sparse_) {
      for (int64_t r = 0; r < rows; ++r) each[r] *= mass(c.in[1] + (begin + r) * classes_);
    }
    for (int64_t j = 0; j < classes_; ++j) {
      for (int64_t r = 0; r < kBlock; ++r) columns[j * kBlock + r] *= each[r];
    }
    if (sparse_) {
      for (int64_t r = 0; r < rows; ++r) columns[label(c.in[1][begin + r]) * kBlock + r] -= g * weight(c.in, begin + r);
    } else {
      const float* const y = c.in[1] + begin * classes_;
      for (int64_t r = 0; r < rows; ++r) {
        const float g_row = g * weight(c.in, begin + r);
        for (int64_t j = 0; j < classes_; ++j) columns[j * kBlock + r] -= g_row * y[r * classes_ + j];
      }
    }
    float* const to = c.grad_in[0] + begin * classes_;
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < classes_; ++j) {
        const float before = c.accumulate[0] ? to[r * classes_ + j] : 0.0F;
        to[r * classes_ + j] = before + columns[j * kBlock + r];
      }
    }
  }

  float mass(const float* y) const {
    float sum = 0.0F;
    for (int64_t j = 0; j < classes_; ++j) sum += y[j];
    return sum;
  }

  int64_t label(float value) const { return std::clamp<int64_t>(static_cast<int64_t>(value), 0, classes_ - 1); }

  template <typename T>
  double plain_row(const T* x, const T* targets, int64_t r) const {
    double norm = 0;
    double top = static_cast<double>(*std::max_element(x, x + classes_));
    for (int64_t j = 0; j < classes_; ++j)
      norm += from_logits_ ? std::exp(static_cast<double>(x[j]) - top) : static_cast<double>(x[j]);
    double total = 0;
    for (int64_t j = 0; j < classes_; ++j) {
      const double y = sparse_ ? (j == label(static_cast<float>(targets[r])) ? 1.0 : 0.0)
                               : static_cast<double>(targets[r * classes_ + j]);
      const double log_p = from_logits_ ? static_cast<double>(x[j]) - top - std::log(norm)
                                        : log_clipped(static_cast<double>(x[j]), norm);
      if (y != 0.0) total -= y * log_p;
    }
    return total;
  }
  // Keras: the dense form divides by the sum first; the sparse one clips and takes a softmax of the logs, which divides
  // by the sum of the clipped.
  static double log_clipped(double p, double norm) {
    return std::log(std::clamp(p / norm, kProbabilityFloor, 1.0 - kProbabilityFloor));
  }

  void probability_gradient(const OpContext& c, int64_t r, float g) const {
    const float* const p = c.in[0] + r * classes_;
    double norm = 0;
    for (int64_t j = 0; j < classes_; ++j) norm += static_cast<double>(p[j]);
    double mass = 0;
    for (int64_t j = 0; j < classes_; ++j) {
      const double y = target_of(c, r, j);
      const double share_of_j = static_cast<double>(p[j]) / norm;
      if (share_of_j > kProbabilityFloor && share_of_j < 1.0 - kProbabilityFloor) mass += y;
    }
    for (int64_t j = 0; j < classes_; ++j) {
      const double share_of_j = static_cast<double>(p[j]) / norm;
      const bool inside = share_of_j > kProbabilityFloor && share_of_j < 1.0 - kProbabilityFloor;
      const double d = mass / norm - (inside ? target_of(c, r, j) / static_cast<double>(p[j]) : 0.0);
      c.add_grad(0, r * classes_ + j, g * static_cast<float>(d));
    }
  }
  double target_of(const OpContext& c, int64_t r, int64_t j) const {
    return sparse_ ? (j == label(c.in[1][r]) ? 1.0 : 0.0) : static_cast<double>(c.in[1][r * classes_ + j]);
  }

  bool sparse_, from_logits_;
  int64_t classes_ = 0;
};

// ---- losses that are a mean over all elements of a function of prediction and target
struct Squared {
  static constexpr const char* kName = "mean_squared_error";
  static double value(double p, double t, double /*a*/) { return (p - t) * (p - t); }
  static double slope(double p, double t, double /*a*/) { return 2.0 * (p - t); }
};
struct Absolute {
  static constexpr const char* kName = "mean_absolute_error";
  static double value(double p, double t, double /*a*/) { return std::abs(p - t); }
  static double slope(double p, double t, double /*a*/) { return p > t ? 1.0 : (p < t ? -1.0 : 0.0); }
};
struct Huber {
  static constexpr const char* kName = "huber";
  static double value(double p, double t, double delta) {
    const double e = std::abs(p - t);
    return e <= delta ? 0.5 * e * e : delta * e - 0.5 * delta * delta;
  }
  static double slope(double p, double t, double delta) { return std::clamp(p - t, -delta, delta); }
};
struct BinaryLogits {
  static constexpr const char* kName = "binary_crossentropy";
  static double value(double x, double y, double /*a*/) {
    return std::max(x, 0.0) - x * y + std::log1p(std::exp(-std::abs(x)));
  }
  static double slope(double x, double y, double /*a*/) { return 1.0 / (1.0 + std::exp(-x)) - y; }
};
struct BinaryProbability {
  static constexpr const char* kName = "binary_crossentropy";
  static double value(double p, double y, double /*a*/) {
    const double q = std::clamp(p, kProbabilityFloor, 1.0 - kProbabilityFloor);
    return -(y * std::log(q + kProbabilityFloor) + (1.0 - y) * std::log(1.0 - q + kProbabilityFloor));
  }
  static double slope(double p, double y, double /*a*/) {
    if (p < kProbabilityFloor || p > 1.0 - kProbabilityFloor) return 0.0;
    return -(y / (p + kProbabilityFloor) - (1.0 - y) / (1.0 - p + kProbabilityFloor));
  }
};
struct BinaryHit {
  static constexpr const char* kName = "binary_accuracy";
  static double value(double p, double y, double threshold) { return (p > threshold ? 1.0 : 0.0) == y ? 1.0 : 0.0; }
  static double slope(double /*p*/, double /*y*/, double /*a*/) { return 0.0; }
};

template <typename Function>
class ElementMean final : public BatchMean {
 public:
  explicit ElementMean(double argument) : argument_(argument) {}
  std::string_view name() const override { return Function::kName; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    check_rows(name(), in);
    HGQ_CHECK(in[0].shape.size() == in[1].shape.size(), ShapeError, name(), ": targets of shape ", in[1].shape,
              " do not fit predictions of shape ", in[0].shape);
    per_sample_ = in[0].shape.size();
    take_weights(name(), in);
    return scalar();
  }
  bool differentiable(int input) const override { return input == 0 && !std::is_same_v<Function, BinaryHit>; }
  void forward(const OpContext& c) const override { add(c, total(c.in, c.rows)); }
  void backward(const OpContext& c) const override {
    const float g = share(c);
    for (int64_t i = 0; i < c.rows * per_sample_; ++i) {
      const float slope = static_cast<float>(
          Function::slope(static_cast<double>(c.in[0][i]), static_cast<double>(c.in[1][i]), argument_));
      c.add_grad(0, i, weighted_ ? g * weight(c.in, i) * slope : g * slope);
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    c.out[0][0] = static_cast<T>(total(c.in, c.rows) / static_cast<double>(c.rows * per_sample_));
  }
  void twin(const PlainContext<float>& c) const override { plain<float>(c); }
  void twin(const PlainContext<double>& c) const override { plain<double>(c); }

 private:
  template <typename T>
  double total(const T* const* in, int64_t rows) const {
    const auto value = [&](int64_t i) {
      return Function::value(static_cast<double>(in[0][i]), static_cast<double>(in[1][i]), argument_);
    };
    double sum = 0;
    if (weighted_) {
      for (int64_t i = 0; i < rows * per_sample_; ++i) sum += static_cast<double>(weight(in, i)) * value(i);
    } else {
      for (int64_t i = 0; i < rows * per_sample_; ++i) sum += value(i);
    }
    return sum;
  }
  double argument_;
};

class ClassAccuracy final : public BatchMean {
 public:
  explicit ClassAccuracy(bool sparse) : sparse_(sparse) {}
  std::string_view name() const override { return sparse_ ? "sparse_categorical_accuracy" : "categorical_accuracy"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    check_rows(name(), in);
    HGQ_CHECK(in[0].shape.rank() > 0 && in[0].shape[-1] > 0, ShapeError, name(),
              ": predictions need a dim of classes, got ", in[0].shape);
    classes_ = in[0].shape[-1];
    per_sample_ = in[0].shape.size() / classes_;
    HGQ_CHECK(in[1].shape.size() == (sparse_ ? per_sample_ : in[0].shape.size()), ShapeError, name(),
              ": targets of shape ", in[1].shape, " do not fit predictions of shape ", in[0].shape);
    take_weights(name(), in);
    return scalar();
  }
  bool differentiable(int /*input*/) const override { return false; }
  void forward(const OpContext& c) const override { add(c, hits(c.in, c.rows)); }
  void backward(const OpContext& /*c*/) const override {}
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    c.out[0][0] = static_cast<T>(hits(c.in, c.rows) / static_cast<double>(c.rows * per_sample_));
  }
  void twin(const PlainContext<float>& c) const override { plain<float>(c); }
  void twin(const PlainContext<double>& c) const override { plain<double>(c); }

 private:
  template <typename T>
  double hits(const T* const* in, int64_t rows) const {
    double count = 0;
    for (int64_t r = 0; r < rows * per_sample_; ++r) {
      const T* const p = in[0] + r * classes_;
      const T* const y = in[1] + (sparse_ ? r : r * classes_);
      const int64_t best = std::max_element(p, p + classes_) - p;
      const bool hit = sparse_ ? static_cast<T>(best) == *y : best == std::max_element(y, y + classes_) - y;
      count += hit ? static_cast<double>(weight(in, r)) : 0.0;
    }
    return count;
  }
  bool sparse_;
  int64_t classes_ = 1;
};

Var record(std::unique_ptr<Op> op, Var prediction, Var target, Var weights) {
  return weights.valid() ? prediction.tape->record_one(std::move(op), {prediction, target, weights})
                         : prediction.tape->record_one(std::move(op), {prediction, target});
}

template <typename Function>
Var element_mean(Var prediction, Var target, Var weights, double argument = 0.0) {
  return record(std::make_unique<ElementMean<Function>>(argument), prediction, target, weights);
}

}  // namespace

Var sparse_categorical_crossentropy(Var logits, Var labels, bool from_logits, Var weights) {
  return record(std::make_unique<CrossEntropy>(true, from_logits), logits, labels, weights);
}
Var categorical_crossentropy(Var prediction, Var one_hot, bool from_logits, Var weights) {
  return record(std::make_unique<CrossEntropy>(false, from_logits), prediction, one_hot, weights);
}
Var binary_crossentropy(Var prediction, Var target, bool from_logits, Var weights) {
  return from_logits ? element_mean<BinaryLogits>(prediction, target, weights)
                     : element_mean<BinaryProbability>(prediction, target, weights);
}
Var mean_squared_error(Var prediction, Var target, Var weights) {
  return element_mean<Squared>(prediction, target, weights);
}
Var mean_absolute_error(Var prediction, Var target, Var weights) {
  return element_mean<Absolute>(prediction, target, weights);
}
Var huber(Var prediction, Var target, float delta, Var weights) {
  return element_mean<Huber>(prediction, target, weights, static_cast<double>(delta));
}
Var sparse_categorical_accuracy(Var prediction, Var labels, Var weights) {
  return record(std::make_unique<ClassAccuracy>(true), prediction, labels, weights);
}
Var categorical_accuracy(Var prediction, Var one_hot, Var weights) {
  return record(std::make_unique<ClassAccuracy>(false), prediction, one_hot, weights);
}
Var binary_accuracy(Var prediction, Var target, float threshold, Var weights) {
  return element_mean<BinaryHit>(prediction, target, weights, static_cast<double>(threshold));
}

}  // namespace hgq::ops
