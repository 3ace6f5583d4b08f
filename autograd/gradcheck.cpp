#include "hgq/autograd/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/core/error.h"

namespace hgq {
namespace {

size_t place(int64_t i) { return static_cast<size_t>(i); }

/// All values of a tape, computed by the twins in T.
template <typename T>
class TwinRun {
 public:
  /// Reads inputs, parameters, states and constants as they are now.
  TwinRun(const Tape& tape, std::span<const ConstTensorView> inputs, uint64_t seed, uint64_t step)
      : tape_(tape),
        rows_(inputs.empty() ? 1 : inputs[0].shape[0]),
        seed_(seed),
        step_(step),
        points_(tape.nodes().size()) {
    for (const Tape::Value& v : tape.values()) {
      const int64_t size = v.spec.shape.size() * (v.spec.domain == Domain::kRow ? rows_ : 1);
      std::vector<T>& values = values_.emplace_back(place(size));
      const float* source = nullptr;
      if (v.source == Tape::Source::kInput) source = inputs[place(v.index)].data;
      if (v.parameter != nullptr) source = v.parameter->value.data();
      if (v.state != nullptr) source = v.state->value.data();
      if (v.constant != nullptr) source = v.constant->data();
      if (source != nullptr) std::copy_n(source, size, values.begin());
    }
  }

  void evaluate(TwinRounding rounding) {
    for (size_t n = 0; n < tape_.nodes().size(); ++n) {
      const Tape::Node& node = tape_.nodes()[n];
      bool row = false;
      in_.clear();
      out_.clear();
      for (const int32_t v : node.inputs) {
        in_.push_back(values_[place(v)].data());
        row = row || tape_.values()[place(v)].spec.domain == Domain::kRow;
      }
      for (const int32_t v : node.outputs) out_.push_back(values_[place(v)].data());
      PlainContext<T> c;
      c.in = in_.data();
      c.out = out_.data();
      c.rows = row ? rows_ : 1;
      c.seed = seed_;
      c.step = step_;
      c.rounding = rounding;
      c.point = &points_[n];
      node.op->twin(c);
    }
  }

  double loss() const {
    double sum = 0;
    for (const Tape::Loss& l : tape_.losses())
      sum += static_cast<double>(l.weight) * static_cast<double>(values_[place(l.value)][0]);
    return sum;
  }
  std::vector<T>& value(int32_t v) { return values_[place(v)]; }

 private:
  const Tape& tape_;
  int64_t rows_;
  uint64_t seed_, step_;
  std::vector<std::vector<T>> values_;
  std::vector<std::vector<double>> points_;
  std::vector<const T*> in_;
  std::vector<T*> out_;
};

void check_inputs(const Tape& tape, std::span<const ConstTensorView> inputs) {
  HGQ_CHECK(inputs.size() == tape.inputs().size(), ShapeError, "the tape has ", tape.inputs().size(),
            " inputs, given are ", inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tape::Value& v = tape.values()[place(tape.inputs()[i])];
    HGQ_CHECK(inputs[i].shape.rank() > 0 && inputs[i].shape.without_front() == v.spec.shape &&
                  inputs[i].shape[0] == inputs[0].shape[0],
              ShapeError, "input '", v.name, "' has shape ", inputs[i].shape, ", expected ", inputs[0].shape[0],
              " rows of ", v.spec.shape);
  }
}

/// A parameter or input whose gradient is checked.
struct Subject {
  int32_t value = -1;
  std::string name;
  std::vector<int64_t> elements;
  std::vector<double> expected;  // central differences
};

std::vector<int64_t> spread_elements(int64_t size, int64_t most) {
  std::vector<int64_t> elements;
  const int64_t count = most <= 0 ? size : std::min(size, most);
  for (int64_t i = 0; i < count; ++i) elements.push_back(i * size / count);
  return elements;
}

/// Subjects in the order of the tape: parameters that the plan differentiates, and inputs that want a gradient.
std::vector<Subject> find_subjects(const Tape& tape, const Plan& plan, int64_t rows, int64_t most) {
  std::vector<Subject> subjects;
  for (size_t v = 0; v < tape.values().size(); ++v) {
    const Tape::Value& value = tape.values()[v];
    const auto id = static_cast<int32_t>(v);
    const bool parameter =
        value.parameter != nullptr && std::ranges::find(plan.parameters(), value.parameter) != plan.parameters().end();
    const bool input = std::ranges::find(tape.inputs_with_gradient(), id) != tape.inputs_with_gradient().end();
    if (!parameter && !input) continue;
    const int64_t size = value.spec.shape.size() * (input ? rows : 1);
    subjects.push_back({.value = id, .name = value.name, .elements = spread_elements(size, most), .expected = {}});
  }
  return subjects;
}

void differentiate(TwinRun<double>& twin, std::vector<Subject>& subjects, double difference) {
  twin.evaluate(TwinRounding::kRecordPoint);
  for (Subject& s : subjects) {
    std::vector<double>& values = twin.value(s.value);
    for (const int64_t e : s.elements) {
      const double x = values[place(e)];
      const double move = difference * std::max(1.0, std::abs(x));
      values[place(e)] = x + move;
      twin.evaluate(TwinRounding::kFollowLine);
      const double above = twin.loss();
      values[place(e)] = x - move;
      twin.evaluate(TwinRounding::kFollowLine);
      s.expected.push_back((above - twin.loss()) / (2.0 * move));
      values[place(e)] = x;
    }
  }
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}

void compare(const Subject& s, std::span<const float> got, double scale, double tolerance, GradientReport& report) {
  for (size_t i = 0; i < s.elements.size(); ++i) {
    const auto found = static_cast<double>(got[place(s.elements[i])]);
    const double error = std::abs(found - s.expected[i]);
    const double relative = error == 0 ? 0 : (scale > 0 ? error / scale : std::numeric_limits<double>::infinity());
    ++report.checked;
    report.worst = std::isfinite(relative) ? std::max(report.worst, relative) : std::numeric_limits<double>::infinity();
    if (relative <= tolerance) continue;
    report.differences.push_back(concat(s.name, "[", s.elements[i], "]: backward ", found, ", differences ",
                                        s.expected[i], " (off by ", relative, " of ", scale, ", allowed ", tolerance,
                                        ")"));
  }
}

void compare_values(const std::string& name, std::span<const float> got, const std::vector<float>& want,
                    double tolerance, GradientReport& report) {
  double scale = 0;
  for (const float v : want) scale = std::isfinite(v) ? std::max(scale, std::abs(static_cast<double>(v))) : scale;
  for (size_t i = 0; i < want.size(); ++i) {
    ++report.checked;
    if (got[i] == want[i] || (std::isnan(got[i]) && std::isnan(want[i]))) continue;
    const double error = std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
    const double relative = scale > 0 && std::isfinite(error) ? error / scale : std::numeric_limits<double>::infinity();
    report.worst = std::max(report.worst, relative);
    if (relative <= tolerance) continue;
    report.differences.push_back(
        concat(name, "[", i, "]: executor ", got[i], ", twin ", want[i], " (allowed ", tolerance, " of ", scale, ")"));
  }
}

}  // namespace

std::string GradientReport::text() const {
  constexpr size_t kShown = 12;
  std::string text = concat(differences.size(), " of ", checked, " elements differ, the worst by ", worst, "\n");
  for (size_t i = 0; i < std::min(kShown, differences.size()); ++i) text += differences[i] + "\n";
  return text;
}

GradientReport check_gradients(const Tape& tape, std::span<const ConstTensorView> inputs, Workers& workers,
                               const GradientCheckOptions& options) {
  check_inputs(tape, inputs);
  HGQ_CHECK(!tape.losses().empty(), ShapeError, "check_gradients: the tape has no loss");
  ExecutorOptions executor_options = options.executor;
  executor_options.gradients = true;
  Executor executor(tape, workers, executor_options);
  const int64_t rows = inputs.empty() ? 1 : inputs[0].shape[0];
  // Differences are computed before the executor's step, which changes parameters and states that the twins read.
  TwinRun<double> twin(tape, inputs, executor_options.seed, options.step);
  std::vector<Subject> subjects = find_subjects(tape, executor.plan(), rows, options.most_elements);
  differentiate(twin, subjects, options.difference);
  executor.forward(inputs, options.step);
  executor.backward();

  double most = 0;
  for (const Subject& s : subjects) most = std::max(most, largest(s.expected));
  GradientReport report;
  for (const Subject& s : subjects) {
    const Tape::Value& v = tape.values()[place(s.value)];
    const double scale = std::max(largest(s.expected), options.share * most);
    if (v.parameter != nullptr) {
      compare(s, v.parameter->grad.values(), scale, options.tolerance, report);
    } else if (executor.plan().input_gradient_operand(s.value) >= 0) {
      compare(s, executor.input_gradient({const_cast<Tape*>(&tape), s.value}).values(), scale, options.tolerance,
              report);
    } else {
      compare(s, std::vector<float>(place(v.spec.shape.size() * rows)), scale, options.tolerance,
              report);  // no gradient reaches it
    }
  }
  return report;
}

GradientReport compare_with_twins(const Tape& tape, std::span<const ConstTensorView> inputs, Workers& workers,
                                  const ValueCheckOptions& options) {
  check_inputs(tape, inputs);
  Executor executor(tape, workers, options.executor);
  TwinRun<float> twin(tape, inputs, options.executor.seed, options.step);
  twin.evaluate(TwinRounding::kRound);
  executor.forward(inputs, options.step);
  GradientReport report;
  for (size_t v = 0; v < tape.values().size(); ++v) {
    const auto id = static_cast<int32_t>(v);
    const Tape::Value& value = tape.values()[v];
    if (value.source != Tape::Source::kOp) continue;
    const Var var{const_cast<Tape*>(&tape), id};  // a handle, nothing is recorded
    const std::string name = concat(value.name, " (value ", id, ")");
    if (value.spec.domain == Domain::kStep) {
      compare_values(name, executor.value(var).values(), twin.value(id), options.tolerance, report);
    } else if (executor.plan().kept_operand(id) >= 0) {
      compare_values(name, executor.rows_of(var).values(), twin.value(id), options.tolerance, report);
    }
  }
  return report;
}

}  // namespace hgq
