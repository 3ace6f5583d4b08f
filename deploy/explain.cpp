#include "hgq/deploy/explain.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/proxy/precision.h"
#include "hgq/proxy/quantizer.h"

namespace hgq {
namespace {

constexpr std::string_view kOther =
    "the proxy was made of other weights or ranges than the model has now, and is to be exported again; or, of a layer "
    "of your own, its to_proxy() does not compute what the layer does";

}  // namespace

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
    : model_(model),
      proxy_(proxy),
      emulator_(proxy),
      match_(model, proxy),
      run_(std::make_unique<ModelRun>(model, workers)) {}

ProxyExplainer::~ProxyExplainer() = default;

Parting ProxyExplainer::explain(const Dataset& data, int64_t row) {
  Batch batch;
  data.slice(row, 1, batch);
  run_->executor->forward(batch.inputs());
  const EmulatedRow emulated = emulator_.row(batch.inputs());
  Parting parting{.row = row, .layer = "", .proxy_layer = "", .reason = ""};
  for (size_t e = 0; e < model_.entries().size(); ++e) {
    if (match_.end(e) < 0 || model_.entries()[e].layer == nullptr) continue;
    const auto end = static_cast<size_t>(match_.end(e));
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
      const std::vector<int64_t> without_bits = elements_without_bits(e);
      parting.reason = std::ranges::find(without_bits, i) != without_bits.end()
                           ? "the proxy has no bits for this element: all values that were traced there were 0"
                           : reason(e, emulated, i);
      // Layers of the proxy come after those that they read, so what overflows behind this one explains nothing.
      const auto first_overflow =
          static_cast<size_t>(std::ranges::find_if(emulated.overflows, [](int64_t count) { return count > 0; }) -
                              emulated.overflows.begin());
      if (first_overflow == end && overflows_without_need(e, i, parting.model)) {
        parting.is_wrong = true;
        parting.reason =
            concat("no matter of ranges, as '", parting.proxy_layer, "' holds what the model has: ", kOther);
      } else if (parting.reason.empty()) {
        parting.is_wrong = first_overflow > end;
        parting.reason = concat("no overflow here: ", kOther);
      }
      return parting;
    }
  }
  // Alone the row has the same values. The model computes it otherwise among others if float32 rounds its sums, as
  // their order follows from the number of rows.
  parting.reason = rounded_by_float32();
  parting.is_wrong = parting.reason.empty();
  if (parting.is_wrong) parting.reason = "the layers of the proxy are not those of the model";
  return parting;
}

std::string ProxyExplainer::rounded_by_float32() const {
  for (size_t e = 0; e < model_.entries().size(); ++e) {
    const bool is_output = std::ranges::find(model_.outputs(), static_cast<int>(e)) != model_.outputs().end();
    if (is_output && match_.end(e) < 0) return "";  // it could not be compared
  }
  for (int index = 0; index < static_cast<int>(proxy_.layers().size()); ++index) {
    std::string found = too_narrow(index);
    if (found.empty()) found = proxy_.layer(index).why_inexact();
    if (!found.empty()) return found + ". Without other rows around it the model gives the same values, too";
  }
  return "";
}

std::string ProxyExplainer::too_narrow(int index) const {
  const int bits = bits_needed(emulator_.signal(index));
  if (bits <= kFloat32Bits) return "";
  return concat("float32 is too narrow: values of '", proxy_.layer(index).name(), "' can need ", bits,
                " bits, it holds ", kFloat32Bits,
                "; the proxy is right, as the firmware is exact. Fewer bits (bw_clip) for its kernel or for what it "
                "reads would make both equal");
}

std::vector<int64_t> ProxyExplainer::elements_without_bits(size_t entry) const {
  std::vector<int64_t> elements;
  const int end = match_.end(entry);
  if (end < 0) return elements;
  const ProxyQuantizer* const quantizer = proxy_.layer(end).as_quantizer();
  if (quantizer == nullptr) return elements;
  const std::vector<Kbi> types = quantizer->types_of_elements(emulator_.signal(end).shape);
  for (size_t e = 0; e < types.size(); ++e) {
    if (types[e].b == 0) elements.push_back(static_cast<int64_t>(e));
  }
  return elements;
}

std::vector<int64_t> ProxyExplainer::rows_without_bits(const Dataset& data, std::span<const int64_t> rows) {
  constexpr size_t kBlockRows = 1024;
  std::vector<std::pair<size_t, std::vector<int64_t>>> places;  // entries, and their elements without bits
  for (size_t e = 0; e < model_.entries().size(); ++e) {
    std::vector<int64_t> elements = elements_without_bits(e);
    if (!elements.empty()) places.emplace_back(e, std::move(elements));
  }
  std::vector<int64_t> found;
  Batch batch;
  for (size_t first = 0; first < rows.size() && !places.empty(); first += kBlockRows) {
    const auto block = rows.subspan(first, std::min(kBlockRows, rows.size() - first));
    data.gather(block, batch);
    run_->executor->forward(batch.inputs());
    std::vector<bool> has(block.size(), false);
    for (const auto& [entry, elements] : places) {
      const ConstTensorView values = run_->values(entry);
      const int64_t size = values.size() / std::ssize(block);
      for (size_t row = 0; row < block.size(); ++row) {
        const float* const of_row = values.data + static_cast<int64_t>(row) * size;
        has[row] = has[row] || std::ranges::any_of(elements, [&](int64_t e) { return e < size && of_row[e] != 0.0F; });
      }
    }
    for (size_t row = 0; row < block.size(); ++row) {
      if (has[row]) found.push_back(block[row]);
    }
  }
  return found;
}

bool ProxyExplainer::overflows_without_need(size_t entry, int64_t element, float model) const {
  const int end = match_.end(entry);
  const ProxyQuantizer* const quantizer = proxy_.layer(end).as_quantizer();
  if (quantizer == nullptr) return false;
  for (const int index : match_.layers_of(entry)) {
    if (bits_needed(emulator_.signal(index)) > kFloat32Bits || !proxy_.layer(index).why_inexact().empty()) return false;
  }
  const Kbi type = quantizer->types_of_elements(emulator_.signal(end).shape)[static_cast<size_t>(element)];
  return type.b > 0 && !quantize(static_cast<double>(model), type, quantizer->rounding(), Overflow::kSat).outside;
}

std::string ProxyExplainer::reason(size_t entry, const EmulatedRow& row, int64_t element) const {
  std::vector<int> layers = match_.layers_of(entry);
  std::ranges::sort(layers);
  // Overflows come first, as they explain whatever follows them.
  std::stable_partition(layers.begin(), layers.end(), [&](int i) { return row.overflows[static_cast<size_t>(i)] > 0; });
  for (const int index : layers) {
    std::string found = reason_of_layer(proxy_.layer(index), index, row, element);
    if (!found.empty()) return found;
  }
  return "";
}

std::string ProxyExplainer::reason_of_layer(const ProxyLayer& layer, int index, const EmulatedRow& row,
                                            int64_t element) const {
  const std::vector<int>& parents = proxy_.layers()[static_cast<size_t>(index)].parents;
  const ProxyLayerRow of_layer{
      .shape = emulator_.signal(index).shape,
      .input = parents.empty() ? std::span<const float>() : row.values[static_cast<size_t>(parents[0])],
      .element = element,
      .overflows = row.overflows[static_cast<size_t>(index)]};
  std::string wrong = layer.why_wrong(of_layer);
  if (!wrong.empty()) return wrong;
  std::string narrow = too_narrow(index);
  if (!narrow.empty()) return narrow;
  return layer.why_inexact();
}

}  // namespace hgq
