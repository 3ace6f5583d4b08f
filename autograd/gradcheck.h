// Is backward the derivative of forward? Central differences of the plain twins against the executor, element by
// element.
//
//   const std::vector<ConstTensorView> inputs{x.view(), y.view()};
//   const GradientReport r = check_gradients(tape, inputs, workers);     // any tape with a loss: an operation, a model
//   if (!r.agree()) std::puts(r.text().c_str());          // "kernel[3]: backward 0.25, differences 0.5 ..."
//
// Every operation has a plain twin (autograd/op.h). The whole tape is evaluated with the twins in double, with one
// element of a parameter or input moved up and down by a little; the loss's difference is what backward should have
// found. A staircase has no useful differences, so an operation that rounds is first evaluated at the point itself,
// where its twin remembers what it needs (TwinRounding::kRecordPoint), and then keeps to the straight line through that
// point whose slope its gradient is (kFollowLine; quantization.md 1.2). Checked is so how gradients are put together;
// what they should be is golden data's part.
//
// compare_with_twins() does the same for values: the executor's against the twins' in float. Both run with any cut of
// the batch (ExecutorOptions::largest_chunk, lanes) and any number of workers. The executor makes one step, with all
// that belongs to it: f is clipped in place, records and moving statistics move on.
//
// For tests of operations, layers and losses of your own; see tests/autograd.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/autograd/tape.h"

namespace hgq {

struct GradientCheckOptions {
  /// How the executor runs; gradients are asked for whatever it says.
  ExecutorOptions executor{.gradients = true, .all_parameters = true};
  double difference = 1e-5;  // how far an element is moved each way, times its size where that is above 1
  double tolerance = 1e-4;   // of the larger of: the tensor's largest gradient; `share` of the largest of all
  double share = 0.01;
  int64_t most_elements = 48;  // of each tensor, evenly spread; 0: all. Each costs two evaluations of the tape
  uint64_t step = 0;           // what random numbers depend on beside the seed
};

struct GradientReport {
  int64_t checked = 0;  // elements
  double worst = 0;     // largest difference, as `tolerance` counts
  std::vector<std::string>
      differences;  // one line for each element outside the tolerance, and for gradients that are not finite

  /// Whether something was checked and all of it agrees.
  bool agree() const { return checked > 0 && differences.empty(); }
  /// The first differences, a line each, and how many there are.
  std::string text() const;
};

/// Gradients of all parameters that the loss depends on and of the inputs recorded with `wants_gradient`. `inputs` in
/// the order of Tape::input(). Throws ShapeError where they do not fit, or the tape has no loss.
GradientReport check_gradients(const Tape& tape, std::span<const ConstTensorView> inputs, Workers& workers,
                               const GradientCheckOptions& options = {});

struct ValueCheckOptions {
  ExecutorOptions executor{.gradients = false};
  double tolerance = 0;  // of the value's largest entry; 0: the same numbers
  uint64_t step = 0;
};

/// Every Step value that an operation makes, and every Row value kept (Tape::keep), against the twins in float.
GradientReport compare_with_twins(const Tape& tape, std::span<const ConstTensorView> inputs, Workers& workers,
                                  const ValueCheckOptions& options = {});

}  // namespace hgq
