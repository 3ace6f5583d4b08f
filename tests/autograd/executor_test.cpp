// Replay: the same bits for any number of threads, no memory taken in a warm step, batches of changing size, and what
// is refused.
#include "hgq/autograd/executor.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "allocation_counter.h"
#include "hgq/core/error.h"
#include "hgq/core/profile.h"
#include "tape_lab.h"

namespace hgq {
namespace executor_test {

using hgq::testing::AllocationCounter;
using hgq::testing::TapeLab;

/// A network with two batch norms, quantizers with records, bits and BOPs, and a cross-entropy: all that a training
/// step has.
struct Network {
  explicit Network(int64_t inputs = 7) {
    low = &lab.own_state("low", Shape{1, 6}, std::numeric_limits<float>::infinity());
    high = &lab.own_state("high", Shape{1, 6}, -std::numeric_limits<float>::infinity());
    const Var x = lab.input("x", Shape{inputs});
    const Var q =
        ops::quantize(x, clipped("f0", Shape{1, inputs}), {.strategy = ops::RoundingStrategy::kStochastic}).value;
    const Var h = norm("h", q, inputs, 6);
    const Var f1 = clipped("f1", Shape{1, 6});
    const ops::Quantized a = ops::quantize(h, f1, {.relu = true, .record_min = low, .record_max = high});
    const Var bits = ops::activation_bits(a.record_min, a.record_max, f1, Shape{6}, true, 1);
    const Var g = norm("g", ops::dropout(a.value, 0.2F), 6, 3);
    logits = ops::matmul(g, lab.parameter("w", Shape{3, 5}));
    lab.tape.keep(logits);
    const Var wide = lab.parameter("kernel", Shape{6, 4});
    const Var kernel_f = clipped("kernel_f", Shape{6, 4});
    lab.tape.add_loss(
        ops::scale(ops::dense_bops(bits, ops::kernel_bits(ops::quantize(wide, kernel_f, {}).value, kernel_f, 1)),
                   1e-3F),
        "bops");
    lab.tape.add_loss(ops::penalty(wide, ops::Norm::kSquare, 0.01F), "l2");
    lab.tape.add_loss(ops::sparse_categorical_crossentropy(logits, lab.labels("y", Shape{}, 5), true), "task");
    for (const Tape::Value& v : lab.tape.values()) {
      if (v.parameter != nullptr) parameters.push_back(v.parameter);
    }
  }
  Var clipped(const std::string& name, const Shape& shape) {
    Parameter& f = lab.own_parameter(name, shape, 1, 5);
    return ops::clip_in_place(f, lab.tape.parameter(f), -4, 4);
  }
  Var norm(const std::string& name, Var x, int64_t inputs, int64_t units) {
    const Var w = lab.parameter(name + "/w", Shape{inputs, units});
    const Var gamma = lab.parameter(name + "/gamma", Shape{units}, 0.5F, 2);
    const Var beta = lab.parameter(name + "/beta", Shape{units});
    const Var bias = lab.parameter(name + "/bias", Shape{units});
    State& mean = lab.own_state(name + "/mean", Shape{units}, 0);
    const ops::FusedKernel fused =
        ops::batch_norm_fuse(w, gamma, beta, bias, ops::channel_moments(x, w), {.moving_mean = &mean});
    return ops::add(ops::matmul(x, fused.kernel), fused.bias);
  }

  TapeLab lab;
  State* low = nullptr;
  State* high = nullptr;
  Var logits;
  std::vector<Parameter*> parameters;
};

/// Loss, logits, all gradients, records: everything that a step gives.
std::vector<float> step_results(Network& net, Executor& executor, std::span<const ConstTensorView> inputs) {
  executor.forward(inputs, 9);
  executor.backward();
  std::vector<float> all{executor.loss()};
  const auto add = [&](std::span<const float> values) { all.insert(all.end(), values.begin(), values.end()); };
  add(executor.rows_of(net.logits).values());
  add(executor.input_gradient({&net.lab.tape, net.lab.tape.inputs()[0]}).values());
  for (const Parameter* const p : net.parameters) add(p->grad.values());
  add(net.low->value.values());
  add(net.high->value.values());
  return all;
}

TEST(Executor, AnyNumberOfThreadsGivesTheSameBits) {
  for (const int64_t rows : {1, 300, 513, 3333}) {
    for (const ExecutorOptions& options : {ExecutorOptions{}, ExecutorOptions{.largest_chunk = 41, .lanes = 5}}) {
      std::vector<float> first;
      for (const int threads : {1, 2, 3, 7}) {
        Network net;
        const std::vector<Tensor> inputs = net.lab.make_inputs(rows);
        Workers workers(threads);
        Executor executor(net.lab.tape, workers, options);
        const std::vector<float> results = step_results(net, executor, testing::views_of(inputs));
        if (first.empty()) first = results;
        EXPECT_TRUE(std::equal(first.begin(), first.end(), results.begin(), results.end()))
            << rows << " rows, " << threads << " threads";
      }
      EXPECT_TRUE(std::ranges::any_of(first, [](float v) { return v != 0.0F; }));
    }
  }
}

// Here the partial results of 64 lanes are large enough for the whole team to combine them.
constexpr int64_t kWide = 120;
const ExecutorOptions kManyLanes{.largest_chunk = 8, .lanes = 64};

TEST(Executor, ManyLanesGiveTheSameBitsForAnyNumberOfThreads) {
  std::vector<float> first;
  for (const int threads : {1, 2, 3, 7}) {
    Network net(kWide);
    const std::vector<Tensor> inputs = net.lab.make_inputs(1000);
    Workers workers(threads);
    Profile profile;
    workers.set_profile(&profile);
    Executor executor(net.lab.tape, workers, kManyLanes);
    profile.start();
    const std::vector<float> results = step_results(net, executor, testing::views_of(inputs));
    profile.stop();
    if (first.empty()) first = results;
    EXPECT_TRUE(std::equal(first.begin(), first.end(), results.begin(), results.end())) << threads << " threads";
    const std::vector<Profile::Phase> phases = profile.phases();
    const auto combining = std::ranges::find(phases, "combining lanes", &Profile::Phase::name);
    ASSERT_NE(combining, phases.end());
    EXPECT_GT(combining->shared_seconds(), 0);
    EXPECT_EQ(executor.chunks().lanes, 64);
  }
}

TEST(Executor, IsRightForAWholeNetwork) {
  for (const int64_t rows : {2, 513}) {
    Network net;
    net.lab.expect_right(rows, {.largest_chunk = 41, .lanes = 5, .threads = 2}, {.gradient = 1e-3, .value = 2e-3}, 12);
  }
  Network wide(kWide);
  wide.lab.expect_right(513, {.largest_chunk = 8, .lanes = 64, .threads = 2}, {.gradient = 1e-3, .value = 2e-3}, 12);
}

TEST(Executor, AWarmStepTakesNoMemory) {
  Network net;
  Workers workers(3);
  Executor executor(net.lab.tape, workers, {.largest_chunk = 100, .lanes = 4});
  const std::vector<Tensor> full = net.lab.make_inputs(513);
  const std::vector<Tensor> rest = net.lab.make_inputs(77);
  const std::vector<ConstTensorView> batches[] = {testing::views_of(full), testing::views_of(rest)};
  for (const auto& batch : batches) {
    executor.forward(batch, 0);
    executor.backward();
  }
  const size_t bytes = executor.bytes();
  const AllocationCounter counter;
  for (uint64_t step = 1; step < 4; ++step) {
    for (const auto& batch : batches) {
      executor.forward(batch, step);
      executor.backward();
    }
  }
  EXPECT_EQ(counter.count(), 0);
  EXPECT_EQ(executor.bytes(), bytes);
}

TEST(Executor, AWarmStepOfManyLanesTakesNoMemory) {
  Network net(kWide);
  Workers workers(3);
  Executor executor(net.lab.tape, workers, kManyLanes);
  const std::vector<Tensor> inputs = net.lab.make_inputs(1000);
  const std::vector<ConstTensorView> views = testing::views_of(inputs);
  executor.forward(views, 0);
  executor.backward();
  const AllocationCounter counter;
  executor.forward(views, 1);
  executor.backward();
  EXPECT_EQ(counter.count(), 0);
}

TEST(AllocationCounter, SeesAllocations) {
  if (!testing::kCountsAllocations) GTEST_SKIP() << "a sanitizer counts its own";
  const AllocationCounter counter;
  const auto one = std::make_unique<int>(1);
  const Tensor two(Shape{3});
  std::vector<double> three(100);
  EXPECT_GE(counter.count(), 3);
}

TEST(Executor, BatchesOfChangingSizeAreAsWithAnExecutorOfTheirOwn) {
  Network net;
  Workers workers(2);
  Executor executor(net.lab.tape, workers, {.largest_chunk = 64, .lanes = 4});
  for (const int64_t rows : {40, 513, 7, 1200, 513}) {
    const std::vector<Tensor> inputs = net.lab.make_inputs(rows);
    net.low->value.fill(std::numeric_limits<float>::infinity());
    net.high->value.fill(-std::numeric_limits<float>::infinity());
    const std::vector<float> results = step_results(net, executor, testing::views_of(inputs));
    Network fresh;
    Executor other(fresh.lab.tape, workers, {.largest_chunk = 64, .lanes = 4});
    EXPECT_EQ(results, step_results(fresh, other, testing::views_of(inputs))) << rows << " rows";
  }
}

TEST(Executor, CutsOfABatchAgreeToRounding) {
  std::vector<float> whole;
  for (const ExecutorOptions& options :
       {ExecutorOptions{.largest_chunk = 5000}, ExecutorOptions{.largest_chunk = 3, .lanes = 7}}) {
    Network net;
    Workers workers(2);
    Executor executor(net.lab.tape, workers, options);
    const std::vector<Tensor> inputs = net.lab.make_inputs(256);
    const std::vector<float> results = step_results(net, executor, testing::views_of(inputs));
    if (whole.empty()) whole = results;
    ASSERT_EQ(results.size(), whole.size());
    for (size_t i = 0; i < whole.size(); ++i)
      ASSERT_NEAR(results[i], whole[i], 2e-4 * std::max(1.0F, std::abs(whole[i]))) << i;
  }
}

TEST(Executor, GradientsAreOverwrittenNotAdded) {
  TapeLab lab;
  Parameter& w = lab.own_parameter("w", Shape{3});
  lab.tape.add_loss(ops::sum(ops::scale(lab.tape.parameter(w), 2)), "loss");
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  for (int i = 0; i < 3; ++i) {
    executor.forward({});
    executor.backward();
    for (const float g : w.grad.values()) EXPECT_EQ(g, 2.0F);
  }
}

TEST(Executor, LossesAreInTheOrderOfTheTape) {
  TapeLab lab;
  Parameter& w = lab.own_parameter("w", Shape{2});
  w.value.fill(3);
  const Var sum = ops::sum(lab.tape.parameter(w));
  lab.tape.add_loss(sum, "one");
  lab.tape.add_loss(sum, "two", -0.5F);
  Workers workers(1);
  Executor executor(lab.tape, workers, {});
  executor.forward({});
  EXPECT_EQ(executor.loss(0), 6.0F);
  EXPECT_EQ(executor.loss(1), -3.0F);
  EXPECT_EQ(executor.loss(), 3.0F);
  executor.backward();
  EXPECT_EQ(executor.step_gradient(sum).data[0], 0.5F);
}

TEST(Executor, ReadsParametersAndStatesAtEachReplay) {
  TapeLab lab;
  Parameter& w = lab.own_parameter("w", Shape{1});
  const Var y = ops::multiply(lab.input("x", Shape{1}), lab.tape.parameter(w));
  lab.tape.keep(y);
  Workers workers(1);
  Executor executor(lab.tape, workers, {.gradients = false});
  const float x[] = {3};
  for (const float value : {2.0F, -1.0F}) {
    w.value.fill(value);
    executor.forward({{{x, Shape{1, 1}}}});
    EXPECT_EQ(executor.rows_of(y).data[0], 3 * value);
  }
}

TEST(Executor, RefusesWhatDoesNotFit) {
  Network net;
  Workers workers(1);
  Executor executor(net.lab.tape, workers, {});
  EXPECT_THROW(executor.backward(), Error);
  EXPECT_THROW(executor.rows_of(net.logits), Error);
  const Tensor x(Shape{4, 7});
  const Tensor y(Shape{4});
  const Tensor other(Shape{3});
  EXPECT_THROW(executor.forward({{x.view()}}), ShapeError);
  EXPECT_THROW(executor.forward({{y.view(), x.view()}}), ShapeError);
  EXPECT_THROW(executor.forward({{x.view(), other.view()}}), ShapeError);
  EXPECT_THROW(executor.forward({{{x.data(), Shape{0, 7}}, {y.data(), Shape{0}}}}), ShapeError);
  executor.forward({{x.view(), y.view()}});
  EXPECT_THROW(executor.value(net.logits), Error);
  Executor without(net.lab.tape, workers, {.gradients = false});
  without.forward({{x.view(), y.view()}});
  EXPECT_THROW(without.backward(), Error);
}

struct Throwing : OpWith<Throwing> {
  std::string_view name() const override { return "throwing"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override { return {in[0]}; }
  void forward(const OpContext& c) const override {
    std::copy_n(c.in[0], c.rows, c.out[0]);
    if (armed && c.row_begin > 0) throw RunError("thrown in a chunk");
  }
  void backward(const OpContext& /*c*/) const override {}
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    std::copy_n(c.in[0], c.rows, c.out[0]);
  }
  bool armed = true;
};

TEST(Executor, AnErrorInAChunkReachesTheCallerAndTheNextStepRuns) {
  TapeLab lab;
  auto op = std::make_unique<Throwing>();
  Throwing* const throwing = op.get();
  const Var y = lab.tape.record_one(std::move(op), {lab.input("x", Shape{})});
  lab.tape.keep(y);
  Workers workers(3);
  Executor executor(lab.tape, workers, {.gradients = false, .largest_chunk = 10});
  const std::vector<Tensor> inputs = lab.make_inputs(100);
  EXPECT_THROW(executor.forward(testing::views_of(inputs)), RunError);
  throwing->armed = false;
  executor.forward(testing::views_of(inputs));
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(executor.rows_of(y).data[i], inputs[0].data()[i]);
}

}  // namespace executor_test
}  // namespace hgq
