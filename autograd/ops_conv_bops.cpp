// BOPs of a convolution (quantization.md 2.4).
#include "hgq/autograd/ops.h"

#include <algorithm>

#include "hgq/autograd/conv_geometry.h"
#include "hgq/autograd/doubles.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

// factor * sum over positions, kernel entries of bits(input) bits(kernel). Both only need sums: of the input's bits
// over positions for each kernel row, of the kernel's over its outputs.
class ConvBops final : public OpWith<ConvBops> {
 public:
  ConvBops(const ConvGeometry& geometry, double factor) : g_(geometry), factor_(factor) {}
  std::string_view name() const override { return "conv_bops"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].domain == Domain::kStep && in[1].domain == Domain::kStep, ShapeError,
              "conv_bops: bits have no batch dim");
    g_.check(in[0].shape, in[1].shape, "conv_bops");
    return {{Shape{}, Domain::kStep}};
  }
  Needs needs() const override { return {.inputs = 3}; }
  int64_t scratch_floats(int64_t /*rows*/) const override { return 4 * rows() * g_.windows.channels; }

  void forward(const OpContext& c) const override {
    auto* const sums = doubles(c.scratch);
    c.out[0][0] = static_cast<float>(total(c.in[0], c.in[1], sums) * factor_);
  }
  // The gradient of the bits of a weight is the sum of the bits of all inputs that it is multiplied by, and vice versa.
  void backward(const OpContext& c) const override {
    const double g = static_cast<double>(c.grad_out[0][0]) * factor_;
    const int64_t channels = g_.windows.channels;
    auto* const sums = doubles(c.scratch);
    double* const kernel = sums + rows() * channels;
    if (c.grad_in[1] != nullptr) {
      input_sums(c.in[0], sums);
      for (int64_t k = 0; k < rows(); ++k) {
        for (int64_t i = 0; i < g_.group_inputs(); ++i) {
          for (int64_t j = 0; j < g_.outputs; ++j) {
            const int64_t channel = j / g_.group_outputs() * g_.group_inputs() + i;
            c.grad_in[1][(k * g_.group_inputs() + i) * g_.outputs + j] +=
                static_cast<float>(g * sums[k * channels + channel]);
          }
        }
      }
    }
    if (c.grad_in[0] == nullptr) return;
    kernel_sums(c.in[1], kernel);
    g_.each([&](int64_t /*position*/, int64_t k, int64_t source) {
      for (int64_t i = 0; i < channels; ++i)
        c.grad_in[0][source * channels + i] += static_cast<float>(g * kernel[k * channels + i]);
    });
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    std::vector<double> sums(static_cast<size_t>(2 * rows() * g_.windows.channels));
    c.out[0][0] = static_cast<T>(total(c.in[0], c.in[1], sums.data()) * factor_);
  }

 private:
  int64_t rows() const { return g_.windows.h.size * g_.windows.w.size; }

  template <typename T>
  void input_sums(const T* bits, double* sums) const {
    const int64_t channels = g_.windows.channels;
    std::fill_n(sums, rows() * channels, 0.0);
    g_.each([&](int64_t /*position*/, int64_t k, int64_t source) {
      for (int64_t i = 0; i < channels; ++i) sums[k * channels + i] += static_cast<double>(bits[source * channels + i]);
    });
  }
  template <typename T>
  void kernel_sums(const T* bits, double* sums) const {
    const int64_t channels = g_.windows.channels;
    std::fill_n(sums, rows() * channels, 0.0);
    for (int64_t k = 0; k < rows(); ++k) {
      for (int64_t i = 0; i < g_.group_inputs(); ++i) {
        for (int64_t j = 0; j < g_.outputs; ++j) {
          sums[k * channels + j / g_.group_outputs() * g_.group_inputs() + i] +=
              static_cast<double>(bits[(k * g_.group_inputs() + i) * g_.outputs + j]);
        }
      }
    }
  }
  template <typename T>
  double total(const T* input_bits, const T* kernel_bits, double* sums) const {
    double* const kernel = sums + rows() * g_.windows.channels;
    input_sums(input_bits, sums);
    kernel_sums(kernel_bits, kernel);
    double sum = 0;
    for (int64_t i = 0; i < rows() * g_.windows.channels; ++i) sum += sums[i] * kernel[i];
    return sum;
  }

  ConvGeometry g_;
  double factor_;
};

}  // namespace

Var conv_bops(Var input_bits, Var kernel_bits, const Windows& windows, int64_t groups, double factor) {
  return input_bits.tape->record_one(
      std::make_unique<ConvBops>(ConvGeometry{.windows = windows, .groups = groups, .outputs = kernel_bits.shape()[-1]},
                                 factor),
      {input_bits, kernel_bits});
}

}  // namespace hgq::ops
