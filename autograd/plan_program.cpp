// The instructions of segments and stages, and the operands that they read and write.
#include <algorithm>

#include "hgq/autograd/plan_builder.h"

namespace hgq {

int32_t Plan::Builder::touch(int32_t operand, int64_t moment) {
  Operand& o = plan.operands_[at(operand)];
  if (o.kind == Operand::Kind::kWorker) o.last = std::max(o.last, moment);
  return operand;
}

int32_t Plan::Builder::worker_operand(int32_t g, int64_t row_floats, int64_t floats, int64_t moment) {
  return add_operand({.kind = Operand::Kind::kWorker,
                      .row_floats = row_floats,
                      .floats = floats,
                      .first = moment,
                      .last = moment,
                      .segment = g});
}

int32_t Plan::Builder::value_operand(int32_t g, int32_t v, int64_t moment, bool create) {
  if (!is_row(v)) return fixed_operand(plan.step_value_[at(v)]);
  if (value(v).source == Tape::Source::kInput)
    return add_operand({.kind = Operand::Kind::kInput, .input = value(v).index, .row_floats = size(v)});
  if (const auto whole = whole_value_operand.find(v); whole != whole_value_operand.end()) return whole->second;
  auto& operands = drafts[at(g)].value_operand;
  if (create) return operands[v] = worker_operand(g, size(v), 0, moment);
  const auto found = operands.find(v);
  return found == operands.end() ? none_operand : touch(found->second, moment);
}

int32_t Plan::Builder::gradient_operand(int32_t g, int32_t v, int64_t moment, bool create) {
  if (const auto whole = whole_gradient_operand.find(v); whole != whole_gradient_operand.end()) return whole->second;
  auto& operands = drafts[at(g)].gradient_operand;
  const auto found = operands.find(v);
  if (found != operands.end()) return touch(found->second, moment);
  return create ? operands[v] = worker_operand(g, size(v), 0, moment) : none_operand;
}

void Plan::Builder::emit_segment(int32_t g) {
  if (none_operand < 0) none_operand = add_operand({});
  plan.segments_.emplace_back();
  Draft& d = drafts[at(g)];
  plan.segments_[at(g)].level = d.level;
  plan.segments_[at(g)].backward = !d.backward.empty();
  for (const int32_t n : d.recompute) emit_forward(g, n, true);
  for (const int32_t n : d.forward) emit_forward(g, n, false);
  for (const int32_t n : d.backward) emit_row_backward(g, n);
}

Instruction Plan::Builder::make_instruction(int32_t n, Instruction::Action action) {
  Instruction ins;
  ins.action = action;
  ins.node = n;
  ins.extra = extra[at(n)];
  ins.accumulate = std::make_unique<bool[]>(node(n).inputs.size() + 1);
  return ins;
}

void Plan::Builder::emit_forward(int32_t g, int32_t n, bool again) {
  Segment& segment = plan.segments_[at(g)];
  const auto moment = static_cast<int64_t>(segment.instructions.size());
  const Tape::Node& nd = node(n);
  Instruction ins = make_instruction(n, again ? Instruction::Action::kRecompute : Instruction::Action::kForward);
  for (const int32_t v : nd.inputs) ins.in.push_back(value_operand(g, v, moment, false));
  Instruction finish = make_instruction(n, Instruction::Action::kFinish);
  bool reduces = false;
  for (size_t o = 0; o < nd.outputs.size(); ++o) {
    const int32_t v = nd.outputs[o];
    if (is_row(v)) {
      ins.out.push_back(value_operand(g, v, moment, true));
      finish.partial.push_back(-1);
      finish.out.push_back(none_operand);
    } else if (again) {
      ins.out.push_back(none_operand);
    } else {
      const int32_t operand = add_operand({.kind = Operand::Kind::kLane,
                                           .floats = nd.op->partial_floats(static_cast<int>(o)),
                                           .segment = g,
                                           .start = nd.op->partial_start(static_cast<int>(o))});
      add_lane_operand(g, operand);
      ins.out.push_back(operand);
      finish.partial.push_back(operand);
      finish.out.push_back(fixed_operand(plan.step_value_[at(v)]));
      reduces = true;
    }
  }
  ins.scratch = scratch_operand(g, *nd.op, moment);
  if (!again && nd.op->prepares()) {
    Instruction prepare = make_instruction(n, Instruction::Action::kPrepare);
    for (const int32_t v : nd.inputs)
      prepare.in.push_back(is_row(v) ? none_operand : fixed_operand(plan.step_value_[at(v)]));
    segment.prepare.push_back(std::move(prepare));
  }
  if (reduces) {
    for (const int32_t v : nd.inputs)
      finish.in.push_back(is_row(v) ? none_operand : fixed_operand(plan.step_value_[at(v)]));
    plan.segments_[at(g)].finish.push_back(std::move(finish));
  }
  plan.segments_[at(g)].instructions.push_back(std::move(ins));
}

int32_t Plan::Builder::scratch_operand(int32_t g, const Op& op, int64_t moment) {
  const int64_t fixed = op.scratch_floats(0);
  const int64_t for_many = op.scratch_floats(1024);
  if (for_many == 0) return none_operand;
  return worker_operand(g, (for_many - fixed + 1023) / 1024, fixed, moment);
}

void Plan::Builder::emit_row_backward(int32_t g, int32_t n) {
  const auto moment = static_cast<int64_t>(plan.segments_[at(g)].instructions.size());
  const Tape::Node& nd = node(n);
  Instruction ins = make_instruction(n, Instruction::Action::kBackward);
  const Needs needs = nd.op->needs();
  for (size_t i = 0; i < nd.inputs.size(); ++i) {
    ins.in.push_back(has_bit(needs.inputs, i) || !is_row(nd.inputs[i]) ? value_operand(g, nd.inputs[i], moment, false)
                                                                       : none_operand);
  }
  for (size_t o = 0; o < nd.outputs.size(); ++o) {
    const int32_t v = nd.outputs[o];
    ins.out.push_back(has_bit(needs.outputs, o) ? value_operand(g, v, moment, false) : none_operand);
    if (!sends_gradient(nd, o)) {
      ins.grad_out.push_back(none_operand);
    } else {
      ins.grad_out.push_back(is_row(v) ? gradient_operand(g, v, moment, false)
                                       : fixed_operand(plan.step_gradient_[at(v)]));
    }
  }
  for (size_t i = 0; i < nd.inputs.size(); ++i) {
    const int32_t v = nd.inputs[i];
    if (!gradient_wanted[at(v)] || !nd.op->differentiable(static_cast<int>(i))) {
      ins.grad_in.push_back(none_operand);
    } else if (is_row(v)) {
      ins.accumulate[i] = !first_writer(v, n, i);
      ins.grad_in.push_back(gradient_operand(g, v, moment, true));
    } else if (!nd.op->sums_rows(static_cast<int>(i))) {
      ins.grad_in.push_back(none_operand);
    } else {
      ins.accumulate[i] = true;
      ins.grad_in.push_back(lane_gradient(g, v));
    }
  }
  ins.scratch = scratch_operand(g, *nd.op, moment);
  plan.segments_[at(g)].instructions.push_back(std::move(ins));
}

bool Plan::Builder::first_writer(int32_t v, int32_t n, size_t position) const {
  for (const Draft& d : drafts) {
    for (const int32_t m : d.backward) {
      for (size_t i = 0; i < node(m).inputs.size(); ++i) {
        if (node(m).inputs[i] == v && node(m).op->differentiable(static_cast<int>(i))) return m == n && i == position;
      }
    }
  }
  return true;
}

int32_t Plan::Builder::lane_gradient(int32_t g, int32_t v) {
  auto& operands = drafts[at(g)].lane_gradient_operand;
  const auto found = operands.find(v);
  if (found != operands.end()) return found->second;
  const int32_t operand = add_operand({.kind = Operand::Kind::kLane, .floats = size(v), .segment = g});
  operands[v] = operand;
  add_lane_operand(g, operand);
  plan.segments_[at(g)].gradient_sums.push_back({operand, plan.step_gradient_[at(v)], size(v)});
  return operand;
}

Instruction Plan::Builder::step_instruction(int32_t n, Instruction::Action action) {
  const Tape::Node& nd = node(n);
  Instruction ins = make_instruction(n, action);
  for (size_t i = 0; i < nd.inputs.size(); ++i) {
    const int32_t v = nd.inputs[i];
    ins.in.push_back(is_row(v) ? none_operand : fixed_operand(plan.step_value_[at(v)]));
    if (action == Instruction::Action::kForward) continue;
    const bool wanted = gradient_wanted[at(v)] && nd.op->differentiable(static_cast<int>(i)) && !is_row(v);
    ins.grad_in.push_back(wanted ? fixed_operand(plan.step_gradient_[at(v)]) : none_operand);
    ins.accumulate[i] = true;
  }
  for (size_t o = 0; o < nd.outputs.size(); ++o) {
    const int32_t v = nd.outputs[o];
    ins.out.push_back(is_row(v) ? none_operand : fixed_operand(plan.step_value_[at(v)]));
    if (action == Instruction::Action::kForward) continue;
    ins.grad_out.push_back(!is_row(v) && sends_gradient(nd, o) ? fixed_operand(plan.step_gradient_[at(v)])
                                                               : none_operand);
  }
  ins.scratch = none_operand;
  return ins;
}

void Plan::Builder::emit_stages() {
  if (none_operand < 0) none_operand = add_operand({});
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

void Plan::Builder::add_backward_steps(int64_t level, Stage& stage) {
  for (const int32_t n : backward_nodes(level)) {
    bool reduces = false;
    for (const int32_t v : node(n).outputs) reduces = reduces || !is_row(v);
    if (reduces) stage.step.push_back(step_instruction(n, Instruction::Action::kBackwardStep));
  }
}

}  // namespace hgq
