#include "hgq/deploy/proxy_outputs.h"

#include <algorithm>
#include <string>

#include "hgq/proxy/activations.h"
#include "hgq/proxy/unary_lut.h"

namespace hgq {
namespace {

std::string function_of(const ProxyLayer& layer, const LossPtr& loss) {
  if (const auto* const activation = dynamic_cast<const ProxyActivation*>(&layer); activation != nullptr)
    return std::string(activation->function());
  const auto* const table = dynamic_cast<const ProxyUnaryLut*>(&layer);
  const bool binary = loss != nullptr && loss->target_kind() == TargetKind::kBinary;
  if (table == nullptr || !binary) return "";
  const bool probabilities = std::ranges::all_of(table->table(), [](float v) { return v >= 0 && v <= 1; });
  return probabilities ? "sigmoid" : "";
}

}  // namespace

std::vector<EvaluatedOutput> proxy_outputs(const ProxyModel& proxy, const Emulator& emulator,
                                           const ModelExtras& extras) {
  std::vector<EvaluatedOutput> outputs;
  const size_t count = proxy.outputs().size();
  const bool named = count > 1 && extras.output_functions.size() == count && extras.targets.size() == count;
  for (const int i : proxy.outputs()) {
    const size_t o = outputs.size();
    const LossPtr loss = o < extras.objective.losses.size() ? extras.objective.losses[o] : nullptr;
    outputs.push_back(
        {named ? extras.targets[o].name : proxy.layer(i).name(), emulator.signal(i).shape,
         o < extras.output_functions.size() ? extras.output_functions[o] : function_of(proxy.layer(i), loss)});
  }
  return outputs;
}

}  // namespace hgq
