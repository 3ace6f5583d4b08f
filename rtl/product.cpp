#include "hgq/rtl/product.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/rtl/demand.h"
#include "hgq/rtl/graph_copy.h"

namespace hgq::rtl {
namespace {

constexpr int kMostWeightBits = 60;
constexpr int kNoExponent = std::numeric_limits<int>::max();

int lowest_set_bit_of(double v) {
  int exponent = 0;
  const double mantissa = std::frexp(v, &exponent);  // 53 bits
  const auto whole = static_cast<int64_t>(std::ldexp(mantissa, 53));
  return exponent - 53 + lowest_bit(whole);
}

/// The matrix of one layer in whole numbers: input k in units of 2^input_exponent[k], output j of 2^output_exponent[j].
class IntegerProduct {
 public:
  explicit IntegerProduct(const ProductProblem& problem) : problem_(problem) {
    find_inputs();
    find_outputs();
  }

  MatrixProblem matrix(const CircuitBuilder& builder) const {
    MatrixProblem matrix{.inputs = static_cast<int>(rows_.size()),
                         .outputs = static_cast<int>(columns_.size()),
                         .weights = {},
                         .ranges = {}};
    for (const size_t k : rows_) {
      matrix.ranges.push_back(range_of(builder, k));
      matrix.arrivals.push_back(arrival_of(builder, k));
      for (const size_t j : columns_) {
        const double weight = this->weight(k, j);
        matrix.weights.push_back(weight == 0 ? 0 : whole(weight, input_exponent_[k] - output_exponent_[j]));
      }
    }
    // Depths count from the first input that arrives.
    const int first = matrix.arrivals.empty() ? 0 : *std::ranges::min_element(matrix.arrivals);
    for (int& arrival : matrix.arrivals) arrival -= first;
    for (const size_t j : columns_) {
      matrix.bias.push_back(bias_[j] == 0 ? 0 : whole(bias_[j], -output_exponent_[j]));
      matrix.needed.push_back(needed_bits(j));
    }
    return matrix;
  }

  size_t positions() const { return inputs() == 0 ? 0 : problem_.product.source.size() / inputs(); }
  size_t inputs() const { return static_cast<size_t>(problem_.product.inputs); }
  size_t units() const { return static_cast<size_t>(problem_.product.units); }
  /// The rows and columns of the kernel that are in the matrix.
  const std::vector<size_t>& rows() const { return rows_; }
  const std::vector<size_t>& columns() const { return columns_; }
  int output_exponent(size_t j) const { return output_exponent_[j]; }
  double bias(size_t j) const { return bias_[j]; }
  bool is_needed(size_t position, size_t j) const { return problem_.demand[position * units() + j] != kNoDemand; }
  /// Input k at a position, in its unit.
  Operand operand(size_t position, size_t k) const {
    const Feature x = feature(position, k);
    return x.node < 0 ? Operand{} : Operand{x.node, x.exponent - input_exponent_[k], false};
  }

 private:
  double weight(size_t k, size_t j) const { return static_cast<double>(problem_.product.kernel[k * units() + j]); }
  Feature feature(size_t position, size_t k) const {
    const int64_t source = problem_.product.source[position * inputs() + k];
    return source < 0 ? Feature{} : problem_.input[static_cast<size_t>(source)];
  }
  template <typename F>
  void each_feature(size_t k, F f) const {
    for (size_t p = 0; p < positions(); ++p) {
      const Feature x = feature(p, k);
      if (x.node >= 0) f(x);
    }
  }

  void find_inputs() {
    input_exponent_.assign(inputs(), kNoExponent);
    for (size_t k = 0; k < inputs(); ++k)
      each_feature(k, [&](const Feature& x) { input_exponent_[k] = std::min(input_exponent_[k], x.exponent); });
  }

  // A column that no position needs is left out, and so is a row without weights.
  void find_outputs() {
    output_exponent_.assign(units(), kNoExponent);
    bias_.assign(units(), 0);
    std::vector<bool> row_is_read(inputs(), false);
    for (size_t j = 0; j < units(); ++j) {
      bool needed = false;
      for (size_t p = 0; p < positions() && !needed; ++p) needed = is_needed(p, j);
      if (!needed) continue;
      int exponent = kNoExponent;
      for (size_t k = 0; k < inputs(); ++k) {
        if (input_exponent_[k] == kNoExponent || weight(k, j) == 0) continue;
        exponent = std::min(exponent, input_exponent_[k] + lowest_set_bit(static_cast<float>(weight(k, j))));
        row_is_read[k] = true;
      }
      bias_[j] = bias_of(j, exponent);
      if (bias_[j] != 0) exponent = std::min(exponent, lowest_set_bit_of(bias_[j]));
      output_exponent_[j] = exponent;
      if (exponent != kNoExponent) columns_.push_back(j);
    }
    for (size_t k = 0; k < inputs(); ++k) {
      if (row_is_read[k]) rows_.push_back(k);
    }
  }

  // Bits of the bias below those of all products change nothing if they are dropped afterwards.
  double bias_of(size_t j, int products) const {
    double bias = problem_.product.bias.empty() ? 0 : static_cast<double>(problem_.product.bias[j]);
    if (problem_.cuts.empty()) return bias;
    int cut = kNoExponent;
    bool floors = true;
    for (size_t p = 0; p < positions(); ++p) {
      const OutputCut& of_output = problem_.cuts[p * units() + j];
      if (!is_needed(p, j)) continue;
      floors = floors && of_output.floors;
      cut = std::min(cut, of_output.cut);
    }
    bias += constant_of(j);
    const int unit = std::min(products, cut);
    return floors && unit != kNoExponent ? std::ldexp(std::floor(std::ldexp(bias, -unit)), unit) : bias;
  }
  /// What all positions add; they agree where it is not 0 (see lowering.cpp).
  double constant_of(size_t j) const {
    for (size_t p = 0; p < positions(); ++p) {
      if (is_needed(p, j)) return problem_.cuts[p * units() + j].constant;
    }
    return 0;
  }

  int64_t whole(double value, int shift) const {
    const int top = std::ilogb(value) + shift;
    HGQ_CHECK(top < kMostWeightBits, ConfigError, problem_.where, ": a weight has ", top + 1,
              " bits above the last bit of its output, expected at most ", kMostWeightBits,
              "; are the widths of its weights and of the quantizers before it right?");
    return static_cast<int64_t>(std::ldexp(value, shift));
  }

  Interval range_of(const CircuitBuilder& builder, size_t k) const {
    std::optional<Interval> all;
    for (size_t p = 0; p < positions(); ++p) {
      const Interval r = builder.range_of(operand(p, k));
      all = all ? Interval{std::min(all->low, r.low), std::max(all->high, r.high)} : r;
    }
    return all.value_or(Interval{});
  }
  int arrival_of(const CircuitBuilder& builder, size_t k) const {
    int depth = 0;
    each_feature(k, [&](const Feature& x) { depth = std::max(depth, builder.depth(x.node)); });
    return depth;
  }
  /// Bits of output j that any position needs, from below; -1: all.
  int needed_bits(size_t j) const {
    int top = kNoDemand;
    for (size_t p = 0; p < positions(); ++p) top = std::max(top, problem_.demand[p * units() + j]);
    return top == kFullDemand ? -1 : std::max(top - output_exponent_[j], 0);
  }

  const ProductProblem& problem_;
  std::vector<int> input_exponent_, output_exponent_;
  std::vector<double> bias_;
  std::vector<size_t> rows_, columns_;
};

}  // namespace

std::vector<Feature> product_circuit(CircuitBuilder& builder, const ProductProblem& problem,
                                     const SolverOptions& options, Workers& workers, SolvedLayer& solved) {
  const IntegerProduct product(problem);
  std::vector<Feature> outputs(product.positions() * product.units());
  solved.positions = static_cast<int64_t>(product.positions());
  solved.kernel_inputs = problem.product.inputs;
  solved.kernel_units = problem.product.units;
  if (product.columns().empty()) return outputs;
  const MatrixProblem matrix = product.matrix(builder);
  solved.inputs = matrix.inputs;
  solved.outputs = matrix.outputs;
  const double begin = seconds_now();
  const AdderGraph graph = solve(matrix, options, workers);
  solved.solver_seconds = seconds_now() - begin;
  const AdderCost cost = cost_of(graph, matrix.needed);
  solved.adders = cost.adders;
  solved.adder_bits = cost.bits;
  for (size_t p = 0; p < product.positions(); ++p) {
    GraphCopy copy(builder, graph,
                   [&](int32_t input) { return product.operand(p, product.rows()[static_cast<size_t>(input)]); });
    for (size_t c = 0; c < product.columns().size(); ++c) {
      const size_t j = product.columns()[c];
      if (!product.is_needed(p, j)) continue;
      const Operand y = copy.make(graph.outputs[c]);
      if (y.node < 0) continue;
      const Operand positive = builder.positive(y);
      if (positive.node < 0) continue;
      outputs[p * product.units() + j] = {positive.node, positive.shift + product.output_exponent(j)};
    }
  }
  return outputs;
}

}  // namespace hgq::rtl
