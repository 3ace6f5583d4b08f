#include "hgq/proxy/pooling.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <limits>
#include <numeric>

#include "hgq/config/config_reader.h"
#include "hgq/config/window_keys.h"
#include "hgq/core/error.h"
#include "hgq/proxy/align.h"
#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/package_types.h"

namespace hgq {
namespace {

/// The elements of the input that each element of the output reads, and their alignment.
struct Reads {
  std::vector<int64_t> from;
  std::vector<int> shift;
  std::vector<size_t> ends;  // the index after the last element of each output

  template <typename F>
  void each(const F& f) const {
    size_t begin = 0;
    for (size_t e = 0; e < ends.size(); ++e) {
      f(e, begin, ends[e]);
      begin = ends[e];
    }
  }
};

Reads reads_of(const Windows& v) {
  Reads reads;
  for (int64_t p = 0; p < v.positions(); ++p) {
    for (int64_t c = 0; c < v.channels; ++c) {
      for (int64_t k = 0; k < v.h.size * v.w.size; ++k) {
        const int64_t h = v.h.source(p / v.w.output, k / v.w.size);
        const int64_t w = v.w.source(p % v.w.output, k % v.w.size);
        if (h >= 0 && w >= 0) reads.from.push_back((h * v.w.input + w) * v.channels + c);
      }
      reads.ends.push_back(reads.from.size());
    }
  }
  return reads;
}

/// How a sum becomes a mean: it is shifted to the left, and then divided with rounding toward 0. Empty for a maximum,
/// and for means whose counts are powers of two, for which only the fraction changes.
struct Division {
  std::vector<int> shift;
  std::vector<int64_t> count;
};

// In: the storage of the input; Out: one that holds the sum of a window, shifted.
template <typename In, typename Out>
ProxyFunction pooling_function(const Reads& reads, bool average, const Division& division) {
  return [reads, average, division](const ProxyRows& rows) {
    const In* x = rows.in[0]->data<In>();
    Out* y = rows.out->data<Out>();
    for (int64_t row = 0; row < rows.rows; ++row, x += rows.in[0]->row_size(), y += rows.out->row_size()) {
      reads.each([&](size_t e, size_t begin, size_t end) {
        Out result = static_cast<Out>(x[reads.from[begin]]) << reads.shift[begin];
        for (size_t r = begin + 1; r < end; ++r) {
          const Out value = static_cast<Out>(x[reads.from[r]]) << reads.shift[r];
          result = average ? result + value : std::max(result, value);
        }
        y[e] = division.count.empty() ? result : (result << division.shift[e]) / static_cast<Out>(division.count[e]);
      });
    }
  };
}

}  // namespace

std::string_view ProxyPooling::class_name() const {
  constexpr std::array<std::string_view, 8> kNames{
      "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D",
      "MaxPooling1D",       "MaxPooling2D",       "AveragePooling1D",       "AveragePooling2D"};
  return kNames.at((options_.global ? 0U : 4U) + (options_.average ? 2U : 0U) + (options_.rank == 2 ? 1U : 0U));
}

PoolingOptions read_pooling_options(std::string_view class_name, ConfigReader& reader) {
  PoolingOptions options{.rank = class_name.ends_with("1D") ? 1 : 2,
                         .average = class_name.find("Average") != std::string_view::npos,
                         .size = {},
                         .stride = {},
                         .global = class_name.starts_with("Global")};
  if (options.global) {
    read_data_format(reader);
    if (reader.boolean("keepdims", "whether dims of extent 1 stay", false))
      reader.error("keepdims", "found true, which hls4ml 1.3.0 ignores, expected false, and a Reshape after it");
    return options;
  }
  options.size = read_sizes(reader, "pool_size", "extent of the window", options.rank, 2);
  options.stride =
      reader.has("strides") ? read_sizes(reader, "strides", "distance between windows", options.rank, 1) : options.size;
  options.padding = read_padding(reader, false);
  read_data_format(reader);
  return options;
}

std::unique_ptr<ProxyLayer> ProxyPooling::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (", node.class_name, ")"), errors);
  PoolingOptions options = read_pooling_options(node.class_name, reader);
  errors.throw_if_any();
  return std::make_unique<ProxyPooling>(node.name, std::move(options));
}

Node ProxyPooling::config(bool /*only_child*/) const {
  Node config = base_config(true);
  if (options_.global) {
    config.set("data_format", Node::string("channels_last"));
    config.set("keepdims", Node::boolean(false));
    return config;
  }
  config.set("pool_size", integer_list(options_.size));
  config.set("strides", integer_list(options_.stride));
  config.set("padding", Node::string(std::string(to_string(options_.padding))));
  config.set("data_format", Node::string("channels_last"));
  return config;
}

namespace {

/// hls4ml 1.3.0 gives a mean as many more fractional bits as 1 / count has, and at most this many, namely if the count
/// is not a power of two. It divides in a type that all elements of the layer share (BitExact's rules for pooling,
/// nnet::avg).
constexpr int kDivisionBits = 32;

/// Empty if all counts are powers of two. In either case, sets `fraction` to that of the means.
Division divide(const Reads& reads, std::vector<int>& fraction) {
  Division division;
  int finest = std::numeric_limits<int>::min();
  bool exact = true;
  reads.each([&](size_t e, size_t begin, size_t end) {
    const auto count = static_cast<uint64_t>(end - begin);
    exact = exact && std::has_single_bit(count);
    finest = std::max(finest, fraction[e] + (std::has_single_bit(count) ? std::countr_zero(count) : kDivisionBits));
  });
  reads.each([&](size_t e, size_t begin, size_t end) {
    if (exact) {
      fraction[e] += std::countr_zero(static_cast<uint64_t>(end - begin));
      return;
    }
    division.count.push_back(static_cast<int64_t>(end - begin));
    division.shift.push_back(finest - fraction[e]);
    fraction[e] = finest;
  });
  return division;
}

}  // namespace

// The types that hls4ml derives: the widest of each window, where padding counts as a type without bits; the fraction
// of a mean is larger by that of 1 / count.
HlsTypes ProxyPooling::hls_types(const HlsTypes& in, const Windows& windows) const {
  const Reads reads = reads_of(windows);
  const auto whole = static_cast<size_t>(windows.h.size * windows.w.size);
  HlsTypes out;
  reads.each([&](size_t /*e*/, size_t begin, size_t end) {
    constexpr int kLeast = std::numeric_limits<int>::min();
    const int padding = end - begin < whole ? 0 : kLeast;  // a type without bits
    int k = std::max(padding, 0);
    int i = padding;
    int f = padding;
    for (size_t r = begin; r < end; ++r) {
      const auto from = static_cast<size_t>(reads.from[r]);
      k = std::max(k, in.k[from]);
      i = std::max(i, in.i[from]);
      f = std::max(f, in.f[from]);
    }
    if (options_.average) f += hls_fraction(1.0 / static_cast<double>(end - begin));
    out.push(k, i, f);
  });
  return out;
}

// The elements of a window get one fraction; ranges are those of the sum or the maximum, and for a mean those after the
// division. The storage must hold the sum before it.
ProxyPlan ProxyPooling::plan(std::span<const ProxySignal* const> in) const {
  const ProxySignal& input = fixed_input(in);
  HGQ_CHECK(input.shape.rank() == options_.rank + 1, ShapeError, where(), ": reads values of shape ", input.shape,
            ", expected ", options_.rank + 1, " dims");
  std::vector<int64_t> positions;
  for (int d = 0; d < options_.rank; ++d) positions.push_back(input.shape[d]);
  const Windows windows = make_windows(input.shape, options_.global ? positions : options_.size,
                                       options_.global ? positions : options_.stride,
                                       std::vector<int64_t>(positions.size(), 1), options_.padding);
  check_table(windows.reads(), where());
  Reads reads = reads_of(windows);
  ProxySignal all;
  all.storage = input.storage;
  all.shape = Shape{static_cast<int64_t>(reads.from.size())};
  std::vector<int64_t> group;
  reads.each([&](size_t e, size_t begin, size_t end) {
    for (size_t r = begin; r < end; ++r) {
      const auto from = static_cast<size_t>(reads.from[r]);
      all.fraction.push_back(input.fraction[from]);
      all.low.push_back(input.low[from]);
      all.high.push_back(input.high[from]);
      group.push_back(static_cast<int64_t>(e));
    }
  });
  Alignment aligned = align(all, group, static_cast<int64_t>(reads.ends.size()), where());
  reads.shift = std::move(aligned.shift);

  ProxyPlan plan;
  plan.out.shape = options_.global ? Shape{windows.channels} : windows.output_shape(windows.channels);
  plan.out.hls = hls_types(input.hls, windows);
  Division division;
  plan.out.fraction = aligned.fraction;
  if (options_.average) division = divide(reads, plan.out.fraction);
  Int128 largest = 0;
  reads.each([&](size_t e, size_t begin, size_t end) {
    Int128 low = all.low[begin] << reads.shift[begin];
    Int128 high = all.high[begin] << reads.shift[begin];
    for (size_t r = begin + 1; r < end; ++r) {
      const Int128 least = all.low[r] << reads.shift[r];
      const Int128 most = all.high[r] << reads.shift[r];
      low = options_.average ? low + least : std::max(low, least);
      high = options_.average ? high + most : std::max(high, most);
    }
    if (!division.count.empty()) {
      const int shift = division.shift[e];
      check_term_bits(mantissa_bits(std::max({-low, low, -high, high})) + shift, where());
      largest = std::max({largest, -low << shift, low << shift, -high << shift, high << shift});
      low = (low << shift) / division.count[e];
      high = (high << shift) / division.count[e];
    }
    largest = std::max({largest, -low, low, -high, high});
    plan.out.low.push_back(low);
    plan.out.high.push_back(high);
  });
  plan.out.storage = std::max(input.storage, storage_for(largest));
  if (input.storage == Storage::kInt128) {
    plan.compute = pooling_function<Int128, Int128>(reads, options_.average, division);
  } else if (plan.out.storage == Storage::kInt128) {
    plan.compute = pooling_function<int64_t, Int128>(reads, options_.average, division);
  } else {
    plan.compute = pooling_function<int64_t, int64_t>(reads, options_.average, division);
  }
  plan.operation = WindowOperation{options_.average, reads.from, reads.ends};
  return plan;
}

HlsType ProxyPooling::package_type(std::span<const HlsType> in) const {
  HlsType type = widest(in);
  if (options_.average)
    type.f +=
        bits_of_count(std::accumulate(options_.size.begin(), options_.size.end(), int64_t{1}, std::multiplies<>()));
  return type;
}

std::string ProxyPooling::firmware_note(const ProxySignal& /*input*/) const {
  if (!options_.global || options_.rank == 1) return "";
  return "hls4ml 1.3.0 cannot convert global pooling of images in a proxy; a pooling of all positions and a Flatten "
         "give the same";
}

std::string ProxyPooling::why_inexact() const {
  if (!options_.average) return "";
  return concat("'", name(), "' divides by a count: hls4ml truncates the quotient, the model rounds it to float32");
}

namespace {

std::optional<ProxyRef> convert_pooling(const KerasLayer& layer) {
  PoolingOptions options = read_pooling_options(layer.node.class_name, layer.reader);
  if (!layer.is_quantized()) return {};
  return layer.builder.add_pooling(layer.node.proxy_name, *layer.input, std::move(options));
}

/// A window of all positions; hls4ml's own global pooling does the same, but forgets `keepdims`.
std::optional<ProxyRef> convert_global_pooling(const KerasLayer& layer) {
  const std::string window_class = layer.node.class_name.substr(std::string_view("Global").size());
  read_data_format(layer.reader);
  const bool keeps_dims = layer.reader.boolean("keepdims", "whether dims of extent 1 stay", false);
  if (!layer.is_quantized()) return {};
  PoolingOptions options{.rank = window_class.ends_with("1D") ? 1 : 2,
                         .average = window_class.starts_with("Average"),
                         .size = {},
                         .stride = {}};
  const Shape& shape = layer.builder.signal(*layer.input).shape;
  HGQ_CHECK(shape.rank() == options.rank + 1, ShapeError, "reads values of shape ", shape, ", expected ",
            options.rank + 1, " dims");
  for (int d = 0; d < options.rank; ++d) options.size.push_back(shape[d]);
  options.stride = options.size;
  const std::string& name = layer.node.proxy_name;
  const ProxyRef pooled = layer.builder.add_pooling(name, *layer.input, std::move(options));
  return keeps_dims ? pooled : layer.builder.add_flatten(name + "_flat", pooled);
}

}  // namespace

void register_pooling(ProxyKinds& kinds) {
  kinds.proxy_layers.add({.name = "MaxPooling1D", .make = ProxyPooling::read});
  kinds.proxy_layers.add({.name = "MaxPooling2D", .make = ProxyPooling::read});
  kinds.proxy_layers.add({.name = "AveragePooling1D", .make = ProxyPooling::read});
  kinds.proxy_layers.add({.name = "AveragePooling2D", .make = ProxyPooling::read});
  for (const char* const name :
       {"GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D"})
    kinds.proxy_layers.add({.name = name, .make = ProxyPooling::read});
  kinds.keras_layers.add({.name = "MaxPooling1D", .make = convert_pooling});
  kinds.keras_layers.add({.name = "MaxPooling2D", .make = convert_pooling});
  kinds.keras_layers.add({.name = "AveragePooling1D", .make = convert_pooling});
  kinds.keras_layers.add({.name = "AveragePooling2D", .make = convert_pooling});
  kinds.keras_layers.add({.name = "GlobalMaxPooling1D", .make = convert_global_pooling});
  kinds.keras_layers.add({.name = "GlobalMaxPooling2D", .make = convert_global_pooling});
  kinds.keras_layers.add({.name = "GlobalAveragePooling1D", .make = convert_global_pooling});
  kinds.keras_layers.add({.name = "GlobalAveragePooling2D", .make = convert_global_pooling});
}

}  // namespace hgq
