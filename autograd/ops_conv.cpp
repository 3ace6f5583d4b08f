// Convolution over one or two dims, channels last, and its BOPs (spec 2.1, 2.4).
//
// A window's rows are runs of neighbouring inputs, and from one output position to the next in a row the run moves on
// by a fixed distance. So a row of output positions is one product of a matrix whose rows overlap (core/plain_matmul.h,
// `segments`), with no copy of the windows; only padding is copied, a sample at a time. The gradient of the input is a
// convolution of the output's, spread by the strides, with the kernel turned round; that of the kernel a product along
// positions. Vectors lie along the channels, but where an image has three of them: there the gradient of the input lays
// them along the row, over the output's gradient with its channels taken apart.
#include <algorithm>
#include <cstring>

#include "hgq/autograd/ops.h"
#include "hgq/core/arena.h"
#include "hgq/core/dnnl.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

/// A kernel [h, w, c / groups, n] beside its windows.
struct Geometry {
  Windows windows;
  int64_t groups = 1;
  int64_t outputs = 1;

  int64_t group_inputs() const { return windows.channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  int64_t kernel_size() const { return windows.h.size * windows.w.size * group_inputs() * outputs; }
  /// Index of the kernel's first output of a row.
  int64_t kernel_at(int64_t kh, int64_t kw, int64_t c) const {
    return ((kh * windows.w.size + kw) * group_inputs() + c) * outputs;
  }

  void check(const Shape& sample, const Shape& kernel, std::string_view name) const {
    Shape expected = windows.rank == 1 ? Shape{windows.w.size, group_inputs(), outputs}
                                       : Shape{windows.h.size, windows.w.size, group_inputs(), outputs};
    HGQ_CHECK(groups > 0 && windows.channels % groups == 0 && outputs % groups == 0, ShapeError, name, ": ", groups,
              " groups do not divide ", windows.channels, " inputs and ", outputs, " outputs");
    HGQ_CHECK(kernel == expected && sample.size() == windows.inputs() * windows.channels, ShapeError, name,
              ": a kernel of shape ", kernel, " for samples of shape ", sample, ", expected ", expected);
  }

  /// f(output position, kernel row, input position) for every pair that is not padding.
  template <typename F>
  void each(const F& f) const {
    const WindowDim& h = windows.h;
    const WindowDim& w = windows.w;
    for (int64_t oh = 0; oh < h.output; ++oh) {
      for (int64_t ow = 0; ow < w.output; ++ow) {
        for (int64_t kh = 0; kh < h.size; ++kh) {
          const int64_t ih = h.source(oh, kh);
          for (int64_t kw = 0; ih >= 0 && kw < w.size; ++kw) {
            const int64_t iw = w.source(ow, kw);
            if (iw >= 0) f(oh * w.output + ow, kh * w.size + kw, ih * w.input + iw);
          }
        }
      }
    }
  }
};

class Convolution final : public OpWith<Convolution> {
 public:
  explicit Convolution(const Geometry& geometry) : g_(geometry) {
    const WindowDim& h = g_.windows.h;
    const WindowDim& w = g_.windows.w;
    padded_ = h.before + h.after + w.before + w.after > 0;
    padded_h_ = h.input + h.before + h.after;
    padded_w_ = w.input + w.before + w.after;
    // The output's gradient with zeros between and around, and how much of the (padded) input it reaches.
    spread_h_ = (h.output - 1) * h.stride + 1 + 2 * (h.span() - 1);
    spread_w_ = (w.output - 1) * w.stride + 1 + 2 * (w.span() - 1);
    reached_w_ = spread_w_ - (w.span() - 1);
    in_runs_ = g_.groups == 1 && w.dilation == 1;  // a window's row is one run of inputs
    few_channels_ = in_runs_ && h.dilation == 1 && g_.windows.channels <= 4 && reached_columns() >= kVector / 2;
    row_columns_ = (reached_columns() + kVector - 1) / kVector * kVector;
    apart_w_ = std::max(spread_w_, w.before + w.size - 1 + row_columns_);
  }
  std::string_view name() const override { return "conv"; }

  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[1].domain == Domain::kStep, ShapeError, "conv: a kernel can not have a batch dim");
    g_.check(in[0].shape, in[1].shape, "conv");
    return {{g_.windows.output_shape(g_.outputs), in[0].domain}};
  }
  Needs needs() const override { return {.inputs = 3}; }
  int64_t scratch_floats(int64_t /*rows*/) const override {
    return (padded_ ? whole_lines(padded_h_ * padded_w_ * g_.windows.channels) : 0) + whole_lines(spread_floats()) +
           whole_lines(g_.kernel_size()) + (few_channels_ ? g_.windows.channels * row_columns_ : 0);
  }

  // Products of one group in one sample, and the loop around them: `segments` rows of the window, or, where its columns
  // do not touch, `segments` columns and a product a row.
  struct Products : Kernels {
    Products(const Convolution& c, const Geometry& g)
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
                         .segments = g.windows.h.output,
                         .segment_stride_a = g.windows.h.stride * c.padded_w_ * g.windows.channels,
                         .segment_stride_b = g.windows.w.output * g.outputs}) {
      for (int64_t count = 1; count <= g.windows.h.size; ++count) {
        to_x.emplace_back(c.along_row(false, c.to_x_spec(count)));
        add_to_x.emplace_back(c.along_row(true, c.to_x_spec(count)));
        to_row.emplace_back(c.to_row_spec(count));
      }
    }
    Matmul forward, add_forward, add_to_kernel;
    // The gradient of a row of inputs, by the number of rows of the output's gradient that reach it, less one.
    std::vector<Matmul> to_x, add_to_x;
    std::vector<Matmul> to_row;  // channel after channel
  };
  std::unique_ptr<Kernels> make_kernels(int64_t /*rows*/) const override {
    return std::make_unique<Products>(*this, g_);
  }

  void forward(const OpContext& c) const override {
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

  void backward(const OpContext& c) const override {
    const auto& p = static_cast<const Products&>(*c.kernels);
    const Windows& v = g_.windows;
    float* const pad = c.scratch;
    float* const spread = pad + (padded_ ? whole_lines(padded_h_ * padded_w_ * v.channels) : 0);
    float* const turned = spread + whole_lines(spread_floats());
    if (padded_) std::fill_n(pad, padded_h_ * padded_w_ * v.channels, 0.0F);
    if (c.grad_in[0] != nullptr) {
      std::fill_n(spread, spread_floats(), 0.0F);
      few_channels_ ? turn_for_rows(c.in[1], turned) : turn(c.in[1], turned);
    }
    for (int64_t r = 0; r < c.rows; ++r) {
      const float* const dz = c.grad_out[0] + r * v.positions() * g_.outputs;
      if (c.grad_in[1] != nullptr)
        add_kernel_gradient(p, padded(c.in[0] + r * v.inputs() * v.channels, pad), dz, c.grad_in[1]);
      if (c.grad_in[0] == nullptr) continue;
      float* const to = c.grad_in[0] + r * v.inputs() * v.channels;
      if (few_channels_) {
        take_apart(dz, spread);
        input_gradient_of_rows(p, spread, turned, turned + whole_lines(g_.kernel_size()), to, c.accumulate[0]);
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
  static constexpr int64_t kVector = 16;  // columns of a row come in multiples of it

  int64_t parts() const { return in_runs_ ? 1 : g_.windows.h.size; }
  int64_t spread_floats() const { return spread_h_ * g_.outputs * (few_channels_ ? apart_w_ : spread_w_); }

  /// A product over a window: all of it where its rows are runs, else one of its rows.
  MatmulSpec forward_spec() const {
    const Windows& v = g_.windows;
    MatmulSpec s{.m = v.w.output,
                 .k = in_runs_ ? v.w.size * v.channels : g_.group_inputs(),
                 .n = g_.group_outputs(),
                 .row_stride_a = v.w.stride * v.channels,
                 .row_stride_b = g_.outputs,
                 .row_stride_c = g_.outputs};
    s.segments = in_runs_ ? v.h.size : v.w.size;
    s.segment_stride_a = in_runs_ ? v.h.dilation * padded_w_ * v.channels : v.w.dilation * v.channels;
    s.segment_stride_b = (in_runs_ ? v.w.size * v.channels : g_.group_inputs()) * g_.outputs;
    return s;
  }
  /// The same over the spread gradient, with a kernel turned round [h, w, n, c / groups] a group.
  MatmulSpec to_x_spec(int64_t rows) const {
    const Windows& v = g_.windows;
    MatmulSpec s{.m = reached_columns(),
                 .k = in_runs_ ? v.w.size * g_.outputs : g_.group_outputs(),
                 .n = g_.group_inputs(),
                 .row_stride_a = g_.outputs,
                 .row_stride_b = g_.group_inputs(),
                 .row_stride_c = v.channels};
    s.segments = in_runs_ ? rows : v.w.size;
    s.segment_stride_a = in_runs_ ? v.h.dilation * spread_w_ * g_.outputs : v.w.dilation * g_.outputs;
    s.segment_stride_b = (in_runs_ ? v.w.size : 1) * g_.group_outputs() * g_.group_inputs();
    return s;
  }
  /// Over the gradient taken apart, with a kernel of turn_for_rows.
  MatmulSpec to_row_spec(int64_t rows) const {
    const Windows& v = g_.windows;
    return {.m = v.channels,
            .k = rows * g_.outputs,
            .n = row_columns_,
            .row_stride_a = v.h.size * g_.outputs,
            .row_stride_b = apart_w_,
            .segments = v.w.size,
            .segment_stride_a = v.channels * v.h.size * g_.outputs,
            .segment_stride_b = 1};
  }
  static MatmulSpec along_row(bool accumulate, MatmulSpec spec) {
    spec.accumulate = accumulate;
    return spec;
  }

  /// Rows of a window [first, first + count) through which the output's gradient reaches row h of the input; the
  /// others meet zeros around it. Counted in the turned kernel.
  struct ReachingRows {
    int64_t first = 0, count = 0;
  };
  ReachingRows reaching_rows(int64_t h) const {
    const WindowDim& w = g_.windows.h;
    const int64_t begin = w.span() - 1 - h - w.before;  // of the gradient's rows, seen from the window's first
    const int64_t last = begin + (w.output - 1) * w.stride;
    const int64_t first = std::max<int64_t>(0, (begin + w.dilation - 1) / w.dilation);
    const int64_t end = last < 0 ? 0 : std::min(w.size, last / w.dilation + 1);
    return {first, std::max<int64_t>(0, end - first)};
  }

  /// Columns of the input that a gradient reaches; those behind get none.
  int64_t reached_columns() const { return std::min(g_.windows.w.input, reached_w_ - g_.windows.w.before); }

  /// The sample within its padding (zeros, made before), or itself.
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

  /// Group after group, the kernel's rows and columns from last to first, outputs before inputs.
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

  void input_gradient(const Products& p, const float* spread, const float* turned, float* to, bool add) const {
    const Windows& v = g_.windows;
    const int64_t columns = reached_columns();
    const int64_t group_kernel = v.h.size * v.w.size * g_.group_outputs() * g_.group_inputs();
    const int64_t part_kernel = v.w.size * g_.group_outputs() * g_.group_inputs();
    for (int64_t h = 0; h < v.h.input; ++h) {
      float* const row = to + h * v.w.input * v.channels;
      const ReachingRows rows = reaching_rows(h);
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

  /// The spread gradient as [row, output, column].
  void take_apart(const float* dz, float* spread) const {
    const WindowDim& h = g_.windows.h;
    const WindowDim& w = g_.windows.w;
    for (int64_t oh = 0; oh < h.output; ++oh) {
      float* const row = spread + (h.span() - 1 + oh * h.stride) * g_.outputs * apart_w_ + w.span() - 1;
      const float* const from = dz + oh * w.output * g_.outputs;
      int64_t j = 0;
      for (; w.stride == 1 && j + 4 <= g_.outputs; j += 4) {
        int64_t ow = 0;
        for (; ow + 4 <= w.output; ow += 4)
          transpose_4(from + ow * g_.outputs + j, g_.outputs, row + j * apart_w_ + ow, apart_w_);
        for (; ow < w.output; ++ow) {
          for (int64_t i = j; i < j + 4; ++i) row[i * apart_w_ + ow] = from[ow * g_.outputs + i];
        }
      }
      for (; j < g_.outputs; ++j) {
        for (int64_t ow = 0; ow < w.output; ++ow) row[j * apart_w_ + ow * w.stride] = from[ow * g_.outputs + j];
      }
    }
  }

  /// 4 by 4 values, rows for columns.
  static void transpose_4(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
    typedef float Four __attribute__((vector_size(16)));  // NOLINT(modernize-use-using): GCC wants it so
    Four r[4];
    for (int64_t i = 0; i < 4; ++i) std::memcpy(&r[i], from + i * from_stride, sizeof(Four));
    const Four a = __builtin_shufflevector(r[0], r[1], 0, 4, 1, 5);
    const Four b = __builtin_shufflevector(r[2], r[3], 0, 4, 1, 5);
    const Four c = __builtin_shufflevector(r[0], r[1], 2, 6, 3, 7);
    const Four d = __builtin_shufflevector(r[2], r[3], 2, 6, 3, 7);
    r[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
    r[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
    r[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
    r[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
    for (int64_t i = 0; i < 4; ++i) std::memcpy(to + i * to_stride, &r[i], sizeof(Four));
  }

  /// The kernel turned round as [column, input, row, output].
  void turn_for_rows(const float* kernel, float* turned) const {
    const Windows& v = g_.windows;
    for (int64_t kw = v.w.size; kw-- > 0;) {
      for (int64_t i = 0; i < v.channels; ++i) {
        for (int64_t kh = v.h.size; kh-- > 0; turned += g_.outputs)
          std::copy_n(kernel + g_.kernel_at(kh, kw, i), g_.outputs, turned);
      }
    }
  }

  /// Channel after channel to channels last.
  template <int kChannels>
  void put_together(const float* row_of_channels, int64_t columns, float* row, bool add) const {
    for (int64_t column = 0; column < columns; ++column) {
      for (int i = 0; i < kChannels; ++i) {
        float& target = row[column * kChannels + i];
        const float gradient = row_of_channels[i * row_columns_ + column];
        target = add ? target + gradient : gradient;
      }
    }
  }

  /// `apart`: of take_apart; `row_of_channels`: room for a row of inputs.
  void input_gradient_of_rows(const Products& p, const float* apart, const float* turned, float* row_of_channels,
                              float* to, bool add) const {
    const Windows& v = g_.windows;
    for (int64_t h = 0; h < v.h.input; ++h) {
      float* const row = to + h * v.w.input * v.channels;
      const ReachingRows rows = reaching_rows(h);
      const int64_t columns = rows.count > 0 ? reached_columns() : 0;
      if (rows.count > 0)
        p.to_row[static_cast<size_t>(rows.count - 1)].run(
            turned + rows.first * g_.outputs,
            apart + (h + v.h.before + rows.first) * g_.outputs * apart_w_ + v.w.before, row_of_channels);
      switch (v.channels) {
        case 1:
          put_together<1>(row_of_channels, columns, row, add);
          break;
        case 2:
          put_together<2>(row_of_channels, columns, row, add);
          break;
        case 3:
          put_together<3>(row_of_channels, columns, row, add);
          break;
        default:
          put_together<4>(row_of_channels, columns, row, add);
      }
      if (!add) std::fill_n(row + columns * v.channels, (v.w.input - columns) * v.channels, 0.0F);
    }
  }

  Geometry g_;
  bool padded_ = false, in_runs_ = true, few_channels_ = false;
  int64_t row_columns_ = 0, apart_w_ = 0;
  int64_t padded_h_ = 0, padded_w_ = 0, spread_h_ = 0, spread_w_ = 0, reached_w_ = 0;
};

// factor * sum over positions, kernel entries of bits(input) bits(kernel). Both only need sums: of the input's bits
// over positions for each kernel row, of the kernel's over its outputs.
class ConvBops final : public OpWith<ConvBops> {
 public:
  ConvBops(const Geometry& geometry, double factor) : g_(geometry), factor_(factor) {}
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
    auto* const sums = reinterpret_cast<double*>(c.scratch);
    c.out[0][0] = static_cast<float>(total(c.in[0], c.in[1], sums) * factor_);
  }
  void backward(const OpContext& c) const override {
    const double g = static_cast<double>(c.grad_out[0][0]) * factor_;
    const int64_t channels = g_.windows.channels;
    auto* const sums = reinterpret_cast<double*>(c.scratch);
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

  Geometry g_;
  double factor_;
};

}  // namespace

Var conv(Var x, Var kernel, const Windows& windows, int64_t groups) {
  return x.tape->record_one(
      std::make_unique<Convolution>(Geometry{.windows = windows, .groups = groups, .outputs = kernel.shape()[-1]}),
      {x, kernel});
}

Var conv_bops(Var input_bits, Var kernel_bits, const Windows& windows, int64_t groups, double factor) {
  return input_bits.tape->record_one(
      std::make_unique<ConvBops>(Geometry{.windows = windows, .groups = groups, .outputs = kernel_bits.shape()[-1]},
                                 factor),
      {input_bits, kernel_bits});
}

}  // namespace hgq::ops
