// Checks that backward is the derivative of forward: compares central differences of the plain twins with the
// executor's gradients, element by element.
//
//   const std::vector<ConstTensorView> inputs{x.view(), y.view()};
//   const GradientReport r = check_gradients(tape, inputs, workers);     // any tape with a loss: an operation, a model
//   if (!r.agree()) std::puts(r.text().c_str());          // "kernel[3]: backward 0.25, differences 0.5 ..."
//
// Every operation has a plain twin (autograd/op.h). The whole tape is evaluated with the twins in double, with one
// element of a parameter or input moved slightly up and down; from the difference of the losses follows the gradient
// that backward should have found. Differences of a staircase are of no use. So an operation that rounds is first
// evaluated at the point itself, where its twin remembers what it needs (TwinRounding::kRecordPoint), and then follows
// the straight line through that point whose slope is its gradient (kFollowLine; quantization.md 1.2). This checks how
// gradients are combined; golden data check which gradients the operations should have.
//
// compare_with_twins() does the same for values: it compares those of the executor with those of the twins in float.
// Both functions run with any cut of the batch (ExecutorOptions::largest_chunk, lanes) and any number of workers. The
// executor makes one step with all its effects: f is clipped in place, and records and moving statistics are updated.
//
// Use it in tests of your own operations, layers and losses; tests/autograd has examples.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/autograd/executor.h"
#include "hgq/autograd/tape.h"

namespace hgq {

struct GradientCheckOptions {
  /// How the executor runs. Gradients are always computed, whatever `gradients` is.
  ExecutorOptions executor{.gradients = true, .all_parameters = true};
  double difference = 1e-5;  // how far an element is moved each way; times its magnitude if that is above 1
  double tolerance = 1e-4;   // relative to the larger of: the tensor's largest gradient; `share` of the largest of all
  double share = 0.01;
  int64_t most_elements = 48;  // of each tensor, evenly spread; 0: all. Each costs two evaluations of the tape
  uint64_t step = 0;           // random numbers depend on it and on the seed
};

struct GradientReport {
  int64_t checked = 0;  // elements
  double worst = 0;     // the largest difference, measured as `tolerance` is
  std::vector<std::string>
      differences;  // one line for each element outside the tolerance, and for gradients that are not finite

  /// Whether something was checked, and everything agrees.
  bool agree() const { return checked > 0 && differences.empty(); }
  /// The first differences, one in each line, and how many there are.
  std::string text() const;
};

/// Checks the gradients of all parameters on which the loss depends, and of the inputs recorded with `wants_gradient`.
/// `inputs` are in the order of Tape::input(). Throws ShapeError if they do not fit, or if the tape has no loss.
GradientReport check_gradients(const Tape& tape, std::span<const ConstTensorView> inputs, Workers& workers,
                               const GradientCheckOptions& options = {});

struct ValueCheckOptions {
  ExecutorOptions executor{.gradients = false};
  double tolerance = 0;  // relative to the value's largest entry; 0: the same numbers
  uint64_t step = 0;
};

/// Compares every Step value that an operation makes, and every Row value that is kept (Tape::keep), with the twins in
/// float.
GradientReport compare_with_twins(const Tape& tape, std::span<const ConstTensorView> inputs, Workers& workers,
                                  const ValueCheckOptions& options = {});

}  // namespace hgq
