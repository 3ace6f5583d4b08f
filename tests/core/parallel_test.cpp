#include "hgq/core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <stdexcept>
#include <thread>
#include <vector>

namespace hgq {
namespace parallel_test {

TEST(Workers, RunEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    Workers workers(threads);
    EXPECT_EQ(workers.size(), threads);
    for (int64_t count = 0; count < 60; ++count) {
      std::vector<std::atomic<int>> calls(static_cast<size_t>(count));
      workers.run(count, [&](int64_t index, int worker) {
        EXPECT_LT(worker, threads);
        calls[static_cast<size_t>(index)]++;
      });
      for (const auto& c : calls) EXPECT_EQ(c.load(), 1);
    }
  }
}

TEST(Workers, ManyShortJobsInARow) {
  Workers workers(4);
  std::atomic<int64_t> sum{0};
  for (int job = 0; job < 20000; ++job) {
    workers.run(5, [&](int64_t index, int) { sum += index; });
  }
  EXPECT_EQ(sum.load(), 20000 * 10);
}

TEST(Workers, ThrowTheTasksException) {
  Workers workers(3);
  EXPECT_THROW(workers.run(10,
                           [](int64_t index, int) {
                             if (index == 7) throw std::runtime_error("seven");
                           }),
               std::runtime_error);
  std::atomic<int> calls{0};
  workers.run(10, [&](int64_t, int) { calls++; });
  EXPECT_EQ(calls.load(), 10);
}

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Idle threads must not burn a shared machine: 500 times 0.2 ms of work on 2 threads are 0.2 s; the pauses between them
// add little.
TEST(Workers, IdleThreadsSleep) {
  Workers workers(2);
  const double before = cpu_seconds();
  for (int i = 0; i < 500; ++i) {
    workers.run(2, [](int64_t, int) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(100);
      while (std::chrono::steady_clock::now() < end) {
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_LT(cpu_seconds() - before, 0.3);
}

}  // namespace parallel_test
}  // namespace hgq
