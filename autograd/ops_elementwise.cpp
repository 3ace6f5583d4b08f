// Element by element: sums, products, functions of one number, softmax, dropout.
#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"

namespace hgq::ops {
namespace {

enum class BinaryKind : uint8_t { kAdd, kSubtract, kMultiply };

std::string_view binary_name(BinaryKind kind) {
  switch (kind) {
    case BinaryKind::kAdd:
      return "add";
    case BinaryKind::kSubtract:
      return "subtract";
    default:
      return "multiply";
  }
}

template <typename T>
T apply(BinaryKind kind, T a, T b) {
  switch (kind) {
    case BinaryKind::kAdd:
      return a + b;
    case BinaryKind::kSubtract:
      return a - b;
    default:
      return a * b;
  }
}

// The second operand may be a Step value whose shape is the end of the first's: it is repeated.
class Binary final : public OpWith<Binary> {
 public:
  explicit Binary(BinaryKind kind) : kind_(kind) {}
  std::string_view name() const override { return binary_name(kind_); }

  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    period_ = in[1].shape.size();
    const bool same = in[0].shape == in[1].shape;
    bool tail = in[1].domain == Domain::kStep && in[1].shape.rank() <= in[0].shape.rank();
    for (int i = 1; tail && i <= in[1].shape.rank(); ++i) tail = in[0].shape[-i] == in[1].shape[-i];
    HGQ_CHECK(same || tail, ShapeError, name(), ": shapes ", in[0].shape, " and ", in[1].shape,
              " do not fit; expected the same, or a second one that is the end of the first and has no batch dim");
    HGQ_CHECK(!(in[0].domain == Domain::kStep && in[1].domain == Domain::kRow), ShapeError, name(),
              ": the Row value must be the first argument");
    second_is_step_ = in[1].domain == Domain::kStep;
    return {in[0]};
  }
  Needs needs() const override { return {.inputs = kind_ == BinaryKind::kMultiply ? 3U : 0U}; }
  bool recomputable() const override { return true; }

  void forward(const OpContext& c) const override {
    const int64_t n = c.rows * size_;
    const int64_t block = second_is_step_ ? period_ : n;
    for (int64_t i = 0; i < n; i += block) {
      switch (kind_) {
        case BinaryKind::kAdd:
          run<BinaryKind::kAdd>(c.in[0] + i, c.in[1], c.out[0] + i, block);
          break;
        case BinaryKind::kSubtract:
          run<BinaryKind::kSubtract>(c.in[0] + i, c.in[1], c.out[0] + i, block);
          break;
        default:
          run<BinaryKind::kMultiply>(c.in[0] + i, c.in[1], c.out[0] + i, block);
      }
    }
  }

  void backward(const OpContext& c) const override {
    const int64_t n = c.rows * size_;
    const int64_t block = second_is_step_ ? period_ : n;
    const float* const g = c.grad_out[0];
    if (g == nullptr) return;
    for (int64_t i = 0; i < n; i += block) {
      for (int64_t j = 0; j < block; ++j) {
        const float first = kind_ == BinaryKind::kMultiply ? c.in[1][j] : 1.0F;
        const float second =
            kind_ == BinaryKind::kMultiply ? c.in[0][i + j] : (kind_ == BinaryKind::kAdd ? 1.0F : -1.0F);
        if (c.grad_in[0] != nullptr) c.add_grad(0, i + j, g[i + j] * first);
        if (c.grad_in[1] != nullptr) c.add_grad(1, j, g[i + j] * second);
      }
    }
  }

  template <typename T>
  void plain(const PlainContext<T>& c) const {
    const int64_t n = c.rows * size_;
    for (int64_t i = 0; i < n; ++i) c.out[0][i] = apply(kind_, c.in[0][i], c.in[1][second_is_step_ ? i % period_ : i]);
  }

 private:
  template <BinaryKind kKind>
  static void run(const float* a, const float* b, float* out, int64_t count) {
    for (int64_t j = 0; j < count; ++j) out[j] = apply(kKind, a[j], b[j]);
  }

  BinaryKind kind_;
  int64_t size_ = 0, period_ = 0;
  bool second_is_step_ = false;
};

class Scale final : public OpWith<Scale> {
 public:
  explicit Scale(float factor) : factor_(factor) {}
  std::string_view name() const override { return "scale"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    return {in[0]};
  }
  bool recomputable() const override { return true; }
  void forward(const OpContext& c) const override { plain_loop(c.in[0], c.out[0], c.rows); }
  void backward(const OpContext& c) const override {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.add_grad(0, i, c.grad_out[0][i] * factor_);
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    plain_loop(c.in[0], c.out[0], c.rows);
  }

 private:
  template <typename T>
  void plain_loop(const T* in, T* out, int64_t rows) const {
    for (int64_t i = 0; i < rows * size_; ++i) out[i] = in[i] * static_cast<T>(factor_);
  }
  float factor_;
  int64_t size_ = 0;
};

class Unary final : public OpWith<Unary> {
 public:
  explicit Unary(std::shared_ptr<const UnaryFunction> function) : function_(std::move(function)) {}
  std::string_view name() const override { return function_->name; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    return {in[0]};
  }
  Needs needs() const override { return {.inputs = 1, .outputs = 1}; }
  void forward(const OpContext& c) const override {
    const int64_t n = c.rows * size_;
    if (function_->values) return function_->values({c.in[0], static_cast<size_t>(n)}, c.out[0]);
    for (int64_t i = 0; i < n; ++i) c.out[0][i] = static_cast<float>(function_->value(static_cast<double>(c.in[0][i])));
  }
  int64_t scratch_floats(int64_t rows) const override { return function_->slopes ? rows * size_ : 0; }
  void backward(const OpContext& c) const override {
    const int64_t n = c.rows * size_;
    if (function_->slopes) {
      function_->slopes({c.in[0], static_cast<size_t>(n)}, c.out[0], c.scratch);
      const float* const g = c.grad_out[0];
      float* const to = c.grad_in[0];
      if (c.accumulate[0]) {
        for (int64_t i = 0; i < n; ++i) to[i] += g[i] * c.scratch[i];
      } else {
        for (int64_t i = 0; i < n; ++i) to[i] = g[i] * c.scratch[i];
      }
      return;
    }
    for (int64_t i = 0; i < n; ++i) {
      const auto x = static_cast<double>(c.in[0][i]);
      const double slope = function_->derivative ? function_->derivative(x, static_cast<double>(c.out[0][i]))
                                                 : numerical_derivative(function_->value, x);
      c.add_grad(0, i, c.grad_out[0][i] * static_cast<float>(slope));
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    for (int64_t i = 0; i < c.rows * size_; ++i)
      c.out[0][i] = static_cast<T>(function_->value(static_cast<double>(c.in[0][i])));
  }

 private:
  std::shared_ptr<const UnaryFunction> function_;  // shared with the caller's registry of functions
  int64_t size_ = 0;
};

class Relu final : public OpWith<Relu> {
 public:
  std::string_view name() const override { return "relu"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    return {in[0]};
  }
  Needs needs() const override { return {.inputs = 0, .outputs = 1}; }
  bool recomputable() const override { return true; }
  void forward(const OpContext& c) const override {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.out[0][i] = c.in[0][i] > 0.0F ? c.in[0][i] : 0.0F;
  }
  void backward(const OpContext& c) const override {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.add_grad(0, i, c.out[0][i] > 0.0F ? c.grad_out[0][i] : 0.0F);
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    if (c.rounding == TwinRounding::kRecordPoint) c.point->clear();
    for (int64_t i = 0; i < c.rows * size_; ++i) {
      const T x = c.in[0][i];
      if (c.rounding == TwinRounding::kRecordPoint) c.point->push_back(static_cast<double>(x));
      // Values after a quantizer are often 0, where relu has a kink. The gradient there is 0, so the line stays on the
      // side of the recorded point.
      const bool open = c.rounding == TwinRounding::kFollowLine ? (*c.point)[static_cast<size_t>(i)] > 0.0 : x > T(0);
      c.out[0][i] = open ? x : T(0);
    }
  }

 private:
  int64_t size_ = 0;
};

struct SoftmaxOfRow {
  static constexpr std::string_view kName = "softmax";
  template <typename T>
  static void value(const T* x, T* y, int64_t n) {
    const T top = *std::max_element(x, x + n);
    T total = 0;
    for (int64_t j = 0; j < n; ++j) total += y[j] = std::exp(x[j] - top);
    for (int64_t j = 0; j < n; ++j) y[j] /= total;
  }
  /// add(j, gradient of x[j])
  template <typename Add>
  static void gradient(const float* y, const float* g, int64_t n, const Add& add) {
    float inner = 0;
    for (int64_t j = 0; j < n; ++j) inner += g[j] * y[j];
    for (int64_t j = 0; j < n; ++j) add(j, y[j] * (g[j] - inner));
  }
};

struct LogSoftmaxOfRow {
  static constexpr std::string_view kName = "log_softmax";
  template <typename T>
  static void value(const T* x, T* y, int64_t n) {
    const auto top = static_cast<double>(*std::max_element(x, x + n));
    double total = 0;
    for (int64_t j = 0; j < n; ++j) total += std::exp(static_cast<double>(x[j]) - top);
    const double log_total = std::log(total);
    for (int64_t j = 0; j < n; ++j) y[j] = static_cast<T>(static_cast<double>(x[j]) - top - log_total);
  }
  template <typename Add>
  static void gradient(const float* y, const float* g, int64_t n, const Add& add) {
    float sum = 0;
    for (int64_t j = 0; j < n; ++j) sum += g[j];
    for (int64_t j = 0; j < n; ++j) add(j, g[j] - std::exp(y[j]) * sum);
  }
};

/// A function of all classes, over the last dimension.
template <typename Function>
class OverClasses final : public OpWith<OverClasses<Function>> {
 public:
  std::string_view name() const override { return Function::kName; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].shape.rank() > 0, ShapeError, name(), ": needs at least one dim, got ", in[0].shape);
    classes_ = in[0].shape[-1];
    groups_ = classes_ == 0 ? 0 : in[0].shape.size() / classes_;
    return {in[0]};
  }
  Needs needs() const override { return {.inputs = 0, .outputs = 1}; }
  void forward(const OpContext& c) const override { loop(c.in[0], c.out[0], c.rows); }
  void backward(const OpContext& c) const override {
    for (int64_t r = 0; r < c.rows * groups_; ++r) {
      const int64_t first = r * classes_;
      Function::gradient(c.out[0] + first, c.grad_out[0] + first, classes_,
                         [&](int64_t j, float gradient) { c.add_grad(0, first + j, gradient); });
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    loop(c.in[0], c.out[0], c.rows);
  }

 private:
  template <typename T>
  void loop(const T* in, T* out, int64_t rows) const {
    for (int64_t r = 0; r < rows * groups_; ++r) Function::value(in + r * classes_, out + r * classes_, classes_);
  }
  int64_t classes_ = 0, groups_ = 0;
};

class Dropout final : public OpWith<Dropout> {
 public:
  Dropout(float rate, uint64_t stream) : rate_(rate), stream_(stream) {}
  std::string_view name() const override { return "dropout"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    return {in[0]};
  }
  void forward(const OpContext& c) const override {
    for (int64_t i = 0; i < c.rows * size_; ++i)
      c.out[0][i] = c.in[0][i] * factor<float>(c.seed, c.step, c.row_begin * size_ + i);
  }
  void backward(const OpContext& c) const override {
    for (int64_t i = 0; i < c.rows * size_; ++i)
      c.add_grad(0, i, c.grad_out[0][i] * factor<float>(c.seed, c.step, c.row_begin * size_ + i));
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.out[0][i] = c.in[0][i] * factor<T>(c.seed, c.step, i);
  }

 private:
  template <typename T>
  T factor(uint64_t seed, uint64_t step, int64_t element) const {
    const float u = uniform_float(random_bits(seed, stream_, step, static_cast<uint64_t>(element)));
    return u < rate_ ? T(0) : T(1) / (T(1) - static_cast<T>(rate_));
  }
  float rate_;
  uint64_t stream_;
  int64_t size_ = 0;
};

Var binary(BinaryKind kind, Var a, Var b) { return a.tape->record_one(std::make_unique<Binary>(kind), {a, b}); }

}  // namespace

Var add(Var a, Var b) { return binary(BinaryKind::kAdd, a, b); }
Var subtract(Var a, Var b) { return binary(BinaryKind::kSubtract, a, b); }
Var multiply(Var a, Var b) { return binary(BinaryKind::kMultiply, a, b); }
Var scale(Var a, float factor) { return a.tape->record_one(std::make_unique<Scale>(factor), {a}); }

// Central differences of decreasing width, extrapolated to width 0 (Ridders' method). Gives the best estimate, or 0 if
// the estimates do not converge, as at a jump.
double numerical_derivative(const std::function<double(double)>& f, double x) {
  constexpr int kLevels = 15;
  constexpr double kGoodEnough = 1e-12;
  constexpr double kSettled = 0.1;  // a larger error of the best estimate: there is a jump
  double row[kLevels], before[kLevels];
  double best = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::infinity();
  double step = 0.0625 * std::max(std::abs(x), 1.0);
  int columns = 0;  // of the row before; 0 while f is not finite on both sides
  for (int level = 0; level < kLevels; ++level, step *= 0.25) {
    const double right = x + step;
    const double left = x - step;
    row[0] = (f(right) - f(left)) / (right - left);
    if (!std::isfinite(row[0])) {
      columns = 0;
      continue;
    }
    double factor = 16;  // the first term of the error falls with the square of the width
    for (int j = 1; j <= columns; ++j, factor *= 16) {
      row[j] = row[j - 1] + (row[j - 1] - before[j - 1]) / (factor - 1);
      const double change = std::max(std::abs(row[j] - row[j - 1]), std::abs(row[j] - before[j - 1]));
      if (change < error) {
        error = change;
        best = row[j];
      }
    }
    std::copy_n(row, ++columns, before);
    if (error <= kGoodEnough * std::abs(best)) break;
  }
  return error > kSettled * std::abs(best) && std::isfinite(best) ? 0.0 : best;
}

Var unary(Var a, std::shared_ptr<const UnaryFunction> function) {
  if (function->record) {
    const Shape shape = a.shape();
    const Domain domain = a.domain();
    const Var y = function->record(a);
    HGQ_CHECK(y.tape == a.tape && y.shape() == shape && y.domain() == domain, ShapeError, "the function '",
              function->name, "' makes values of shape ", y.valid() ? y.shape() : Shape(), " of such of shape ", shape,
              "; expected a function of each element");
    return y;
  }
  return a.tape->record_one(std::make_unique<Unary>(std::move(function)), {a});
}
Var relu(Var a) { return a.tape->record_one(std::make_unique<Relu>(), {a}); }
Var square(Var a) { return multiply(a, a); }
Var log_softmax(Var a) { return a.tape->record_one(std::make_unique<OverClasses<LogSoftmaxOfRow>>(), {a}); }
Var softmax(Var a) { return a.tape->record_one(std::make_unique<OverClasses<SoftmaxOfRow>>(), {a}); }

Var dropout(Var a, float rate) {
  HGQ_CHECK(rate >= 0.0F && rate < 1.0F, ShapeError, "dropout: rate ", rate, ", expected [0, 1)");
  HGQ_CHECK(a.valid(), ShapeError, "dropout: a value that is on no tape was used: a Var{}");
  return a.tape->record_one(std::make_unique<Dropout>(rate, a.tape->next_stream("dropout")), {a});
}

}  // namespace hgq::ops
