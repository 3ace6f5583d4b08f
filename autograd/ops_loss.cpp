// Losses and metrics that are a mean over elements, and accuracies, with Keras' formulas. If there are weights, each
// number is multiplied by its weight before the sum; the divisor is still the count of the numbers (Keras:
// SUM_OVER_BATCH_SIZE).
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "hgq/autograd/batch_mean.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"
#include "hgq/core/vector_math.h"

namespace hgq::ops {
namespace {

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

template <typename Function>
Var element_mean(Var prediction, Var target, Var weights, double argument = 0.0) {
  return record_mean(std::make_unique<ElementMean<Function>>(argument), prediction, target, weights);
}

}  // namespace

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
  return record_mean(std::make_unique<ClassAccuracy>(true), prediction, labels, weights);
}
Var categorical_accuracy(Var prediction, Var one_hot, Var weights) {
  return record_mean(std::make_unique<ClassAccuracy>(false), prediction, one_hot, weights);
}
Var binary_accuracy(Var prediction, Var target, float threshold, Var weights) {
  return element_mean<BinaryHit>(prediction, target, weights, static_cast<double>(threshold));
}

}  // namespace hgq::ops
