// Families quantizer and bits: one Quantizer, without a layer around it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "golden_case.h"
#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/layers/quantizer.h"

namespace hgq::golden {
namespace {

using nlohmann::json;

const std::vector<std::string> kPrefixes{"out/", "grad/", "state/"};

Quantizer make_quantizer(const GoldenCase& c, const json& config, Quantizer::Target target, const Shape& shape) {
  Quantizer quantizer(quantizer_config(config), target, shape, "q/");
  const Tensor& f = c.at("params/f");
  HGQ_CHECK(quantizer.f.value.size() == f.size(), Error, "f has shape ", quantizer.f.value.shape(), ", the golden one ",
            f.shape());
  std::ranges::copy(f.values(), quantizer.f.value.values().begin());
  return quantizer;
}

void check_regularizer(const GoldenCase& c, Quantizer& quantizer, Comparison& comparison) {
  if (!c.has("out/reg")) return;
  Tape tape;
  quantizer.add_regularizer(tape, quantizer.raw_f(tape));
  Workers workers(1);
  Executor executor(tape, workers, {.all_parameters = true});
  executor.forward({});
  executor.backward();
  comparison.add("out/reg", static_cast<double>(executor.loss()));
  comparison.add("grad/f_reg", quantizer.f.grad.view());
}

Rule quantizer_rule(const GoldenCase& c, const std::string& dataset) {
  if (dataset == "out/reg") return {};
  if (dataset.starts_with("grad/")) return {};
  if (c.config.at("training") && trains_with_power(c.config) && !dataset.starts_with("state/"))
    return {.tolerance = 3e-7};
  return {.exact = true};
}

std::vector<std::string> run_batches(const GoldenCase& c, const Cut& cut) {
  const bool training = c.config.at("training");
  const Shape batch(c.config.at("shape").get<std::vector<int64_t>>());
  const Shape sample = batch.without_front();
  Quantizer quantizer = make_quantizer(c, c.config.at("quantizer"), Quantizer::Target::kActivation, sample);
  Tape tape;
  const Var x = tape.input("x", sample, training);
  const Var f = quantizer.clipped_f(tape);
  const ops::Quantized q = quantizer.forward(tape, x, f, training ? Mode::kTrain : Mode::kTrace);
  tape.add_loss(ops::sum(ops::multiply(q.value, tape.input("u", sample))), "task");
  tape.keep(q.value);
  Workers workers(cut.threads);
  Executor executor(tape, workers, {.gradients = training, .all_parameters = true, .largest_chunk = cut.largest_chunk});
  Comparison comparison(c, kPrefixes, [&](const std::string& dataset) { return quantizer_rule(c, dataset); });
  const int batches = c.config.value("batches", 1);
  for (int b = 0; b < batches; ++b) {
    const std::string suffix = batches == 1 ? "" : concat("_", b);
    if (b == c.config.value("reset_before_batch", -1)) quantizer.reset_record();
    executor.forward(std::vector<ConstTensorView>{c.at("in/x" + suffix).view(), c.at("upstream" + suffix).view()});
    comparison.add("out/q" + suffix, executor.rows_of(q.value));
    comparison.add("out/min" + suffix, quantizer.record_min.value.view());
    comparison.add("out/max" + suffix, quantizer.record_max.value.view());
    if (!training) continue;
    executor.backward();
    comparison.add("grad/x" + suffix, executor.input_gradient(x));
    comparison.add("grad/f" + suffix, quantizer.f.grad.view());
  }
  comparison.add("state/f", quantizer.f.value.view());
  check_regularizer(c, quantizer, comparison);
  return comparison.differences();
}

/// What many draws of q(x) - x come to, for each entry of x.
struct Draws {
  explicit Draws(size_t n) : sum(n), square(n), fourth(n), lowest(n, INFINITY), highest(n, -INFINITY) {}
  std::vector<double> sum, square, fourth;
  std::vector<float> lowest, highest;
  double f_gradient = 0;
  bool x_gradient_is_golden = true;  // in every draw
};

Draws draw(const GoldenCase& c, Quantizer& quantizer, int64_t rows, int64_t steps) {
  const Tensor& x = c.at("in/x");
  const auto entries = static_cast<size_t>(x.size());
  Tape tape;
  const Var in = tape.input("x", x.shape(), true);
  const ops::Quantized q = quantizer.forward(tape, in, quantizer.clipped_f(tape), Mode::kTrain);
  tape.add_loss(ops::sum(q.value), "sum");
  tape.keep(q.value);
  Workers workers(2);
  Executor executor(tape, workers, {.all_parameters = true, .largest_chunk = 64, .seed = 7});
  Tensor batch(x.shape().with_front(rows));
  for (int64_t r = 0; r < rows; ++r) std::ranges::copy(x.values(), batch.data() + r * x.size());
  Draws draws(entries);
  for (int64_t step = 0; step < steps; ++step) {
    executor.forward(std::vector<ConstTensorView>{batch.view()}, static_cast<uint64_t>(step));
    executor.backward();
    draws.f_gradient += static_cast<double>(quantizer.f.grad.values()[0]);
    const auto x_gradient = executor.input_gradient(in).values();
    for (size_t i = 0; i < x_gradient.size(); ++i)
      draws.x_gradient_is_golden &= x_gradient[i] == c.at("grad/x").values()[i % entries];
    const auto values = executor.rows_of(q.value).values();
    for (size_t i = 0; i < values.size(); ++i) {
      const size_t e = i % entries;
      const double d = static_cast<double>(values[i]) - static_cast<double>(x.values()[e]);
      draws.sum[e] += d;
      draws.square[e] += d * d;
      draws.fourth[e] += d * d * d * d;
      draws.lowest[e] = std::min(draws.lowest[e], values[i]);
      draws.highest[e] = std::max(draws.highest[e], values[i]);
    }
  }
  return draws;
}

// Two independent means of n draws differ by less than 5 sqrt(2) standard errors; extremes of a uniform distribution
// lie within 20 / n of its width but for one time in e^20. Stochastic rounding reaches both neighbours, unless one is
// rarer than that.
std::vector<std::string> run_statistics(const GoldenCase& c) {
  Quantizer quantizer =
      make_quantizer(c, c.config.at("quantizer"), Quantizer::Target::kActivation, c.at("in/x").shape());
  const int64_t rows = 200;
  const int64_t steps = c.config.at("draws").get<int64_t>() / rows;
  const Draws draws = draw(c, quantizer, rows, steps);
  const auto n = static_cast<double>(rows * steps);
  const double f = static_cast<double>(quantizer.f.value.values()[0]);
  const double step = std::exp2(c.config.at("quantizer").at("exact_q_value").get<bool>() ? -std::nearbyint(f) : -f);
  std::vector<std::string> lines;
  const auto near = [&](const std::string& what, size_t e, double got, double want, double allowed) {
    if (!(std::abs(got - want) <= allowed))
      lines.push_back(concat(what, " [", e, "]: got ", got, ", expected ", want, " within ", allowed));
  };
  if (!draws.x_gradient_is_golden) lines.emplace_back("grad/x: differs in some draw");
  double mean_sum = 0;
  double mean_error = 0;
  for (size_t e = 0; e < draws.sum.size(); ++e) {
    const double mean = draws.sum[e] / n;
    const double variance = draws.square[e] / n - mean * mean;
    const double golden_variance = static_cast<double>(c.at("out/var").values()[e]);
    const double error = 5 * std::sqrt(2 * std::max(variance, golden_variance) / n) + 1e-6 * step;
    near("out/mean", e, mean, static_cast<double>(c.at("out/mean").values()[e]), error);
    // Standard error of a variance; the last term is the square of the mean's error, which counts where the
    // distribution has two points.
    const double spread = std::sqrt(std::max(draws.fourth[e] / n - variance * variance, 0.0) / n);
    near("out/var", e, variance, golden_variance, 5 * std::sqrt(2.0) * spread + 50 * step * step / n);
    const bool stochastic = c.config.at("quantizer").at("rnd_strategy") == "stochastic_round";
    const double extreme = (stochastic ? 0 : 20 * step / n) + 1e-6 * step;
    const bool rare = stochastic && variance < 20 * step * step / n;
    if (!rare)
      near("out/lowest", e, static_cast<double>(draws.lowest[e]), static_cast<double>(c.at("out/lowest").values()[e]),
           extreme);
    if (!rare)
      near("out/highest", e, static_cast<double>(draws.highest[e]),
           static_cast<double>(c.at("out/highest").values()[e]), extreme);
    mean_sum += mean;
    mean_error += error * error;
  }
  near("grad/f_over_draws", 0, draws.f_gradient / n, static_cast<double>(c.at("grad/f_over_draws").values()[0]),
       std::numbers::ln2 * std::sqrt(mean_error) + 1e-5);
  near("grad/f, of these very draws", 0, draws.f_gradient / n, -std::numbers::ln2 * mean_sum, 1e-5 * step);
  return lines;
}

std::vector<std::string> run_kernel_bits(const GoldenCase& c) {
  const Shape shape(c.config.at("shape").get<std::vector<int64_t>>());
  Quantizer quantizer = make_quantizer(c, c.config.at("kq"), Quantizer::Target::kKernel, shape);
  Parameter kernel("kernel", shape);
  std::ranges::copy(c.at("params/kernel").values(), kernel.value.values().begin());
  Tape tape;
  const Var f = quantizer.clipped_f(tape);
  const Var q = quantizer.forward(tape, tape.parameter(kernel), f, Mode::kTrain).value;
  const Var bits = quantizer.kernel_bits(q, f, c.config.at("parallel_factor"));
  Tensor upstream = c.at("upstream").clone();
  tape.add_loss(ops::sum(ops::multiply(bits, ops::reshape(tape.constant(std::move(upstream)), shape))), "task");
  Workers workers(1);
  Executor executor(tape, workers, {.all_parameters = true});
  executor.forward({});
  executor.backward();
  Comparison comparison(c, kPrefixes,
                        [](const std::string& dataset) { return Rule{.exact = dataset.starts_with("out/")}; });
  comparison.add("out/q", executor.value(q));
  comparison.add("out/bits", executor.value(bits));
  comparison.add("grad/f", quantizer.f.grad.view());
  // Of a kernel's element, only the sum of bits is used; sign, integer and fractional bits follow from its highest and
  // lowest bit.
  Tensor exact(shape), k(shape), i(shape), fraction(shape);
  for (size_t e = 0; e < executor.value(q).values().size(); ++e) {
    const float v = executor.value(q).values()[e];
    exact.values()[e] = static_cast<float>(significant_bits(v));
    if (v == 0.0F) continue;
    k.values()[e] = v < 0 ? 1.0F : 0.0F;
    i.values()[e] = static_cast<float>(highest_set_bit(v) + 1);
    fraction.values()[e] = static_cast<float>(-lowest_set_bit(v));
  }
  comparison.add("out/bits_exact", exact.view());
  comparison.add("out/exact_k", k.view());
  comparison.add("out/exact_i", i.view());
  comparison.add("out/exact_f", fraction.view());
  return comparison.differences();
}

std::vector<std::string> run_activation_bits(const GoldenCase& c) {
  const Shape sample(c.config.at("shape").get<std::vector<int64_t>>());
  const bool relu = c.config.at("relu");
  Quantizer quantizer = make_quantizer(c, c.config.at("paq"), Quantizer::Target::kActivation, sample);
  std::ranges::copy(c.at("params/min").values(), quantizer.record_min.value.values().begin());
  std::ranges::copy(c.at("params/max").values(), quantizer.record_max.value.values().begin());
  Tape tape;
  const Var f = quantizer.clipped_f(tape);
  const Var bits = quantizer.activation_bits(tape, {}, f, sample, relu);
  Tensor upstream = c.at("upstream").clone();
  tape.add_loss(ops::sum(ops::multiply(bits, ops::reshape(tape.constant(std::move(upstream)), sample))), "task");
  Workers workers(1);
  Executor executor(tape, workers, {.all_parameters = true});
  executor.forward({});
  executor.backward();
  Comparison comparison(c, kPrefixes,
                        [](const std::string& dataset) { return Rule{.exact = dataset.starts_with("out/")}; });
  comparison.add("out/bits", executor.value(bits));
  comparison.add("grad/f", quantizer.f.grad.view());
  const std::vector<Kif> kif = quantizer.exact_bits(relu);
  const Shape& shape = quantizer.f.value.shape();
  std::vector<float> k, i, fraction, exact;
  for (const Kif& bit : kif) {
    k.push_back(static_cast<float>(bit.k));
    i.push_back(static_cast<float>(bit.i));
    fraction.push_back(static_cast<float>(bit.f));
  }
  for (const int64_t index : quantizer.spread())
    exact.push_back(static_cast<float>(kif[static_cast<size_t>(index)].bits()));
  comparison.add("out/exact_k", shape, k);
  comparison.add("out/exact_i", shape, i);
  comparison.add("out/exact_f", shape, fraction);
  comparison.add("out/bits_exact", sample, exact);
  return comparison.differences();
}

}  // namespace

std::vector<std::string> run_quantizer_case(const GoldenCase& c) {
  if (c.config.value("statistics", false)) return run_statistics(c);
  std::vector<std::string> lines;
  for (const Cut& cut : kCuts) {
    for (const std::string& line : run_batches(c, cut))
      lines.push_back(concat(line, " [chunks of ", cut.largest_chunk, "]"));
  }
  return lines;
}

std::vector<std::string> run_bits_case(const GoldenCase& c) {
  return c.config.at("kind") == "kernel" ? run_kernel_bits(c) : run_activation_bits(c);
}

}  // namespace hgq::golden
