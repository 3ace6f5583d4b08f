// Where the time of a program goes: in which phase its main thread is, what the threads of a team do in it, and how
// long each operation takes.
//
//   Profile profile;
//   Workers workers(2);
//   workers.set_profile(&profile);
//   const int phase = profile.add_phase("data");
//   profile.start();
//   {
//     const PhaseTimer timer(&profile, phase);
//     workers.run(8, [](int64_t part, int) { std::printf("%d\n", static_cast<int>(part)); });
//   }
//   profile.stop();
//   for (const Profile::Phase& p : profile.phases()) std::printf("%s %g s\n", p.name.c_str(), p.seconds);
//
// The main thread, which calls start() and stop(), is in one phase at any time: that of the innermost PhaseTimer, or
// "other". The seconds of all phases therefore add up to those between start() and stop(). Workers::run() adds to the
// phase how long the team took, and how long each of its tasks; so it is known what all threads share, and how long
// threads wait. Operations are a level below the phases: Executor times each of its instructions.
//
// Without a profile the program does none of this. With one, a piece of work costs a look at the processor's counter,
// and no memory is taken once each number of tasks has occurred in its phase.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hgq {

/// A counter that grows at a constant rate: the processor's own where there is one, which is read in a third of the
/// time that a clock of the system takes.
int64_t now_ticks();

class Profile {
 public:
  /// The calls of Workers::run() with one number of tasks, in one phase.
  struct Region {
    int64_t tasks = 0;
    int64_t calls = 0;
    double seconds = 0;                // of the calling thread, from each call to its return
    std::vector<double> task_seconds;  // of each task, over all calls
  };
  struct Phase {
    std::string name;
    int64_t calls = 0;
    double seconds = 0;  // of the main thread, without the phases inside it
    std::vector<Region> regions;

    /// Of the main thread: that which all threads share.
    double shared_seconds() const;
    /// Of all threads together.
    double task_seconds() const;
  };
  enum class Pass : uint8_t { kForward, kAgain, kBackward };
  /// What an operation does in a pass.
  struct Operation {
    int phase = 0;
    std::string layer;
    std::string name;
    Pass pass = Pass::kForward;
    double products_per_row = 0;  // multiplications, each with an addition, in matrix products
    double bytes_per_row = 0;     // of arguments and results that have rows
    double bytes_per_call = 0;    // of those that have none
  };
  struct OperationTime {
    Operation operation;
    int64_t calls = 0;
    int64_t rows = 0;    // of all calls; 1 each where there are none
    double seconds = 0;  // of all threads together
  };

  Profile();

  /// The number of the phase of this name, which is added if there is none. The first is "other".
  int add_phase(std::string_view name);
  /// The number of a new operation, which `threads` threads may run. Both only while no task runs.
  int add_operation(Operation operation, int threads);

  void start();
  void stop();
  bool is_running() const { return running_; }
  double seconds() const;

  std::vector<Phase> phases() const;
  std::vector<OperationTime> operations() const;

  // For those who take the time; without effect before start() and after stop().
  void begin_phase(int phase);
  void end_phase();
  /// A call of Workers::run(). Between the two, threads may add the times of different tasks.
  void begin_region(int64_t tasks);
  void add_task(int64_t task, int64_t ticks);
  void end_region(int64_t ticks);
  void add_operation_time(int operation, int worker, int64_t ticks, int64_t rows);

 private:
  struct RegionTicks {
    int64_t tasks = 0, calls = 0, ticks = 0;
    std::vector<int64_t> task_ticks;
  };
  struct PhaseTicks {
    std::string name;
    int64_t calls = 0, ticks = 0;
    std::vector<RegionTicks> regions;
  };
  struct OperationTicks {
    int64_t ticks = 0, calls = 0, rows = 0;
  };
  /// Adds the time since the last change to the phase that the main thread is in.
  void account(int64_t now);

  bool running_ = false;
  int64_t last_change_ = 0;
  int64_t ticks_ = 0;  // of the main thread, between start() and stop()
  double seconds_ = 0;
  int64_t first_tick_ = 0;
  double first_second_ = 0;
  std::vector<PhaseTicks> phases_;
  std::vector<int> inside_;  // phases, the innermost last
  RegionTicks* region_ = nullptr;
  std::vector<Operation> operations_;
  std::vector<std::vector<OperationTicks>> by_worker_;  // [worker][operation]
};

/// The main thread is in a phase while this object lives; without a profile it does nothing.
class PhaseTimer {
 public:
  PhaseTimer(Profile* profile, int phase) : profile_(profile) {
    if (profile_ != nullptr) profile_->begin_phase(phase);
  }
  /// By its name; the phase is added if there is none.
  PhaseTimer(Profile* profile, std::string_view phase) : profile_(profile) {
    if (profile_ != nullptr) profile_->begin_phase(profile_->add_phase(phase));
  }
  ~PhaseTimer() {
    if (profile_ != nullptr) profile_->end_phase();
  }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  Profile* profile_;
};

}  // namespace hgq
