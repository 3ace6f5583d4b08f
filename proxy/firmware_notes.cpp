#include "hgq/proxy/firmware_notes.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/proxy/activation_tables.h"
#include "hgq/proxy/activations.h"
#include "hgq/proxy/conv.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/merging.h"
#include "hgq/proxy/pooling.h"
#include "hgq/proxy/quantizer.h"
#include "hgq/proxy/reshaping.h"
#include "hgq/proxy/unary_lut.h"

namespace hgq {
namespace {

std::string of_table(HlsFunction function, const ProxySignal& input) {
  const bool is_tanh = function == HlsFunction::kTanh;
  const std::string name = is_tanh ? "tanh" : "sigmoid";
  if (!input.fixed_point()) return "";
  const std::string problem = hls_table_problem(function, input.hls);
  if (!problem.empty()) return concat("hls4ml 1.3.0 cannot compute its ", name, ": ", problem);
  const int bits = std::ranges::max(input.hls.k) + std::ranges::max(input.hls.i) + std::ranges::max(input.hls.f);
  return concat("hls4ml computes ", name,
                " from a table of its own, cut down to 10 fractional bits and to inputs from ",
                is_tanh ? "-4 to 4" : "-8 to 8", ", as do predict and verify here; the model does not. ",
                bits <= kMaxTableBits ? concat("With unary_lut_max_table_size ", int64_t{1} << std::max(bits, 0),
                                               " it gets a table of its own, which is exact")
                                      : "With fewer bits in front of it it gets a table of its own, which is exact");
}

std::string of_activation(const ProxyActivation& layer, const ProxySignal& input) {
  if (layer.function() == "softmax") return "hls4ml computes softmax from tables; predict --softmax-table does as well";
  if (layer.function() == "tanh") return of_table(HlsFunction::kTanh, input);
  if (layer.function() == "sigmoid") return of_table(HlsFunction::kSigmoid, input);
  return "";
}

std::string of_conv(const ConvOptions& options) {
  if (options.groups > 1) return concat("hls4ml 1.3.0 cannot convert a convolution of ", options.groups, " groups");
  if (std::ranges::any_of(options.dilation, [](int64_t d) { return d > 1; }))
    return "hls4ml 1.3.0 leaves out the dilation, so its firmware computes something else";
  return "";
}

std::string of_pooling(const PoolingOptions& options) {
  if (!options.global || options.rank == 1) return "";
  return "hls4ml 1.3.0 cannot convert global pooling of images in a proxy; a pooling of all positions and a Flatten "
         "give "
         "the same";
}

std::string of_rank(const ProxyLayer& layer, const ProxySignal& input) {
  constexpr int kMostDims = 3;
  if (input.shape.rank() <= kMostDims) return "";
  if (dynamic_cast<const ProxyDense*>(&layer) != nullptr)
    return concat("hls4ml 1.3.0 cannot convert a dense layer on samples of shape ", input.shape,
                  "; it takes up to 3 dims. Bring them into fewer by PReshape");
  if (dynamic_cast<const ProxyConcatenate*>(&layer) != nullptr)
    return concat("hls4ml 1.3.0 cannot join samples of shape ", input.shape,
                  "; it takes up to 3 dims. Bring them into fewer by PReshape");
  return "";
}

std::string of_layer(const ProxyLayer& layer, const ProxySignal& input) {
  if (const auto* activation = dynamic_cast<const ProxyActivation*>(&layer)) return of_activation(*activation, input);
  if (const auto* conv = dynamic_cast<const ProxyConv*>(&layer)) return of_conv(conv->options());
  if (const auto* pooling = dynamic_cast<const ProxyPooling*>(&layer)) return of_pooling(pooling->options());
  return of_rank(layer, input);
}

/// hls4ml folds a quantizer of one type into the layer in front: what that layer gives is then rounded once, by the
/// last quantizer, and that is what its other readers see, too.
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
      return concat("hls4ml 1.3.0 folds it into '", name, "' in front, an output that so gets its bits");
    const auto* const other = folded(front);
    if (other == nullptr || same(*quantizer, *other, index, front)) return "";
    return concat(
        "hls4ml 1.3.0 folds it and '", name,
        "' in front into one, and so rounds once where the model rounds twice; leave one of them out, or give "
        "them a width for each element");
  }

 private:
  const ProxySignal& input_of(int index) const {
    return signal_(model_.layers()[static_cast<size_t>(index)].parents[0]);
  }
  int parent_of(int index) const { return model_.layers()[static_cast<size_t>(index)].parents[0]; }
  bool is_output(int index) const { return std::ranges::count(model_.outputs(), index) > 0; }
  const ProxyQuantizer* folded(int index) const {
    const auto* const quantizer = dynamic_cast<const ProxyQuantizer*>(&model_.layer(index));
    return quantizer != nullptr && quantizer->is_folded(input_of(index)) ? quantizer : nullptr;
  }
  /// The layer that its type is written into: behind those that only move elements, which are written, too. An output
  /// among them is the one; -1 for an input of the model, which is converted from numbers.
  int in_front(int index) const {
    int front = parent_of(index);
    while (!is_output(front) && model_.only_child(front) && moves(model_.layer(front)))
      front = model_.layers()[static_cast<size_t>(front)].parents[0];
    return model_.layers()[static_cast<size_t>(front)].parents.empty() ? -1 : front;
  }
  static bool moves(const ProxyLayer& layer) {
    return dynamic_cast<const ProxyReshape*>(&layer) != nullptr ||
           dynamic_cast<const ProxyFlatten*>(&layer) != nullptr || dynamic_cast<const ProxyPermute*>(&layer) != nullptr;
  }
  /// Whether the last alone gives what both give: cut or rounded to the same bits, and wrapped to fewer.
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
    const std::string of_itself = of_layer(*entry.layer, signal(entry.parents[0]));
    const std::string line = of_itself.empty() ? folding.note(static_cast<int>(i)) : of_itself;
    if (!line.empty()) lines.push_back(concat("layer '", entry.layer->name(), "': ", line));
  }
  return lines;
}

}  // namespace hgq
