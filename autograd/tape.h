// The tape: a computation that is recorded once and replayed for every batch. Custom training loops and a user's own
// layers are written with it.
//
//   Tape tape;
//   const Var x = tape.input("x", Shape{16});                 // Row: 16 values for each sample
//   const Var w = tape.parameter(kernel);                     // Step: read anew at each replay
//   const Var y = ops::matmul(x, w);                          // autograd/ops.h
//   tape.add_loss(ops::mean_squared_error(y, tape.input("y", Shape{5})), "mse");
//   Executor executor(tape, workers, {});                     // autograd/executor.h
//
// Recording computes nothing, but checks all shapes, and throws ShapeError. A Var is a handle, valid as long as its
// tape; parameters and states must outlive the tape.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "hgq/autograd/op.h"
#include "hgq/autograd/parameter.h"

namespace hgq {

class Tape;

/// A value on a tape. Operations (autograd/ops.h) take and return them.
struct Var {
  Tape* tape = nullptr;
  int32_t id = -1;

  bool valid() const { return tape != nullptr; }
  Shape shape() const;  // of a sample if it is a Row value
  Domain domain() const;
};

class Tape {
 public:
  enum class Source : uint8_t { kOp, kInput, kParameter, kState, kConstant };
  struct Value {
    ValueSpec spec;
    Source source = Source::kOp;
    int32_t node = -1;  // the operation that makes it, and which of its outputs it is
    int32_t output = 0;
    int32_t index = -1;  // of kInput: its position among the inputs
    Parameter* parameter = nullptr;
    State* state = nullptr;
    std::shared_ptr<const Tensor> constant;  // shared: the executor reads it while the tape may grow
    std::string name;
  };
  struct Node {
    std::unique_ptr<Op> op;
    std::vector<int32_t> inputs;
    std::vector<int32_t> outputs;
    std::string layer;  // see set_layer()
  };
  struct Loss {
    int32_t value = -1;
    std::string name;
    float weight = 1;
  };

  Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A Row value that is given with each batch, in the order of these calls. With `wants_gradient`,
  /// Executor::input_gradient() can be called for it.
  Var input(std::string name, const Shape& sample, bool wants_gradient = false);
  /// Step values that are read at each replay. The same object gives the same Var.
  Var parameter(Parameter& parameter);
  Var state(State& state);
  Var constant(Tensor value);
  /// A stream of random numbers (core/rng.h) for the next operation of this kind, such as "dropout". It depends on the
  /// kind and on how many operations of that kind were recorded before, and on nothing else on the tape.
  uint64_t next_stream(const std::string& kind);

  /// The layer that records the following operations: for reports.
  void set_layer(std::string name) { layer_ = std::move(name); }
  /// Appends an operation, and returns its outputs. Throws ShapeError, with the name of the operation, if the inputs do
  /// not fit.
  std::vector<Var> record(std::unique_ptr<Op> op, std::span<const Var> inputs);
  /// The same for an operation with one output.
  Var record_one(std::unique_ptr<Op> op, std::initializer_list<Var> inputs);

  /// Adds weight * `scalar`, a Step value, to the loss, whose gradients are computed. It is the sum in the order of
  /// these calls.
  void add_loss(Var scalar, std::string name, float weight = 1);
  /// Keeps a Row value for the whole batch, so that Executor::rows_of() can be called for it.
  void keep(Var row_value);

  const std::vector<Value>& values() const { return values_; }
  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<Loss>& losses() const { return losses_; }
  const std::vector<int32_t>& inputs() const { return inputs_; }
  const std::vector<int32_t>& kept() const { return kept_; }
  const std::vector<int32_t>& inputs_with_gradient() const { return inputs_with_gradient_; }

 private:
  Var add(Value value);
  /// The value of a parameter or state, which is added when it is asked for the first time.
  Var once(const void* object, Value value);

  std::string layer_;
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<Loss> losses_;
  std::vector<int32_t> inputs_, kept_, inputs_with_gradient_;
  std::unordered_map<const void*, int32_t> ids_;  // of parameters and states
  std::map<std::string, uint64_t> streams_;       // how many of each kind were given out
};

}  // namespace hgq
