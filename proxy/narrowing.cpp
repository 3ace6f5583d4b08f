#include "hgq/proxy/narrowing.h"

#include <algorithm>

#include "hgq/proxy/package_types.h"

namespace hgq {
namespace {

constexpr int kMostTableIntegers = 24;  // of a function's values, above all that a quantizer holds

}  // namespace

std::vector<int> PackageNarrowing::run(int layer) {
  changed_.clear();
  known_.clear();
  produced(layer);
  return changed_;
}

HlsType PackageNarrowing::produced(int layer) {
  const auto found = known_.find(layer);
  if (found != known_.end()) return found->second;
  const ProxyModel::Entry& entry = layers_[static_cast<size_t>(layer)];
  std::vector<HlsType> in;
  for (const int parent : entry.parents) in.push_back(produced(parent));
  ProxyQuantizer* const own = entry.layer->as_quantizer();
  return known_[layer] = own == nullptr ? entry.layer->package_type(in) : quantizer(layer, *own, widest(in));
}

HlsType PackageNarrowing::quantizer(int layer, ProxyQuantizer& q, const HlsType& in) {
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
  if (narrow == types || !is_harmless(layer, q, in, narrow)) return out;
  q.set_types(std::move(narrow));
  changed_.push_back(layer);
  return out;
}

// The range of the input of a quantizer; that of a table is `in`, as its entries are wrapped even if the function's
// values are larger. Every input within the old type must be within the new one.
bool PackageNarrowing::is_harmless(int layer, const ProxyQuantizer& quantizer, const HlsType& in,
                                   const QuantizerTypes& narrow) const {
  const auto parent = static_cast<size_t>(layers_[static_cast<size_t>(layer)].parents[0]);
  const ProxySignal& signal = signals_[parent];
  if (!signal.fixed_point()) return false;
  const bool table = layers_[parent].layer->table_overflows() != nullptr;
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
