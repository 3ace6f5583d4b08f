#include "hgq/autograd/executor.h"

#include <algorithm>

#include "hgq/autograd/lane_sums.h"
#include "hgq/autograd/plan_profile.h"
#include "hgq/core/arena.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

size_t at(int64_t i) { return static_cast<size_t>(i); }

}  // namespace

// An operation of the Step domain with all its pointers resolved.
struct Executor::StepCall {
  const Op* op = nullptr;
  Instruction::Action action = Instruction::Action::kForward;
  std::vector<float*> pointers;  // in, out, grad_out, grad_in
  OpContext context;
};

struct Executor::Program {
  Chunks chunks;
  std::vector<int64_t> offsets;  // by operand; kLane: within a lane's block
  std::vector<float*> direct;    // by operand: a lane block that needs no combining, as there is one lane
  std::vector<std::unique_ptr<Kernels>> kernels[2];  // by node: for the rows of most chunks, and of the last one
  int64_t whole_floats = 0, worker_floats = 0, lane_floats = 0;
};

struct Executor::WorkerPointers {
  std::vector<float*> pointers;
};

Executor::Executor(const Tape& tape, Workers& workers, const ExecutorOptions& options)
    : tape_(tape),
      workers_(workers),
      options_(options),
      plan_(tape, {.gradients = options.gradients, .all_parameters = options.all_parameters}) {
  int64_t scratch = 0;
  for (const Tape::Node& node : tape.nodes()) {
    const bool row =
        std::ranges::any_of(node.inputs, [&](int32_t v) { return tape.values()[at(v)].spec.domain == Domain::kRow; });
    step_kernels_.push_back(row ? nullptr : node.op->make_kernels(1));
    if (!row) scratch = std::max(scratch, node.op->scratch_floats(1));
  }
  step_scratch_ = AlignedBuffer(at(scratch) * sizeof(float));
  forward_calls_ = prepare(plan_.forward_stages());
  backward_calls_ = prepare(plan_.backward_stages());
  size_t most = 0;
  for (const Segment& segment : plan_.segments()) {
    for (const Instruction& i : segment.instructions)
      most = std::max(most, i.in.size() + i.out.size() + i.grad_out.size() + i.grad_in.size());
  }
  lane_sums_ = std::make_unique<LaneSums>(plan_, workers.size());
  worker_pointers_.resize(at(workers.size()));
  for (WorkerPointers& p : worker_pointers_) p.pointers.resize(most);
  if (workers.profile() != nullptr)
    pieces_ = std::make_unique<PlanProfile>(plan_, options.gradients, *workers.profile(), workers.size());
}

Executor::~Executor() = default;

std::vector<std::vector<Executor::StepCall>> Executor::prepare(const std::vector<Stage>& stages) const {
  std::vector<std::vector<StepCall>> all;
  for (const Stage& stage : stages) {
    std::vector<StepCall>& calls = all.emplace_back();
    for (const Instruction& ins : stage.step) {
      StepCall& call = calls.emplace_back();
      call.op = tape_.nodes()[at(ins.node)].op.get();
      call.action = ins.action;
      for (const auto* list : {&ins.in, &ins.out, &ins.grad_out, &ins.grad_in}) {
        for (const int32_t operand : *list) call.pointers.push_back(plan_.operands()[at(operand)].fixed);
      }
      OpContext& c = call.context;
      c.in = call.pointers.data();
      c.out = call.pointers.data() + ins.in.size();
      c.grad_out = c.out + ins.out.size();
      c.grad_in = call.pointers.data() + ins.in.size() + ins.out.size() + ins.grad_out.size();
      c.accumulate = ins.accumulate.get();
      c.extra = ins.extra;
      c.scratch = reinterpret_cast<float*>(step_scratch_.data());
      c.kernels = step_kernels_[at(ins.node)].get();
      c.seed = options_.seed;
    }
  }
  return all;
}

Executor::Program& Executor::program_for(int64_t rows) {
  if (const auto found = programs_.find(rows); found != programs_.end()) return *found->second;
  auto made = std::make_unique<Program>();
  Program& program = *made;
  const auto& operands = plan_.operands();
  program.offsets.assign(operands.size(), 0);
  program.direct.assign(operands.size(), nullptr);

  // Whole-batch values, then each segment's worker block and lane block.
  const auto place = [&](Operand::Kind kind, int32_t segment) {
    std::vector<ArenaRequest> requests;
    std::vector<size_t> ids;
    for (size_t s = 0; s < operands.size(); ++s) {
      if (operands[s].kind != kind || operands[s].segment != segment) continue;
      const int64_t block_rows = kind == Operand::Kind::kWhole ? rows : program.chunks.chunk_rows;
      requests.push_back({operands[s].row_floats * block_rows + operands[s].floats,
                          kind == Operand::Kind::kLane ? 0 : operands[s].first,
                          kind == Operand::Kind::kLane ? 0 : operands[s].last});
      ids.push_back(s);
    }
    const ArenaPlacement placement = place_in_arena(requests);
    for (size_t i = 0; i < ids.size(); ++i) program.offsets[ids[i]] = placement.offsets[i];
    return placement.floats;
  };
  for (size_t g = 0; g < plan_.segments().size(); ++g)
    program.lane_floats = std::max(program.lane_floats, place(Operand::Kind::kLane, static_cast<int32_t>(g)));
  program.chunks = cut_batch(rows, {.row_floats = plan_.worker_row_floats(), .lane_floats = program.lane_floats},
                             {.largest_chunk = options_.largest_chunk, .lanes = options_.lanes});
  program.whole_floats = place(Operand::Kind::kWhole, -1);
  for (size_t g = 0; g < plan_.segments().size(); ++g)
    program.worker_floats = std::max(program.worker_floats, place(Operand::Kind::kWorker, static_cast<int32_t>(g)));
  if (program.chunks.lanes == 1) {
    for (const Segment& segment : plan_.segments()) {
      for (const GradientSum& sum : segment.gradient_sums) program.direct[at(sum.lane_operand)] = sum.into;
    }
  }
  const int64_t sizes[2] = {
      program.chunks.count > 1 ? program.chunks.chunk_rows : program.chunks.rows_of(program.chunks.count - 1),
      program.chunks.rows_of(program.chunks.count - 1)};
  for (int k = 0; k < 2; ++k) {
    if (k == 1 && sizes[1] == sizes[0]) break;
    for (size_t n = 0; n < tape_.nodes().size(); ++n) {
      const Tape::Node& node = tape_.nodes()[n];
      const bool row = std::ranges::any_of(
          node.inputs, [&](int32_t v) { return tape_.values()[at(v)].spec.domain == Domain::kRow; });
      program.kernels[k].push_back(row ? node.op->make_kernels(sizes[k]) : nullptr);
    }
  }
  const auto grow = [](AlignedBuffer& buffer, int64_t floats) {
    if (buffer.size() < at(floats) * sizeof(float)) buffer = AlignedBuffer(at(floats) * sizeof(float));
  };
  grow(whole_memory_, program.whole_floats);
  int64_t worker_floats = program.worker_floats;
  int64_t lane_floats = program.lane_floats * program.chunks.lanes;
  grow(worker_memory_, whole_lines(worker_floats) * workers_.size());
  grow(lane_memory_, lane_floats);
  return *programs_.emplace(rows, std::move(made)).first->second;
}

void Executor::check_inputs(std::span<const ConstTensorView> inputs) const {
  HGQ_CHECK(inputs.size() == tape_.inputs().size(), ShapeError, "the tape has ", tape_.inputs().size(),
            " inputs, the batch ", inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tape::Value& value = tape_.values()[at(tape_.inputs()[i])];
    const Shape& shape = inputs[i].shape;
    HGQ_CHECK(shape.rank() > 0 && shape.without_front() == value.spec.shape, ShapeError, "input '", value.name,
              "': data have shape ", shape, ", expected rows of shape ", value.spec.shape);
    HGQ_CHECK(shape[0] == inputs[0].shape[0] && shape[0] > 0, ShapeError, "input '", value.name, "' has ", shape[0],
              " rows, input '", tape_.values()[at(tape_.inputs()[0])].name, "' ", inputs[0].shape[0],
              "; expected the same number, at least 1");
  }
}

void Executor::forward(std::span<const ConstTensorView> inputs, uint64_t step) {
  check_inputs(inputs);
  inputs_.assign(inputs.begin(), inputs.end());
  step_ = step;
  program_ = &program_for(inputs.empty() ? 1 : inputs[0].shape[0]);
  if (options_.gradients) {
    const PhaseTimer timer(profile(), pieces_ ? pieces_->step_values() : 0);
    std::ranges::fill(plan_.step_gradients(), 0.0F);
    for (Parameter* const p : plan_.parameters()) p->grad.fill(0.0F);
    for (const Plan::Seed& seed : plan_.seeds()) *seed.gradient += seed.weight;
  }
  run_stages(plan_.forward_stages(), forward_calls_, pieces_ ? &pieces_->forward_stages() : nullptr);
}

Profile* Executor::profile() const {
  Profile* const profile = workers_.profile();
  return pieces_ != nullptr && profile != nullptr && profile->is_running() ? profile : nullptr;
}

void Executor::backward() {
  HGQ_CHECK(program_ != nullptr && options_.gradients, Error,
            "backward() needs a forward pass before it, and an executor with ExecutorOptions::gradients");
  run_stages(plan_.backward_stages(), backward_calls_, pieces_ ? &pieces_->backward_stages() : nullptr);
}

void Executor::run_stages(const std::vector<Stage>& stages, std::vector<std::vector<StepCall>>& calls,
                          const std::vector<std::vector<int>>* operations) {
  for (size_t i = 0; i < stages.size(); ++i) {
    run_step_calls(calls[i], operations == nullptr ? nullptr : (*operations)[i].data());
    if (stages[i].segment >= 0) run_segment(stages[i].segment);
  }
}

// `operations`: their numbers in the profile, if there is one.
void Executor::run_step_calls(std::vector<StepCall>& calls, const int* operations) {
  Profile* const profile = this->profile();
  const PhaseTimer timer(profile, profile != nullptr ? pieces_->step_values() : 0);
  for (size_t i = 0; i < calls.size(); ++i) {
    StepCall& call = calls[i];
    const int64_t begin = profile != nullptr ? now_ticks() : 0;
    call.context.step = step_;
    call.context.batch_rows = program_->chunks.rows;
    switch (call.action) {
      case Instruction::Action::kForward:
        call.op->forward(call.context);
        break;
      case Instruction::Action::kBackward:
        call.op->backward(call.context);
        break;
      default:
        call.op->backward_step(call.context);
    }
    if (profile != nullptr) profile->add_operation_time(operations[i], 0, now_ticks() - begin, 1);
  }
}

void Executor::prepare_segment(const Segment& segment) {
  const PhaseTimer timer(profile(), pieces_ ? pieces_->step_values() : 0);
  float** const pointers = worker_pointers_[0].pointers.data();
  for (const Instruction& ins : segment.prepare) {
    std::ranges::transform(ins.in, pointers, [&](int32_t operand) { return plan_.operands()[at(operand)].fixed; });
    OpContext c;
    c.in = pointers;
    c.extra = ins.extra;
    tape_.nodes()[at(ins.node)].op->prepare(c);
  }
}

void Executor::run_segment(int32_t index) {
  const Segment& segment = plan_.segments()[at(index)];
  const Chunks& chunks = program_->chunks;
  Profile* const profile = this->profile();
  prepare_segment(segment);
  PhaseTimer timer(profile, profile != nullptr ? pieces_->rows() : 0);
  workers_.run(chunks.lanes, [&](int64_t lane, int worker) {
    for (const int32_t operand : segment.lane_operands) {
      if (program_->direct[at(operand)] == nullptr)
        std::fill_n(resolve(operand, 0, lane, worker), plan_.operands()[at(operand)].floats,
                    plan_.operands()[at(operand)].start);
    }
    for (int64_t chunk = chunks.first_of_lane(lane); chunk < chunks.first_of_lane(lane + 1); ++chunk) {
      if (profile == nullptr) {
        run_chunk<false>(index, chunk, lane, worker);
      } else {
        run_chunk<true>(index, chunk, lane, worker);
      }
    }
  });
  const PhaseTimer combining(profile, profile != nullptr ? pieces_->lanes() : 0);
  combine(index);
}

float* Executor::resolve(int32_t id, int64_t row_begin, int64_t lane, int worker) const {
  const Operand& operand = plan_.operands()[at(id)];
  const int64_t offset = program_->offsets[at(id)];
  switch (operand.kind) {
    case Operand::Kind::kNone:
      return nullptr;
    case Operand::Kind::kFixed:
      return operand.fixed;
    case Operand::Kind::kInput:
      return const_cast<float*>(inputs_[at(operand.input)].data) +
             row_begin * operand.row_floats;  // operations get it as const
    case Operand::Kind::kWhole:
      return reinterpret_cast<float*>(whole_memory_.data()) + offset + row_begin * operand.row_floats;
    case Operand::Kind::kWorker:
      return reinterpret_cast<float*>(worker_memory_.data()) + whole_lines(program_->worker_floats) * worker + offset;
    case Operand::Kind::kLane:
      break;
  }
  if (program_->direct[at(id)] != nullptr) return program_->direct[at(id)];
  return reinterpret_cast<float*>(lane_memory_.data()) + program_->lane_floats * lane + offset;
}

template <bool kTimed>
void Executor::run_chunk(int32_t index, int64_t chunk, int64_t lane, int worker) {
  const Segment& segment = plan_.segments()[at(index)];
  const Chunks& chunks = program_->chunks;
  [[maybe_unused]] const int* operation = kTimed ? pieces_->of_segment(index).data() : nullptr;
  [[maybe_unused]] int64_t begin = kTimed ? now_ticks() : 0;
  const int64_t row_begin = chunk * chunks.chunk_rows;
  const int64_t rows = chunks.rows_of(chunk);
  const auto& kernels = program_->kernels[rows == chunks.chunk_rows || program_->kernels[1].empty() ? 0 : 1];
  float** const pointers = worker_pointers_[at(worker)].pointers.data();
  OpContext c;
  c.rows = rows;
  c.row_begin = row_begin;
  c.batch_rows = chunks.rows;
  c.seed = options_.seed;
  c.step = step_;
  for (const Instruction& ins : segment.instructions) {
    float** next = pointers;
    for (const auto* list : {&ins.in, &ins.out, &ins.grad_out, &ins.grad_in}) {
      for (const int32_t operand : *list) *next++ = resolve(operand, row_begin, lane, worker);
    }
    c.in = pointers;
    c.out = pointers + ins.in.size();
    c.grad_out = c.out + ins.out.size();
    c.grad_in = pointers + ins.in.size() + ins.out.size() + ins.grad_out.size();
    c.accumulate = ins.accumulate.get();
    c.extra = ins.extra;
    c.scratch = resolve(ins.scratch, 0, lane, worker);
    c.kernels = kernels[at(ins.node)].get();
    c.recompute = ins.action == Instruction::Action::kRecompute;
    const Op& op = *tape_.nodes()[at(ins.node)].op;
    if (ins.action == Instruction::Action::kBackward) {
      op.backward(c);
    } else {
      op.forward(c);
    }
    if constexpr (kTimed) {
      const int64_t end = now_ticks();
      workers_.profile()->add_operation_time(*operation++, worker, end - begin, rows);
      begin = end;
    }
  }
}

void Executor::combine(int32_t segment) {
  const Chunks& chunks = program_->chunks;
  OpContext context;
  context.rows = chunks.rows;
  context.batch_rows = chunks.rows;
  context.seed = options_.seed;
  context.step = step_;
  lane_sums_->add(segment,
                  {.memory = reinterpret_cast<float*>(lane_memory_.data()),
                   .floats = program_->lane_floats,
                   .lanes = chunks.lanes,
                   .offsets = program_->offsets},
                  context, workers_);
}

float Executor::loss(size_t index) const {
  const Tape::Loss& loss = tape_.losses()[index];
  return loss.weight * *plan_.step_value(loss.value);
}

float Executor::loss() const {
  double sum = 0;
  for (size_t i = 0; i < tape_.losses().size(); ++i) sum += static_cast<double>(loss(i));
  return static_cast<float>(sum);
}

ConstTensorView Executor::value(Var var) const {
  HGQ_CHECK(var.domain() == Domain::kStep, Error,
            "value(): found a Row value, expected a Step value; rows_of() gives Row values that are kept");
  return {plan_.step_value(var.id), var.shape()};
}

ConstTensorView Executor::rows_of(Var var) const {
  const int32_t operand = plan_.kept_operand(var.id);
  HGQ_CHECK(program_ != nullptr && (operand >= 0 || tape_.values()[at(var.id)].source == Tape::Source::kInput), Error,
            "rows_of(): Tape::keep() was not called for this value, or no forward pass was run");
  if (operand < 0) return inputs_[at(tape_.values()[at(var.id)].index)];
  return {resolve(operand, 0, 0, 0), var.shape().with_front(program_->chunks.rows)};
}

ConstTensorView Executor::input_gradient(Var var) const {
  const int32_t operand = plan_.input_gradient_operand(var.id);
  HGQ_CHECK(program_ != nullptr && operand >= 0, Error, "input_gradient(): no gradient reaches this input");
  return {resolve(operand, 0, 0, 0), var.shape().with_front(program_->chunks.rows)};
}

ConstTensorView Executor::step_gradient(Var var) const { return {plan_.step_gradient(var.id), var.shape()}; }

const Chunks& Executor::chunks() const {
  HGQ_CHECK(program_ != nullptr, Error, "there was no forward pass yet");
  return program_->chunks;
}

size_t Executor::bytes() const { return whole_memory_.size() + worker_memory_.size() + lane_memory_.size(); }

}  // namespace hgq
