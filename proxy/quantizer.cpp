#include "hgq/proxy/quantizer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/quantizer_loops.h"

namespace hgq {
namespace {

bool all_equal(const std::vector<int8_t>& values) {
  return std::ranges::all_of(values, [&](int8_t v) { return v == values.front(); });
}

const std::vector<int8_t>& widths(const KerasNode& node, const KerasLayerWeights& weights, std::string_view name,
                                  const Shape& shape) {
  const KerasWeight* weight = weights.find(name);
  HGQ_CHECK(weight != nullptr && weight->is_int8() && weight->shape == shape, FileError, node.config.place(),
            ": quantizer '", node.name, "' has ", weight == nullptr ? "no" : "as", " weight '", name, "' ",
            weight == nullptr ? "" : concat(weight->is_int8() ? "int8 " : "float32 ", weight->shape),
            ", expected int8 ", shape);
  return weight->int8s();
}

Shape read_shape(const KerasNode& node) {
  const Node* list = node.config.find("shape");
  HGQ_CHECK(list != nullptr && list->is_list(), FileError, node.config.place(), ": quantizer '", node.name,
            "' has no list 'shape'");
  std::vector<int64_t> dims;
  for (const Node& item : list->items()) {
    const auto extent = decimal_integer(item);
    HGQ_CHECK(extent.has_value(), FileError, item.place(), ": found ", describe(item), ", expected an integer");
    dims.push_back(*extent);
  }
  return Shape(dims);
}

LayerOverrides read_overrides(const Node& config) {
  LayerOverrides out;
  for (const auto& [layer, keys] : config["overrides"]["layers"].entries()) {
    for (const auto& [key, value] : keys.entries()) out[layer][key] = value;
  }
  return out;
}

Node overrides_node(const LayerOverrides& overrides) {
  Node layers = Node::map({});
  for (const auto& [layer, keys] : overrides) {
    Node map = Node::map({});
    for (const auto& [key, value] : keys) map.set(key, value);
    layers.set(layer, std::move(map));
  }
  return Node::map({{"layers", std::move(layers)}});
}

template <typename Mode>
Mode read_mode(ConfigReader& reader, const std::string& key, std::string_view doc,
               std::optional<Mode> (*named)(std::string_view), const std::vector<std::string>& names) {
  return named(reader.choice(key, doc, names, "")).value_or(Mode{});
}

std::string range_text(const Kbi& type) {
  if (type.b == 0) return "holds only 0";
  const MantissaRange range = mantissa_range(type.k, type.b);
  return concat("holds ", to_float(range.low, type.fraction()), " to ", to_float(range.high, type.fraction()));
}

}  // namespace

bool QuantizerTypes::one_type() const { return all_equal(k) && all_equal(b) && all_equal(i); }

ProxyQuantizer::ProxyQuantizer(std::string name, QuantizerTypes types, Rounding rounding, Overflow overflow,
                               LayerOverrides overrides)
    : ProxyLayer(std::move(name)),
      types_(std::move(types)),
      rounding_(rounding),
      overflow_(overflow),
      overrides_(std::move(overrides)) {
  const auto count = static_cast<size_t>(types_.shape.size());
  HGQ_CHECK(count > 0 && types_.k.size() == count && types_.b.size() == count && types_.i.size() == count, ShapeError,
            where(), ": shape ", types_.shape, " needs ", count, " types; there are ", types_.k.size(), " k, ",
            types_.b.size(), " b, ", types_.i.size(), " i");
  for (size_t e = 0; e < count; ++e) {
    if (types_.b[e] == 0) types_.k[e] = types_.i[e] = 0;
    const Kbi type = types_.at(e);
    HGQ_CHECK((type.k == 0 || type.k == 1) && type.b >= type.k && type.b <= kMaxFixedBits, ShapeError, where(),
              ": element ", e, " has k = ", type.k, ", b = ", type.b, ", i = ", type.i,
              "; expected k 0 or 1, and b from k to ", kMaxFixedBits);
  }
}

std::unique_ptr<ProxyLayer> ProxyQuantizer::read(const KerasNode& node, const KerasLayerWeights& weights) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("quantizer '", node.name, "'"), errors);
  const auto rounding = read_mode<Rounding>(reader, "RND", "rounding", rounding_named, rounding_names());
  const auto overflow = read_mode<Overflow>(reader, "SAT", "overflow mode", overflow_named, overflow_names());
  errors.throw_if_any();
  QuantizerTypes types;
  types.shape = read_shape(node);
  types.k = widths(node, weights, "keep_negative", types.shape);
  types.b = widths(node, weights, "bits", types.shape);
  types.i = widths(node, weights, "integers", types.shape);
  return std::make_unique<ProxyQuantizer>(node.name, std::move(types), rounding, overflow, read_overrides(node.config));
}

Shape ProxyQuantizer::file_shape(bool only_child) const {
  return types_.shape.rank() == 0 && !fusible(only_child) ? Shape{1} : types_.shape;
}

Node ProxyQuantizer::config(bool only_child) const {
  Node config = base_config(false);
  config.set("RND", Node::string(std::string(to_string(rounding_))));
  config.set("SAT", Node::string(std::string(to_string(overflow_))));
  config.set("shape", integer_list(file_shape(only_child).dims()));
  config.set("overrides", overrides_node(overrides_));
  config.set("fusible", Node::boolean(fusible(only_child)));
  return config;
}

std::vector<KerasWeight> ProxyQuantizer::weights(bool only_child) const {
  const Shape shape = file_shape(only_child);
  return {KerasWeight::of_int8("keep_negative:0", shape, types_.k), KerasWeight::of_int8("bits:0", shape, types_.b),
          KerasWeight::of_int8("integers:0", shape, types_.i)};
}

// For each element of a sample the index of its type; the shape of the types is broadcast as in NumPy, batch included.
std::vector<size_t> ProxyQuantizer::type_indices(const Shape& sample) const {
  const Shape output = sample.with_front(1);
  const int missing = output.rank() - types_.shape.rank();
  bool fits = missing >= 0;
  for (int d = 0; fits && d < types_.shape.rank(); ++d) {
    fits = types_.shape[d] == 1 || types_.shape[d] == output[d + missing];
  }
  HGQ_CHECK(fits, ShapeError, where(), ": types of shape ", types_.shape, " do not fit values of shape ", output);
  const auto strides = row_major_strides(types_.shape);
  const auto output_strides = row_major_strides(output);
  std::vector<size_t> out;
  for (int64_t e = 0; e < sample.size(); ++e) {
    int64_t index = 0;
    for (int d = 0; d < types_.shape.rank(); ++d) {
      const int64_t place = e / output_strides[static_cast<size_t>(d + missing)] % output[d + missing];
      if (types_.shape[d] > 1) index += place * strides[static_cast<size_t>(d)];
    }
    out.push_back(static_cast<size_t>(index));
  }
  return out;
}

std::vector<Kbi> ProxyQuantizer::types_of_elements(const Shape& sample) const {
  std::vector<Kbi> out;
  for (const size_t at : type_indices(sample)) out.push_back(types_.at(at));
  return out;
}

void ProxyQuantizer::set_types(QuantizerTypes types) {
  HGQ_CHECK(types.shape == types_.shape, ShapeError, where(), ": types of shape ", types.shape, " for ", types_.shape);
  types_ = std::move(types);
}

// proxy-format.md 1.5.
HlsTypes ProxyQuantizer::narrowed(const HlsTypes& in, const Shape& sample) const {
  HlsTypes out;
  const std::vector<size_t> indices = type_indices(sample);
  for (size_t e = 0; e < indices.size(); ++e) {
    const Kbi type = types_.at(indices[e]);
    int k = type.k;
    int i = type.i - type.k;
    int f = type.fraction();
    const int least_i = std::min(i, in.i[e]);
    const bool may_grow = in.f[e] > f && i > in.i[e] && (rounding_ != Rounding::kTrn || k != 0);
    const bool never_overflows =
        std::ldexp(1.0, i) - std::ldexp(1.0, -f) >= std::ldexp(1.0, in.i[e]) - std::ldexp(1.0, -in.f[e]) &&
        k >= in.k[e];
    if (overflow_ == Overflow::kSat || never_overflows) {
      k = std::min(k, in.k[e]);
      i = least_i + (may_grow ? 1 : 0);
      f = std::min(f, in.f[e]);
    }
    k + i + f <= 0 ? out.push(0, 0, 0) : out.push(k, i, f);
  }
  return out;
}

HlsType ProxyQuantizer::folded_hls_type(const HlsTypes& narrowed, const Shape& sample) const {
  HGQ_CHECK(narrowed.size() == static_cast<size_t>(sample.size()), ShapeError, where(), ": other types");
  int k = 0;
  int b = 0;
  int i = 0;
  for (size_t e = 0; e < narrowed.size(); ++e) {
    k = std::max(k, narrowed.k[e]);
    b = std::max(b, narrowed.k[e] + narrowed.i[e] + narrowed.f[e]);
    i = e == 0 ? narrowed.k[e] + narrowed.i[e] : std::max(i, narrowed.k[e] + narrowed.i[e]);
  }
  return {.k = k, .i = i - k, .f = b - i};
}

// The types that the firmware has (proxy-format.md 1.5): narrowed by the input, and the widest of those elements that
// share a type.
std::vector<Kbi> ProxyQuantizer::firmware_types(const ProxySignal& input) const {
  std::vector<Kbi> types = types_of_elements(input.shape);
  const HlsTypes own = narrowed(input.hls, input.shape);
  std::vector<size_t> group = type_indices(input.shape);
  const bool folded = fusible(only_child_);
  if (folded) {
    if (rounding_ == Rounding::kTrn && overflow_ == Overflow::kWrap) return types;  // the type of the layer before it
    std::ranges::fill(group, 0);
  }
  std::vector<Kbi> of_group(types_.b.size(), Kbi{.k = 0, .b = 0, .i = std::numeric_limits<int>::min()});
  for (size_t e = 0; e < group.size(); ++e) {
    Kbi& t = of_group[group[e]];
    const int integers = own.k[e] + own.i[e];
    t = {.k = std::max(t.k, own.k[e]), .b = std::max(t.b, integers + own.f[e]), .i = std::max(t.i, integers)};
  }
  for (size_t e = 0; e < types.size(); ++e) {
    const Kbi& t = of_group[group[e]];
    if (t.b > 0) {
      types[e] = t;
    } else if (types[e].b > 0) {
      types[e] = {.k = 0, .b = 0, .i = -types[e].fraction()};
    }
  }
  return types;
}

bool ProxyQuantizer::is_folded(const ProxySignal& input) const {
  if (fusible(only_child_)) return true;
  const std::vector<Kbi> types = firmware_types(input);
  return only_child_ && std::ranges::all_of(types, [&](const Kbi& t) {
           return t.k == types[0].k && t.b == types[0].b && (t.b == 0 || t.i == types[0].i);
         });
}

// An element without bits gives 0, with fraction 0.
ProxyPlan ProxyQuantizer::plan(std::span<const ProxySignal* const> in) const {
  const ProxySignal& input = only_input(in);
  const std::vector<Kbi> types = firmware_types(input);
  ProxyPlan plan;
  plan.out.shape = input.shape;
  plan.out.storage = Storage::kInt64;
  for (const Kbi& type : types) {
    const MantissaRange range = mantissa_range(type.k, type.b);
    plan.out.fraction.push_back(type.b == 0 ? 0 : type.fraction());
    plan.out.low.push_back(range.low);
    plan.out.high.push_back(range.high);
  }
  plan.out.hls = narrowed(input.hls, input.shape);
  plan.compute = quantizer_function(input, types, rounding_, overflow_);
  plan.operation = QuantizeOperation{types, rounding_, overflow_};
  return plan;
}

// The element that differs, or, if elements have moved after the quantizer, the first that overflows.
std::string ProxyQuantizer::why_wrong(const ProxyLayerRow& row) const {
  if (row.overflows == 0) return "";
  const std::vector<Kbi> types = types_of_elements(row.shape);
  const auto lacks = [&](size_t e) {
    return quantize(static_cast<double>(row.input[e]), types[e], rounding_, Overflow::kSat).outside;
  };
  size_t e = static_cast<size_t>(row.element) < types.size() ? static_cast<size_t>(row.element) : 0;
  for (size_t i = 0; !lacks(e) && i < types.size(); ++i) e = lacks(i) ? i : e;
  return concat("overflow: ", row.input[e], " came to quantizer '", name(), "', which ", range_text(types[e]));
}

void register_quantizer(ProxyKinds& kinds) {
  kinds.proxy_layers.add({.name = "FixedPointQuantizer", .make = ProxyQuantizer::read});
}

}  // namespace hgq
