// The interface of an operation, by which it is recorded, planned, replayed in chunks, differentiated and checked.
//
// A value is in one of two domains. **Row** values have a batch dimension, which is not part of their shape here, and
// are computed in chunks of rows, on any thread. **Step** values have none (kernels, bit widths, records, statistics,
// BOPs), and are computed once in each step. An operation with a Row input runs for each chunk. Its Step outputs are
// reductions over the batch: each lane, which is a run of chunks, fills its own partial result, the lanes are combined
// in their order, and `finish` makes the value from the sum. A result therefore never depends on the number of threads.
//
// Gradients of Row values are written, or added to, chunk by chunk. Gradients of Step inputs of a Row operation are
// summed in each lane, and the lanes are added in order. `backward` gets a chunk; `backward_step` runs once before all
// chunks, for gradients that need no pass over the rows.
//
// Each operation also has a plain twin, `plain<T>`: the same mathematics as simple loops over the whole batch, in the
// number type T. Gradients are checked against central differences of plain<double>, fast kernels against plain<float>
// (autograd/gradcheck.h). The twin of an operation that rounds can record a point, and then follow the straight line
// through it that the gradient defines (quantization.md 1.2), since differences of a staircase are of no use.
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

#include "hgq/core/plain_matmul.h"
#include "hgq/core/shape.h"

namespace hgq {

enum class Domain : uint8_t { kRow, kStep };

/// The shape of a value; for Row values that of one sample, without the batch dimension.
struct ValueSpec {
  Shape shape;
  Domain domain = Domain::kStep;
};

/// The inputs and outputs that `backward` and `backward_step` read, as sets of bits by index; nothing else is kept for
/// them.
struct Needs {
  uint32_t inputs = 0;
  uint32_t outputs = 0;
};

/// Objects for one number of rows in a chunk, such as matrix products of fixed shapes. They are made once for each
/// number of rows.
class Kernels {
 public:
  virtual ~Kernels() = default;
};

/// The arguments of an operation when it runs: pointers to the values of a chunk, or of the whole step.
struct OpContext {
  const float* const* in = nullptr;  // inputs: this chunk's rows of Row values, the whole of Step values
  float* const* out =
      nullptr;  // outputs; for a Row operation's Step outputs the lane's partial in `forward`, the value in `finish`
  const float* const* grad_out =
      nullptr;  // gradients of the outputs; nullptr if no gradient arrives (and for values that are not wanted)
  float* const* grad_in = nullptr;        // gradients of the inputs; nullptr if not wanted
  const bool* accumulate = nullptr;       // for each input: add to grad_in, otherwise overwrite it
  const float* const* partial = nullptr;  // `finish` only: the combined partial of each Step output
  float* extra = nullptr;                 // extra_floats(), kept from `prepare` and `finish` to the end of the step
  float* scratch = nullptr;               // scratch_floats(), this thread's own, for the duration of one call
  const Kernels* kernels = nullptr;       // what make_kernels(rows) returned
  int64_t rows = 1;                       // rows in this chunk; 1 in the Step domain
  int64_t row_begin = 0;                  // first row of the chunk in its batch
  int64_t batch_rows = 1;
  uint64_t seed = 0;  // random numbers are functions of (seed, step, operation, element)
  uint64_t step = 0;
  bool recompute = false;  // `forward` runs again for its Row outputs alone: partials and states must not change

  void add_grad(int input, int64_t index, float value) const {
    float& g = grad_in[input][index];
    g = accumulate[input] ? g + value : value;
  }
};

/// What the twin of an operation that rounds does (see above).
enum class TwinRounding : uint8_t { kRound, kRecordPoint, kFollowLine };

template <typename T>
struct PlainContext {
  const T* const* in = nullptr;
  T* const* out = nullptr;
  int64_t rows = 1;  // the whole batch; 1 in the Step domain
  uint64_t seed = 0;
  uint64_t step = 0;
  TwinRounding rounding = TwinRounding::kRound;
  std::vector<double>* point = nullptr;  // written for kRecordPoint, read for kFollowLine
};

class Op {
 public:
  Op() = default;
  virtual ~Op() = default;
  Op(const Op&) = delete;
  Op& operator=(const Op&) = delete;

  virtual std::string_view name() const = 0;
  /// The specs of the outputs. Called once, when the operation is recorded. Throws ShapeError if the inputs do not fit.
  virtual std::vector<ValueSpec> infer(std::span<const ValueSpec> inputs) = 0;
  virtual Needs needs() const { return {}; }
  /// Whether a gradient flows to this input at all.
  virtual bool differentiable(int /*input*/) const { return true; }
  /// Whether a gradient that arrives at this output is used. That of a record, for example, is not.
  virtual bool passes_gradient(int /*output*/) const { return true; }
  /// Whether Row outputs are computed again for another segment instead of being kept for the whole batch, because they
  /// are cheap to compute from the inputs.
  virtual bool recomputable() const { return false; }
  virtual std::unique_ptr<Kernels> make_kernels(int64_t /*rows*/) const { return nullptr; }
  /// The matrix products that `forward`, or `backward` for gradients of the inputs in `wanted` (bits by index), amounts
  /// to for `rows` rows, in whatever way they are computed: for profiles.
  virtual std::vector<MatmulSpec> products(int64_t /*rows*/, bool /*backward*/, uint32_t /*wanted*/) const {
    return {};
  }
  virtual int64_t scratch_floats(int64_t /*rows*/) const { return 0; }
  virtual int64_t extra_floats() const { return 0; }

  /// Whether a Row operation has work that is the same for all chunks. Then prepare() is called once in a forward pass,
  /// before its chunks, with the Step inputs; what it writes to `c.extra` stays for all later calls of the step.
  virtual bool prepares() const { return false; }
  virtual void prepare(const OpContext& /*c*/) const {}
  virtual void forward(const OpContext& c) const = 0;
  virtual void backward(const OpContext& c) const = 0;

  // Reductions: operations with Row inputs and Step outputs.
  /// The floats of the partial result of a Step output in a lane, and the value of each before the first chunk.
  virtual int64_t partial_floats(int output) const;
  virtual float partial_start(int /*output*/) const { return 0.0F; }
  /// Adds the partial result `from` of a lane to that of all lanes before it. `c.in` has the Step inputs.
  virtual void combine(const OpContext& c, int output, float* into, const float* from) const;
  /// Makes the values of the Step outputs from the combined partial results; copies them by default.
  virtual void finish(const OpContext& c) const;
  /// Called once in a backward pass before all chunks, when the gradients of the Step outputs are complete.
  virtual void backward_step(const OpContext& /*c*/) const {}
  /// Whether `backward` adds to the gradient of this Step input, chunk by chunk; otherwise only backward_step does.
  virtual bool sums_rows(int /*input*/) const { return true; }

  // The plain twin; OpWith defines both with one template.
  virtual void twin(const PlainContext<float>& c) const = 0;
  virtual void twin(const PlainContext<double>& c) const = 0;

  /// The sizes of the outputs, set by the tape after infer().
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
