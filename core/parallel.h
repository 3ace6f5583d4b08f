// Threads. No other file creates threads or knows how they work together.
//
// A Workers object holds a team of threads that lives as long as it does. `run(count, task)` calls task(index, worker)
// for every index in [0, count), each on one thread, and returns when all are done; the calling thread works, too.
// Which thread takes which index is not fixed, so a task must write only what belongs to its index (or to the worker it
// is given), and results that must not depend on the number of threads are combined afterwards in the order of the
// index.
//
// Waiting threads spin for about 20 us, the time between two stages of a training step, and then sleep in the kernel:
// an idle team costs nothing, which matters on a shared machine. (The team of an OpenMP region spins for milliseconds
// instead, unless the environment forbids it before the program starts; that is why the team is our own. OpenMP gives
// the default number of threads, and is told to use one thread inside a task, so that a library called there starts
// none of its own.)
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

namespace hgq {

class Profile;

/// A reference to a callable object, two words long and without an allocation. The object must outlive the calls.
template <typename Signature>
class FunctionRef;

template <typename Result, typename... Args>
class FunctionRef<Result(Args...)> {
 public:
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef>)
      FunctionRef(F&& f)  // NOLINT(google-explicit-constructor,bugprone-forwarding-reference-overload)
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* object, Args... args) -> Result {
          return (*static_cast<std::remove_reference_t<F>*>(object))(args...);
        }) {}
  Result operator()(Args... args) const { return call_(object_, args...); }

 private:
  void* object_;
  Result (*call_)(void*, Args...);
};

/// OMP_NUM_THREADS if it is set, otherwise the number of processors that this program may use.
int default_threads();

class Workers {
 public:
  /// Makes a team of `threads` threads, the caller included; of default_threads() if `threads` < 1.
  explicit Workers(int threads = 0);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int size() const;
  using Task = FunctionRef<void(int64_t index, int worker)>;
  /// `worker` is in [0, size()); no two tasks with the same worker run at the same time. If tasks throw, the first
  /// exception is thrown again here after all tasks have ended. Must not be called from inside a task.
  void run(int64_t count, Task task);

  /// Where the time of tasks is added, and that of those who use these workers; nullptr, as at the beginning: nowhere.
  /// The profile must outlive its use here, and the executors that were made with it.
  void set_profile(Profile* profile) { profile_ = profile; }
  Profile* profile() const { return profile_; }

 private:
  struct Team;
  void run_tasks(int64_t count, Task task);

  std::unique_ptr<Team> team_;
  Profile* profile_ = nullptr;
};

}  // namespace hgq
