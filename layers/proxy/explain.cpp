#include "hgq/layers/proxy/explain.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/layers/proxy/activations.h"
#include "hgq/layers/proxy/conv.h"
#include "hgq/layers/proxy/convert.h"
#include "hgq/layers/proxy/dense.h"
#include "hgq/layers/proxy/pooling.h"
#include "hgq/layers/proxy/precision.h"
#include "hgq/layers/proxy/unary_lut.h"

namespace hgq {
namespace {

std::vector<ConstTensorView> one_row(std::span<const ConstTensorView> inputs, int64_t row) {
  std::vector<ConstTensorView> views;
  for (const ConstTensorView& input : inputs) views.push_back(input.rows(row, 1));
  return views;
}

/// Names of the proxy layers that hold the outputs of the model's layers.
std::vector<std::string> end_names(const Model& model, const ProxyModel& proxy) {
  ProxyOptions options;
  for (const ProxyModel::Entry& entry : proxy.layers()) {
    if (dynamic_cast<const ProxyUnaryLut*>(entry.layer.get()) != nullptr)
      options.unary_lut_max_table_size = int64_t{1} << kMaxTableBits;
  }
  std::vector<std::string> names;
  try {
    to_proxy_model(model, options, &names);
  } catch (const Error&) {
    names.clear();  // a model of other layers or ranges: nothing to match
  }
  return names;
}

std::string text(const Kbi& type) {
  if (type.b == 0) return "holds only 0";
  const MantissaRange range = mantissa_range(type.k, type.b);
  return concat("holds ", to_float(range.low, type.fraction()), " to ", to_float(range.high, type.fraction()));
}

bool holds(const Kbi& type, double value, Rounding rounding) {
  return !quantize(value, type, rounding, Overflow::kSat).outside;
}

bool lacks_sign(const Kbi& type, double value) { return value < 0 && (type.k == 0 || type.b == 0); }

/// Integer bits that a type lacks for a value, without the sign that it may lack, too.
int bits_lacking(Kbi type, double value, Rounding rounding) {
  const int sign = lacks_sign(type, value) ? 1 : 0;
  if (type.b == 0)
    type = {.k = sign, .b = sign + type.fraction(), .i = sign};
  else
    type = {.k = type.k + sign, .b = type.b + sign, .i = type.i + sign};
  int bits = 0;
  while (type.b < kMaxFixedBits && (type.b < type.k || !holds(type, value, rounding))) {
    ++type.b;
    ++type.i;
    ++bits;
  }
  return bits;
}

}  // namespace

void find_table_overflows(const Model& model, ProxyModel& proxy) {
  const std::vector<std::string> ends = end_names(model, proxy);
  for (size_t e = 0; e < ends.size(); ++e) {
    const Layer* const layer = model.entries()[e].layer.get();
    const auto end = std::ranges::find(proxy.layers(), ends[e], [](const auto& entry) { return entry.layer->name(); });
    if (layer == nullptr || layer->unary_function() == nullptr || end == proxy.layers().end() || end->parents.empty())
      continue;
    auto* const lut = dynamic_cast<ProxyUnaryLut*>(proxy.find(proxy.layer(end->parents[0]).name()));
    if (lut != nullptr && lut->overflows().empty()) lut->find_overflows(*layer->unary_function());
  }
}

/// The model with the values of all layers kept.
struct ProxyExplainer::ModelRun {
  Tape tape;
  ModelRecording recording;
  std::unique_ptr<Executor> executor;

  ModelRun(Model& model, Workers& workers) : recording(model.record(tape, Mode::kEvaluate)) {
    for (const Signal& signal : recording.signals) tape.keep(signal.value);
    executor = std::make_unique<Executor>(tape, workers, ExecutorOptions{.gradients = false});
  }
  ConstTensorView values(size_t entry) const { return executor->rows_of(recording.signals[entry].value); }
};

ProxyExplainer::ProxyExplainer(Model& model, const ProxyModel& proxy, Workers& workers)
    : model_(model), proxy_(proxy), emulator_(proxy), run_(std::make_unique<ModelRun>(model, workers)) {
  std::map<std::string, int> places;
  for (size_t i = 0; i < proxy.layers().size(); ++i) places[proxy.layers()[i].layer->name()] = static_cast<int>(i);
  std::vector<std::string> names = end_names(model, proxy);
  names.resize(model.entries().size());
  for (size_t e = 0; e < names.size(); ++e) {
    const auto found = places.find(names[e]);
    ends_.push_back(found == places.end() ? -1 : found->second);
  }
  for (size_t i = 0; i < model.inputs().size() && i < proxy.inputs().size(); ++i)
    ends_[static_cast<size_t>(model.inputs()[i])] = proxy.inputs()[i];
  for (size_t o = 0; o < model.outputs().size() && o < proxy.outputs().size(); ++o)
    ends_[static_cast<size_t>(model.outputs()[o])] = proxy.outputs()[o];
  owners_.assign(proxy.layers().size(), -1);
  for (size_t e = 0; e < ends_.size(); ++e) {
    if (ends_[e] < 0 || model.entries()[e].layer == nullptr) continue;
    for (const int layer : layers_of(e)) {
      int& owner = owners_[static_cast<size_t>(layer)];
      if (owner < 0) owner = static_cast<int>(e);
    }
  }
}

ProxyExplainer::~ProxyExplainer() = default;

Parting ProxyExplainer::explain(std::span<const ConstTensorView> inputs, int64_t row) {
  const std::vector<ConstTensorView> views = one_row(inputs, row);
  run_->executor->forward(views);
  const EmulatedRow emulated = emulator_.row(views);
  Parting parting{.row = row, .layer = "", .proxy_layer = "", .reason = ""};
  for (size_t e = 0; e < ends_.size(); ++e) {
    if (ends_[e] < 0 || model_.entries()[e].layer == nullptr) continue;
    const auto end = static_cast<size_t>(ends_[e]);
    const ConstTensorView ours = run_->values(e);
    const std::vector<float>& theirs = emulated.values[end];
    if (ours.size() != std::ssize(theirs)) continue;
    for (int64_t i = 0; i < ours.size(); ++i) {
      if (ours.data[i] == theirs[static_cast<size_t>(i)]) continue;
      parting.layer = model_.entries()[e].name;
      parting.proxy_layer = proxy_.layers()[end].layer->name();
      parting.element = i;
      parting.model = ours.data[i];
      parting.proxy = theirs[static_cast<size_t>(i)];
      parting.reason = reason(e, emulated, i);
      return parting;
    }
  }
  parting.reason = "the layers of the proxy are not those of the model";
  return parting;
}

std::vector<int> ProxyExplainer::layers_of(size_t entry) const {
  std::vector<int> stops;
  for (const int input : model_.entries()[entry].inputs) stops.push_back(ends_[static_cast<size_t>(input)]);
  std::vector<int> layers;
  std::vector<int> open{ends_[entry]};
  while (!open.empty()) {
    const int layer = open.back();
    open.pop_back();
    if (std::ranges::find(stops, layer) != stops.end() || std::ranges::find(layers, layer) != layers.end()) continue;
    layers.push_back(layer);
    for (const int parent : proxy_.layers()[static_cast<size_t>(layer)].parents) open.push_back(parent);
  }
  return layers;
}

std::string ProxyExplainer::reason(size_t entry, const EmulatedRow& row, int64_t element) const {
  std::vector<int> layers = layers_of(entry);
  std::ranges::sort(layers);
  // Overflows come first, as they explain whatever follows them.
  std::stable_partition(layers.begin(), layers.end(), [&](int i) { return row.overflows[static_cast<size_t>(i)] > 0; });
  for (const int index : layers) {
    std::string found = reason_of_layer(proxy_.layer(index), index, row, element);
    if (!found.empty()) return found;
  }
  return "no overflow here: the proxy was made of other weights or ranges than the model has now; export it again";
}

std::string ProxyExplainer::reason_of_layer(const ProxyLayer& layer, int index, const EmulatedRow& row,
                                            int64_t element) const {
  const auto place = static_cast<size_t>(index);
  const bool overflows = row.overflows[place] > 0;
  const std::vector<int>& parents = proxy_.layers()[place].parents;
  const std::vector<float>* const input = parents.empty() ? nullptr : &row.values[static_cast<size_t>(parents[0])];
  if (const auto* const quantizer = dynamic_cast<const ProxyQuantizer*>(&layer); quantizer != nullptr && overflows) {
    const std::vector<Kbi> types = quantizer->types_of_elements(emulator_.signal(index).shape);
    const auto lacks = [&](size_t e) {
      return !holds(types[e], static_cast<double>((*input)[e]), quantizer->rounding());
    };
    size_t e = static_cast<size_t>(element) < types.size() ? static_cast<size_t>(element) : 0;
    for (size_t i = 0; !lacks(e) && i < types.size(); ++i) e = lacks(i) ? i : e;
    return concat("overflow: ", (*input)[e], " came to quantizer '", layer.name(), "', which ", text(types[e]));
  }
  if (const auto* const lut = dynamic_cast<const ProxyUnaryLut*>(&layer)) {
    if (overflows)
      return concat("a table's edge: an entry of UnaryLUT '", layer.name(),
                    "' wraps, as the function's value is outside the type behind it");
    if (lut->overflows().empty())
      return concat("UnaryLUT '", layer.name(), "': its table holds another value than the function gives");
  }
  const int bits = bits_needed(emulator_.signal(index));
  if (bits > kFloat32Bits)
    return concat("float32 is too narrow: values of '", layer.name(), "' can need ", bits, " bits, it holds ",
                  kFloat32Bits, "; the proxy is exact");
  if (const auto* const pool = dynamic_cast<const ProxyPooling*>(&layer); pool != nullptr && pool->options().average)
    return concat("'", layer.name(), "' divides by a count: hls4ml cuts the quotient, the model rounds it to float32");
  const auto* const activation = dynamic_cast<const ProxyActivation*>(&layer);
  if (activation != nullptr && (activation->function() == "tanh" || activation->function() == "sigmoid"))
    return concat("'", layer.name(), "' is hls4ml's own table of ", activation->function(),
                  ": entries of 10 fractional bits, for inputs from ", activation->function() == "tanh" ? -4 : -8,
                  " to ", activation->function() == "tanh" ? 4 : 8,
                  "; a larger unary_lut_max_table_size, or fewer bits in front of it, give it an exact one");
  if (activation != nullptr && activation->function() != "relu")
    return concat("'", layer.name(), "' computes ", activation->function(),
                  " in float32: the last digits depend on the library, and the value lies at a tie of the quantizer");
  return "";
}

std::vector<OverflowAdvice> ProxyExplainer::advise(std::span<const ConstTensorView> inputs,
                                                   std::span<const int64_t> rows) const {
  std::map<int, OverflowAdvice> worst;  // by proxy layer
  for (const int64_t row : rows) {
    const EmulatedRow emulated = emulator_.row(one_row(inputs, row));
    for (size_t i = 0; i < proxy_.layers().size(); ++i) {
      const auto* const quantizer = dynamic_cast<const ProxyQuantizer*>(proxy_.layers()[i].layer.get());
      if (quantizer == nullptr || emulated.overflows[i] == 0) continue;
      const int index = static_cast<int>(i);
      const ProxyLayer& parent = proxy_.layer(proxy_.layers()[i].parents[0]);
      if (dynamic_cast<const ProxyUnaryLut*>(&parent) != nullptr) continue;  // holds what has wrapped already
      const std::vector<float>& values = emulated.values[static_cast<size_t>(proxy_.layers()[i].parents[0])];
      const std::vector<Kbi> types = quantizer->types_of_elements(emulator_.signal(index).shape);
      OverflowAdvice& advice = worst[index];
      advice.quantizer = quantizer->name();
      const int entry = owners_[i];
      Quantizer* const paq =
          entry < 0 ? nullptr : model_.entries()[static_cast<size_t>(entry)].layer->output_quantizer();
      if (entry >= 0) advice.layer = model_.entries()[static_cast<size_t>(entry)].name;
      const std::vector<int64_t> spread = paq == nullptr || !paq->has_record() ? std::vector<int64_t>{} : paq->spread();
      for (size_t e = 0; e < values.size(); ++e) {
        const auto value = static_cast<double>(values[e]);
        if (holds(types[e], value, quantizer->rounding())) continue;
        advice.needs_sign = advice.needs_sign || lacks_sign(types[e], value);
        advice.more_bits = std::max(advice.more_bits, bits_lacking(types[e], value, quantizer->rounding()));
        if (e >= spread.size()) continue;
        const auto place = spread[e];
        const auto low = static_cast<double>(paq->record_min.value.data()[place]);
        const auto high = static_cast<double>(paq->record_max.value.data()[place]);
        if (high > low)
          advice.cover_factor = std::max(advice.cover_factor, std::abs(value - (low + high) / 2) / ((high - low) / 2));
      }
    }
  }
  std::vector<OverflowAdvice> all;
  for (auto& [layer, advice] : worst) all.push_back(std::move(advice));
  return all;
}

}  // namespace hgq
