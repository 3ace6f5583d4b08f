#include "hgq/autograd/plan_profile.h"

#include <algorithm>

namespace hgq {
namespace {

size_t at(int64_t i) { return static_cast<size_t>(i); }

Profile::Pass pass_of(Instruction::Action action) {
  switch (action) {
    case Instruction::Action::kForward:
    case Instruction::Action::kFinish:
      return Profile::Pass::kForward;
    case Instruction::Action::kRecompute:
      return Profile::Pass::kAgain;
    default:
      return Profile::Pass::kBackward;
  }
}

/// The inputs whose gradients an instruction computes, as bits.
uint32_t wanted_gradients(const Plan& plan, const Instruction& instruction) {
  uint32_t wanted = 0;
  for (size_t i = 0; i < instruction.grad_in.size(); ++i) {
    if (plan.operands()[at(instruction.grad_in[i])].kind != Operand::Kind::kNone) wanted |= 1U << i;
  }
  return wanted;
}

std::vector<MatmulSpec> products_of(const Plan& plan, const Instruction& instruction, int64_t rows) {
  if (instruction.action == Instruction::Action::kFinish || instruction.action == Instruction::Action::kBackwardStep)
    return {};
  const Op& op = *plan.tape().nodes()[at(instruction.node)].op;
  return op.products(rows, instruction.action == Instruction::Action::kBackward, wanted_gradients(plan, instruction));
}

double multiplications(const std::vector<MatmulSpec>& products) {
  double sum = 0;
  for (const MatmulSpec& p : products)
    sum +=
        static_cast<double>(p.m) * static_cast<double>(p.k) * static_cast<double>(p.n) * static_cast<double>(p.terms);
  return sum;
}

/// The floats of an operand, and whether these are those of one row.
struct Floats {
  int64_t floats = 0;
  bool by_row = false;
};
Floats floats_of(const Plan& plan, int32_t operand, int32_t value) {
  const Operand& o = plan.operands()[at(operand)];
  if (o.kind == Operand::Kind::kNone) return {};
  if (o.row_floats > 0) return {o.row_floats, true};
  return {plan.tape().values()[at(value)].spec.shape.size(), false};
}

Profile::Operation describe(const Plan& plan, int phase, const Instruction& instruction) {
  const Tape::Node& node = plan.tape().nodes()[at(instruction.node)];
  Profile::Operation operation{
      .phase = phase, .layer = node.layer, .name = std::string(node.op->name()), .pass = pass_of(instruction.action)};
  constexpr int64_t kRows = 1024;
  operation.products_per_row = multiplications(products_of(plan, instruction, kRows)) / static_cast<double>(kRows);
  const auto count = [&](const std::vector<int32_t>& operands, const std::vector<int32_t>& values) {
    for (size_t i = 0; i < operands.size(); ++i) {
      const Floats floats = floats_of(plan, operands[i], values[i]);
      (floats.by_row ? operation.bytes_per_row : operation.bytes_per_call) +=
          static_cast<double>(floats.floats) * static_cast<double>(sizeof(float));
    }
  };
  count(instruction.in, node.inputs);
  count(instruction.out, node.outputs);
  count(instruction.grad_out, node.outputs);
  count(instruction.grad_in, node.inputs);
  return operation;
}

}  // namespace

PlanProfile::PlanProfile(const Plan& plan, bool gradients, Profile& profile, int threads) {
  const std::string prefix = gradients ? "" : "evaluation: ";
  rows_ = profile.add_phase(prefix + "rows");
  step_values_ = profile.add_phase(prefix + "values of the step");
  lanes_ = profile.add_phase(prefix + "combining lanes");
  const auto add = [&](int phase, const std::vector<Instruction>& instructions) {
    std::vector<int> numbers;
    for (const Instruction& instruction : instructions)
      numbers.push_back(profile.add_operation(describe(plan, phase, instruction), threads));
    return numbers;
  };
  for (const Segment& segment : plan.segments()) segments_.push_back(add(rows_, segment.instructions));
  for (const Stage& stage : plan.forward_stages()) forward_.push_back(add(step_values_, stage.step));
  for (const Stage& stage : plan.backward_stages()) backward_.push_back(add(step_values_, stage.step));
}

std::vector<std::pair<MatmulSpec, int64_t>> products_of(const Plan& plan, const Chunks& chunks) {
  std::vector<std::pair<MatmulSpec, int64_t>> all;
  const auto add = [&](const Instruction& instruction, int64_t rows, int64_t times) {
    for (const MatmulSpec& product : products_of(plan, instruction, rows)) {
      const auto same = std::ranges::find(all, product, &std::pair<MatmulSpec, int64_t>::first);
      if (same == all.end()) {
        all.emplace_back(product, times);
      } else {
        same->second += times;
      }
    }
  };
  for (const Segment& segment : plan.segments()) {
    for (const Instruction& instruction : segment.instructions) {
      if (chunks.count > 1) add(instruction, chunks.chunk_rows, chunks.count - 1);
      add(instruction, chunks.rows_of(chunks.count - 1), 1);
    }
  }
  return all;
}

}  // namespace hgq
