#include "tape_lab.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"

namespace hgq::testing {

Tensor spread_numbers(const Shape& shape, const std::string& name, float low, float high) {
  Tensor t(shape);
  const uint64_t stream = stream_of(name);
  const float steps = (high - low) * 128.0F;
  for (size_t i = 0; i < t.values().size(); ++i) {
    const float u = uniform_float(random_bits(7, stream, 0, i));
    t.values()[i] = low + (std::floor(u * steps) * 2.0F + 1.0F) / 256.0F;
  }
  return t;
}

Tensor class_numbers(const Shape& shape, const std::string& name, int64_t classes) {
  Tensor t(shape);
  const uint64_t stream = stream_of(name);
  for (size_t i = 0; i < t.values().size(); ++i) {
    t.values()[i] = static_cast<float>(random_bits(7, stream, 0, i) % static_cast<uint64_t>(classes));
  }
  return t;
}

std::string to_string(const Cut& cut) {
  return concat("chunks of ", cut.largest_chunk, " rows at most, ", cut.lanes, " lanes, ", cut.threads, " threads");
}

std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors) {
  std::vector<ConstTensorView> views;
  for (const Tensor& t : tensors) views.push_back(t.view());
  return views;
}

Var TapeLab::input(const std::string& name, const Shape& sample, float low, float high, bool wants_gradient) {
  inputs_.push_back({name, sample, low, high, 0});
  return tape.input(name, sample, wants_gradient);
}

Var TapeLab::labels(const std::string& name, const Shape& sample, int64_t classes) {
  inputs_.push_back({name, sample, 0, 0, classes});
  return tape.input(name, sample);
}

Parameter& TapeLab::own_parameter(const std::string& name, const Shape& shape, float low, float high) {
  parameters_.emplace_back(name, shape).value = spread_numbers(shape, name, low, high);
  return parameters_.back();
}

Var TapeLab::parameter(const std::string& name, const Shape& shape, float low, float high) {
  return tape.parameter(own_parameter(name, shape, low, high));
}

State& TapeLab::own_state(const std::string& name, const Shape& shape, float value) {
  states_.emplace_back(name, shape).value.fill(value);
  return states_.back();
}

void TapeLab::weigh(Var v) {
  const std::string name = concat("u", v.id);
  if (v.domain() == Domain::kRow) {
    tape.keep(v);
    const Var u = input(name, v.shape(), -2, 2, false);
    tape.add_loss(ops::sum(ops::multiply(v, u)), name);
  } else {
    tape.add_loss(ops::sum(ops::multiply(v, tape.constant(spread_numbers(v.shape(), name)))), name);
  }
}

std::vector<Tensor> TapeLab::make_inputs(int64_t rows) const {
  std::vector<Tensor> tensors;
  for (const InputSpec& s : inputs_) {
    const Shape shape = s.sample.with_front(rows);
    tensors.push_back(s.classes > 0 ? class_numbers(shape, s.name, s.classes)
                                    : spread_numbers(shape, s.name, s.low, s.high));
  }
  return tensors;
}

void TapeLab::restore() {
  if (!is_saved_) {
    for (const Parameter& p : parameters_) saved_.parameters.push_back(p.value.clone());
    for (const State& s : states_) saved_.states.push_back(s.value.clone());
    is_saved_ = true;
  }
  for (size_t i = 0; i < parameters_.size(); ++i)
    std::ranges::copy(saved_.parameters[i].values(), parameters_[i].value.values().begin());
  for (size_t i = 0; i < states_.size(); ++i)
    std::ranges::copy(saved_.states[i].values(), states_[i].value.values().begin());
}

void TapeLab::expect_right(int64_t rows, const Cut& cut, const Tolerances& tolerances, int64_t most_elements) {
  SCOPED_TRACE(concat(rows, " rows, ", cut));
  const std::vector<Tensor> tensors = make_inputs(rows);
  const std::vector<ConstTensorView> views = views_of(tensors);
  Workers workers(cut.threads);
  const ExecutorOptions executor{
      .all_parameters = true, .largest_chunk = cut.largest_chunk, .lanes = cut.lanes, .seed = 11};
  restore();
  const GradientReport gradients = check_gradients(
      tape, views, workers,
      {.executor = executor, .tolerance = tolerances.gradient, .most_elements = most_elements, .step = 3});
  EXPECT_TRUE(gradients.agree()) << gradients.text();
  restore();
  const GradientReport values =
      compare_with_twins(tape, views, workers, {.executor = executor, .tolerance = tolerances.value, .step = 3});
  EXPECT_TRUE(values.agree()) << values.text();
  restore();
}

void TapeLab::expect_right(const Tolerances& tolerances) {
  for (const int64_t rows : {1, 2, 511, 512, 513}) {
    for (const Cut& cut : {Cut{512, 16, 1}, Cut{37, 3, 2}}) expect_right(rows, cut, tolerances, rows > 2 ? 12 : 48);
  }
}

void TapeLab::expect_values_exact(std::span<const ConstTensorView> inputs, const Cut& cut) {
  SCOPED_TRACE(to_string(cut));
  Workers workers(cut.threads);
  restore();
  const GradientReport values = compare_with_twins(
      tape, inputs, workers,
      {.executor = {.gradients = false, .largest_chunk = cut.largest_chunk, .lanes = cut.lanes}, .tolerance = 0});
  EXPECT_TRUE(values.agree()) << values.text();
  restore();
}

}  // namespace hgq::testing
