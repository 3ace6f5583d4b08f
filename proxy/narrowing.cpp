#include "hgq/proxy/narrowing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hgq/core/error.h"
#include "hgq/proxy/activations.h"
#include "hgq/proxy/conv.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/input.h"
#include "hgq/proxy/merging.h"
#include "hgq/proxy/pooling.h"
#include "hgq/proxy/unary_lut.h"

namespace hgq {
namespace {

constexpr int kUnknownBits = 65535;     // the package's word for a value that is not quantized
constexpr int kMostTableIntegers = 24;  // of a function's values, above all that a quantizer holds
constexpr int kMostPointBits = 20;      // of a function's input, points that the package evaluates

int ceil_log2_of_count(int64_t count) {
  int bits = 0;
  while ((int64_t{1} << bits) < count) ++bits;
  return bits;
}

/// The least type that holds the values, as the package's get_arr_container finds it.
HlsType container(std::span<const float> values) {
  HlsType type{.k = 0, .i = 0, .f = -31};
  if (std::ranges::all_of(values, [](float v) { return v == 0.0F; })) return {.k = 0, .i = 1, .f = 0};
  bool first = true;
  for (const float v : values) {
    type.f = std::max(type.f, hls_fraction(static_cast<double>(v)));
    if (v == 0.0F) continue;
    int exponent = 0;
    std::frexp(v, &exponent);
    const int i = v > 0.0F ? exponent : hls_ceil_log2(-static_cast<double>(v));
    type.i = first ? i : std::max(type.i, i);
    type.k = std::max(type.k, v < 0.0F ? 1 : 0);
    first = false;
  }
  return type;
}

/// The package evaluates a function on all values of its input's type, or on 2^20 of them.
template <typename F>
HlsType through(const F& function, HlsType in) {
  if (in.bits() <= 0) in = {.k = 0, .i = 1, .f = 0};
  const int64_t count = int64_t{1} << std::min(in.bits(), kMostPointBits);
  const double begin = in.k != 0 ? -std::ldexp(1.0, in.i) : 0.0;
  const double end = std::ldexp(1.0, in.i) - std::ldexp(1.0, -in.f);
  std::vector<float> values;
  for (int64_t n = 0; n < count; ++n) {
    const double x =
        begin + (end - begin) * static_cast<double>(n) / static_cast<double>(std::max<int64_t>(count - 1, 1));
    values.push_back(static_cast<float>(function(static_cast<double>(static_cast<float>(x)))));
  }
  return container(values);
}

HlsType product(const HlsType& in, std::span<const float> kernel, std::span<const float> bias, int64_t terms) {
  const HlsType w = container(kernel);
  const bool negative = std::ranges::any_of(bias, [](float b) { return b < 0.0F; });
  return {.k = in.k != 0 || w.k != 0 || negative ? 1 : 0, .i = in.i + w.i + ceil_log2_of_count(terms), .f = in.f + w.f};
}

HlsType function_of(const ProxyActivation& layer, const HlsType& in) {
  const std::string& name = layer.function();
  if (name == "softmax") return {.k = 0, .i = 1, .f = kUnknownBits};
  if (name == "tanh") return through([](double x) { return std::tanh(x); }, in);
  if (name == "sigmoid") return through([](double x) { return 1 / (1 + std::exp(-x)); }, in);
  if (name == "relu") return through([](double x) { return std::max(x, 0.0); }, in);
  return in;
}

}  // namespace

HlsType PackageNarrowing::through_function(const ops::UnaryFunction& function, const HlsType& in) {
  return through(function.value, in);
}

bool PackageNarrowing::run(int layer) {
  changed_ = false;
  known_.clear();
  produced(layer);
  return changed_;
}

HlsType PackageNarrowing::produced(int layer) {
  const auto found = known_.find(layer);
  if (found != known_.end()) return found->second;
  return known_[layer] = of(layer);
}

HlsType PackageNarrowing::of(int layer) {
  const ProxyModel::Entry& entry = layers_[static_cast<size_t>(layer)];
  HlsType in{.k = 0, .i = -kUnknownBits, .f = -kUnknownBits};  // the largest of what it reads
  for (const int parent : entry.parents) {
    const HlsType type = produced(parent);
    in = {.k = std::max(in.k, type.k), .i = std::max(in.i, type.i), .f = std::max(in.f, type.f)};
  }
  const ProxyLayer* const l = entry.layer.get();
  if (dynamic_cast<const ProxyInput*>(l) != nullptr) return {.k = 1, .i = kUnknownBits, .f = kUnknownBits};
  if (dynamic_cast<const ProxyQuantizer*>(l) != nullptr) return quantizer(layer, in);
  if (const auto* dense = dynamic_cast<const ProxyDense*>(l))
    return product(in, dense->kernel(), dense->bias(), dense->inputs());
  if (const auto* conv = dynamic_cast<const ProxyConv*>(l))
    return product(in, conv->kernel(), conv->bias(),
                   std::ssize(conv->kernel()) / std::max<int64_t>(1, conv->filters()));
  if (const auto* pool = dynamic_cast<const ProxyPooling*>(l); pool != nullptr && pool->options().average) {
    const std::vector<int64_t>& size = pool->options().size;
    in.f += ceil_log2_of_count(std::accumulate(size.begin(), size.end(), int64_t{1}, std::multiplies<>()));
    return in;
  }
  if (dynamic_cast<const ProxyAdd*>(l) != nullptr) {
    in.i += ceil_log2_of_count(std::ssize(entry.parents));
    return in;
  }
  if (dynamic_cast<const ProxyRelu*>(l) != nullptr) return through([](double x) { return std::max(x, 0.0); }, in);
  if (const auto* activation = dynamic_cast<const ProxyActivation*>(l)) return function_of(*activation, in);
  if (const auto* lut = dynamic_cast<const ProxyUnaryLut*>(l); lut != nullptr && lut->function() != nullptr)
    return through(lut->function()->value, in);
  return in;  // moves
}

HlsType PackageNarrowing::quantizer(int layer, const HlsType& in) {
  auto& q = dynamic_cast<ProxyQuantizer&>(*layers_[static_cast<size_t>(layer)].layer);
  const QuantizerTypes& types = q.types();
  HlsType own{.k = 0, .i = -128, .f = -128};
  for (size_t e = 0; e < types.b.size(); ++e) {
    const Kbi t = types.at(e);
    own = {.k = std::max(own.k, t.k), .i = std::max(own.i, t.i - t.k), .f = std::max(own.f, t.fraction())};
  }
  HlsType out{.k = std::min(in.k, own.k), .i = std::min(in.i, own.i), .f = std::min(in.f, own.f)};
  if (in.i <= own.i && in.f > own.f) ++out.i;
  if (out == own) return out;
  QuantizerTypes narrow = types;
  for (size_t e = 0; e < types.b.size(); ++e) {
    narrow.k[e] = static_cast<int8_t>(std::min<int>(types.k[e], out.k));
    narrow.i[e] = static_cast<int8_t>(std::min<int>(types.i[e], out.k + out.i));
    narrow.b[e] = static_cast<int8_t>(std::min<int>(types.b[e], out.bits()));
  }
  if (narrow == types || !is_harmless(layer, in, narrow)) return out;
  q.set_types(std::move(narrow));
  changed_ = true;
  return out;
}

// What the quantizer reads, `in` for a table (which holds wrapped values, where the function gives more): what of it
// lies in the old type must lie in the new one.
bool PackageNarrowing::is_harmless(int layer, const HlsType& in, const QuantizerTypes& narrow) const {
  const ProxyModel::Entry& entry = layers_[static_cast<size_t>(layer)];
  const auto& quantizer = dynamic_cast<const ProxyQuantizer&>(*entry.layer);
  const auto parent = static_cast<size_t>(entry.parents[0]);
  const ProxySignal& signal = signals_[parent];
  if (!signal.fixed_point()) return false;
  const bool table = dynamic_cast<const ProxyUnaryLut*>(layers_[parent].layer.get()) != nullptr;
  const std::vector<size_t> indices = quantizer.type_indices(signal.shape);
  for (size_t e = 0; e < indices.size(); ++e) {
    const Kbi before = quantizer.types().at(indices[e]);
    const Kbi after = narrow.at(indices[e]);
    if (before == after || signal.always_zero(static_cast<int64_t>(e))) continue;
    if (after.b < after.k || after.b == 0) return false;
    const int fraction = table ? in.f : signal.fraction[e];
    if (after.fraction() < before.fraction() && fraction > after.fraction()) return false;
    const MantissaRange old_range = mantissa_range(before.k, before.b);
    const MantissaRange range = mantissa_range(after.k, after.b);
    const int shift = fraction - after.fraction();
    const int old_shift = before.fraction() - after.fraction();
    const auto rounded = [&](Int128 mantissa) { return shift_round(mantissa, shift, quantizer.rounding()); };
    const auto brought = [&](Int128 mantissa) { return shift_round(mantissa, old_shift, Rounding::kTrn); };
    const HlsType held{.k = in.k, .i = std::min(in.i, kMostTableIntegers), .f = in.f};
    const MantissaRange of_function = mantissa_range(held.k, held.bits());
    const Int128 low = rounded(table ? Int128{of_function.low} : signal.low[e]);
    const Int128 high = rounded(table ? Int128{of_function.high} : signal.high[e]);
    if (std::max(low, brought(old_range.low)) < range.low || std::min(high, brought(old_range.high)) > range.high)
      return false;
  }
  return true;
}

}  // namespace hgq
