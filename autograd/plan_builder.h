// How a plan is made from a tape: what Plan's constructor knows while it works. autograd/plan.h describes the result.
//
//   plan_analysis.cpp   levels, which gradients are wanted, segments, what is kept and what is computed again
//   plan_memory.cpp     where Step values lie, and the Row values that live longer than a segment
//   plan_program.cpp    instructions and their operands
#pragma once

#include <map>
#include <vector>

#include "hgq/autograd/plan.h"

namespace hgq {

struct Plan::Builder {
  Plan& plan;
  const Tape& tape;
  PlanOptions options;

  std::vector<int64_t> node_level, value_level;
  std::vector<bool> row_node;         // has a Row input: runs for each chunk
  std::vector<bool> node_backward;    // runs backward, too
  std::vector<bool> gradient_wanted;  // of a value: it depends on a parameter, and a loss on it
  std::vector<bool> stored;           // a Row value that is kept for the whole batch
  int64_t last_level = 0;             // of any node
  int64_t last_row_level = -1;
  bool fused = false;  // the last segment runs forward and backward in one visit

  /// A segment, in the order of time; the nodes to compute again and those to run.
  struct Draft {
    int64_t level = 0;
    std::vector<int32_t> recompute, forward, backward;
    std::map<int32_t, int32_t> value_operand, gradient_operand, lane_gradient_operand;  // by value
  };
  std::vector<Draft> drafts;
  std::vector<int32_t> forward_segment, backward_segment;  // by level; -1 where there is none
  std::map<int32_t, int32_t> whole_value_operand, whole_gradient_operand;
  std::vector<float*> extra;  // by node
  int32_t none_operand = -1;

  Builder(Plan& p, const PlanOptions& o) : plan(p), tape(*p.tape_), options(o) {}
  void build();

  static size_t at(int64_t i) { return static_cast<size_t>(i); }
  static bool has_bit(uint32_t set, size_t bit) { return (set >> bit & 1U) != 0; }
  const Tape::Value& value(int32_t v) const { return tape.values()[at(v)]; }
  const Tape::Node& node(int32_t n) const { return tape.nodes()[at(n)]; }
  bool is_row(int32_t v) const { return value(v).spec.domain == Domain::kRow; }
  int64_t size(int32_t v) const { return value(v).spec.shape.size(); }

  // ---- analysis
  void find_levels();
  void find_gradients();
  /// Whether a gradient arrives at this output of the node, and is passed on to the inputs.
  bool sends_gradient(const Tape::Node& nd, size_t output) const;
  /// The last segment may run backward in the same visit if the gradients of its reductions are known before: they are
  /// losses and nothing else.
  void find_fusion();
  void draft_segments();
  /// Row nodes of a level that run backward, last first.
  std::vector<int32_t> backward_nodes(int64_t level) const;
  /// What is kept for the whole batch, what is computed again.
  void choose_storage();
  /// Makes the value available in the segment: kept, or computed again there with what it needs.
  void ensure(int32_t v, Draft& d);

  // ---- memory
  /// Values, gradients and the operations' own memory outside of chunks: one block.
  void place_step_values();
  /// Row values and gradients that live longer than a segment.
  void make_whole_operands();
  bool uses_value(const Draft& d, int32_t v) const;

  // ---- program: `g` is the segment, `moment` the instruction in it
  int32_t add_operand(Operand operand) {
    plan.operands_.push_back(operand);
    return static_cast<int32_t>(plan.operands_.size()) - 1;
  }
  int32_t fixed_operand(float* p) { return add_operand({.kind = Operand::Kind::kFixed, .fixed = p}); }
  /// Extends the life of an operand in the worker's block to `moment`.
  int32_t touch(int32_t operand, int64_t moment);
  int32_t worker_operand(int32_t g, int64_t row_floats, int64_t floats, int64_t moment);
  /// The operand of a value as an input, or, if `create` is true, as an output.
  int32_t value_operand(int32_t g, int32_t v, int64_t moment, bool create);
  int32_t gradient_operand(int32_t g, int32_t v, int64_t moment, bool create);
  /// Scratch memory. Its size depends on the rows of a chunk, so the operand has the floats for each row, rounded up,
  /// and those for no rows.
  int32_t scratch_operand(int32_t g, const Op& op, int64_t moment);
  void add_lane_operand(int32_t g, int32_t operand) { plan.segments_[at(g)].lane_operands.push_back(operand); }
  /// Where a lane sums the gradient of a Step value.
  int32_t lane_gradient(int32_t g, int32_t v);
  /// Whether input `position` of node `n` is the first to write the gradient of Row value v in the order of time.
  bool first_writer(int32_t v, int32_t n, size_t position) const;

  void emit_segment(int32_t g);
  void emit_forward(int32_t g, int32_t n, bool again);
  void emit_row_backward(int32_t g, int32_t n);
  Instruction make_instruction(int32_t n, Instruction::Action action);
  Instruction step_instruction(int32_t n, Instruction::Action action);
  void emit_stages();
  /// backward_step of the level's reductions.
  void add_backward_steps(int64_t level, Stage& stage);
};

}  // namespace hgq
