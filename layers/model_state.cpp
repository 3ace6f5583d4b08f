#include "hgq/layers/model_state.h"

#include <algorithm>

namespace hgq {
namespace {

/// All values of the model, in an order that is always the same.
template <typename Action>
void for_all_values(const Model& model, const Action& action) {
  for (Parameter* const p : model.parameters()) action(p->value.values());
  for (State* const s : model.states()) action(s->value.values());
}

}  // namespace

ModelState::ModelState(const Model& model) {
  for_all_values(model,
                 [&](std::span<const float> values) { values_.insert(values_.end(), values.begin(), values.end()); });
}

int64_t ModelState::bytes() const { return static_cast<int64_t>(values_.size() * sizeof(float)); }

void ModelState::swap(const Model& model) {
  auto kept = values_.begin();
  for_all_values(model, [&](std::span<float> values) { kept = std::swap_ranges(values.begin(), values.end(), kept); });
}

}  // namespace hgq
