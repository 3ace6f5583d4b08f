// HConv1D, HConv2D and their versions with batch norm: products over windows (quantization.md 2.1, 2.3, 2.4).
#include <nlohmann/json.hpp>

#include "hgq/autograd/executor.h"
#include "hgq/config/window_keys.h"
#include "hgq/core/error.h"
#include "hgq/layers/kernel_layer.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

class HConvLayer final : public KernelLayer {
 public:
  HConvLayer(ConfigReader& c, const LayerArguments& arguments, int rank, bool batch_norm)
      : KernelLayer(c, arguments, batch_norm), rank_(rank), batch_norm_(batch_norm) {
    filters_ = c.integer("filters", "number of outputs", {.required = true, .min = 1, .max = 1 << 20});
    size_ = read_sizes(c, "kernel_size", "extent of the window", rank, 0);
    stride_ = read_sizes(c, "strides", "distance from one window to the next", rank, 1);
    dilation_ = read_sizes(c, "dilation_rate", "distance from one entry of a window to the next", rank, 1);
    padding_ = read_padding(c, rank == 1);
    groups_ = c.integer("groups", "parts that inputs and outputs are divided into", {.fallback = 1, .min = 1});
    read_data_format(c);
    if (parallel_factor_ == 0) parallel_factor_ = 1;
    c.resolve("parallel_factor", parallel_factor_);
  }
  std::string_view kind() const override {
    if (rank_ == 1) return batch_norm_ ? "HConv1DBatchNorm" : "HConv1D";
    return batch_norm_ ? "HConv2DBatchNorm" : "HConv2D";
  }

 protected:
  Geometry geometry(const Shape& input) const override {
    HGQ_CHECK(input.rank() == rank_ + 1 && input.size() > 0, ShapeError, where(), ": its input samples have shape ",
              input, ", expected ", rank_ == 1 ? "[length, channels]" : "[height, width, channels]");
    HGQ_CHECK(input[-1] % groups_ == 0 && filters_ % groups_ == 0, ShapeError, where(),
              ": its input samples have shape ", input, "; ", groups_, " groups do not divide their channels and ",
              filters_, " filters");
    Shape kernel;
    for (const int64_t s : size_) kernel = kernel.with_back(s);
    try {
      return {kernel.with_back(input[-1] / groups_).with_back(filters_), windows(input).output_shape(filters_)};
    } catch (const ShapeError& e) {
      throw ShapeError(concat(where(), ": ", e.what(), "; its input samples have shape ", input));
    }
  }
  Var multiply(Var x, Var kernel) const override { return ops::conv(x, kernel, windows(input_shape()), groups_); }
  Var moments(Var x, Var kernel) const override { return ops::moments(multiply(x, kernel)); }
  Var count_bops(Var input_bits, Var kernel_bits) const override {
    return ops::conv_bops(input_bits, kernel_bits, windows(input_shape()), groups_, bops_factor());
  }
  double count_exact_bops(const ExactSignal& input, const Tensor& kernel_bits) const override {
    Tape tape;
    const Var bops = ops::conv_bops(tape.constant(Tensor(input.shape, input.bits)), tape.constant(kernel_bits.clone()),
                                    windows(input_shape()), groups_, bops_factor());
    Workers alone(1);
    Executor executor(tape, alone, {.gradients = false});
    executor.forward({});
    return static_cast<double>(executor.value(bops).data[0]);
  }
  double kernel_parallel_factor() const override { return static_cast<double>(parallel_factor_); }

  ProxyRef add_proxy_layer(ProxyBuilder& builder, ProxyRef input, const Weights& weights) const override {
    const auto kernel = weights.kernel.values();
    const auto bias = weights.bias.values();
    return builder.add_conv(
        builder.layer_name(), input,
        {.rank = rank_, .stride = stride_, .dilation = dilation_, .padding = padding_, .groups = groups_},
        weights.kernel.shape(), {kernel.begin(), kernel.end()},
        weights.bias.empty() ? std::vector<float>{} : std::vector<float>(bias.begin(), bias.end()));
  }
  std::optional<int64_t> proxy_parallel_factor() const override { return parallel_factor_; }

 private:
  Windows windows(const Shape& input) const { return make_windows(input, size_, stride_, dilation_, padding_); }
  double bops_factor() const {
    return kernel_parallel_factor() / static_cast<double>(windows(input_shape()).positions());
  }

  int rank_;
  bool batch_norm_;
  int64_t filters_ = 1, groups_ = 1;
  std::vector<int64_t> size_, stride_, dilation_;
  Padding padding_ = Padding::kValid;
};

}  // namespace

void register_h_conv(LayerKinds& kinds) {
  kinds.layers.add({.name = "HConv1D", .doc = "convolution along one dim", .make = layer_of<HConvLayer, 1, false>});
  kinds.layers.add({.name = "HConv2D", .doc = "convolution along two dims", .make = layer_of<HConvLayer, 2, false>});
  kinds.layers.add({.name = "HConv1DBatchNorm",
                    .doc = "convolution along one dim with fused batch norm",
                    .make = layer_of<HConvLayer, 1, true>});
  kinds.layers.add({.name = "HConv2DBatchNorm",
                    .doc = "convolution along two dims with fused batch norm",
                    .make = layer_of<HConvLayer, 2, true>});
}

}  // namespace hgq
