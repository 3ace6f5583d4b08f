#include "hgq/autograd/tape.h"

#include <algorithm>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"

namespace hgq {

namespace {

/// Of a Var{}, which has no tape to look at.
void check_valid(Var var) {
  HGQ_CHECK(var.valid(), ShapeError,
            "a value that is on no tape was used: a Var{}, such as a layer that gives none; expected what an operation "
            "or the tape has made");
}

}  // namespace

Shape Var::shape() const {
  check_valid(*this);
  return tape->values()[static_cast<size_t>(id)].spec.shape;
}

Domain Var::domain() const {
  check_valid(*this);
  return tape->values()[static_cast<size_t>(id)].spec.domain;
}

Var Tape::add(Value value) {
  values_.push_back(std::move(value));
  return {this, static_cast<int32_t>(values_.size()) - 1};
}

Var Tape::once(const void* object, Value value) {
  const auto [found, is_new] = ids_.emplace(object, static_cast<int32_t>(values_.size()));
  return is_new ? add(std::move(value)) : Var{this, found->second};
}

uint64_t Tape::next_stream(const std::string& kind) { return stream_of(kind) + streams_[kind]++; }

Var Tape::input(std::string name, const Shape& sample, bool wants_gradient) {
  const Var var = add({.spec = {sample, Domain::kRow},
                       .source = Source::kInput,
                       .index = static_cast<int32_t>(inputs_.size()),
                       .constant = nullptr,
                       .name = std::move(name)});
  inputs_.push_back(var.id);
  if (wants_gradient) inputs_with_gradient_.push_back(var.id);
  return var;
}

Var Tape::parameter(Parameter& parameter) {
  return once(&parameter, {.spec = {parameter.value.shape(), Domain::kStep},
                           .source = Source::kParameter,
                           .parameter = &parameter,
                           .constant = nullptr,
                           .name = parameter.name});
}

Var Tape::state(State& state) {
  return once(&state, {.spec = {state.value.shape(), Domain::kStep},
                       .source = Source::kState,
                       .state = &state,
                       .constant = nullptr,
                       .name = state.name});
}

Var Tape::constant(Tensor value) {
  const Shape shape = value.shape();
  return add({.spec = {shape, Domain::kStep},
              .source = Source::kConstant,
              .constant = std::make_shared<const Tensor>(std::move(value)),
              .name = "constant"});
}

std::vector<Var> Tape::record(std::unique_ptr<Op> op, std::span<const Var> inputs) {
  Node node;
  node.layer = layer_;
  std::vector<ValueSpec> specs;
  for (const Var var : inputs) {
    check_valid(var);
    HGQ_CHECK(var.tape == this, ShapeError, op->name(), ": an input belongs to another tape");
    node.inputs.push_back(var.id);
    specs.push_back(values_[static_cast<size_t>(var.id)].spec);
  }
  const bool any_row = std::ranges::any_of(specs, [](const ValueSpec& s) { return s.domain == Domain::kRow; });
  std::vector<Var> outputs;
  for (const ValueSpec& spec : op->infer(specs)) {
    HGQ_CHECK(any_row || spec.domain == Domain::kStep, ShapeError, op->name(), ": a Row output needs a Row input");
    op->output_sizes.push_back(spec.shape.size());
    const Var var = add({.spec = spec,
                         .source = Source::kOp,
                         .node = static_cast<int32_t>(nodes_.size()),
                         .output = static_cast<int32_t>(outputs.size()),
                         .constant = nullptr,
                         .name = std::string(op->name())});
    node.outputs.push_back(var.id);
    outputs.push_back(var);
  }
  node.op = std::move(op);
  nodes_.push_back(std::move(node));
  return outputs;
}

Var Tape::record_one(std::unique_ptr<Op> op, std::initializer_list<Var> inputs) {
  return record(std::move(op), std::span<const Var>(inputs.begin(), inputs.size())).front();
}

void Tape::add_loss(Var scalar, std::string name, float weight) {
  check_valid(scalar);
  HGQ_CHECK(scalar.tape == this && scalar.domain() == Domain::kStep && scalar.shape().size() == 1, ShapeError, "loss '",
            name, "' has shape ", scalar.shape(), ", expected one value for the whole batch");
  losses_.push_back({scalar.id, std::move(name), weight});
}

void Tape::keep(Var row_value) {
  HGQ_CHECK(row_value.tape == this && row_value.domain() == Domain::kRow, ShapeError, "only Row values can be kept");
  if (std::ranges::find(kept_, row_value.id) == kept_.end()) kept_.push_back(row_value.id);
}

}  // namespace hgq
