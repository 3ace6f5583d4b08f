// PMaxPooling1D/2D and PAveragePooling1D/2D: the bits that go on are the largest of a window (quantization.md 2.4).
#include <nlohmann/json.hpp>

#include "hgq/config/window_keys.h"
#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/passive_layer.h"

namespace hgq {
namespace {

class PoolingLayer final : public PassiveLayer {
 public:
  PoolingLayer(ConfigReader& c, int rank, bool average) : PassiveLayer(c), rank_(rank), average_(average) {
    size_ = read_sizes(c, "pool_size", "extent of the window", rank, 2);
    stride_ = size_;
    if (c.has("strides")) {
      stride_ = read_sizes(c, "strides", "distance from one window to the next; pool_size if not given", rank, 1);
    } else {
      c.node("strides", "distance from one window to the next", "an integer or a list", "pool_size");
      c.resolve("strides", stride_);
    }
    padding_ = read_padding(c, false);
    read_data_format(c);
  }
  std::string_view kind() const override {
    if (rank_ == 1) return average_ ? "PAveragePooling1D" : "PMaxPooling1D";
    return average_ ? "PAveragePooling2D" : "PMaxPooling2D";
  }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    const Shape& input = inputs[0];
    HGQ_CHECK(input.rank() == rank_ + 1 && input.size() > 0, ShapeError, where(), ": its input samples have shape ",
              input, ", expected ", rank_ == 1 ? "[length, channels]" : "[height, width, channels]");
    try {
      windows_ = make_windows(input, size_, stride_, std::vector<int64_t>(size_.size(), 1), padding_);
    } catch (const ShapeError& e) {
      throw ShapeError(concat(where(), ": ", e.what(), "; its input samples have shape ", input));
    }
    return output_ = windows_.output_shape(input[-1]);
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    return builder.add_pooling(
        builder.layer_name(), inputs[0],
        {.rank = rank_, .average = average_, .size = size_, .stride = stride_, .padding = padding_});
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override {
    return average_ ? ops::average_pool(inputs[0], windows_) : ops::max_pool(inputs[0], windows_);
  }
  Var pass_bits(const std::vector<Var>& inputs) const override { return ops::max_pool(inputs[0], windows_); }

 private:
  int rank_;
  bool average_;
  std::vector<int64_t> size_, stride_;
  Padding padding_ = Padding::kValid;
  Windows windows_;
};

}  // namespace

void register_pooling(LayerKinds& kinds) {
  kinds.layers.add({.name = "PMaxPooling1D",
                    .aliases = {"PMaxPool1D"},
                    .doc = "largest value of a window along one dim",
                    .make = layer_of<PoolingLayer, 1, false>});
  kinds.layers.add({.name = "PMaxPooling2D",
                    .aliases = {"PMaxPool2D"},
                    .doc = "largest value of a window along two dims",
                    .make = layer_of<PoolingLayer, 2, false>});
  kinds.layers.add({.name = "PAveragePooling1D",
                    .aliases = {"PAvgPool1D"},
                    .doc = "mean of a window along one dim",
                    .make = layer_of<PoolingLayer, 1, true>});
  kinds.layers.add({.name = "PAveragePooling2D",
                    .aliases = {"PAvgPool2D"},
                    .doc = "mean of a window along two dims",
                    .make = layer_of<PoolingLayer, 2, true>});
}

}  // namespace hgq
