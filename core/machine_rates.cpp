#include "hgq/core/machine_rates.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <numeric>
#include <thread>
#include <vector>

#include "hgq/core/clock.h"
#include "hgq/core/dnnl.h"

namespace hgq {
namespace {

constexpr double kSeconds = 0.003;  // of a try
constexpr int kTries = 5;
constexpr double kSecondsToSpread = 0.03;
constexpr int64_t kLooks = 100000;  // at a variable, some 30 microseconds

size_t at(int64_t i) { return static_cast<size_t>(i); }

/// The least seconds of a call, over tries that repeat it.
template <typename F>
double least_seconds(const F& call) {
  call();
  double least = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < kTries; ++attempt) {
    int64_t calls = 0;
    const double begin = seconds_now();
    double end = begin;
    while (end - begin < kSeconds) {
      for (int i = 0; i < 4; ++i) call();
      calls += 4;
      end = seconds_now();
    }
    least = std::min(least, (end - begin) / static_cast<double>(calls));
  }
  return least;
}

/// The elements from the first to the last that an operand touches.
int64_t extent(int64_t rows, int64_t columns, int64_t row_stride, int64_t terms, int64_t term_stride) {
  return std::max<int64_t>((rows - 1) * row_stride + columns + (terms - 1) * term_stride, 1);
}

/// The bytes that a thread reads and writes in a second when all multiply such arrays by a number. (A plain copy is
/// left to the library and the processor, which take a way for large arrays that is slower in the cache.)
double scaled_bytes(int64_t floats, Workers& workers) {
  std::vector<double> seconds(at(workers.size()));
  workers.run(workers.size(), [&](int64_t part, int /*worker*/) {
    const std::vector<float> from(at(floats), 1.0F);
    std::vector<float> to(at(floats));
    float factor = 1;
    seconds[at(part)] = least_seconds([&] {
      for (int64_t i = 0; i < floats; ++i) to[at(i)] = factor * from[at(i)];
      factor += to[at(floats / 2)];
    });
  });
  const double bytes = 2.0 * static_cast<double>(sizeof(float)) * static_cast<double>(floats);
  return bytes * static_cast<double>(workers.size()) / std::accumulate(seconds.begin(), seconds.end(), 0.0);
}

/// The time in which all threads of a team begin a task and end it: each waits for all others, since otherwise one
/// thread could do the tasks of all.
double barrier_seconds(Workers& team) {
  // Work that is long enough for the system to give each thread a processor of its own.
  team.run(team.size(), [](int64_t, int) {
    for (const double begin = seconds_now(); seconds_now() - begin < kSecondsToSpread;) {
    }
  });
  std::atomic<int64_t> arrived{0};
  int64_t all = 0;
  return least_seconds([&] {
    all += team.size();
    team.run(team.size(), [&](int64_t, int) {
      arrived.fetch_add(1, std::memory_order_acq_rel);
      for (int64_t looks = 1; arrived.load(std::memory_order_acquire) < all; ++looks) {
        if (looks % kLooks == 0) std::this_thread::yield();  // there may be fewer processors than threads
      }
    });
  });
}

}  // namespace

double product_seconds(const MatmulSpec& spec, Workers& workers) {
  const Matmul product(spec);
  const MatmulSpec& s = product.spec();
  const int64_t a =
      extent(s.transpose_a ? s.k : s.m, s.transpose_a ? s.m : s.k, s.row_stride_a, s.terms, s.term_stride_a);
  const int64_t b =
      extent(s.transpose_b ? s.n : s.k, s.transpose_b ? s.k : s.n, s.row_stride_b, s.terms, s.term_stride_b);
  const int64_t c = extent(s.m, s.n, s.row_stride_c, 1, 0);
  std::vector<double> seconds(at(workers.size()));
  workers.run(workers.size(), [&](int64_t part, int /*worker*/) {
    const std::vector<float> from_a(at(a), 0.5F);
    const std::vector<float> from_b(at(b), 0.5F);
    std::vector<float> to(at(c), 0.0F);
    seconds[at(part)] = least_seconds([&] { product.run(from_a.data(), from_b.data(), to.data()); });
  });
  return std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(workers.size());
}

MachineRates measure_machine(Workers& workers) {
  MachineRates rates;
  constexpr int64_t kRows = 512;
  constexpr int64_t kUnits = 64;
  rates.product_flops =
      2.0 * kRows * kUnits * kUnits / product_seconds({.m = kRows, .k = kUnits, .n = kUnits}, workers);

  constexpr int64_t kInCache = 1 << 15;  // floats: 128 KiB
  rates.copy_bytes = scaled_bytes(kInCache, workers);
  constexpr int64_t kInMemory = 1 << 23;  // floats: 32 MiB
  rates.memory_bytes = scaled_bytes(kInMemory, workers) * workers.size();
  if (workers.size() > 1) {
    rates.barrier_seconds = barrier_seconds(workers);
  } else {
    Workers two(2);
    rates.barrier_seconds = barrier_seconds(two);
  }
  return rates;
}

}  // namespace hgq
