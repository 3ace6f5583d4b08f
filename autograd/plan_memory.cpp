// Memory of Step values, and of Row values that live longer than a segment.
#include <algorithm>

#include "hgq/autograd/plan_builder.h"
#include "hgq/core/arena.h"

namespace hgq {

void Plan::Builder::place_step_values() {
  const size_t values = tape.values().size();
  plan.step_value_.assign(values, nullptr);
  plan.step_gradient_.assign(values, nullptr);
  std::vector<int64_t> value_offset(values, -1);
  std::vector<int64_t> gradient_offset(values, -1);
  std::vector<int64_t> extra_offset(tape.nodes().size(), -1);
  int64_t floats = 0;
  const auto take = [&floats](int64_t n) {
    const int64_t offset = floats;
    floats += whole_lines(std::max<int64_t>(n, 1));
    return offset;
  };
  for (size_t v = 0; v < values; ++v) {
    if (!is_row(static_cast<int32_t>(v)) && tape.values()[v].source == Tape::Source::kOp)
      value_offset[v] = take(size(static_cast<int32_t>(v)));
  }
  for (size_t n = 0; n < tape.nodes().size(); ++n) {
    if (tape.nodes()[n].op->extra_floats() > 0) extra_offset[n] = take(tape.nodes()[n].op->extra_floats());
  }
  const int64_t gradients_begin = floats;
  for (size_t v = 0; v < values; ++v) {
    if (gradient_wanted[v] && !is_row(static_cast<int32_t>(v)) && tape.values()[v].parameter == nullptr) {
      gradient_offset[v] = take(size(static_cast<int32_t>(v)));
    }
  }
  plan.step_memory_ = AlignedBuffer(at(floats) * sizeof(float));
  float* const base = reinterpret_cast<float*>(plan.step_memory_.data());
  std::fill_n(base, floats, 0.0F);
  plan.step_gradient_data_ = base + gradients_begin;
  plan.step_gradient_floats_ = floats - gradients_begin;
  for (size_t v = 0; v < values; ++v) {
    const Tape::Value& val = tape.values()[v];
    if (value_offset[v] >= 0) plan.step_value_[v] = base + value_offset[v];
    if (val.parameter != nullptr) plan.step_value_[v] = val.parameter->value.data();
    if (val.state != nullptr) plan.step_value_[v] = val.state->value.data();
    if (val.constant != nullptr)
      plan.step_value_[v] = const_cast<float*>(val.constant->data());  // only ever an operation's input
    if (gradient_offset[v] >= 0) plan.step_gradient_[v] = base + gradient_offset[v];
    if (val.parameter != nullptr && gradient_wanted[v]) {
      plan.step_gradient_[v] = val.parameter->grad.data();
      plan.parameters_.push_back(val.parameter);
    }
  }
  for (const int64_t offset : extra_offset) extra.push_back(offset < 0 ? nullptr : base + offset);
  for (const Tape::Loss& loss : tape.losses()) {
    if (plan.step_gradient_[at(loss.value)] != nullptr)
      plan.seeds_.push_back({plan.step_gradient_[at(loss.value)], loss.weight});
  }
}

void Plan::Builder::make_whole_operands() {
  const auto segments = static_cast<int64_t>(drafts.size());
  for (size_t v = 0; v < tape.values().size(); ++v) {
    if (!stored[v]) continue;
    const auto id = static_cast<int32_t>(v);
    Operand operand{.kind = Operand::Kind::kWhole, .row_floats = size(id)};
    operand.first = forward_segment[at(node_level[at(value(id).node)])];
    operand.last = operand.first;
    for (int64_t g = 0; g < segments; ++g) {
      if (uses_value(drafts[at(g)], id)) operand.last = std::max(operand.last, g);
    }
    const bool kept = std::ranges::find(tape.kept(), id) != tape.kept().end();
    if (kept) operand.last = segments;
    whole_value_operand[id] = add_operand(operand);
    if (kept) plan.kept_.emplace_back(id, whole_value_operand[id]);
  }
  for (size_t v = 0; v < tape.values().size(); ++v) {
    const auto id = static_cast<int32_t>(v);
    if (!gradient_wanted[v] || !is_row(id)) continue;
    const bool input = value(id).source == Tape::Source::kInput;
    int64_t first = segments;
    int64_t last = input ? segments : backward_segment[at(node_level[at(value(id).node)])];
    for (int64_t g = 0; g < segments; ++g) {
      for (const int32_t n : drafts[at(g)].backward) {
        if (std::ranges::find(node(n).inputs, id) != node(n).inputs.end()) first = std::min(first, g);
      }
    }
    if (first >= segments || first == last) continue;
    whole_gradient_operand[id] =
        add_operand({.kind = Operand::Kind::kWhole, .row_floats = size(id), .first = first, .last = last});
    if (input) plan.input_gradients_.emplace_back(id, whole_gradient_operand[id]);
  }
}

bool Plan::Builder::uses_value(const Draft& d, int32_t v) const {
  const auto reads = [&](int32_t n) { return std::ranges::find(node(n).inputs, v) != node(n).inputs.end(); };
  const auto makes = [&](int32_t n) { return std::ranges::find(node(n).outputs, v) != node(n).outputs.end(); };
  return std::ranges::any_of(d.forward, reads) || std::ranges::any_of(d.recompute, reads) ||
         std::ranges::any_of(d.backward, [&](int32_t n) { return reads(n) || makes(n); });
}

}  // namespace hgq
