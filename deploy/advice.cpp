#include "hgq/deploy/advice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "hgq/deploy/match.h"
#include "hgq/layers/predict.h"
#include "hgq/proxy/quantizer.h"

namespace hgq {
namespace {

struct Record {
  std::vector<float> low, high;  // of each element of f

  static Record of(const Quantizer& paq) {
    const auto low = paq.record_min.value.values();
    const auto high = paq.record_max.value.values();
    return {{low.begin(), low.end()}, {high.begin(), high.end()}};
  }
  void give(Quantizer& paq) const {
    std::ranges::copy(low, paq.record_min.value.data());
    std::ranges::copy(high, paq.record_max.value.data());
  }
};

/// The records of a model as they were, given back at the end.
class KeptRecords {
 public:
  explicit KeptRecords(const Model& model) {
    for (Layer* const layer : model.layers()) {
      if (layer->output_quantizer() != nullptr) records_.emplace(layer, Record::of(*layer->output_quantizer()));
    }
  }
  ~KeptRecords() {
    for (const auto& [layer, record] : records_) record.give(*layer->output_quantizer());
  }
  KeptRecords(const KeptRecords&) = delete;
  KeptRecords& operator=(const KeptRecords&) = delete;
  const Record& of(Layer* layer) const { return records_.at(layer); }

 private:
  std::map<Layer*, Record> records_;
};

Kif kif_of(const Kbi& type) { return {type.k, type.i - type.k, type.fraction()}; }

bool lacks(const Kif& have, const Kif& need) { return need.bits() > 0 && (need.k > have.k || need.i > have.i); }

Kif widest(const Kif& a, const Kif& b) { return {std::max(a.k, b.k), std::max(a.i, b.i), std::max(a.f, b.f)}; }

double rounded_up(double factor) { return std::ceil(factor * 100) / 100; }

/// The quantizers of the proxy that hold the values of a layer of the model.
struct LayerTypes {
  const ProxyQuantizer* last = nullptr;
  const ProxyQuantizer* before_relu = nullptr;  // of one type; nullptr where there is no ReLU

  Kif of_element(size_t n) const { return kif_of(last->types().at(n)); }
  bool has_bits(size_t n) const { return last->types().b[n] > 0; }
};

LayerTypes types_of(const ProxyModel& proxy, int end) {
  LayerTypes types{.last = proxy.layer(end).as_quantizer()};
  if (types.last == nullptr) return types;
  const int front = proxy.layers()[static_cast<size_t>(end)].parents[0];
  if (!proxy.layer(front).is_relu()) return types;
  const int before = proxy.layers()[static_cast<size_t>(front)].parents[0];
  types.before_relu = proxy.layer(before).as_quantizer();
  return types;
}

/// What the elements of f need by the record that a quantizer has now: behind the ReLU, and in front of it.
struct Needs {
  std::vector<Kif> last, before;

  Needs(const Quantizer& paq, const LayerTypes& types)
      : last(paq.exact_bits(types.before_relu != nullptr)),
        before(types.before_relu == nullptr ? std::vector<Kif>(last.size()) : paq.exact_bits(false)) {}
};

/// Which elements of f need more than they have.
std::vector<bool> lacking(const LayerTypes& types, const Needs& needs) {
  std::vector<bool> out;
  for (size_t n = 0; n < needs.last.size(); ++n) {
    out.push_back(types.has_bits(n) &&
                  (lacks(types.of_element(n), needs.last[n]) ||
                   (types.before_relu != nullptr && lacks(kif_of(types.before_relu->types().at(0)), needs.before[n]))));
  }
  return out;
}

class Advisor {
 public:
  Advisor(Model& model, const ProxyMatch& match)
      : model_(model), proxy_(match.proxy()), match_(match), traced_(model) {}

  RangeAdvice run(const Dataset& data, const VerifyReport& report, Workers& workers) {
    record(data, workers);
    Batch row;
    for (const int64_t index : report.overflow_rows) {
      data.slice(index, 1, row);
      add_values_of_the_proxy(row.inputs());
    }
    // Layers that do not overflow yet are advised, too: they may, once those in front of them hold their values.
    const bool any_overflow = report.rows_with_overflow > 0;
    RangeAdvice advice;
    for (size_t e = 0; e < model_.entries().size(); ++e) {
      const Model::Entry& entry = model_.entries()[e];
      if (entry.layer == nullptr || entry.layer->output_quantizer() == nullptr || match_.end(e) < 0) continue;
      const LayerTypes types = types_of(proxy_, match_.end(e));
      const Quantizer& paq = *entry.layer->output_quantizer();
      if (types.last == nullptr || std::ssize(types.last->types().b) != paq.f.value.size()) continue;
      const bool told = std::ranges::any_of(advice.overflows, [&](const auto& a) { return a.layer == name_of(entry); });
      if (any_overflow && !told) advise(entry, types, advice);
      find_without_bits(entry, types, advice);
    }
    return advice;
  }

 private:
  const std::string& name_of(const Model::Entry& entry) const {
    return entry.is_first_call() ? entry.name : model_.entry(entry.first_call).name;
  }

  /// The ranges of the model's values on these data.
  void record(const Dataset& data, Workers& workers) {
    model_.reset_records();
    Predictor predictor(model_, workers, Mode::kTrace);
    for (const Batch& batch : data.batches(kPredictedRows)) predictor.run_block(batch.inputs());
  }

  /// Widens the ranges by what overflows in the proxy, where nothing in front of it has overflowed.
  void add_values_of_the_proxy(std::span<const ConstTensorView> one_row) {
    if (!emulator_) emulator_.emplace(proxy_);
    const EmulatedRow emulated = emulator_->row(one_row);
    std::vector<bool> wrong(proxy_.layers().size(), false);  // what may hold values that the model does not have
    for (size_t i = 0; i < proxy_.layers().size(); ++i) {
      const std::vector<int>& parents = proxy_.layers()[i].parents;
      const bool wrong_already =
          std::ranges::any_of(parents, [&](int parent) { return wrong[static_cast<size_t>(parent)]; });
      wrong[i] = wrong_already || emulated.overflows[i] > 0;
      if (!wrong_already && emulated.overflows[i] > 0) add_values(i, emulated.values[static_cast<size_t>(parents[0])]);
    }
  }

  void add_values(size_t layer, const std::vector<float>& values) {
    const ProxyQuantizer* const quantizer = proxy_.layer(static_cast<int>(layer)).as_quantizer();
    const int owner = match_.owner(layer);
    if (quantizer == nullptr || owner < 0) return;
    Quantizer* const paq = model_.entry(owner).layer->output_quantizer();
    if (paq == nullptr) return;
    const std::vector<Kbi> types = quantizer->types_of_elements(emulator_->signal(static_cast<int>(layer)).shape);
    const std::vector<int64_t> spread = paq->spread();
    for (size_t e = 0; e < std::min(values.size(), spread.size()); ++e) {
      const auto value = static_cast<double>(values[e]);
      if (!quantize(value, types[e], quantizer->rounding(), Overflow::kSat).outside) continue;
      const int fraction = types[e].fraction();
      const auto rounded = static_cast<float>(
          std::ldexp(round_to_integer(std::ldexp(value, fraction), quantizer->rounding()), -fraction));
      float& low = paq->record_min.value.data()[spread[e]];
      float& high = paq->record_max.value.data()[spread[e]];
      low = std::min(low, rounded);
      high = std::max(high, rounded);
    }
  }

  void advise(const Model::Entry& entry, const LayerTypes& types, RangeAdvice& all) {
    Quantizer& paq = *entry.layer->output_quantizer();
    const Needs needs(paq, types);
    const std::vector<bool> lack = lacking(types, needs);
    if (std::ranges::find(lack, true) == lack.end()) return;
    const Record came = Record::of(paq);
    const Record& traced = traced_.of(entry.layer.get());
    constexpr double kFar = std::numeric_limits<double>::infinity();
    OverflowAdvice advice{.layer = name_of(entry), .quantizer = types.last->name()};
    double factor = 0;
    for (size_t n = 0; n < lack.size(); ++n) {
      if (!lack[n]) continue;
      const auto low = static_cast<double>(came.low[n]);
      const auto high = static_cast<double>(came.high[n]);
      const auto traced_low = static_cast<double>(traced.low[n]);
      const auto traced_high = static_cast<double>(traced.high[n]);
      add_need(types.of_element(n), needs.last[n], advice);
      if (types.before_relu != nullptr) add_need(kif_of(types.before_relu->types().at(0)), needs.before[n], advice);
      const double centre = (traced_low + traced_high) / 2;
      const double half = (traced_high - traced_low) / 2;
      const double own = half > 0 ? std::max((high - centre) / half, (centre - low) / half) : kFar;
      if (own <= factor) continue;
      factor = own;
      advice.low = low;
      advice.high = high;
      advice.traced_low = traced_low;
      advice.traced_high = traced_high;
    }
    if (std::isfinite(factor)) advice.cover_factor = sufficient_factor(*entry.layer, types, needs, lack, factor);
    came.give(paq);
    all.overflows.push_back(std::move(advice));
  }

  static void add_need(const Kif& have, const Kif& need, OverflowAdvice& advice) {
    if (!lacks(have, need)) return;
    advice.needs_sign = advice.needs_sign || need.k > have.k;
    advice.more_bits = std::max(advice.more_bits, need.i - have.i);
  }

  /// The factor, or a little more: what is widened is rounded to the grid, also down.
  double sufficient_factor(Layer& layer, const LayerTypes& types, const Needs& needs, const std::vector<bool>& lack,
                           double factor) const {
    Quantizer& paq = *layer.output_quantizer();
    for (int tries = 0; tries < 100; ++tries) {
      factor = rounded_up(factor);
      traced_.of(&layer).give(paq);
      paq.widen_record(factor);
      layer.after_trace();
      const Needs holds(paq, types);
      Kif all_before;  // the quantizer in front of a ReLU has the widest type of all elements
      for (const Kif& kif : holds.before) all_before = widest(all_before, kif);
      bool enough = true;
      for (size_t n = 0; n < lack.size(); ++n)
        enough = enough && (!lack[n] || (!lacks(holds.last[n], needs.last[n]) && !lacks(all_before, needs.before[n])));
      if (enough) return factor;
      factor *= 1.02;
    }
    return 0;
  }

  void find_without_bits(const Model::Entry& entry, const LayerTypes& types, RangeAdvice& all) const {
    const Quantizer& paq = *entry.layer->output_quantizer();
    const Needs needs(paq, types);
    const Record came = Record::of(paq);
    WithoutBitsAdvice advice{.layer = entry.name, .quantizer = types.last->name()};
    for (size_t n = 0; n < needs.last.size(); ++n) {
      if (types.has_bits(n) || needs.last[n].bits() <= 0) continue;
      ++advice.elements;
      const double low = types.before_relu != nullptr ? 0 : static_cast<double>(came.low[n]);
      advice.most = std::max({advice.most, std::abs(low), std::abs(static_cast<double>(came.high[n]))});
    }
    if (advice.elements > 0) all.without_bits.push_back(std::move(advice));
  }

  Model& model_;
  const ProxyModel& proxy_;
  const ProxyMatch& match_;
  KeptRecords traced_;
  std::optional<Emulator> emulator_;
};

}  // namespace

RangeAdvice advise_ranges(Model& model, const ProxyMatch& match, const Dataset& data, const VerifyReport& report,
                          Workers& workers) {
  return Advisor(model, match).run(data, report, workers);
}

}  // namespace hgq
