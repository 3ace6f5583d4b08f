// The moments of z0 = x w over the batch, for batch norm fused into a kernel (quantization.md 2.3).
//
// They do not need z0. With the mean m and covariance C of x, mean_j = m' w_j and var_j = w_j' C w_j, which
// costs inputs^2 products for each row instead of inputs * units. If there are few units, the products P = X' Z0 of
// centred x and z0 are used instead (2 inputs * units for each row), since C w_j = P_j. Backward is the same algebra:
// dw_j += dmean_j m + 2 dvar_j C w_j needs no pass over rows, and dx += x S + r, where S = 2/n sum_j dvar_j w_j w_j'
// and r = 1/n sum_j dmean_j w_j - m S.
//
// A chunk is centred by its own mean before products are taken, and chunks are merged as in merge_moments.h.
#include <algorithm>
#include <array>

#include "hgq/autograd/doubles.h"
#include "hgq/autograd/merge_moments.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/arena.h"
#include "hgq/core/dnnl.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

constexpr int64_t kAtOnce = 64;  // columns of products that are merged
constexpr int64_t kBand = 16;    // rows of a covariance computed at a time; the part left of the diagonal is mirrored

class ChannelMoments final : public OpWith<ChannelMoments> {
 public:
  std::string_view name() const override { return "channel_moments"; }

  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].domain == Domain::kRow && in[0].shape.rank() > 0 && in[1].domain == Domain::kStep &&
                  in[1].shape.rank() == 2 && in[0].shape[-1] == in[1].shape[0],
              ShapeError, "channel_moments: shapes ", in[0].shape, " and ", in[1].shape,
              " do not fit; expected rows [..., k] and a kernel [k, n]");
    k_ = in[1].shape[0];
    n_ = in[1].shape[1];
    positions_ = in[0].shape.size() / std::max<int64_t>(k_, 1);
    covariance_ = k_ <= 2 * n_;
    width_ = covariance_ ? k_ : n_;
    step_ = std::make_unique<StepProducts>(k_, n_);
    return {{Shape{2, n_}, Domain::kStep}};
  }
  Needs needs() const override { return {.inputs = 3, .outputs = 0}; }
  bool sums_rows(int /*input*/) const override { return false; }

  // A lane holds doubles: rows, mean of x [k], products of centred values [k, width].
  int64_t partial_floats(int /*output*/) const override { return 2 * (1 + k_ + k_ * width_); }
  int64_t extra_floats() const override {
    return extra_s() + whole_lines(k_ * k_) + whole_lines(k_) + whole_lines(k_ * n_);
  }
  int64_t scratch_floats(int64_t rows) const override {
    return whole_lines(k_) + whole_lines(k_ * width_) + rows * positions_ * (k_ + (covariance_ ? 0 : n_));
  }

  struct Products : Kernels {
    Products(int64_t m, int64_t k, int64_t n, bool covariance)
        : to_products({.m = k, .k = m, .n = n, .transpose_a = true}),
          to_z({.m = m, .k = k, .n = n}),
          to_x(back(m, k, n, covariance, false)),
          add_to_x(back(m, k, n, covariance, true)) {
      for (int64_t first = 0; covariance && first < k; first += kBand) {
        bands.emplace_back(MatmulSpec{.m = std::min(kBand, k - first),
                                      .k = m,
                                      .n = k - first,
                                      .transpose_a = true,
                                      .row_stride_a = k,
                                      .row_stride_b = k,
                                      .row_stride_c = k});
      }
    }
    static MatmulSpec back(int64_t m, int64_t k, int64_t n, bool covariance, bool accumulate) {
      if (covariance) return {.m = m, .k = k, .n = k, .accumulate = accumulate};
      return {.m = m, .k = n, .n = k, .transpose_b = true, .accumulate = accumulate};
    }
    std::vector<Matmul> bands;
    Matmul to_products, to_z, to_x, add_to_x;
  };
  std::unique_ptr<Kernels> make_kernels(int64_t rows) const override {
    return std::make_unique<Products>(rows * positions_, k_, n_, covariance_);
  }

  std::vector<MatmulSpec> products(int64_t rows, bool backward, uint32_t wanted) const override {
    const Products p(rows * positions_, k_, n_, covariance_);
    std::vector<MatmulSpec> specs;
    if (backward && (wanted & 1U) == 0) return specs;
    if (!covariance_) specs.push_back(p.to_z.spec());
    if (backward) {
      specs.push_back(p.to_x.spec());
    } else if (covariance_) {
      for (const Matmul& band : p.bands) specs.push_back(band.spec());
    } else {
      specs.push_back(p.to_products.spec());
    }
    return specs;
  }

  // A chunk is centred by its own mean; then x' x [k, k] of the centred rows is computed, or x' z [k, n]. Of the
  // symmetric x' x only bands from the diagonal on are computed.
  void forward(const OpContext& c) const override {
    const auto& p = static_cast<const Products&>(*c.kernels);
    const int64_t rows = c.rows * positions_;
    float* const mean = c.scratch;
    float* const products = mean + whole_lines(k_);
    float* const centred = products + whole_lines(k_ * width_);
    centre(c.in[0], rows, mean, centred);
    if (covariance_) {
      for (size_t band = 0; band < p.bands.size(); ++band) {
        const int64_t first = static_cast<int64_t>(band) * kBand;
        p.bands[band].run(centred + first, centred + first, products + first * k_ + first);
        for (int64_t i = first + kBand; i < k_; ++i) {
          for (int64_t j = first; j < first + kBand; ++j) products[i * k_ + j] = products[j * k_ + i];
        }
      }
    } else {
      float* const z = centred + rows * k_;
      p.to_z.run(centred, c.in[1], z);
      p.to_products.run(centred, z, products);
    }
    merge(doubles(c.out[0]), static_cast<double>(rows), mean, products, c.in[1]);
  }

  void combine(const OpContext& c, int /*output*/, float* into, const float* from) const override {
    const auto* const lane = doubles(from);
    merge(doubles(into), lane[0], lane + 1, lane + 1 + k_, c.in[1]);
  }

  // Mean and variance of each channel, [2, n], from the sums of all lanes. The mean of x and C w stay in c.extra.
  void finish(const OpContext& c) const override {
    const auto* const total = doubles(c.partial[0]);
    const float* const w = c.in[1];
    float* const mean = c.extra;
    float* const cw = c.extra + whole_lines(k_);
    float* const covariance = c.extra + extra_s();  // S's place, free until backward
    for (int64_t i = 0; i < k_; ++i) mean[i] = static_cast<float>(total[1 + i]);
    const double share = 1.0 / total[0];
    float* const products = covariance_ ? covariance : cw;
#pragma omp simd
    for (int64_t i = 0; i < k_ * width_; ++i) products[i] = static_cast<float>(total[1 + k_ + i] * share);
    if (covariance_) step_->covariance_by_kernel.run(covariance, w, cw);
    float* const out_mean = c.out[0];
    float* const out_variance = c.out[0] + n_;
    std::fill_n(out_mean, 2 * n_, 0.0F);
    for (int64_t i = 0; i < k_; ++i) {
#pragma omp simd
      for (int64_t j = 0; j < n_; ++j) {
        out_mean[j] += mean[i] * w[i * n_ + j];
        out_variance[j] += w[i * n_ + j] * cw[i * n_ + j];
      }
    }
    for (int64_t j = 0; j < n_; ++j)
      out_variance[j] = std::max(out_variance[j], 0.0F);  // rounding must not make it negative
  }

  // The gradient of w, and what backward() needs for that of x: r [k], and S [k, k] or, if the products were taken with
  // z, the scaled kernel 2/n w diag(dvar) [k, n].
  void backward_step(const OpContext& c) const override {
    if (c.grad_out[0] == nullptr) return;
    const float* const to_mean = c.grad_out[0];
    const float* const to_variance = c.grad_out[0] + n_;
    const float* const w = c.in[1];
    const float* const mean = c.extra;
    const float* const cw = c.extra + whole_lines(k_);
    float* const s = c.extra + extra_s();
    float* const r = s + whole_lines(k_ * k_);
    float* const scaled = r + whole_lines(k_);
    const float share = 1.0F / static_cast<float>(c.batch_rows * positions_);
    float* const to_w = c.grad_in[1];
    for (int64_t i = 0; i < k_; ++i) {
      float along = 0;
#pragma omp simd reduction(+ : along)
      for (int64_t j = 0; j < n_; ++j) {
        along += to_mean[j] * w[i * n_ + j];
        scaled[i * n_ + j] = 2.0F * share * to_variance[j] * w[i * n_ + j];
      }
      r[i] = share * along;
      if (to_w == nullptr) continue;
#pragma omp simd
      for (int64_t j = 0; j < n_; ++j)
        to_w[i * n_ + j] += to_mean[j] * mean[i] + 2.0F * to_variance[j] * cw[i * n_ + j];
    }
    if (!covariance_) {  // mean S = (mean w) (scaled w)'
      for (int64_t j = 0; j < n_; ++j) {
        float along = 0;
        for (int64_t i = 0; i < k_; ++i) along += mean[i] * w[i * n_ + j];
        for (int64_t i = 0; i < k_; ++i) r[i] -= along * scaled[i * n_ + j];
      }
      return;
    }
    step_->scaled_by_kernel.run(scaled, w, s);
    for (int64_t i = 0; i < k_; ++i) {
#pragma omp simd
      for (int64_t j = 0; j < k_; ++j) r[j] -= mean[i] * s[i * k_ + j];
    }
  }

  // dx = x S + r for each row. If the products were taken with z, x S is computed as (x w) (scaled kernel)'.
  void backward(const OpContext& c) const override {
    if (c.grad_in[0] == nullptr || c.grad_out[0] == nullptr) return;
    const auto& p = static_cast<const Products&>(*c.kernels);
    const float* const s = c.extra + extra_s();
    const float* const r = s + whole_lines(k_ * k_);
    float* const g = c.grad_in[0];
    const int64_t rows = c.rows * positions_;
    const Matmul& to_x = c.accumulate[0] ? p.add_to_x : p.to_x;
    if (covariance_) {
      to_x.run(c.in[0], s, g);
    } else {
      const float* const scaled = r + whole_lines(k_);
      p.to_z.run(c.in[0], c.in[1], c.scratch);
      to_x.run(c.scratch, scaled, g);
    }
    for (int64_t row = 0; row < rows; ++row) {
#pragma omp simd
      for (int64_t i = 0; i < k_; ++i) g[row * k_ + i] += r[i];
    }
  }

  template <typename T>
  void plain(const PlainContext<T>& c) const {
    const int64_t rows = c.rows * positions_;
    for (int64_t j = 0; j < n_; ++j) {
      std::vector<T> z(static_cast<size_t>(rows));
      T total = 0;
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t i = 0; i < k_; ++i) z[static_cast<size_t>(r)] += c.in[0][r * k_ + i] * c.in[1][i * n_ + j];
        total += z[static_cast<size_t>(r)];
      }
      const T mean = total / static_cast<T>(rows);
      T squares = 0;
      for (const T v : z) squares += (v - mean) * (v - mean);
      c.out[0][j] = mean;
      c.out[0][n_ + j] = squares / static_cast<T>(rows);
    }
  }

 private:
  struct StepProducts {
    StepProducts(int64_t k, int64_t n)
        : covariance_by_kernel({.m = k, .k = k, .n = n}),
          scaled_by_kernel({.m = k, .k = n, .n = k, .transpose_b = true}) {}
    Matmul covariance_by_kernel, scaled_by_kernel;
  };

  /// Kept from finish to backward: mean [k], C w [k, n], S [k, k], r [k], and room for a scaled kernel [k, n].
  int64_t extra_s() const { return whole_lines(k_) + whole_lines(k_ * n_); }

  // x [rows, k] to its mean [k] and x - mean [rows, k].
  void centre(const float* x, int64_t rows, float* mean, float* centred) const {
    std::fill_n(mean, k_, 0.0F);
    constexpr int64_t kRowsAtOnce = 8;  // added in registers
    int64_t done = 0;
    for (; done + kRowsAtOnce <= rows; done += kRowsAtOnce) {
#pragma omp simd
      for (int64_t i = 0; i < k_; ++i) {
        float sum = 0.0F;
        for (int64_t r = 0; r < kRowsAtOnce; ++r) sum += x[(done + r) * k_ + i];
        mean[i] += sum;
      }
    }
    for (; done < rows; ++done) {
      for (int64_t i = 0; i < k_; ++i) mean[i] += x[done * k_ + i];
    }
    for (int64_t i = 0; i < k_; ++i) mean[i] /= static_cast<float>(rows);
    for (int64_t r = 0; r < rows; ++r) {
#pragma omp simd
      for (int64_t i = 0; i < k_; ++i) centred[r * k_ + i] = x[r * k_ + i] - mean[i];
    }
  }

  /// Adds a block of rows, with its own mean and products about it, to a lane. Between two means that differ by d, the
  /// product X' Z0 differs by d (d' w).
  template <typename T>
  void merge(double* lane, double rows, const T* mean, const T* products, const float* w) const {
    const auto add = [&](double weight, const double* lane_mean, double* lane_products) {
      std::array<double, kAtOnce> along{};
      for (int64_t first = 0; first < width_; first += kAtOnce) {
        const int64_t count = std::min(kAtOnce, width_ - first);
        differences(mean, lane_mean, w, first, count, along.data());
        for (int64_t i = 0; i < k_; ++i) {
          const double d = (static_cast<double>(mean[i]) - lane_mean[i]) * weight;
          double* const to = lane_products + i * width_ + first;
          const T* const from = products + i * width_ + first;
#pragma omp simd
          for (int64_t j = 0; j < count; ++j) to[j] += static_cast<double>(from[j]) + d * along[static_cast<size_t>(j)];
        }
      }
    };
    merge_moments(lane, rows, mean, k_, products, k_ * width_, add);
  }

  /// Elements first ... of d, or of d' w.
  template <typename T>
  void differences(const T* mean, const double* lane_mean, const float* w, int64_t first, int64_t count,
                   double* along) const {
    if (covariance_) {
      for (int64_t j = 0; j < count; ++j) along[j] = static_cast<double>(mean[first + j]) - lane_mean[first + j];
      return;
    }
    std::fill_n(along, count, 0.0);
    for (int64_t l = 0; l < k_; ++l) {
      const double d = static_cast<double>(mean[l]) - lane_mean[l];
#pragma omp simd
      for (int64_t j = 0; j < count; ++j) along[j] += d * static_cast<double>(w[l * n_ + first + j]);
    }
  }

  bool covariance_ = true;
  int64_t positions_ = 0, k_ = 0, n_ = 0;
  int64_t width_ = 0;  // of the products: k_ or n_
  std::unique_ptr<const StepProducts> step_;
};

}  // namespace

Var channel_moments(Var x, Var w) { return x.tape->record_one(std::make_unique<ChannelMoments>(), {x, w}); }

}  // namespace hgq::ops
