// Matrix products, on core/dnnl.h.
#include "hgq/autograd/ops.h"
#include "hgq/core/dnnl.h"
#include "hgq/core/error.h"
#include "hgq/core/plain_matmul.h"

namespace hgq::ops {
namespace {

class MatmulOp final : public OpWith<MatmulOp> {
 public:
  std::string_view name() const override { return "matmul"; }

  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    const Shape& a = in[0].shape;
    const Shape& b = in[1].shape;
    HGQ_CHECK(a.rank() >= 1 && b.rank() == 2 && a[-1] == b[0] && in[1].domain == Domain::kStep, ShapeError,
              "matmul: shapes ", a, " and ", b, " do not fit; expected [..., k] and a Step value [k, n]");
    k_ = b[0];
    n_ = b[1];
    positions_ = k_ == 0 ? 0 : a.size() / k_;
    Shape out = a;
    out.set(-1, n_);
    return {{out, in[0].domain}};
  }
  Needs needs() const override { return {.inputs = 3}; }

  struct Products : Kernels {
    Products(int64_t m, int64_t k, int64_t n)
        : forward({.m = m, .k = k, .n = n}),
          to_a({.m = m, .k = n, .n = k, .transpose_b = true}),
          add_to_a({.m = m, .k = n, .n = k, .transpose_b = true, .accumulate = true}),
          add_to_b({.m = k, .k = m, .n = n, .transpose_a = true, .accumulate = true}) {}
    Matmul forward, to_a, add_to_a, add_to_b;
  };
  std::unique_ptr<Kernels> make_kernels(int64_t rows) const override {
    return std::make_unique<Products>(rows * positions_, k_, n_);
  }

  std::vector<MatmulSpec> products(int64_t rows, bool backward, uint32_t wanted) const override {
    const Products p(rows * positions_, k_, n_);
    if (!backward) return {p.forward.spec()};
    std::vector<MatmulSpec> specs;
    if ((wanted & 1U) != 0) specs.push_back(p.to_a.spec());
    if ((wanted & 2U) != 0) specs.push_back(p.add_to_b.spec());
    return specs;
  }

  void forward(const OpContext& c) const override { of(c).forward.run(c.in[0], c.in[1], c.out[0]); }
  void backward(const OpContext& c) const override {
    const Products& p = of(c);
    if (c.grad_in[0] != nullptr) (c.accumulate[0] ? p.add_to_a : p.to_a).run(c.grad_out[0], c.in[1], c.grad_in[0]);
    if (c.grad_in[1] != nullptr) p.add_to_b.run(c.in[0], c.grad_out[0], c.grad_in[1]);
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    plain_matmul<T>({.m = c.rows * positions_, .k = k_, .n = n_}, c.in[0], c.in[1], c.out[0]);
  }

 private:
  static const Products& of(const OpContext& c) { return static_cast<const Products&>(*c.kernels); }
  int64_t positions_ = 0, k_ = 0, n_ = 0;
};

}  // namespace

Var matmul(Var a, Var b) { return a.tape->record_one(std::make_unique<MatmulOp>(), {a, b}); }

}  // namespace hgq::ops
