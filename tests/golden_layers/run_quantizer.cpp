// Families quantizer and bits: one quantizer, forward, record, gradients, regularizer, bits; random strategies by their
// statistics.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/layers/quantizer.h"
#include "model_build.h"
#include "run_case.h"

namespace hgq::golden {
namespace {

using nlohmann::json;

/// The quantizer of a case for samples of this shape, with the case's f.
Quantizer make_quantizer(const GoldenCase& c, const json& config, Quantizer::Target target, const Shape& shape) {
  Quantizer q(quantizer_config(config), target, shape, "q/");
  const Tensor& f = c.at("params/f");
  HGQ_CHECK(f.size() == q.f.value.size(), FileError, c.family, "/", c.name, ": f has shape ", f.shape(),
            ", the quantizer's ", q.f.value.shape());
  std::ranges::copy(f.values(), q.f.value.values().begin());
  return q;
}

void follow_batches(const GoldenCase& c, Workers& workers, const ExecutorOptions& wanted, Tensors& got) {
  const json& config = c.json();
  const auto batches = config.value("batches", int64_t{1});
  const bool training = config.at("training").get<bool>();
  const Shape sample = Shape(config.at("shape").get<std::vector<int64_t>>()).without_front();
  Quantizer q = make_quantizer(c, config.at("quantizer"), Quantizer::Target::kActivation, sample);

  Tape tape;
  const Var x = tape.input("x", sample, training);
  const Var u = tape.input("upstream", sample);
  const ops::Quantized y = q.forward(tape, x, q.clipped_f(tape), training ? Mode::kTrain : Mode::kTrace);
  tape.keep(y.value);
  tape.add_loss(ops::sum(ops::multiply(y.value, u)), "task");
  ExecutorOptions options = wanted;
  options.gradients = training;
  options.all_parameters = true;
  Executor executor(tape, workers, options);
  for (int64_t b = 0; b < batches; ++b) {
    const std::string suffix = batches == 1 ? "" : concat("_", b);
    if (b == config.value("reset_before_batch", int64_t{-1})) q.reset_record();
    const Tensor& rows = c.at("in/x" + suffix);
    const Tensor ones(rows.shape());
    const Tensor& weights = training ? c.at("upstream" + suffix) : ones;
    executor.forward({{rows.view(), weights.view()}});
    got.emplace("out/q" + suffix, copy_of(executor.rows_of(y.value)));
    got.emplace("out/min" + suffix, q.record_min.value.clone());
    got.emplace("out/max" + suffix, q.record_max.value.clone());
    if (!training) continue;
    executor.backward();
    got.emplace("grad/x" + suffix, copy_of(executor.input_gradient(x)));
    got.emplace("grad/f" + suffix, q.f.grad.clone());
  }
  got.emplace("state/f", q.f.value.clone());
}

/// The regularizer alone, of the clipped f.
void add_regularizer_alone(const GoldenCase& c, Workers& workers, Tensors& got) {
  const Shape sample = Shape(c.json().at("shape").get<std::vector<int64_t>>()).without_front();
  Quantizer q = make_quantizer(c, c.json().at("quantizer"), Quantizer::Target::kActivation, sample);
  Tape tape;
  q.add_regularizer(tape, q.clipped_f(tape));
  if (tape.losses().empty()) return;
  Executor executor(tape, workers, {.all_parameters = true});
  executor.forward({});
  executor.backward();
  got.emplace("out/reg", scalar(executor.loss()));
  got.emplace("grad/f_reg", q.f.grad.clone());
}

struct Moments {
  std::vector<double> mean, variance, lowest, highest;  // of q(x) - x, and of q(x), by element
};

Moments moments_of(ConstTensorView y, std::span<const float> x) {
  const size_t n = x.size();
  const auto draws = static_cast<size_t>(y.shape[0]);
  Moments m{std::vector<double>(n), std::vector<double>(n), std::vector<double>(n, 1e30),
            std::vector<double>(n, -1e30)};
  for (size_t i = 0; i < n; ++i) {
    double sum = 0;
    double squares = 0;
    for (size_t d = 0; d < draws; ++d) {
      const auto v = static_cast<double>(y.data[d * n + i]);
      sum += v - static_cast<double>(x[i]);
      squares += (v - static_cast<double>(x[i])) * (v - static_cast<double>(x[i]));
      m.lowest[i] = std::min(m.lowest[i], v);
      m.highest[i] = std::max(m.highest[i], v);
    }
    m.mean[i] = sum / static_cast<double>(draws);
    m.variance[i] = squares / static_cast<double>(draws) - m.mean[i] * m.mean[i];
  }
  return m;
}

/// What spec 1.1 says of an element: mean and variance of q(x) - x, and the range of q(x). `scale` = 2^f.
struct Expected {
  double mean = 0, variance = 0, lowest = 0, highest = 0;
};
Expected expected(double x, double scale, bool noise) {
  const double y = x * scale;
  if (!noise) {
    const double up = y - std::floor(y);
    return {0, up * (1 - up) / scale / scale, std::floor(y) / scale, (up > 1e-6 ? std::floor(y) + 1 : y) / scale};
  }
  if (std::abs(y) <= 0.5) return {-x, 0, 0, 0};
  return {0, 1.0 / 12 / scale / scale, x - 0.5 / scale, x + 0.5 / scale};
}

/// Draws all at once, one row each; compares with the expected moments and with those of the golden draws.
Outcome check_statistics(const GoldenCase& c, Workers& workers) {
  const auto draws = c.json().at("draws").get<int64_t>();
  const auto x = c.at("in/x").values();
  const auto n = static_cast<int64_t>(x.size());
  Quantizer q = make_quantizer(c, c.json().at("quantizer"), Quantizer::Target::kActivation, Shape{n});
  Tape tape;
  const Var rows = tape.input("x", Shape{n}, true);
  const ops::Quantized y = q.forward(tape, rows, q.clipped_f(tape), Mode::kTrain);
  tape.keep(y.value);
  tape.add_loss(ops::sum(y.value), "task");
  Executor executor(tape, workers, {.all_parameters = true, .seed = 20240517});
  Tensor repeated(Shape{draws, n});
  for (int64_t d = 0; d < draws; ++d) std::ranges::copy(x, repeated.values().begin() + d * n);
  executor.forward({{repeated.view()}});
  executor.backward();

  const Moments m = moments_of(executor.rows_of(y.value), x);
  const bool exact = c.json().at("quantizer").at("exact_q_value").get<bool>();
  const auto f = static_cast<double>(q.f.value.values()[0]);
  const double scale = std::exp2(exact ? std::nearbyint(f) : f);
  const bool noise = c.json().at("quantizer").at("rnd_strategy") == "fast_uniform_noise_injection";
  const double error = 5 / scale / std::sqrt(static_cast<double>(draws));  // five standard errors of a mean, at most
  Outcome outcome{.problems = {}, .compared = 5};
  const auto expect = [&](bool holds, const std::string& what, size_t i, double got, double want) {
    if (!holds) outcome.problems.push_back(concat(what, "[", i, "]: got ", got, ", expected ", want));
  };
  double mean_sum = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const Expected e = expected(static_cast<double>(x[i]), scale, noise);
    mean_sum += m.mean[i];
    expect(std::abs(m.mean[i] - e.mean) < error, "out/mean", i, m.mean[i], e.mean);
    expect(std::abs(m.variance[i] - e.variance) < 0.02 / scale / scale, "out/var", i, m.variance[i], e.variance);
    expect(m.lowest[i] >= e.lowest - 1e-3 / scale, "out/lowest", i, m.lowest[i], e.lowest);
    expect(m.highest[i] <= e.highest + 1e-3 / scale, "out/highest", i, m.highest[i], e.highest);
    const auto golden = [&](const char* dataset) { return static_cast<double>(c.at(dataset).values()[i]); };
    expect(std::abs(m.mean[i] - golden("out/mean")) < error * std::sqrt(2.0), "out/mean, against the draws", i,
           m.mean[i], golden("out/mean"));
    expect(std::abs(m.variance[i] - golden("out/var")) < 0.03 / scale / scale, "out/var, against the draws", i,
           m.variance[i], golden("out/var"));
    expect(executor.input_gradient(rows).data[i] == 1.0F && golden("grad/x") == 1.0, "grad/x", i,
           static_cast<double>(executor.input_gradient(rows).data[i]), 1.0);
  }
  const double per_draw = static_cast<double>(q.f.grad.values()[0]) / static_cast<double>(draws);
  expect(std::abs(per_draw + std::log(2.0) * mean_sum) < 1e-3, "grad/f", 0, per_draw, -std::log(2.0) * mean_sum);
  return outcome;
}

Rule quantizer_rule(const GoldenCase& c, const std::string& dataset) {
  if (dataset.starts_with("grad/")) return {Rule::Scale::kGradient, 1e-5};
  if (dataset == "out/reg") return {Rule::Scale::kLoss, 1e-5};
  const bool power = c.json().at("training").get<bool>() && !c.json().at("quantizer").at("exact_q_value").get<bool>();
  return power && !dataset.starts_with("state/") ? Rule{Rule::Scale::kElement, 1.2e-7} : Rule{};  // 1 ulp of 2^f
}

}  // namespace

Outcome run_quantizer(const GoldenCase& c, Workers& workers) {
  if (c.json().value("statistics", false)) return check_statistics(c, workers);
  const std::vector<std::string> results{"out/", "grad/", "state/"};
  const Rules rules = [&](const std::string& dataset) { return quantizer_rule(c, dataset); };
  Outcome outcome;
  for (const ExecutorOptions& options : {ExecutorOptions{}, ExecutorOptions{.largest_chunk = 2, .lanes = 3}}) {
    Tensors got;
    follow_batches(c, workers, options, got);
    add_regularizer_alone(c, workers, got);
    for (const std::string& p : compare(c, got, results, rules, outcome.compared)) outcome.problems.push_back(p);
  }
  return outcome;
}

Outcome run_bits(const GoldenCase& c, Workers& workers) {
  const json& config = c.json();
  const Shape shape(config.at("shape").get<std::vector<int64_t>>());
  const bool kernel = config.at("kind") == "kernel";
  Quantizer q = make_quantizer(c, config.at(kernel ? "kq" : "paq"),
                               kernel ? Quantizer::Target::kKernel : Quantizer::Target::kActivation, shape);
  Tape tape;
  const Var f = q.clipped_f(tape);
  Var bits, quantized;
  Tensors got;
  if (kernel) {
    quantized = q.forward(tape, tape.constant(c.at("params/kernel").clone()), f, Mode::kEvaluate).value;
    bits = q.kernel_bits(quantized, f, config.at("parallel_factor").get<double>());
  } else {
    std::ranges::copy(c.at("params/min").values(), q.record_min.value.values().begin());
    std::ranges::copy(c.at("params/max").values(), q.record_max.value.values().begin());
    bits = q.activation_bits(tape, {}, f, shape, config.at("relu").get<bool>());
  }
  const Tensor& upstream = c.at("upstream");
  tape.add_loss(ops::sum(ops::multiply(bits, tape.constant(Tensor(shape, upstream.values())))), "task");
  Executor executor(tape, workers, {.all_parameters = true});
  executor.forward({});
  executor.backward();
  got.emplace("out/bits", copy_of(executor.value(bits)));
  got.emplace("grad/f", q.f.grad.clone());
  if (kernel) {
    got.emplace("out/q", copy_of(executor.value(quantized)));
    // k, i, f of a weight: its sign, the place above its highest bit, and that of its lowest one.
    Tensor all(shape), sign(shape), integer(shape), fraction(shape);
    for (size_t e = 0; e < all.values().size(); ++e) {
      const float v = got.at("out/q").values()[e];
      if (v == 0.0F) continue;
      all.values()[e] = static_cast<float>(significant_bits(v));
      sign.values()[e] = v < 0 ? 1.0F : 0.0F;
      integer.values()[e] = static_cast<float>(highest_set_bit(v) + 1);
      fraction.values()[e] = static_cast<float>(-lowest_set_bit(v));
    }
    got.emplace("out/bits_exact", std::move(all));
    got.emplace("out/exact_k", std::move(sign));
    got.emplace("out/exact_i", std::move(integer));
    got.emplace("out/exact_f", std::move(fraction));
  } else {
    const std::vector<Kif> kif = q.exact_bits(config.at("relu").get<bool>());
    Tensor k(q.f.value.shape()), i(k.shape()), fraction(k.shape()), all(shape);
    for (size_t e = 0; e < kif.size(); ++e) {
      k.values()[e] = static_cast<float>(kif[e].k);
      i.values()[e] = static_cast<float>(kif[e].i);
      fraction.values()[e] = static_cast<float>(kif[e].f);
    }
    const std::vector<int64_t> spread = q.spread();
    for (size_t e = 0; e < spread.size(); ++e)
      all.values()[e] = static_cast<float>(kif[static_cast<size_t>(spread[e])].bits());
    got.emplace("out/exact_k", std::move(k));
    got.emplace("out/exact_i", std::move(i));
    got.emplace("out/exact_f", std::move(fraction));
    got.emplace("out/bits_exact", std::move(all));
  }
  Outcome outcome;
  const Rules rules = [](const std::string& dataset) {
    return dataset.starts_with("grad/") ? Rule{Rule::Scale::kGradient, 1e-5} : Rule{};
  };
  outcome.problems = compare(c, got, {"out/", "grad/"}, rules, outcome.compared);
  return outcome;
}

}  // namespace hgq::golden
