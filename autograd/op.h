// What an operation must say of itself, so that it can be recorded, planned, replayed in chunks, differentiated and
// checked.
//
// A value lives in one of two domains. **Row** values have the batch dim in front (not part of their shape here) and
// are computed chunk by chunk, a run of rows at a time, on any thread. **Step** values have none (kernels, bit widths,
// records, statistics, BOPs) and are computed once per step. An operation with a Row input runs by chunks; its Step
// outputs are reductions over the batch: each lane (a run of chunks) fills a partial result of its own, the lanes are
// combined in their order, and `finish` makes the value of it. So a result never depends on the number of threads.
//
// Gradients of Row values are written or added per chunk; gradients of Step inputs of a Row operation are summed per
// lane and combined in order. `backward` gets the chunk, `backward_step` runs once before (for gradients that need no
// pass over rows).
//
// Each operation also has a plain twin, `plain<T>`: the same mathematics as loops over the number type T, over the
// whole batch at once. Gradients are checked against central differences of plain<double>, kernels against plain<float>
// (autograd/gradcheck.h). A rounding operation's twin can hold still at a recorded point and follow the straight line
// that its gradient defines (quantization.md 1.2), since a staircase has no useful differences.
//
//   struct Square : OpWith<Square> {            // y = x^2, for either domain
//     std::string_view name() const override { return "square"; }
//     std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
//       size_ = in[0].shape.size();
//       return {in[0]};
//     }
//     Needs needs() const override { return {.inputs = 1U << 0}; }
//     void forward(const OpContext& c) const override {
//       for (int64_t i = 0; i < c.rows * size_; ++i) c.out[0][i] = c.in[0][i] * c.in[0][i];
//     }
//     void backward(const OpContext& c) const override {
//       for (int64_t i = 0; i < c.rows * size_; ++i) c.add_grad(0, i, 2 * c.in[0][i] * c.grad_out[0][i]);
//     }
//     template <typename T> void plain(const PlainContext<T>& c) const {
//       for (int64_t i = 0; i < c.rows * size_; ++i) c.out[0][i] = c.in[0][i] * c.in[0][i];
//     }
//     int64_t size_ = 0;
//   };
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "hgq/core/shape.h"

namespace hgq {

enum class Domain : uint8_t { kRow, kStep };

/// Shape of a value: of one sample (without the batch dim) for Row values.
struct ValueSpec {
  Shape shape;
  Domain domain = Domain::kStep;
};

/// What `backward` (and `backward_step`) read, as bit sets by position; nothing else is kept for them.
struct Needs {
  uint32_t inputs = 0;
  uint32_t outputs = 0;
};

/// Objects that depend on the number of rows in a chunk (matrix products of a fixed shape), made once while planning.
class Kernels {
 public:
  virtual ~Kernels() = default;
};

struct OpContext {
  const float* const* in = nullptr;  // inputs: this chunk's rows of Row values, the whole of Step values
  float* const* out =
      nullptr;  // outputs; for a Row operation's Step outputs the lane's partial in `forward`, the value in `finish`
  const float* const* grad_out =
      nullptr;  // gradients of the outputs; nullptr where none arrives (and for values that are not wanted)
  float* const* grad_in = nullptr;        // gradients of the inputs; nullptr where not wanted
  const bool* accumulate = nullptr;       // per input: add to grad_in (else overwrite it)
  const float* const* partial = nullptr;  // `finish` only: the combined partial of each Step output
  float* extra = nullptr;                 // extra_floats(), kept from `finish` through the backward pass of the step
  float* scratch = nullptr;               // scratch_floats(), this thread's own, for the duration of one call
  const Kernels* kernels = nullptr;       // what make_kernels(rows) returned
  int64_t rows = 1;                       // rows in this chunk; 1 in the Step domain
  int64_t row_begin = 0;                  // first row of the chunk in its batch
  int64_t batch_rows = 1;
  uint64_t seed = 0;  // random numbers are functions of (seed, step, operation, element)
  uint64_t step = 0;
  bool recompute = false;  // `forward` is run again to have Row outputs at hand: leave partials and states alone

  void add_grad(int input, int64_t index, float value) const {
    float& g = grad_in[input][index];
    g = accumulate[input] ? g + value : value;
  }
};

/// How a rounding operation's twin behaves; see above.
enum class TwinRounding : uint8_t { kRound, kRecordPoint, kFollowLine };

template <typename T>
struct PlainContext {
  const T* const* in = nullptr;
  T* const* out = nullptr;
  int64_t rows = 1;  // the whole batch; 1 in the Step domain
  uint64_t seed = 0;
  uint64_t step = 0;
  TwinRounding rounding = TwinRounding::kRound;
  std::vector<double>* point = nullptr;  // written where kRecordPoint, read where kFollowLine
};

class Op {
 public:
  Op() = default;
  virtual ~Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  virtual std::string_view name() const = 0;
  /// Specs of the outputs. Called once, when recorded; throws ShapeError where the inputs do not fit.
  virtual std::vector<ValueSpec> infer(std::span<const ValueSpec> inputs) = 0;
  virtual Needs needs() const { return {}; }
  /// Whether a gradient flows to this input at all.
  virtual bool differentiable(int /*input*/) const { return true; }
  /// Whether a gradient that arrives at this output matters (a record of ranges has none).
  virtual bool passes_gradient(int /*output*/) const { return true; }
  /// Row outputs are cheap to compute again from the inputs: they are, rather than kept for the whole batch.
  virtual bool recomputable() const { return false; }
  virtual std::unique_ptr<Kernels> make_kernels(int64_t /*rows*/) const { return nullptr; }
  virtual int64_t scratch_floats(int64_t /*rows*/) const { return 0; }
  virtual int64_t extra_floats() const { return 0; }

  virtual void forward(const OpContext& c) const = 0;
  virtual void backward(const OpContext& c) const = 0;

  // Reductions: operations with Row inputs and Step outputs.
  /// Size of a lane's partial of a Step output, and its value before the first chunk (all of it `partial_start`).
  virtual int64_t partial_floats(int output) const;
  virtual float partial_start(int /*output*/) const { return 0.0F; }
  /// Adds the partial of a later lane to that of the lanes before it. `c.in` holds the Step inputs.
  virtual void combine(const OpContext& c, int output, float* into, const float* from) const;
  /// Makes the values of the Step outputs of the combined partials; by default copies them. With `recompute` nothing is
  /// done.
  virtual void finish(const OpContext& c) const;
  /// Once per backward pass, before the chunks: all gradients of the Step outputs are complete.
  virtual void backward_step(const OpContext& /*c*/) const {}
  /// Whether `backward` adds to this Step input's gradient chunk by chunk (else backward_step alone does).
  virtual bool sums_rows(int /*input*/) const { return true; }

  // The plain twin (OpWith makes both of one template).
  virtual void twin(const PlainContext<float>& c) const = 0;
  virtual void twin(const PlainContext<double>& c) const = 0;

  /// Sizes of the outputs as inferred; set by the tape.
  std::vector<int64_t> output_sizes;
};

/// Base of an operation `Derived` that has a `template <typename T> void plain(const PlainContext<T>&) const`.
template <typename Derived>
class OpWith : public Op {
 public:
  void twin(const PlainContext<float>& c) const override {
    static_cast<const Derived*>(this)->template plain<float>(c);
  }
  void twin(const PlainContext<double>& c) const override {
    static_cast<const Derived*>(this)->template plain<double>(c);
  }
};

}  // namespace hgq
