// PZeroPadding1D and PZeroPadding2D: zeros around the positions of a series or an image, as Keras' ZeroPadding1D and 2D
// put them there. All that hgq knows of them stands in this file: the layer, its layer in a proxy, and how both are
// read from configs, model files, proxies, and models of Keras.
#include <array>
#include <nlohmann/json.hpp>

#include "hgq/config/window_keys.h"
#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/passive_layer.h"

namespace hgq {
namespace {

/// Zeros before and after the positions of each dim: {{1, 1}, {2, 2}} for [1, 2] of an image.
using Amounts = std::vector<std::array<int64_t, 2>>;

constexpr int64_t kMost = 1 << 20;

std::optional<int64_t> read_amount(const Node& node) {
  const std::optional<int64_t> value = decimal_integer(node);
  return value && *value >= 0 && *value <= kMost ? value : std::nullopt;
}

/// An integer for all sides; of a series [left, right]; of an image [vertical, horizontal], or [[top, bottom], [left,
/// right]].
std::optional<Amounts> amounts_of(const Node& node, int rank) {
  if (const auto all = read_amount(node)) return Amounts(static_cast<size_t>(rank), {*all, *all});
  if (!node.is_list() || node.items().size() != 2) return {};
  Amounts amounts;
  std::vector<int64_t> flat;
  for (const Node& item : node.items()) {
    if (const auto amount = read_amount(item)) {
      flat.push_back(*amount);
    } else if (rank == 2 && item.is_list() && item.items().size() == 2) {
      const auto before = read_amount(item.items()[0]);
      const auto after = read_amount(item.items()[1]);
      if (!before || !after) return {};
      amounts.push_back({*before, *after});
    }
  }
  if (amounts.size() == 2) return amounts;
  if (flat.size() != 2) return {};
  if (rank == 1) return Amounts{{flat[0], flat[1]}};
  return Amounts{{flat[0], flat[0]}, {flat[1], flat[1]}};
}

Amounts read_amounts(ConfigReader& c, int rank) {
  const char* const forms = rank == 1 ? "an integer, or [left, right]"
                                      : "an integer, [vertical, horizontal], or [[top, bottom], [left, right]]";
  const Node* const node = c.node("padding", "zeros that are put on each side", forms, "1");
  Amounts amounts(static_cast<size_t>(rank), {1, 1});
  if (node != nullptr) {
    const std::optional<Amounts> read = amounts_of(*node, rank);
    if (!read) c.error("padding", concat("found ", describe(*node), ", expected ", forms, ", from 0 to ", kMost));
    amounts = read.value_or(Amounts(static_cast<size_t>(rank), {0, 0}));
  }
  c.resolve("padding", rank == 1 ? nlohmann::json(amounts[0]) : nlohmann::json(amounts));
  return amounts;
}

/// The element of the input, or -1 for a zero, for each element of the output, whose shape is given back.
Shape padded(const Shape& input, const Amounts& amounts, std::vector<int64_t>& source, std::string_view where) {
  Shape output = input;
  const int rank = static_cast<int>(amounts.size());
  for (int d = 0; d < rank; ++d) {
    const auto [before, after] = amounts[static_cast<size_t>(d)];
    output.set(d, input[d] + before + after);
  }
  check_elements(output.size(), where);
  const int64_t channels = input[-1];
  const int64_t width = output[rank - 1];
  for (int64_t position = 0; position < output.size() / channels; ++position) {
    const int64_t x = position % width - amounts.back()[0];
    const int64_t y = rank == 2 ? position / width - amounts.front()[0] : 0;
    const bool inside = x >= 0 && x < input[rank - 1] && y >= 0 && y < (rank == 2 ? input[0] : 1);
    const int64_t from = (y * input[rank - 1] + x) * channels;
    for (int64_t c = 0; c < channels; ++c) source.push_back(inside ? from + c : -1);
  }
  return output;
}

void check_rank(const Shape& input, int rank, const std::string& where) {
  HGQ_CHECK(input.rank() == rank + 1 && input.size() > 0, ShapeError, where, ": its input samples have shape ", input,
            ", expected ", rank == 1 ? "[length, channels]" : "[height, width, channels]");
}

/// Zeros of the input's shape, but `extent` along dim `d`, which is at most that of the input: what the largest values
/// of windows become in a quantizer without bits.
ProxyRef add_zeros(ProxyBuilder& builder, const std::string& name, ProxyRef input, int d, int64_t extent) {
  Shape shape = builder.signal(input).shape;
  const int rank = shape.rank() - 1;
  if (extent < shape[d]) {
    PoolingOptions options{.rank = rank,
                           .average = false,
                           .size = std::vector<int64_t>(static_cast<size_t>(rank), 1),
                           .stride = std::vector<int64_t>(static_cast<size_t>(rank), 1)};
    options.size[static_cast<size_t>(d)] = shape[d] - extent + 1;
    input = builder.add_pooling(name + "_window", input, std::move(options));
    shape.set(d, extent);
  }
  QuantizerTypes types{.shape = Shape{1}, .k = {0}, .b = {0}, .i = {0}};
  return builder.add_quantizer(name + "_zeros", input, std::move(types), Rounding::kTrn, Overflow::kWrap);
}

/// hls4ml 1.3.0 derives no types behind its own ZeroPadding layers, so zeros are made and joined to the values.
ProxyRef add_padding(ProxyBuilder& builder, const std::string& name, ProxyRef input, const Amounts& amounts) {
  HGQ_CHECK(builder.signal(input).fixed_point(), ConfigError, "layer '", name,
            "': reads values that are not quantized, which hls4ml cannot pad; put an HQuantize in front");
  int last = -1;
  for (size_t d = 0; d < amounts.size(); ++d) last = amounts[d][0] + amounts[d][1] > 0 ? static_cast<int>(d) : last;
  ProxyRef all = input;
  for (int d = 0; d <= last; ++d) {
    const auto [before, after] = amounts[static_cast<size_t>(d)];
    const int64_t extent = builder.signal(all).shape[d];
    std::vector<ProxyRef> parts;
    // Zeros of the whole extent are joined to themselves again and again, so that few layers make many.
    const auto add = [&](int64_t zeros) {
      std::vector<ProxyRef> doubled;  // of extent, 2 extent, 4 extent ...
      for (int64_t have = extent; have <= zeros; have *= 2) {
        doubled.push_back(
            doubled.empty() ? add_zeros(builder, name, all, d, extent)
                            : builder.add_concatenate(name + "_zeros_twice", {doubled.back(), doubled.back()}, d + 1));
      }
      for (size_t k = doubled.size(); k-- > 0;) {
        if (zeros < extent << k) continue;
        parts.push_back(doubled[k]);
        zeros -= extent << k;
      }
      if (zeros > 0) parts.push_back(add_zeros(builder, name, all, d, zeros));
    };
    add(before);
    parts.push_back(all);
    add(after);
    if (parts.size() > 1) all = builder.add_concatenate(d == last ? name : concat(name, "_part"), parts, d + 1);
  }
  return all;
}

std::optional<ProxyRef> convert(const KerasLayer& layer) {
  const bool series = layer.node.class_name == "ZeroPadding1D";
  const Amounts amounts = read_amounts(layer.reader, series ? 1 : 2);
  if (!series) read_data_format(layer.reader);
  if (!layer.is_quantized()) return {};
  check_rank(layer.builder.signal(*layer.input).shape, series ? 1 : 2, layer.node.class_name);
  return add_padding(layer.builder, layer.node.proxy_name, *layer.input, amounts);
}

class PZeroPaddingLayer final : public PassiveLayer {
 public:
  PZeroPaddingLayer(ConfigReader& c, int rank) : PassiveLayer(c), amounts_(read_amounts(c, rank)) {
    if (rank == 2) read_data_format(c);
  }
  std::string_view kind() const override { return amounts_.size() == 1 ? "PZeroPadding1D" : "PZeroPadding2D"; }
  std::string class_name() const override { return "hgq>" + std::string(kind()); }  // Python HGQ has none
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    check_rank(inputs[0], static_cast<int>(amounts_.size()), where());
    source_.clear();
    return output_ = padded(inputs[0], amounts_, source_, where());
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    return add_padding(builder, builder.layer_name(), inputs[0], amounts_);
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override { return ops::gather(inputs[0], output_, source_); }

 private:
  Amounts amounts_;
  std::vector<int64_t> source_;
};

}  // namespace

void register_zero_padding(LayerKinds& kinds) {
  kinds.layers.add({.name = "PZeroPadding1D", .doc = "zeros around a series", .make = layer_of<PZeroPaddingLayer, 1>});
  kinds.layers.add({.name = "PZeroPadding2D", .doc = "zeros around an image", .make = layer_of<PZeroPaddingLayer, 2>});
  for (const char* const name : {"ZeroPadding1D", "ZeroPadding2D"})
    kinds.keras_layers.add({.name = name, .make = convert});
}

}  // namespace hgq
