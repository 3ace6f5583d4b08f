// Sums and means over all elements, of Row values also over the batch. Partial sums are kept in double.
#include <algorithm>

#include "hgq/autograd/doubles.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/error.h"
#include "hgq/core/ordered_sum.h"

namespace hgq::ops {
namespace {

class Sum final : public OpWith<Sum> {
 public:
  explicit Sum(bool mean) : mean_(mean) {}
  std::string_view name() const override { return mean_ ? "mean" : "sum"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    row_ = in[0].domain == Domain::kRow;
    return {{Shape{}, Domain::kStep}};
  }
  int64_t partial_floats(int /*output*/) const override { return 2; }  // one double
  void combine(const OpContext& /*c*/, int /*output*/, float* into, const float* from) const override {
    *doubles(into) += *doubles(from);
  }
  void finish(const OpContext& c) const override {
    c.out[0][0] = static_cast<float>(*doubles(c.partial[0]) / divisor(c.batch_rows));
  }
  void forward(const OpContext& c) const override {
    const float* const x = c.in[0];
    const double total = ordered_sum(c.rows * size_, [x](int64_t i) { return static_cast<double>(x[i]); });
    if (row_) {
      *doubles(c.out[0]) += total;
    } else {
      c.out[0][0] = static_cast<float>(total / divisor(1));
    }
  }
  void backward(const OpContext& c) const override {
    const auto each = static_cast<float>(static_cast<double>(c.grad_out[0][0]) / divisor(row_ ? c.batch_rows : 1));
    for (int64_t i = 0; i < c.rows * size_; ++i) c.add_grad(0, i, each);
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    double total = 0;
    for (int64_t i = 0; i < c.rows * size_; ++i) total += static_cast<double>(c.in[0][i]);
    c.out[0][0] = static_cast<T>(total / divisor(c.rows));
  }

 private:
  double divisor(int64_t rows) const { return mean_ ? static_cast<double>(rows * size_) : 1.0; }
  bool mean_;
  bool row_ = false;
  int64_t size_ = 0;
};

}  // namespace

Var sum(Var a) { return a.tape->record_one(std::make_unique<Sum>(false), {a}); }
Var mean(Var a) { return a.tape->record_one(std::make_unique<Sum>(true), {a}); }

}  // namespace hgq::ops
