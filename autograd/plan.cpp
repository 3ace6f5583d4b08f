#include "hgq/autograd/plan.h"

#include <algorithm>
#include <map>

#include "hgq/core/arena.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

size_t at(int64_t i) { return static_cast<size_t>(i); }
bool has_bit(uint32_t set, size_t bit) { return (set >> bit & 1U) != 0; }
}  // namespace

struct Plan::Builder {
  Plan& plan;
  const Tape& tape;
  PlanOptions options;

  std::vector<int64_t> node_level, value_level;
  std::vector<bool> row_node, node_backward, gradient_wanted, stored;
  int64_t last_level = 0;  // of any node
  int64_t last_row_level = -1;
  bool fused = false;

  // One entry a segment, in the order of time; for each, the nodes to compute again and those to run.
  struct Draft {
    int64_t level;
    std::vector<int32_t> recompute, forward, backward;
    std::map<int32_t, int32_t> value_slot, gradient_slot, lane_gradient_slot;
  };
  std::vector<Draft> drafts;
  std::vector<int32_t> forward_segment, backward_segment;  // by level; -1 where there is none
  std::map<int32_t, int32_t> whole_value_slot, whole_gradient_slot;
  std::vector<float*> extra;  // by node

  Builder(Plan& p, const PlanOptions& o) : plan(p), tape(*p.tape_), options(o) {}

  const Tape::Value& value(int32_t v) const { return tape.values()[at(v)]; }
  const Tape::Node& node(int32_t n) const { return tape.nodes()[at(n)]; }
  bool is_row(int32_t v) const { return value(v).spec.domain == Domain::kRow; }
  int64_t size(int32_t v) const { return value(v).spec.shape.size(); }

  void build() {
    find_levels();
    find_gradients();
    find_fusion();
    draft_segments();
    choose_storage();
    place_step_values();
    make_whole_slots();
    for (size_t g = 0; g < drafts.size(); ++g) emit_segment(static_cast<int32_t>(g));
    emit_stages();
  }

  void find_levels() {
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

  void find_gradients() {
    const size_t values = tape.values().size();
    std::vector<bool> depends(values, false);
    std::vector<bool> reaches(values, false);
    gradient_wanted.assign(values, false);
    node_backward.assign(tape.nodes().size(), false);
    if (!options.gradients) return;
    for (size_t v = 0; v < values; ++v) {
      const Parameter* p = tape.values()[v].parameter;
      depends[v] = p != nullptr && (p->trainable || options.all_parameters);
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

  bool sends_gradient(const Tape::Node& nd, size_t output) const {
    return gradient_wanted[at(nd.outputs[output])] && nd.op->passes_gradient(static_cast<int>(output));
  }

  // The last segment may run backward in the same visit if the gradients of its reductions are known before: they are
  // losses and nothing else.
  void find_fusion() {
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

  void draft_segments() {
    forward_segment.assign(at(last_level) + 1, -1);
    backward_segment.assign(at(last_level) + 1, -1);
    for (int64_t s = 0; s <= last_row_level; ++s) {
      Draft d{.level = s,
              .recompute = {},
              .forward = {},
              .backward = {},
              .value_slot = {},
              .gradient_slot = {},
              .lane_gradient_slot = {}};
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
      Draft d{.level = s,
              .recompute = {},
              .forward = {},
              .backward = backward_nodes(s),
              .value_slot = {},
              .gradient_slot = {},
              .lane_gradient_slot = {}};
      if (d.backward.empty()) continue;
      backward_segment[at(s)] = static_cast<int32_t>(drafts.size());
      drafts.push_back(std::move(d));
    }
  }

  std::vector<int32_t> backward_nodes(int64_t level) const {
    std::vector<int32_t> nodes;
    for (size_t n = tape.nodes().size(); n-- > 0;) {
      if (row_node[n] && node_backward[n] && node_level[n] == level) nodes.push_back(static_cast<int32_t>(n));
    }
    return nodes;
  }

  // ---- what is kept for the whole batch, what is computed again
  void choose_storage() {
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

  void ensure(int32_t v, Draft& d) {
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

  // ---- memory of Step values
  void place_step_values() {
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

  // ---- memory of Row values that live longer than a segment
  int32_t add_slot(Slot slot) {
    plan.slots_.push_back(slot);
    return static_cast<int32_t>(plan.slots_.size()) - 1;
  }

  void make_whole_slots() {
    const auto segments = static_cast<int64_t>(drafts.size());
    for (size_t v = 0; v < tape.values().size(); ++v) {
      if (!stored[v]) continue;
      const auto id = static_cast<int32_t>(v);
      Slot slot{.kind = Slot::Kind::kWhole, .row_floats = size(id)};
      slot.first = forward_segment[at(node_level[at(value(id).node)])];
      slot.last = slot.first;
      for (int64_t g = 0; g < segments; ++g) {
        if (uses_value(drafts[at(g)], id)) slot.last = std::max(slot.last, g);
      }
      const bool kept = std::ranges::find(tape.kept(), id) != tape.kept().end();
      if (kept) slot.last = segments;
      whole_value_slot[id] = add_slot(slot);
      if (kept) plan.kept_.emplace_back(id, whole_value_slot[id]);
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
      whole_gradient_slot[id] =
          add_slot({.kind = Slot::Kind::kWhole, .row_floats = size(id), .first = first, .last = last});
      if (input) plan.input_gradients_.emplace_back(id, whole_gradient_slot[id]);
    }
  }

  bool uses_value(const Draft& d, int32_t v) const {
    const auto reads = [&](int32_t n) { return std::ranges::find(node(n).inputs, v) != node(n).inputs.end(); };
    const auto makes = [&](int32_t n) { return std::ranges::find(node(n).outputs, v) != node(n).outputs.end(); };
    return std::ranges::any_of(d.forward, reads) || std::ranges::any_of(d.recompute, reads) ||
           std::ranges::any_of(d.backward, [&](int32_t n) { return reads(n) || makes(n); });
  }

  // ---- instructions
  int32_t none_slot = -1;

  int32_t fixed_slot(float* p) { return add_slot({.kind = Slot::Kind::kFixed, .fixed = p}); }

  int32_t touch(int32_t slot, int64_t moment) {
    Slot& s = plan.slots_[at(slot)];
    if (s.kind == Slot::Kind::kWorker) s.last = std::max(s.last, moment);
    return slot;
  }

  int32_t worker_slot(int32_t g, int64_t row_floats, int64_t floats, int64_t moment) {
    return add_slot({.kind = Slot::Kind::kWorker,
                     .row_floats = row_floats,
                     .floats = floats,
                     .first = moment,
                     .last = moment,
                     .segment = g});
  }

  /// Slot of a value as an input, or (create) as an output.
  int32_t value_slot(int32_t g, int32_t v, int64_t moment, bool create) {
    if (!is_row(v)) return fixed_slot(plan.step_value_[at(v)]);
    if (value(v).source == Tape::Source::kInput)
      return add_slot({.kind = Slot::Kind::kInput, .input = value(v).index, .row_floats = size(v)});
    if (const auto whole = whole_value_slot.find(v); whole != whole_value_slot.end()) return whole->second;
    auto& slots = drafts[at(g)].value_slot;
    if (create) return slots[v] = worker_slot(g, size(v), 0, moment);
    const auto found = slots.find(v);
    return found == slots.end() ? none_slot : touch(found->second, moment);
  }

  int32_t gradient_slot(int32_t g, int32_t v, int64_t moment, bool create) {
    if (const auto whole = whole_gradient_slot.find(v); whole != whole_gradient_slot.end()) return whole->second;
    auto& slots = drafts[at(g)].gradient_slot;
    const auto found = slots.find(v);
    if (found != slots.end()) return touch(found->second, moment);
    return create ? slots[v] = worker_slot(g, size(v), 0, moment) : none_slot;
  }

  void add_lane_slot(int32_t g, int32_t slot) { plan.segments_[at(g)].lane_slots.push_back(slot); }

  void emit_segment(int32_t g) {
    if (none_slot < 0) none_slot = add_slot({});
    plan.segments_.emplace_back();
    Draft& d = drafts[at(g)];
    plan.segments_[at(g)].level = d.level;
    plan.segments_[at(g)].backward = !d.backward.empty();
    for (const int32_t n : d.recompute) emit_forward(g, n, true);
    for (const int32_t n : d.forward) emit_forward(g, n, false);
    for (const int32_t n : d.backward) emit_row_backward(g, n);
  }

  Instruction make_instruction(int32_t n, Instruction::Action action) {
    Instruction ins;
    ins.action = action;
    ins.node = n;
    ins.extra = extra[at(n)];
    ins.accumulate = std::make_unique<bool[]>(node(n).inputs.size() + 1);
    return ins;
  }

  void emit_forward(int32_t g, int32_t n, bool again) {
    Segment& segment = plan.segments_[at(g)];
    const auto moment = static_cast<int64_t>(segment.instructions.size());
    const Tape::Node& nd = node(n);
    Instruction ins = make_instruction(n, again ? Instruction::Action::kRecompute : Instruction::Action::kForward);
    for (const int32_t v : nd.inputs) ins.in.push_back(value_slot(g, v, moment, false));
    Instruction finish = make_instruction(n, Instruction::Action::kFinish);
    bool reduces = false;
    for (size_t o = 0; o < nd.outputs.size(); ++o) {
      const int32_t v = nd.outputs[o];
      if (is_row(v)) {
        ins.out.push_back(value_slot(g, v, moment, true));
        finish.partial.push_back(-1);
        finish.out.push_back(none_slot);
      } else if (again) {
        ins.out.push_back(none_slot);
      } else {
        const int32_t slot = add_slot({.kind = Slot::Kind::kLane,
                                       .floats = nd.op->partial_floats(static_cast<int>(o)),
                                       .segment = g,
                                       .start = nd.op->partial_start(static_cast<int>(o))});
        add_lane_slot(g, slot);
        ins.out.push_back(slot);
        finish.partial.push_back(slot);
        finish.out.push_back(fixed_slot(plan.step_value_[at(v)]));
        reduces = true;
      }
    }
    ins.scratch = scratch_slot(g, *nd.op, moment);
    if (reduces) {
      for (const int32_t v : nd.inputs)
        finish.in.push_back(is_row(v) ? none_slot : fixed_slot(plan.step_value_[at(v)]));
      plan.segments_[at(g)].finish.push_back(std::move(finish));
    }
    plan.segments_[at(g)].instructions.push_back(std::move(ins));
  }

  // The size follows from the rows of a chunk, so the slot keeps the floats of a row, rounded up, and of none.
  int32_t scratch_slot(int32_t g, const Op& op, int64_t moment) {
    const int64_t fixed = op.scratch_floats(0);
    const int64_t for_many = op.scratch_floats(1024);
    if (for_many == 0) return none_slot;
    return worker_slot(g, (for_many - fixed + 1023) / 1024, fixed, moment);
  }

  void emit_row_backward(int32_t g, int32_t n) {
    const auto moment = static_cast<int64_t>(plan.segments_[at(g)].instructions.size());
    const Tape::Node& nd = node(n);
    Instruction ins = make_instruction(n, Instruction::Action::kBackward);
    const Needs needs = nd.op->needs();
    for (size_t i = 0; i < nd.inputs.size(); ++i) {
      ins.in.push_back(has_bit(needs.inputs, i) || !is_row(nd.inputs[i]) ? value_slot(g, nd.inputs[i], moment, false)
                                                                         : none_slot);
    }
    for (size_t o = 0; o < nd.outputs.size(); ++o) {
      const int32_t v = nd.outputs[o];
      ins.out.push_back(has_bit(needs.outputs, o) ? value_slot(g, v, moment, false) : none_slot);
      if (!sends_gradient(nd, o)) {
        ins.grad_out.push_back(none_slot);
      } else {
        ins.grad_out.push_back(is_row(v) ? gradient_slot(g, v, moment, false) : fixed_slot(plan.step_gradient_[at(v)]));
      }
    }
    for (size_t i = 0; i < nd.inputs.size(); ++i) {
      const int32_t v = nd.inputs[i];
      if (!gradient_wanted[at(v)] || !nd.op->differentiable(static_cast<int>(i))) {
        ins.grad_in.push_back(none_slot);
      } else if (is_row(v)) {
        ins.accumulate[i] = !first_writer(v, n, i);
        ins.grad_in.push_back(gradient_slot(g, v, moment, true));
      } else if (!nd.op->sums_rows(static_cast<int>(i))) {
        ins.grad_in.push_back(none_slot);
      } else {
        ins.accumulate[i] = true;
        ins.grad_in.push_back(lane_gradient(g, v));
      }
    }
    ins.scratch = scratch_slot(g, *nd.op, moment);
    plan.segments_[at(g)].instructions.push_back(std::move(ins));
  }

  /// Whether input `position` of node `n` is the first to write the gradient of Row value v in the order of time.
  bool first_writer(int32_t v, int32_t n, size_t position) const {
    for (const Draft& d : drafts) {
      for (const int32_t m : d.backward) {
        for (size_t i = 0; i < node(m).inputs.size(); ++i) {
          if (node(m).inputs[i] == v && node(m).op->differentiable(static_cast<int>(i))) return m == n && i == position;
        }
      }
    }
    return true;
  }

  int32_t lane_gradient(int32_t g, int32_t v) {
    auto& slots = drafts[at(g)].lane_gradient_slot;
    const auto found = slots.find(v);
    if (found != slots.end()) return found->second;
    const int32_t slot = add_slot({.kind = Slot::Kind::kLane, .floats = size(v), .segment = g});
    slots[v] = slot;
    add_lane_slot(g, slot);
    plan.segments_[at(g)].gradient_sums.push_back({slot, plan.step_gradient_[at(v)], size(v)});
    return slot;
  }

  Instruction step_instruction(int32_t n, Instruction::Action action) {
    const Tape::Node& nd = node(n);
    Instruction ins = make_instruction(n, action);
    for (size_t i = 0; i < nd.inputs.size(); ++i) {
      const int32_t v = nd.inputs[i];
      ins.in.push_back(is_row(v) ? none_slot : fixed_slot(plan.step_value_[at(v)]));
      if (action == Instruction::Action::kForward) continue;
      const bool wanted = gradient_wanted[at(v)] && nd.op->differentiable(static_cast<int>(i)) && !is_row(v);
      ins.grad_in.push_back(wanted ? fixed_slot(plan.step_gradient_[at(v)]) : none_slot);
      ins.accumulate[i] = true;
    }
    for (size_t o = 0; o < nd.outputs.size(); ++o) {
      const int32_t v = nd.outputs[o];
      ins.out.push_back(is_row(v) ? none_slot : fixed_slot(plan.step_value_[at(v)]));
      if (action == Instruction::Action::kForward) continue;
      ins.grad_out.push_back(!is_row(v) && sends_gradient(nd, o) ? fixed_slot(plan.step_gradient_[at(v)]) : none_slot);
    }
    ins.scratch = none_slot;
    return ins;
  }

  void emit_stages() {
    if (none_slot < 0) none_slot = add_slot({});
    for (int64_t s = 0; s <= last_level; ++s) {
      Stage stage;
      for (size_t n = 0; n < tape.nodes().size(); ++n) {
        if (!row_node[n] && node_level[n] == s)
          stage.step.push_back(step_instruction(static_cast<int32_t>(n), Instruction::Action::kForward));
      }
      stage.segment = forward_segment[at(s)];
      if (fused && s == last_row_level) add_backward_steps(s, stage);
      if (stage.segment >= 0 || !stage.step.empty()) plan.forward_.push_back(std::move(stage));
    }
    if (!options.gradients) return;
    for (int64_t s = last_level; s >= 0; --s) {
      Stage stage;
      const bool done = fused && s == last_row_level;
      if (!done) {
        add_backward_steps(s, stage);
        stage.segment = backward_segment[at(s)];
      }
      if (stage.segment >= 0 || !stage.step.empty()) plan.backward_.push_back(std::move(stage));
      Stage steps;
      for (size_t n = tape.nodes().size(); n-- > 0;) {
        if (!row_node[n] && node_backward[n] && node_level[n] == s) {
          steps.step.push_back(step_instruction(static_cast<int32_t>(n), Instruction::Action::kBackward));
        }
      }
      if (!steps.step.empty()) plan.backward_.push_back(std::move(steps));
    }
  }

  void add_backward_steps(int64_t level, Stage& stage) {
    for (const int32_t n : backward_nodes(level)) {
      bool reduces = false;
      for (const int32_t v : node(n).outputs) reduces = reduces || !is_row(v);
      if (reduces) stage.step.push_back(step_instruction(n, Instruction::Action::kBackwardStep));
    }
  }
};

Plan::Plan(const Tape& tape, const PlanOptions& options) : tape_(&tape) { Builder(*this, options).build(); }

int32_t Plan::kept_slot(int32_t value) const {
  for (const auto& [v, slot] : kept_) {
    if (v == value) return slot;
  }
  return -1;
}

int32_t Plan::input_gradient_slot(int32_t value) const {
  for (const auto& [v, slot] : input_gradients_) {
    if (v == value) return slot;
  }
  return -1;
}

int64_t Plan::worker_row_floats() const {
  std::vector<int64_t> floats(segments_.size() + 1, 0);
  for (const Slot& slot : slots_) {
    if (slot.kind == Slot::Kind::kWorker) floats[at(slot.segment)] += slot.row_floats;
  }
  return *std::ranges::max_element(floats);
}

std::string Plan::describe() const {
  std::string text;
  int64_t whole = 0;
  for (const Slot& slot : slots_) {
    if (slot.kind == Slot::Kind::kWhole) whole += slot.row_floats;
  }
  text += concat("kept for the whole batch: ", whole, " floats a row\n");
  for (size_t g = 0; g < segments_.size(); ++g) {
    text += concat("segment ", g, " (level ", segments_[g].level, "):");
    for (const Instruction& ins : segments_[g].instructions) {
      static constexpr const char* kMarks[] = {" ", " again:", " back:", " ", " "};
      text += concat(kMarks[static_cast<size_t>(ins.action)], tape_->nodes()[at(ins.node)].op->name());
    }
    text += "\n";
  }
  return text;
}

}  // namespace hgq
