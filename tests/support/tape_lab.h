// A tape with its data, for tests of operations: record something, then have it checked for many batch sizes and cuts.
//
//   TapeLab lab;
//   const Var x = lab.input("x", Shape{3});                 // Row values, gradient wanted
//   const Var w = lab.parameter("w", Shape{3, 2});
//   lab.weigh(ops::matmul(x, w));                           // loss: sum(u * y) with random u
//   lab.expect_right();                                     // backward against differences, values against the twins
//
// Numbers are odd multiples of 2^-8 by default: 0, halves and the steps of few-bit quantizers are not among them, so no
// kink is hit.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "hgq/autograd/gradcheck.h"
#include "hgq/autograd/ops.h"

namespace hgq::testing {

/// Odd multiples of 2^-8 in (low, high), a function of name and element.
Tensor spread_numbers(const Shape& shape, const std::string& name, float low = -2, float high = 2);
/// Whole numbers 0 ... classes - 1.
Tensor class_numbers(const Shape& shape, const std::string& name, int64_t classes);

/// How a batch is cut and worked on.
struct Cut {
  int64_t largest_chunk;
  int lanes;
  int threads;
};
std::string to_string(const Cut& cut);

class TapeLab {
 public:
  Var input(const std::string& name, const Shape& sample, float low = -2, float high = 2, bool wants_gradient = true);
  /// An input of class numbers.
  Var labels(const std::string& name, const Shape& sample, int64_t classes);
  Var parameter(const std::string& name, const Shape& shape, float low = -2, float high = 2);
  Parameter& own_parameter(const std::string& name, const Shape& shape, float low = -2, float high = 2);
  State& own_state(const std::string& name, const Shape& shape, float value);
  /// Adds sum(u * v) to the loss, u random, and keeps v. `v` of either domain.
  void weigh(Var v);

  struct Tolerances {
    double gradient = 2e-4;
    double value = 2e-6;
  };
  /// Gradients and values for batches of 1, 2, 511, 512 and 513 rows, whole and in chunks on several lanes and threads.
  void expect_right(const Tolerances& tolerances);
  void expect_right() { expect_right(Tolerances{}); }
  /// The same for one batch and one cut.
  void expect_right(int64_t rows, const Cut& cut, const Tolerances& tolerances, int64_t most_elements);
  /// Values alone, bit-equal, for given inputs.
  void expect_values_exact(std::span<const ConstTensorView> inputs, const Cut& cut);
  /// Random inputs of this many rows.
  std::vector<Tensor> make_inputs(int64_t rows) const;

  Tape tape;

 private:
  struct InputSpec {
    std::string name;
    Shape sample;
    float low, high;
    int64_t classes;  // 0: not class numbers
  };
  /// Records, moving statistics and clipped parameters are put back between checks.
  void restore();
  struct Saved {
    std::vector<Tensor> parameters, states;
  };
  Saved saved_;
  bool is_saved_ = false;
  std::vector<InputSpec> inputs_;
  std::deque<Parameter> parameters_;
  std::deque<State> states_;
};

std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors);

}  // namespace hgq::testing
