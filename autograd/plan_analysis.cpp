// Levels, wanted gradients, segments, what is kept and what is computed again.
#include <algorithm>

#include "hgq/autograd/plan_builder.h"

namespace hgq {

void Plan::Builder::find_levels() {
  value_level.assign(tape.values().size(), 0);
  for (size_t n = 0; n < tape.nodes().size(); ++n) {
    const Tape::Node& nd = tape.nodes()[n];
    int64_t level = 0;
    bool row = false;
    for (const int32_t v : nd.inputs) {
      level = std::max(level, value_level[at(v)]);
      row = row || is_row(v);
    }
    for (const int32_t v : nd.outputs) value_level[at(v)] = level + (row && !is_row(v) ? 1 : 0);
    node_level.push_back(level);
    row_node.push_back(row);
    last_level = std::max(last_level, level);
    if (row) last_row_level = std::max(last_row_level, level);
  }
}

void Plan::Builder::find_gradients() {
  const size_t values = tape.values().size();
  std::vector<bool> depends(values, false);
  std::vector<bool> reaches(values, false);
  gradient_wanted.assign(values, false);
  node_backward.assign(tape.nodes().size(), false);
  if (!options.gradients) return;
  for (size_t v = 0; v < values; ++v) {
    const Parameter* p = tape.values()[v].parameter;
    depends[v] = p != nullptr && (p->is_trained() || options.all_parameters);
  }
  for (const int32_t v : tape.inputs_with_gradient()) depends[at(v)] = true;
  for (const Tape::Node& nd : tape.nodes()) {
    bool any = false;
    for (size_t i = 0; i < nd.inputs.size(); ++i)
      any = any || (depends[at(nd.inputs[i])] && nd.op->differentiable(static_cast<int>(i)));
    for (const int32_t v : nd.outputs) depends[at(v)] = any;
  }
  for (const Tape::Loss& loss : tape.losses()) reaches[at(loss.value)] = true;
  for (size_t n = tape.nodes().size(); n-- > 0;) {
    const Tape::Node& nd = tape.nodes()[n];
    bool arrives = false;
    for (size_t o = 0; o < nd.outputs.size(); ++o) {
      arrives = arrives || (reaches[at(nd.outputs[o])] && nd.op->passes_gradient(static_cast<int>(o)));
    }
    if (!arrives) continue;
    for (size_t i = 0; i < nd.inputs.size(); ++i) {
      if (!nd.op->differentiable(static_cast<int>(i))) continue;
      reaches[at(nd.inputs[i])] = true;
      node_backward[n] = node_backward[n] || depends[at(nd.inputs[i])];
    }
  }
  for (size_t v = 0; v < values; ++v) gradient_wanted[v] = depends[v] && reaches[v];
}

bool Plan::Builder::sends_gradient(const Tape::Node& nd, size_t output) const {
  return gradient_wanted[at(nd.outputs[output])] && nd.op->passes_gradient(static_cast<int>(output));
}

void Plan::Builder::find_fusion() {
  fused = options.gradients && last_row_level >= 0;
  std::vector<bool> read_in_backward(tape.values().size(), false);
  for (size_t n = 0; n < tape.nodes().size(); ++n) {
    if (!node_backward[n]) continue;
    for (const int32_t v : node(static_cast<int32_t>(n)).inputs) read_in_backward[at(v)] = true;
  }
  for (size_t n = 0; n < tape.nodes().size(); ++n) {
    if (!row_node[n] || !node_backward[n] || node_level[n] != last_row_level) continue;
    const Tape::Node& nd = tape.nodes()[n];
    for (size_t o = 0; o < nd.outputs.size(); ++o) {
      if (is_row(nd.outputs[o]) || !sends_gradient(nd, o)) continue;
      if (read_in_backward[at(nd.outputs[o])] || nd.op->extra_floats() > 0 || has_bit(nd.op->needs().outputs, o))
        fused = false;
    }
  }
}

void Plan::Builder::draft_segments() {
  forward_segment.assign(at(last_level) + 1, -1);
  backward_segment.assign(at(last_level) + 1, -1);
  for (int64_t s = 0; s <= last_row_level; ++s) {
    Draft d;
    d.level = s;
    for (size_t n = 0; n < tape.nodes().size(); ++n) {
      if (row_node[n] && node_level[n] == s) d.forward.push_back(static_cast<int32_t>(n));
    }
    if (d.forward.empty()) continue;
    forward_segment[at(s)] = static_cast<int32_t>(drafts.size());
    if (fused && s == last_row_level) {
      d.backward = backward_nodes(s);
      backward_segment[at(s)] = static_cast<int32_t>(drafts.size());
    }
    drafts.push_back(std::move(d));
  }
  for (int64_t s = last_row_level; s >= 0; --s) {
    if (backward_segment[at(s)] >= 0) continue;
    Draft d;
    d.level = s;
    d.backward = backward_nodes(s);
    if (d.backward.empty()) continue;
    backward_segment[at(s)] = static_cast<int32_t>(drafts.size());
    drafts.push_back(std::move(d));
  }
}

std::vector<int32_t> Plan::Builder::backward_nodes(int64_t level) const {
  std::vector<int32_t> nodes;
  for (size_t n = tape.nodes().size(); n-- > 0;) {
    if (row_node[n] && node_backward[n] && node_level[n] == level) nodes.push_back(static_cast<int32_t>(n));
  }
  return nodes;
}

void Plan::Builder::choose_storage() {
  stored.assign(tape.values().size(), false);
  for (const int32_t v : tape.kept()) stored[at(v)] = value(v).source == Tape::Source::kOp;
  for (Draft& d : drafts) {
    for (const int32_t n : d.forward) {
      for (const int32_t v : node(n).inputs) ensure(v, d);
    }
    for (const int32_t n : d.backward) {
      const Needs needs = node(n).op->needs();
      for (size_t i = 0; i < node(n).inputs.size(); ++i) {
        if (has_bit(needs.inputs, i)) ensure(node(n).inputs[i], d);
      }
      for (size_t o = 0; o < node(n).outputs.size(); ++o) {
        if (has_bit(needs.outputs, o)) ensure(node(n).outputs[o], d);
      }
    }
    std::ranges::sort(d.recompute);
  }
}

void Plan::Builder::ensure(int32_t v, Draft& d) {
  if (!is_row(v) || value(v).source == Tape::Source::kInput || stored[at(v)]) return;
  const int32_t producer = value(v).node;
  if (std::ranges::find(d.forward, producer) != d.forward.end()) return;
  if (!node(producer).op->recomputable()) {
    stored[at(v)] = true;
    return;
  }
  if (std::ranges::find(d.recompute, producer) != d.recompute.end()) return;
  for (const int32_t input : node(producer).inputs) ensure(input, d);
  d.recompute.push_back(producer);
}

}  // namespace hgq
