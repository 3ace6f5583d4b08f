// Speed of the parts of a training step, on one thread: matrix products, quantizer, BOPs, optimizer.
#include <benchmark/benchmark.h>

#include "hgq/autograd/executor.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/dnnl.h"
#include "hgq/core/rng.h"
#include "hgq/optim/optimizers.h"

namespace {

using hgq::Shape;
using hgq::Tensor;

Tensor random_tensor(const Shape& shape, uint64_t stream) {
  Tensor t(shape);
  for (int64_t i = 0; i < t.size(); ++i)
    t.data()[i] = static_cast<float>(hgq::normal_double(hgq::random_bits(1, stream, 0, static_cast<uint64_t>(i))));
  return t;
}

// Forward, to the inputs, to the kernel: m rows, k inputs, n units; items are multiplications.
void matmul(benchmark::State& state, int form) {
  const int64_t m = state.range(0);
  const int64_t k = state.range(1);
  const int64_t n = state.range(2);
  hgq::MatmulSpec spec{.m = m, .k = k, .n = n};
  if (form == 1) spec = {.m = m, .k = n, .n = k, .transpose_b = true};
  if (form == 2) spec = {.m = k, .k = m, .n = n, .transpose_a = true, .accumulate = true};
  const hgq::Matmul product(spec);
  const Tensor a = random_tensor(Shape{spec.m * spec.k}, 1);
  const Tensor b = random_tensor(Shape{spec.k * spec.n}, 2);
  Tensor c(Shape{spec.m * spec.n});
  for (auto _ : state) {
    product.run(a.data(), b.data(), c.data());
    benchmark::DoNotOptimize(c.data());
  }
  state.SetItemsProcessed(state.iterations() * m * k * n);
}

// A tape of one operation, run forward and backward; items are elements.
void quantize(benchmark::State& state) {
  const int64_t rows = state.range(0);
  const int64_t features = state.range(1);
  hgq::Parameter f("f", Shape{1, features});
  f.value.fill(3);
  hgq::State low("min", Shape{1, features});
  hgq::State high("max", Shape{1, features});
  hgq::Tape tape;
  const hgq::Var x = tape.input("x", Shape{features}, true);
  const auto q = hgq::ops::quantize(x, tape.parameter(f), {.relu = true, .record_min = &low, .record_max = &high});
  tape.add_loss(hgq::ops::sum(q.value), "sum");
  hgq::Workers alone(1);
  hgq::Executor executor(tape, alone, {});
  const Tensor data = random_tensor(Shape{rows, features}, 3);
  const hgq::ConstTensorView view = data.view();
  for (auto _ : state) {
    executor.forward({&view, 1});
    executor.backward();
  }
  state.SetItemsProcessed(state.iterations() * rows * features);
}

void bops(benchmark::State& state) {
  const int64_t k = state.range(0);
  const int64_t n = state.range(1);
  hgq::Parameter w("w", Shape{k, n});
  hgq::Parameter f("f", Shape{k, n});
  w.value = random_tensor(Shape{k, n}, 4);
  f.value.fill(3);
  hgq::Tape tape;
  const hgq::Var qw = hgq::ops::quantize(tape.parameter(w), tape.parameter(f), {}).value;
  Tensor bits(Shape{k});
  bits.fill(4);
  tape.add_loss(hgq::ops::dense_bops(tape.constant(std::move(bits)), hgq::ops::kernel_bits(qw, tape.parameter(f), 1)),
                "bops");
  hgq::Workers alone(1);
  hgq::Executor executor(tape, alone, {});
  for (auto _ : state) {
    executor.forward({});
    executor.backward();
  }
  state.SetItemsProcessed(state.iterations() * k * n);
}

void adam(benchmark::State& state) {
  std::vector<std::unique_ptr<hgq::Parameter>> parameters;
  std::vector<hgq::Parameter*> pointers;
  for (int i = 0; i < 30; ++i) {
    parameters.push_back(std::make_unique<hgq::Parameter>("p" + std::to_string(i), Shape{state.range(0) / 30}));
    parameters.back()->grad = random_tensor(parameters.back()->value.shape(), 5);
    pointers.push_back(parameters.back().get());
  }
  hgq::Adam optimizer({.learning_rate = 1e-3});
  for (auto _ : state) optimizer.update(pointers);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

BENCHMARK_CAPTURE(matmul, forward, 0)
    ->Args({519, 16, 64})
    ->Args({519, 64, 32})
    ->Args({519, 32, 32})
    ->Args({519, 32, 5})
    ->Args({128, 16, 16});
BENCHMARK_CAPTURE(matmul, to_inputs, 1)
    ->Args({519, 16, 64})
    ->Args({519, 64, 32})
    ->Args({519, 32, 32})
    ->Args({519, 32, 5})
    ->Args({128, 16, 16});
BENCHMARK_CAPTURE(matmul, to_kernel, 2)
    ->Args({519, 16, 64})
    ->Args({519, 64, 32})
    ->Args({519, 32, 32})
    ->Args({519, 32, 5})
    ->Args({519, 64, 64})
    ->Args({128, 16, 16});
BENCHMARK(quantize)->Args({519, 64})->Args({519, 5})->Args({128, 16});
BENCHMARK(bops)->Args({64, 32})->Args({16, 16});
BENCHMARK(adam)->Arg(10000)->Arg(900);
BENCHMARK_MAIN();
