#include "hgq/autograd/plan.h"

#include <algorithm>

#include "hgq/autograd/plan_builder.h"
#include "hgq/core/error.h"

namespace hgq {

void Plan::Builder::build() {
  find_levels();
  find_gradients();
  find_fusion();
  draft_segments();
  choose_storage();
  place_step_values();
  make_whole_operands();
  for (size_t g = 0; g < drafts.size(); ++g) emit_segment(static_cast<int32_t>(g));
  emit_stages();
}

Plan::Plan(const Tape& tape, const PlanOptions& options) : tape_(&tape) { Builder(*this, options).build(); }

int32_t Plan::kept_operand(int32_t value) const {
  for (const auto& [v, operand] : kept_) {
    if (v == value) return operand;
  }
  return -1;
}

int32_t Plan::input_gradient_operand(int32_t value) const {
  for (const auto& [v, operand] : input_gradients_) {
    if (v == value) return operand;
  }
  return -1;
}

int64_t Plan::worker_row_floats() const {
  std::vector<int64_t> floats(segments_.size() + 1, 0);
  for (const Operand& operand : operands_) {
    if (operand.kind == Operand::Kind::kWorker) floats[static_cast<size_t>(operand.segment)] += operand.row_floats;
  }
  return *std::ranges::max_element(floats);
}

std::string Plan::describe() const {
  std::string text;
  int64_t whole = 0;
  for (const Operand& operand : operands_) {
    if (operand.kind == Operand::Kind::kWhole) whole += operand.row_floats;
  }
  text += concat("kept for the whole batch: ", whole, " floats a row\n");
  for (size_t g = 0; g < segments_.size(); ++g) {
    text += concat("segment ", g, " (level ", segments_[g].level, "):");
    for (const Instruction& ins : segments_[g].instructions) {
      static constexpr const char* kMarks[] = {" ", " again:", " back:", " ", " "};
      text += concat(kMarks[static_cast<size_t>(ins.action)], tape_->nodes()[static_cast<size_t>(ins.node)].op->name());
    }
    text += "\n";
  }
  return text;
}

}  // namespace hgq
