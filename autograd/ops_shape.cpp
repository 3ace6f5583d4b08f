// Operations that move elements without changing them.
#include <algorithm>
#include <numeric>

#include "hgq/autograd/ops.h"
#include "hgq/autograd/transpose.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

// Element i of a sample of the output is element source[i] of input which[i]: this is both permutation and
// concatenation.
class Gather final : public OpWith<Gather> {
 public:
  Gather(std::string_view name, const Shape& out, std::vector<int32_t> which, std::vector<int64_t> source)
      : name_(name), out_(out), which_(std::move(which)), source_(std::move(source)) {}
  std::string_view name() const override { return name_; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    for (const ValueSpec& spec : in) {
      sizes_.push_back(spec.shape.size());
      HGQ_CHECK(spec.domain == in[0].domain, ShapeError, name_, ": Row values and Step values cannot be joined");
    }
    if (in.size() == 1) find_matrices();
    return {{out_, in[0].domain}};
  }
  bool recomputable() const override { return true; }
  void forward(const OpContext& c) const override {
    if (sizes_.size() > 1) return loop(c.in, c.out[0], c.rows);
    const auto n = static_cast<int64_t>(source_.size());
    if (matrix_rows_ > 0) {
      const int64_t size = matrix_rows_ * matrix_columns_;
      for (int64_t i = 0; i < c.rows * n; i += size)
        transpose(c.in[0] + i, matrix_rows_, matrix_columns_, c.out[0] + i);
      return;
    }
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* const from = c.in[0] + r * n;
      float* const to = c.out[0] + r * n;
      for (int64_t i = 0; i < n; ++i) to[i] = from[source_[static_cast<size_t>(i)]];
    }
  }
  void backward(const OpContext& c) const override {
    const int64_t n = out_.size();
    if (sizes_.size() == 1) {  // a permutation: every element has one source
      if (c.grad_in[0] == nullptr) return;
      if (matrix_rows_ > 0) {
        const int64_t size = matrix_rows_ * matrix_columns_;
        for (int64_t i = 0; i < c.rows * n; i += size)
          (c.accumulate[0] ? add_transposed : transpose)(c.grad_out[0] + i, matrix_columns_, matrix_rows_,
                                                         c.grad_in[0] + i);
        return;
      }
      for (int64_t r = 0; r < c.rows; ++r) {
        const float* const from = c.grad_out[0] + r * n;
        float* const to = c.grad_in[0] + r * n;
        if (c.accumulate[0]) {
          for (int64_t i = 0; i < n; ++i) to[source_[static_cast<size_t>(i)]] += from[i];
        } else {
          for (int64_t i = 0; i < n; ++i) to[source_[static_cast<size_t>(i)]] = from[i];
        }
      }
      return;
    }
    for (int64_t r = 0; r < c.rows; ++r) {
      for (int64_t i = 0; i < n; ++i) {
        const auto k = static_cast<size_t>(which_[static_cast<size_t>(i)]);
        if (c.grad_in[k] != nullptr)
          c.add_grad(static_cast<int>(k), r * sizes_[k] + source_[static_cast<size_t>(i)], c.grad_out[0][r * n + i]);
      }
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    loop(c.in, c.out[0], c.rows);
  }

 private:
  template <typename T>
  void loop(const T* const* in, T* out, int64_t rows) const {
    const int64_t n = out_.size();
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t i = 0; i < n; ++i) {
        const auto k = static_cast<size_t>(which_[static_cast<size_t>(i)]);
        out[r * n + i] = in[k][r * sizes_[k] + source_[static_cast<size_t>(i)]];
      }
    }
  }
  // Most permutations are transpositions of matrices, of which a sample has one or several.
  void find_matrices() {
    const int64_t n = std::ssize(source_);
    const int64_t rows = std::ranges::find(source_, 1) - source_.begin();
    if (rows < 2 || rows >= n || n % rows != 0) return;
    const int64_t columns = source_[1];
    if (columns < 2 || n % (rows * columns) != 0) return;
    for (int64_t i = 0; i < n; ++i) {
      const int64_t in_matrix = i % (rows * columns);
      if (source_[static_cast<size_t>(i)] != i - in_matrix + in_matrix % rows * columns + in_matrix / rows) return;
    }
    matrix_rows_ = rows;
    matrix_columns_ = columns;
  }

  int64_t matrix_rows_ = 0, matrix_columns_ = 0;  // of the input; 0: other elements move
  std::string name_;
  Shape out_;
  std::vector<int32_t> which_;
  std::vector<int64_t> source_;
  std::vector<int64_t> sizes_;
};

class Reshape final : public OpWith<Reshape> {
 public:
  explicit Reshape(const Shape& shape) : shape_(shape) {}
  std::string_view name() const override { return "reshape"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].shape.size() == shape_.size(), ShapeError, "reshape: ", in[0].shape, " has ", in[0].shape.size(),
              " elements, ", shape_, " ", shape_.size());
    return {{shape_, in[0].domain}};
  }
  bool recomputable() const override { return true; }
  void forward(const OpContext& c) const override { std::copy_n(c.in[0], c.rows * shape_.size(), c.out[0]); }
  void backward(const OpContext& c) const override {
    const int64_t n = c.rows * shape_.size();
    if (!c.accumulate[0]) {
      std::copy_n(c.grad_out[0], n, c.grad_in[0]);
      return;
    }
    for (int64_t i = 0; i < n; ++i) c.grad_in[0][i] += c.grad_out[0][i];
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    std::copy_n(c.in[0], c.rows * shape_.size(), c.out[0]);
  }

 private:
  Shape shape_;
};

// Elements may be taken several times, or not at all.
class Take final : public OpWith<Take> {
 public:
  Take(const Shape& out, std::vector<int64_t> source) : out_(out), source_(std::move(source)) {}
  std::string_view name() const override { return "gather"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    for (const int64_t from : source_) {
      HGQ_CHECK(from >= -1 && from < size_, ShapeError, "gather: a value of shape ", in[0].shape, " has no element ",
                from);
    }
    HGQ_CHECK(std::ssize(source_) == out_.size(), ShapeError, "gather: ", source_.size(), " elements do not fill ",
              out_);
    return {{out_, in[0].domain}};
  }
  bool recomputable() const override { return true; }
  void forward(const OpContext& c) const override { take(c.in[0], c.out[0], c.rows); }
  void backward(const OpContext& c) const override {
    if (!c.accumulate[0]) std::fill_n(c.grad_in[0], c.rows * size_, 0.0F);
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* const from = c.grad_out[0] + r * out_.size();
      float* const to = c.grad_in[0] + r * size_;
      for (size_t i = 0; i < source_.size(); ++i) {
        if (source_[i] >= 0) to[source_[i]] += from[i];
      }
    }
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    take(c.in[0], c.out[0], c.rows);
  }

 private:
  template <typename T>
  void take(const T* in, T* out, int64_t rows) const {
    for (int64_t r = 0; r < rows; ++r) {
      const T* const from = in + r * size_;
      T* const to = out + r * out_.size();
      for (size_t i = 0; i < source_.size(); ++i) to[i] = source_[i] < 0 ? T{0} : from[source_[i]];
    }
  }
  Shape out_;
  std::vector<int64_t> source_;
  int64_t size_ = 0;
};

}  // namespace

Var gather(Var a, const Shape& shape, std::vector<int64_t> source) {
  return a.tape->record_one(std::make_unique<Take>(shape, std::move(source)), {a});
}

Var reshape(Var a, const Shape& shape) {
  return a.shape() == shape ? a : a.tape->record_one(std::make_unique<Reshape>(shape), {a});
}

// source[i]: the element of the input that becomes element i of the output, both row-major.
Var permute(Var a, const std::vector<int>& dims) {
  const Shape in = a.shape();
  std::vector<int> sorted = dims;
  std::ranges::sort(sorted);
  bool valid = static_cast<int>(dims.size()) == in.rank();
  for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int>(i);
  HGQ_CHECK(valid, ShapeError, "permute: needs each dim of ", in, " once, counted from 0");
  Shape out;
  for (const int d : dims) out = out.with_back(in[d]);
  const auto strides = row_major_strides(in);
  std::vector<int64_t> source(static_cast<size_t>(out.size()));
  for (int64_t i = 0; i < out.size(); ++i) {
    int64_t rest = i;
    int64_t from = 0;
    for (int d = out.rank() - 1; d >= 0; --d) {
      from += rest % out[d] * strides[static_cast<size_t>(dims[static_cast<size_t>(d)])];
      rest /= out[d];
    }
    source[static_cast<size_t>(i)] = from;
  }
  std::vector<int32_t> which(source.size(), 0);
  return a.tape->record_one(std::make_unique<Gather>("permute", out, std::move(which), std::move(source)), {a});
}

// which[i], source[i]: the part, and the element of that part, that becomes element i of the output.
Var concatenate(const std::vector<Var>& parts, int axis) {
  HGQ_CHECK(!parts.empty(), ShapeError, "concatenate: nothing to join");
  Shape out = parts[0].shape();
  const int dim = axis < 0 ? axis + out.rank() : axis;
  HGQ_CHECK(dim >= 0 && dim < out.rank(), ShapeError, "concatenate: ", out, " has no dim ", axis);
  int64_t total = 0;
  for (const Var part : parts) {
    Shape other = part.shape();
    bool fits = other.rank() == out.rank();
    for (int d = 0; fits && d < out.rank(); ++d) fits = d == dim || other[d] == out[d];
    HGQ_CHECK(fits, ShapeError, "concatenate: shapes ", parts[0].shape(), " and ", other,
              " differ in another dim than ", dim);
    total += other[dim];
  }
  out.set(dim, total);
  int64_t inner = 1;
  for (int d = dim + 1; d < out.rank(); ++d) inner *= out[d];
  int64_t outer = 1;
  for (int d = 0; d < dim; ++d) outer *= out[d];
  std::vector<int32_t> which;
  std::vector<int64_t> source;
  for (int64_t o = 0; o < outer; ++o) {
    for (size_t k = 0; k < parts.size(); ++k) {
      const int64_t run = parts[k].shape()[dim] * inner;
      for (int64_t i = 0; i < run; ++i) {
        which.push_back(static_cast<int32_t>(k));
        source.push_back(o * run + i);
      }
    }
  }
  return parts[0]
      .tape->record(std::make_unique<Gather>("concatenate", out, std::move(which), std::move(source)), parts)
      .front();
}

}  // namespace hgq::ops
