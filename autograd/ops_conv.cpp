// Convolution over one or two dimensions, channels last (quantization.md 2.1).
//
// A window's rows are runs of neighbouring inputs, and from one output position to the next in a row the run moves on
// by a fixed distance. So a row of output positions is one product of a matrix whose rows overlap (core/plain_matmul.h,
// `terms`), without a copy of the windows; only if there is padding is a sample copied, one at a time. The gradient of
// the input is a convolution of the output's gradient, spread by the strides, with the reversed kernel; that of the
// kernel is a product along positions. Vectors lie along the channels, except for the gradient of an image
// (autograd/conv_few_channels.h) and where there are few outputs (autograd/conv_few_outputs.h).
#include <algorithm>
#include <optional>

#include "hgq/autograd/conv_few_channels.h"
#include "hgq/autograd/conv_few_outputs.h"
#include "hgq/autograd/conv_geometry.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/arena.h"
#include "hgq/core/dnnl.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

class Convolution final : public OpWith<Convolution> {
 public:
  explicit Convolution(const ConvGeometry& geometry) : g_(geometry) {
    const WindowDim& h = g_.windows.h;
    const WindowDim& w = g_.windows.w;
    padded_ = h.before + h.after + w.before + w.after > 0;
    padded_h_ = h.input + h.before + h.after;
    padded_w_ = w.input + w.before + w.after;
    spread_w_ = g_.spread_w();
    in_runs_ = g_.groups == 1 && w.dilation == 1;  // a row of a window is one run of neighbouring inputs
    if (FewChannelsGradient::serves(g_)) few_channels_.emplace(g_);
    if (FewOutputs::serves(g_)) few_outputs_.emplace(g_);
  }
  std::string_view name() const override { return "conv"; }

  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[1].domain == Domain::kStep, ShapeError, "conv: a kernel cannot have a batch dim");
    g_.check(in[0].shape, in[1].shape, "conv");
    return {{g_.windows.output_shape(g_.outputs), in[0].domain}};
  }
  Needs needs() const override { return {.inputs = 3}; }
  int64_t scratch_floats(int64_t /*rows*/) const override {
    const int64_t by_columns = few_outputs_ ? few_outputs_->scratch_floats() : 0;
    return std::max(by_columns, products_scratch());
  }

  // The products of one group in one sample: their terms are the rows of the window, or, if its columns are not
  // neighbours in memory, its columns, with one product for each row.
  struct Products : Kernels {
    Products(const Convolution& c, const ConvGeometry& g)
        : forward(c.along_row(false, c.forward_spec())),
          add_forward(c.along_row(true, c.forward_spec())),
          add_to_kernel({.m = c.in_runs_ ? g.windows.w.size * g.windows.channels : g.group_inputs(),
                         .k = g.windows.w.output,
                         .n = g.group_outputs(),
                         .transpose_a = true,
                         .accumulate = true,
                         .row_stride_a = g.windows.w.stride * g.windows.channels,
                         .row_stride_b = g.outputs,
                         .row_stride_c = g.outputs,
                         .terms = g.windows.h.output,
                         .term_stride_a = g.windows.h.stride * c.padded_w_ * g.windows.channels,
                         .term_stride_b = g.windows.w.output * g.outputs}) {
      for (int64_t count = 1; count <= g.windows.h.size; ++count) {
        to_x.emplace_back(c.along_row(false, c.to_x_spec(count)));
        add_to_x.emplace_back(c.along_row(true, c.to_x_spec(count)));
        if (c.few_channels_) to_row.emplace_back(c.few_channels_->product(count));
      }
    }
    Matmul forward, add_forward, add_to_kernel;
    // The gradient of a row of inputs, by the number of rows of the output's gradient that reach it, less one.
    std::vector<Matmul> to_x, add_to_x;
    std::vector<Matmul> to_row;  // of few channels
  };
  std::unique_ptr<Kernels> make_kernels(int64_t /*rows*/) const override {
    return std::make_unique<Products>(*this, g_);
  }

  // As products of all windows with the kernel, one for each group.
  std::vector<MatmulSpec> products(int64_t rows, bool backward, uint32_t wanted) const override {
    const int64_t m = rows * g_.windows.positions();
    const int64_t k = g_.windows.h.size * g_.windows.w.size * g_.group_inputs();
    const int64_t n = g_.group_outputs();
    std::vector<MatmulSpec> specs;
    for (int64_t group = 0; group < g_.groups; ++group) {
      if (!backward) specs.push_back({.m = m, .k = k, .n = n});
      if (backward && (wanted & 1U) != 0) specs.push_back({.m = m, .k = n, .n = k, .transpose_b = true});
      if (backward && (wanted & 2U) != 0)
        specs.push_back({.m = k, .k = m, .n = n, .transpose_a = true, .accumulate = true});
    }
    return specs;
  }

  // For each group and row of output positions one product, or, if the rows of a window are not runs of inputs, one
  // product for each row of the kernel.
  void forward(const OpContext& c) const override {
    if (few_outputs_) {
      few_outputs_->forward(c.in[0], c.in[1], c.out[0], c.rows, c.scratch);
      return;
    }
    const auto& p = static_cast<const Products&>(*c.kernels);
    const Windows& v = g_.windows;
    float* const pad = c.scratch;
    if (padded_) std::fill_n(pad, padded_h_ * padded_w_ * v.channels, 0.0F);
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* const x = padded(c.in[0] + r * v.inputs() * v.channels, pad);
      float* const z = c.out[0] + r * v.positions() * g_.outputs;
      for (int64_t group = 0; group < g_.groups; ++group) {
        for (int64_t oh = 0; oh < v.h.output; ++oh) {
          for (int64_t part = 0; part < parts(); ++part) {
            const int64_t row = oh * v.h.stride + part * v.h.dilation;
            (part == 0 ? p.forward : p.add_forward)
                .run(x + row * padded_w_ * v.channels + group * g_.group_inputs(),
                     c.in[1] + g_.kernel_at(part, 0, 0) + group * g_.group_outputs(),
                     z + oh * v.w.output * g_.outputs + group * g_.group_outputs());
          }
        }
      }
    }
  }

  // The kernel's gradient comes from the padded input and dz; the input's is a convolution of dz, spread out by the
  // stride, with the turned kernel.
  void backward(const OpContext& c) const override {
    const bool by_products = c.grad_in[1] != nullptr && !few_outputs_;
    if (few_outputs_ && c.grad_in[1] != nullptr)
      few_outputs_->add_kernel_gradient(c.in[0], c.grad_out[0], c.grad_in[1], c.rows, c.scratch);
    if (!by_products && c.grad_in[0] == nullptr) return;
    const auto& p = static_cast<const Products&>(*c.kernels);
    const Windows& v = g_.windows;
    float* const pad = c.scratch;
    float* const spread = pad + (padded_ ? whole_lines(padded_h_ * padded_w_ * v.channels) : 0);
    float* const turned = spread + whole_lines(spread_floats());
    if (padded_) std::fill_n(pad, padded_h_ * padded_w_ * v.channels, 0.0F);
    if (c.grad_in[0] != nullptr) {
      std::fill_n(spread, spread_floats(), 0.0F);
      few_channels_ ? few_channels_->turn(c.in[1], turned) : turn(c.in[1], turned);
    }
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* const dz = c.grad_out[0] + r * v.positions() * g_.outputs;
      if (by_products) add_kernel_gradient(p, padded(c.in[0] + r * v.inputs() * v.channels, pad), dz, c.grad_in[1]);
      if (c.grad_in[0] == nullptr) continue;
      float* const to = c.grad_in[0] + r * v.inputs() * v.channels;
      if (few_channels_) {
        few_channels_->take_apart(dz, spread);
        few_channels_->run(p.to_row, spread, turned, turned + whole_lines(g_.kernel_size()), to, c.accumulate[0]);
      } else {
        spread_out(dz, spread);
        input_gradient(p, spread, turned, to, c.accumulate[0]);
      }
    }
  }

  template <typename T>
  void plain(const PlainContext<T>& c) const {
    const Windows& v = g_.windows;
    const int64_t in = v.inputs() * v.channels;
    const int64_t out = v.positions() * g_.outputs;
    std::fill_n(c.out[0], c.rows * out, T(0));
    for (int64_t r = 0; r < c.rows; ++r) {
      g_.each([&](int64_t position, int64_t k, int64_t source) {
        for (int64_t j = 0; j < g_.outputs; ++j) {
          const int64_t group = j / g_.group_outputs();
          for (int64_t i = 0; i < g_.group_inputs(); ++i) {
            c.out[0][r * out + position * g_.outputs + j] +=
                c.in[0][r * in + source * v.channels + group * g_.group_inputs() + i] *
                c.in[1][(k * g_.group_inputs() + i) * g_.outputs + j];
          }
        }
      });
    }
  }

 private:
  int64_t products_scratch() const {
    return (padded_ ? whole_lines(padded_h_ * padded_w_ * g_.windows.channels) : 0) + whole_lines(spread_floats()) +
           whole_lines(g_.kernel_size()) + (few_channels_ ? few_channels_->row_floats() : 0);
  }
  int64_t parts() const { return in_runs_ ? 1 : g_.windows.h.size; }
  int64_t spread_floats() const {
    return few_channels_ ? few_channels_->apart_floats() : g_.spread_h() * g_.outputs * spread_w_;
  }

  /// A product over a whole window if its rows are runs of inputs, otherwise over one of its rows.
  MatmulSpec forward_spec() const {
    const Windows& v = g_.windows;
    MatmulSpec s{.m = v.w.output,
                 .k = in_runs_ ? v.w.size * v.channels : g_.group_inputs(),
                 .n = g_.group_outputs(),
                 .row_stride_a = v.w.stride * v.channels,
                 .row_stride_b = g_.outputs,
                 .row_stride_c = g_.outputs};
    s.terms = in_runs_ ? v.h.size : v.w.size;
    s.term_stride_a = in_runs_ ? v.h.dilation * padded_w_ * v.channels : v.w.dilation * v.channels;
    s.term_stride_b = (in_runs_ ? v.w.size * v.channels : g_.group_inputs()) * g_.outputs;
    return s;
  }
  /// The same over the spread gradient, with the reversed kernel [h, w, n, c / groups] of each group.
  MatmulSpec to_x_spec(int64_t rows) const {
    const Windows& v = g_.windows;
    MatmulSpec s{.m = g_.reached_columns(),
                 .k = in_runs_ ? v.w.size * g_.outputs : g_.group_outputs(),
                 .n = g_.group_inputs(),
                 .row_stride_a = g_.outputs,
                 .row_stride_b = g_.group_inputs(),
                 .row_stride_c = v.channels};
    s.terms = in_runs_ ? rows : v.w.size;
    s.term_stride_a = in_runs_ ? v.h.dilation * spread_w_ * g_.outputs : v.w.dilation * g_.outputs;
    s.term_stride_b = (in_runs_ ? v.w.size : 1) * g_.group_outputs() * g_.group_inputs();
    return s;
  }
  static MatmulSpec along_row(bool accumulate, MatmulSpec spec) {
    spec.accumulate = accumulate;
    return spec;
  }

  /// The sample copied into its padding, whose zeros are already there, or the sample itself if there is no padding.
  const float* padded(const float* x, float* pad) const {
    if (!padded_) return x;
    const Windows& v = g_.windows;
    const int64_t row = v.w.input * v.channels;
    for (int64_t h = 0; h < v.h.input; ++h)
      std::copy_n(x + h * row, row, pad + ((h + v.h.before) * padded_w_ + v.w.before) * v.channels);
    return pad;
  }

  void spread_out(const float* dz, float* spread) const {
    const WindowDim& h = g_.windows.h;
    const WindowDim& w = g_.windows.w;
    for (int64_t oh = 0; oh < h.output; ++oh) {
      float* const row = spread + ((h.span() - 1 + oh * h.stride) * spread_w_ + w.span() - 1) * g_.outputs;
      const float* const from = dz + oh * w.output * g_.outputs;
      if (w.stride == 1) {
        std::copy_n(from, w.output * g_.outputs, row);
        continue;
      }
      for (int64_t ow = 0; ow < w.output; ++ow)
        std::copy_n(from + ow * g_.outputs, g_.outputs, row + ow * w.stride * g_.outputs);
    }
  }

  /// Reverses the kernel: one group after the other, rows and columns from last to first, outputs before inputs.
  void turn(const float* kernel, float* turned) const {
    const Windows& v = g_.windows;
    for (int64_t group = 0; group < g_.groups; ++group) {
      for (int64_t kh = v.h.size; kh-- > 0;) {
        for (int64_t kw = v.w.size; kw-- > 0;) {
          for (int64_t j = 0; j < g_.group_outputs(); ++j) {
            for (int64_t i = 0; i < g_.group_inputs(); ++i)
              *turned++ = kernel[g_.kernel_at(kh, kw, i) + group * g_.group_outputs() + j];
          }
        }
      }
    }
  }

  // Adds one sample's part of the kernel's gradient to `to`. x: the padded sample; dz [positions, outputs]: the
  // gradient of its output.
  void add_kernel_gradient(const Products& p, const float* x, const float* dz, float* to) const {
    const Windows& v = g_.windows;
    for (int64_t group = 0; group < g_.groups; ++group) {
      for (int64_t kh = 0; kh < v.h.size; ++kh) {
        for (int64_t kw = 0; kw < (in_runs_ ? 1 : v.w.size); ++kw) {
          p.add_to_kernel.run(
              x + (kh * v.h.dilation * padded_w_ + kw * v.w.dilation) * v.channels + group * g_.group_inputs(),
              dz + group * g_.group_outputs(), to + g_.kernel_at(kh, kw, 0) + group * g_.group_outputs());
        }
      }
    }
  }

  // to: the gradient of a sample [h, w, channels], made row by row; it is 0 for elements that no window reads.
  void input_gradient(const Products& p, const float* spread, const float* turned, float* to, bool add) const {
    const Windows& v = g_.windows;
    const int64_t columns = g_.reached_columns();
    const int64_t group_kernel = v.h.size * v.w.size * g_.group_outputs() * g_.group_inputs();
    const int64_t part_kernel = v.w.size * g_.group_outputs() * g_.group_inputs();
    for (int64_t h = 0; h < v.h.input; ++h) {
      float* const row = to + h * v.w.input * v.channels;
      const ConvGeometry::ReachingRows rows = g_.reaching_rows(h);
      if (!add) {
        const int64_t done = rows.count > 0 ? columns * v.channels : 0;
        std::fill_n(row + done, v.w.input * v.channels - done, 0.0F);
      }
      const int64_t products = in_runs_ ? std::min<int64_t>(rows.count, 1) : rows.count;
      for (int64_t group = 0; group < g_.groups; ++group) {
        for (int64_t product = 0; product < products; ++product) {
          const int64_t part = rows.first + product;
          const int64_t from = h + v.h.before + part * v.h.dilation;
          const auto kind = static_cast<size_t>(in_runs_ ? rows.count - 1 : 0);
          (product == 0 && !add ? p.to_x : p.add_to_x)[kind].run(
              spread + (from * spread_w_ + v.w.before) * g_.outputs + group * g_.group_outputs(),
              turned + group * group_kernel + part * part_kernel, row + group * g_.group_inputs());
        }
      }
    }
  }

  ConvGeometry g_;
  std::optional<FewChannelsGradient> few_channels_;
  std::optional<FewOutputs> few_outputs_;
  bool padded_ = false, in_runs_ = true;
  int64_t padded_h_ = 0, padded_w_ = 0, spread_w_ = 0;
};

}  // namespace

Var conv(Var x, Var kernel, const Windows& windows, int64_t groups) {
  return x.tape->record_one(
      std::make_unique<Convolution>(ConvGeometry{.windows = windows, .groups = groups, .outputs = kernel.shape()[-1]}),
      {x, kernel});
}

}  // namespace hgq::ops
