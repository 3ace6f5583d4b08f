#include "hgq/rtl/input_quantizer.h"

#include <algorithm>
#include <optional>
#include <variant>

#include "hgq/proxy/masked.h"
#include "hgq/rtl/demand.h"

namespace hgq::rtl {
namespace {

/// Of each element of a layer's output, where in the inputs of the proxy it comes from, if it was only moved since.
using Origins = std::vector<std::optional<MoveSource>>;

bool is_input(const ProxyModel& model, size_t layer) {
  return std::ranges::find(model.inputs(), static_cast<int>(layer)) != model.inputs().end();
}

class InputTrace {
 public:
  InputTrace(const ProxyModel& model, std::span<const ProxyPlan> plans, std::span<const std::vector<int>> demands)
      : model_(model), plans_(plans), demands_(demands), readers_(plans.size(), 0) {
    for (const ProxyModel::Entry& entry : model.layers()) {
      for (const int parent : entry.parents) ++readers_[static_cast<size_t>(parent)];
    }
  }

  std::vector<InputQuantizer> run() {
    std::vector<InputQuantizer> quantizers;
    for (size_t layer = 0; layer < plans_.size(); ++layer) {
      origins_.push_back(origins_of(layer));
      const auto* const quantize = std::get_if<QuantizeOperation>(&plans_[layer].operation);
      const std::vector<int>& parents = model_.layers()[layer].parents;
      const bool is_read = std::ranges::any_of(demands_[layer], [](int demand) { return demand != kNoDemand; });
      if (quantize == nullptr || parents.empty() || !is_read) continue;
      const Origins& in = origins_[static_cast<size_t>(parents[0])];
      if (std::ranges::any_of(in, [](const auto& origin) { return origin.has_value(); }))
        quantizers.push_back(quantizer_of(layer, *quantize, in));
    }
    return quantizers;
  }

 private:
  Origins origins_of(size_t layer) const {
    Origins origins(static_cast<size_t>(plans_[layer].out.shape.size()));
    if (is_input(model_, layer)) {
      const auto input = std::ranges::find(model_.inputs(), static_cast<int>(layer)) - model_.inputs().begin();
      for (size_t e = 0; e < origins.size(); ++e)
        origins[e] = MoveSource{static_cast<int>(input), static_cast<int64_t>(e)};
    } else if (const auto* const move = std::get_if<MoveOperation>(&plans_[layer].operation)) {
      for (size_t e = 0; e < origins.size(); ++e) {
        const MoveSource& source = move->sources[e];
        if (source.input < 0) continue;
        const int parent = model_.layers()[layer].parents[static_cast<size_t>(source.input)];
        origins[e] = origins_[static_cast<size_t>(parent)][static_cast<size_t>(source.element)];
      }
    }
    return origins;
  }

  InputQuantizer quantizer_of(size_t layer, const QuantizeOperation& quantize, const Origins& in) const {
    const auto parent = static_cast<size_t>(model_.layers()[layer].parents[0]);
    const bool is_alone = is_input(model_, parent) && readers_[parent] == 1;
    InputQuantizer quantizer{.layer = model_.layer(static_cast<int>(layer)).name(),
                             .port = model_.layer(static_cast<int>(is_alone ? parent : layer)).name(),
                             .shape = plans_[layer].out.shape,
                             .sources = {},
                             .needed = {},
                             .operation = quantize};
    for (size_t e = 0; e < in.size(); ++e) {
      // A quantizer may join zeros of padding with inputs.
      quantizer.sources.push_back(in[e].value_or(MoveSource{-1, 0}));
      quantizer.needed.push_back(in[e].has_value() && quantize.types[e].b > 0 && demands_[layer][e] != kNoDemand);
    }
    return quantizer;
  }

  const ProxyModel& model_;
  std::span<const ProxyPlan> plans_;
  std::span<const std::vector<int>> demands_;
  std::vector<int> readers_;  // of each layer: how many there are
  std::vector<Origins> origins_;
};

}  // namespace

PortValues InputQuantizer::values(std::span<const ConstTensorView> inputs) const {
  const int64_t rows = inputs[0].shape[0];
  PortValues out;
  out.reserve(static_cast<size_t>(rows) * sources.size());
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t f = 0; f < sources.size(); ++f) {
      if (sources[f].input < 0) {
        out.push_back(0);
        continue;
      }
      const ConstTensorView& x = inputs[static_cast<size_t>(sources[f].input)];
      const int64_t element = row * (x.shape.size() / rows) + sources[f].element;
      const auto value = static_cast<double>(x.values()[static_cast<size_t>(element)]);
      out.push_back(hgq::quantize(value, operation.types[f], operation.rounding, operation.overflow).mantissa);
    }
  }
  return out;
}

std::vector<InputQuantizer> input_quantizers(const ProxyModel& model, std::span<const ProxyPlan> plans,
                                             std::span<const std::vector<int>> demands) {
  return InputTrace(model, plans, demands).run();
}

std::vector<InputQuantizer> input_quantizers(const ProxyModel& model) {
  std::vector<ProxyPlan> plans = plan_layers(model);
  mask_unread(model, plans);
  return input_quantizers(model, plans, demands(model, plans));
}

}  // namespace hgq::rtl
