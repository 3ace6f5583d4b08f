// Cross-entropies over classes, with Keras' formulas; targets are class numbers or a distribution.
#include <algorithm>
#include <cmath>
#include <vector>

#include "hgq/autograd/batch_mean.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/vector_math.h"

namespace hgq::ops {
namespace {

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

  // Rows are transposed to columns, so that the loops over rows are vectorized, however few classes there are.
  void turn(const float* x, int64_t rows, float* columns) const {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t j = 0; j < classes_; ++j) columns[j * kBlock + r] = x[r * classes_ + j];
    }
    for (int64_t j = 0; j < classes_; ++j) {
      for (int64_t r = rows; r < kBlock; ++r) columns[j * kBlock + r] = 0.0F;
    }
  }

  /// Replaces the logits in `columns` with exp(logit - top); after them lie top [kBlock] and the sums [kBlock].
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

  // The weighted sum of the losses of up to kBlock rows: log(sum exp(x)) - x[label] from logits.
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

  // From logits: (softmax(x) * mass of the target - target) times the share and weight of the row.
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
  // As in Keras, the dense form divides by the sum first; the sparse form clips and takes a softmax of the logarithms,
  // which divides by the sum of the clipped values.
  static double log_clipped(double p, double norm) {
    return std::log(std::clamp(p / norm, kProbabilityFloor, 1.0 - kProbabilityFloor));
  }

  // The same from probabilities p: the gradient of -y log(clip(p / sum(p))); a clipped p has none of its own.
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

}  // namespace

Var sparse_categorical_crossentropy(Var logits, Var labels, bool from_logits, Var weights) {
  return record_mean(std::make_unique<CrossEntropy>(true, from_logits), logits, labels, weights);
}
Var categorical_crossentropy(Var prediction, Var one_hot, bool from_logits, Var weights) {
  return record_mean(std::make_unique<CrossEntropy>(false, from_logits), prediction, one_hot, weights);
}

}  // namespace hgq::ops
