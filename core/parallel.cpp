#include "hgq/core/parallel.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "hgq/core/one_openmp_thread.h"
#include "hgq/core/profile.h"

namespace hgq {
namespace {

constexpr auto kSpin = std::chrono::microseconds(20);

void pause_briefly() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

/// Waits until `value` is no longer `old`: spins first, then sleeps.
void wait_while_equal(const std::atomic<int>& value, int old) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (value.load(std::memory_order_acquire) != old) return;
      pause_briefly();
    }
  } while (std::chrono::steady_clock::now() < end);
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

int default_threads() { return std::max(1, omp_get_max_threads()); }

// One job at a time. `ticket` holds the job's number (upper half) and how many of its indices are not taken yet (lower
// half). A thread that takes an index by compare-and-swap knows that the job's fields it read before were this job's:
// the caller writes those of the next one only after every index of this one was taken and finished.
struct Workers::Team {
  std::atomic<uint64_t> ticket{0};
  std::atomic<int64_t> count{0};
  std::atomic<const Task*> task{nullptr};
  alignas(64) std::atomic<int> finished{0};
  alignas(64) std::atomic<int> wake{0};
  std::atomic<bool> stop{false};
  std::mutex error_mutex;
  std::exception_ptr error;
  std::vector<std::thread> threads;

  void work(int worker) {
    uint64_t seen = ticket.load(std::memory_order_acquire);
    while ((seen & 0xffffffffU) != 0) {
      const int64_t n = count.load(std::memory_order_relaxed);
      const Task* const job = task.load(std::memory_order_relaxed);
      if (!ticket.compare_exchange_weak(seen, seen - 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      try {
        (*job)(n - static_cast<int64_t>(seen & 0xffffffffU), worker);
      } catch (...) {
        const std::lock_guard lock(error_mutex);
        if (!error) error = std::current_exception();
      }
      if (finished.fetch_add(1, std::memory_order_acq_rel) + 1 == n) finished.notify_all();
      seen = ticket.load(std::memory_order_acquire);
    }
  }

  void loop(int worker) {
    omp_set_num_threads(1);
    int seen = 0;
    while (true) {
      wait_while_equal(wake, seen);
      seen = wake.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_acquire)) return;
      work(worker);
    }
  }
};

Workers::Workers(int threads) : team_(std::make_unique<Team>()) {
  if (threads < 1) threads = default_threads();
  for (int worker = 1; worker < threads; ++worker) team_->threads.emplace_back([this, worker] { team_->loop(worker); });
}

Workers::~Workers() {
  team_->stop.store(true, std::memory_order_release);
  team_->wake.fetch_add(1, std::memory_order_release);
  team_->wake.notify_all();
  for (std::thread& thread : team_->threads) thread.join();
}

int Workers::size() const { return static_cast<int>(team_->threads.size()) + 1; }

void Workers::run(int64_t count, Task task) {
  if (profile_ == nullptr || !profile_->is_running()) {
    run_tasks(count, task);
    return;
  }
  profile_->begin_region(count);
  const int64_t start = now_ticks();
  run_tasks(count, [&](int64_t index, int worker) {
    const int64_t begin = now_ticks();
    task(index, worker);
    profile_->add_task(index, now_ticks() - begin);
  });
  profile_->end_region(now_ticks() - start);
}

void Workers::run_tasks(int64_t count, Task task) {
  const OneOpenMpThread guard;
  if (count <= 1 || team_->threads.empty()) {
    for (int64_t index = 0; index < count; ++index) task(index, 0);
    return;
  }
  Team& team = *team_;
  team.count.store(count, std::memory_order_relaxed);
  team.task.store(&task, std::memory_order_relaxed);
  team.finished.store(0, std::memory_order_relaxed);
  const uint64_t job = (team.ticket.load(std::memory_order_relaxed) >> 32U) + 1;
  team.ticket.store((job << 32U) | static_cast<uint64_t>(count), std::memory_order_release);
  team.wake.fetch_add(1, std::memory_order_release);
  team.wake.notify_all();
  team.work(0);
  for (int done = team.finished.load(std::memory_order_acquire); done != count;
       done = team.finished.load(std::memory_order_acquire)) {
    wait_while_equal(team.finished, done);
  }
  if (team.error) std::rethrow_exception(std::exchange(team.error, nullptr));
}

}  // namespace hgq
