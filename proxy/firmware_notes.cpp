#include "hgq/proxy/firmware_notes.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/proxy/quantizer.h"

namespace hgq {
namespace {

/// hls4ml folds a quantizer of one type into the layer before it. The output of that layer is then rounded only once,
/// by the last quantizer, and its other readers get the same values.
class Folding {
 public:
  using SignalOf = std::function<const ProxySignal&(int)>;

  Folding(const ProxyModel& model, const SignalOf& signal) : model_(model), signal_(signal) {}

  std::string note(int index) const {
    const auto* const quantizer = folded(index);
    if (quantizer == nullptr) return "";
    const bool without_bits =
        std::ranges::all_of(quantizer->firmware_types(input_of(index)), [](const Kbi& type) { return type.b == 0; });
    if (without_bits && (quantizer->rounding() != Rounding::kTrn || quantizer->overflow() != Overflow::kWrap))
      return "has no bits, and a rounding or overflow mode of which hls4ml 1.3.0 makes a type of one bit, so that it "
             "gives 0 or 0.5; export the model again, which writes TRN and WRAP";
    int source = parent_of(index);
    while (folded(source) != nullptr) source = parent_of(source);
    if (is_output(index) && model_.layers()[static_cast<size_t>(source)].parents.empty())
      return concat("hls4ml 1.3.0 cannot convert it, as an output that only quantizes the input '",
                    model_.layer(source).name(), "', with one type for all values, leaves no layer in the firmware");
    const int front = in_front(index);
    if (front < 0) return "";
    const std::string& name = model_.layer(front).name();
    if (is_output(front) && is_output(index))
      return concat("hls4ml 1.3.0 cannot convert it, as it only quantizes '", name,
                    "', which is an output, too; make one of the two the output");
    if (is_output(front))
      return concat("hls4ml 1.3.0 folds it into '", name, "' before it, an output, which so gets its bits");
    const auto* const other = folded(front);
    if (other == nullptr || same(*quantizer, *other, index, front)) return "";
    return concat(
        "hls4ml 1.3.0 folds it and '", name,
        "' before it into one, so it rounds once where the model rounds twice; leave one of them out, or give "
        "them a width for each element");
  }

 private:
  const ProxySignal& input_of(int index) const {
    return signal_(model_.layers()[static_cast<size_t>(index)].parents[0]);
  }
  int parent_of(int index) const { return model_.layers()[static_cast<size_t>(index)].parents[0]; }
  bool is_output(int index) const { return std::ranges::count(model_.outputs(), index) > 0; }
  const ProxyQuantizer* folded(int index) const {
    const auto* const quantizer = model_.layer(index).as_quantizer();
    return quantizer != nullptr && quantizer->is_folded(input_of(index)) ? quantizer : nullptr;
  }
  /// The layer whose output gets the type of a quantizer: the one before all layers that only move elements, which get
  /// it, too; if one of these is an output, that one. -1 for an input of the model, which is converted from numbers.
  int in_front(int index) const {
    int front = parent_of(index);
    while (!is_output(front) && model_.only_child(front) && model_.layer(front).only_moves())
      front = model_.layers()[static_cast<size_t>(front)].parents[0];
    return model_.layers()[static_cast<size_t>(front)].parents.empty() ? -1 : front;
  }
  /// Whether the last quantizer alone gives the same values as both: it rounds to the same bits, and wraps to fewer.
  bool same(const ProxyQuantizer& quantizer, const ProxyQuantizer& front, int index, int front_index) const {
    const Kbi a = quantizer.firmware_types(input_of(index))[0];
    const Kbi b = front.firmware_types(input_of(front_index))[0];
    if (quantizer.rounding() != front.rounding() || quantizer.overflow() != front.overflow()) return false;
    const bool cuts = quantizer.rounding() == Rounding::kTrn && a.fraction() <= b.fraction();
    const bool wraps = quantizer.overflow() == Overflow::kWrap && a.i <= b.i;
    return a == b || (wraps && (cuts || a.fraction() == b.fraction()));
  }

  const ProxyModel& model_;
  const SignalOf& signal_;
};

}  // namespace

std::vector<std::string> firmware_notes(const ProxyModel& model, const std::function<const ProxySignal&(int)>& signal) {
  std::vector<std::string> lines;
  const Folding folding(model, signal);
  for (size_t i = 0; i < model.layers().size(); ++i) {
    const ProxyModel::Entry& entry = model.layers()[i];
    if (entry.parents.empty()) continue;
    const std::string of_itself = entry.layer->firmware_note(signal(entry.parents[0]));
    const std::string line = of_itself.empty() ? folding.note(static_cast<int>(i)) : of_itself;
    if (!line.empty()) lines.push_back(concat("layer '", entry.layer->name(), "': ", line));
  }
  return lines;
}

}  // namespace hgq
