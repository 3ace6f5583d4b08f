#include "hgq/proxy/masked.h"

#include <algorithm>

#include "hgq/proxy/quantizer.h"
#include "hgq/proxy/quantizer_loops.h"

namespace hgq {
namespace {

class Readers {
 public:
  explicit Readers(const ProxyModel& model) : model_(model), readers_(model.layers().size()) {
    for (size_t i = 0; i < readers_.size(); ++i) {
      for (const int parent : model.layers()[i].parents) readers_[static_cast<size_t>(parent)].push_back(i);
    }
  }
  /// Clears the elements of the output of `layer` that something other than a quantizer without bits reads.
  void keep_unread(size_t layer, const Shape& sample, std::vector<bool>& unread) const {
    const bool is_output = std::ranges::find(model_.outputs(), static_cast<int>(layer)) != model_.outputs().end();
    if (is_output || readers_[layer].empty()) unread.assign(unread.size(), false);
    for (const size_t reader : readers_[layer]) {
      const ProxyLayer& reading = *model_.layers()[reader].layer;
      if (reading.is_relu()) {
        keep_unread(reader, sample, unread);
      } else if (const auto* const quantizer = reading.as_quantizer()) {
        const std::vector<Kbi> types = quantizer->types_of_elements(sample);
        for (size_t e = 0; e < unread.size(); ++e) unread[e] = unread[e] && types[e].b == 0;
      } else {
        unread.assign(unread.size(), false);
      }
    }
  }

 private:
  const ProxyModel& model_;
  std::vector<std::vector<size_t>> readers_;
};

}  // namespace

void mask_unread(const ProxyModel& model, std::vector<ProxyPlan>& plans) {
  const Readers readers(model);
  for (size_t i = 0; i < plans.size(); ++i) {
    const ProxyQuantizer* const quantizer = model.layer(static_cast<int>(i)).as_quantizer();
    if (quantizer == nullptr) continue;
    const Shape& sample = plans[i].out.shape;
    std::vector<bool> unread(static_cast<size_t>(sample.size()), true);
    readers.keep_unread(i, sample, unread);
    if (std::ranges::find(unread, true) == unread.end()) continue;
    const ProxySignal& input = plans[static_cast<size_t>(model.layers()[i].parents[0])].out;
    // The types of the plan, whose fractions its output has.
    std::vector<Kbi> types = quantizer->firmware_types(input);
    for (size_t e = 0; e < types.size(); ++e) {
      if (unread[e]) types[e] = {};
    }
    plans[i].compute = quantizer_function(input, types, quantizer->rounding(), quantizer->overflow());
    plans[i].operation = QuantizeOperation{types, quantizer->rounding(), quantizer->overflow()};
  }
}

}  // namespace hgq
