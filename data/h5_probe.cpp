#include "hgq/data/h5_probe.h"

#include <fcntl.h>
#include <hdf5.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <exception>
#include <fstream>
#include <string>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/data/h5.h"

namespace hgq::h5 {
namespace {

/// The remaining budget: a probe must end soon for large files, too.
struct Budget {
  int objects = 2000;
  int64_t values = int64_t{16} << 20U;
};

constexpr int64_t kTextCost = 16;  // a text takes as much time and memory as so many numbers
constexpr int kLook = 10;          // milliseconds between two looks at the child
constexpr int64_t kLargestChunk = int64_t{128} << 20U;

/// Runs a read and ignores its errors, which the main process reports later. Errors of the disk are not ignored.
template <typename Action>
void attempt(const Action& action) {
  try {
    action();
  } catch (const RunError&) {
    throw;
  } catch (const Error&) {
  }
}

void read_attributes(const Group& group) {
  attempt([&] {
    for (const std::string& name : group.attribute_names()) {
      attempt([&] { group.attribute_strings(name); });
      attempt([&] { group.attribute_doubles(name); });
    }
  });
}

void read_values(const Group& group, const std::string& name, Budget& budget) {
  const DatasetInfo info = group.info(name);
  if (info.chunk_bytes > kLargestChunk) return;  // checked when its values are read
  const bool rows = info.shape.rank() > 0;
  const int64_t row =
      (rows ? info.shape.without_front().size() : 1) * (info.type == TypeClass::kString ? kTextCost : 1);
  const auto read = [&](int64_t first, int64_t count) {
    budget.values -= row * count;
    attempt([&] {
      if (info.type == TypeClass::kString) group.read_strings(name, first, count);
      if (info.type == TypeClass::kCompound && !info.columns.empty())
        group.read_floats(concat(name, "[", info.columns[0], "]"), first, count);
      if (info.type == TypeClass::kInteger || info.type == TypeClass::kFloat) group.read_floats(name, first, count);
    });
  };
  const int64_t count = rows ? info.shape[0] : 1;
  if (row * count <= budget.values) {
    read(0, count);
  } else if (row <= budget.values) {
    read(0, 1);
    read(count - 1, 1);
  }
}

void read_group(const Group& group, int depth, Budget& budget) {
  if (depth > 16) return;
  read_attributes(group);
  // Looking up a name takes another way through a damaged group than listing its names.
  for (const char* name : {"x", "y", "x_test", "y_test", "kernel:0", "model_weights", "hgq", "no such name"}) {
    attempt([&] { group.has(name); });
    attempt([&] { group.has_attribute(name); });
  }
  std::vector<std::string> names;
  try {
    names = group.names();
  } catch (const FileError&) {
    throw NamesUnreadable();
  }
  for (const std::string& name : names) {
    if (--budget.objects < 0) return;
    attempt([&] {
      if (group.is_group(name)) return read_group(group.group(name), depth + 1, budget);
      read_values(group, name, budget);
    });
  }
}

/// What a child writes to its pipe: one of these bytes, and after the second a text that says what failed.
constexpr char kDoneMark = 1;
constexpr char kDiskFailedMark = 2;

[[noreturn]] void run_child(const std::function<void()>& action, int cpu_seconds, int report) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody waits for it if the parent is gone
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) {
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
  }
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const rlimit cpu{static_cast<rlim_t>(cpu_seconds), static_cast<rlim_t>(cpu_seconds)};  // a child's clock starts at 0
  setrlimit(RLIMIT_CPU, &cpu);
  try {
    action();
  } catch (const NamesUnreadable&) {
    _exit(1);
  } catch (const RunError& e) {
    const std::string said = kDiskFailedMark + std::string(e.what());
    const bool written = write(report, said.data(), std::min<size_t>(said.size(), PIPE_BUF)) > 0;
    _exit(written ? 0 : 1);
  } catch (const std::exception&) {  // reported by the main process, which meets the same
  }
  const bool written = write(report, &kDoneMark, 1) == 1;
  _exit(written ? 0 : 1);
}

enum class Outcome : uint8_t { kDone, kDied, kStuck, kGreedy };

/// Processor time that a process has used, in nanoseconds.
int64_t cpu_time(pid_t process) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

/// The bytes of memory that a process uses; 0 if that is not known.
int64_t resident_bytes(pid_t process) {
  std::ifstream file(concat("/proc/", process, "/statm"));
  int64_t all = 0;
  int64_t resident = 0;
  return file >> all >> resident ? resident * sysconf(_SC_PAGE_SIZE) : 0;
}

/// Waits for the child's byte; if the child dies, the pipe is closed without one.
Outcome watch(pid_t child, int report, int idle_seconds, int64_t bytes) {
  const int64_t most_bytes = resident_bytes(getpid()) + bytes;
  int64_t used = -1;
  for (int idle = 0; idle < idle_seconds * 1000 / kLook;) {
    pollfd ready{.fd = report, .events = POLLIN, .revents = 0};
    const int count = poll(&ready, 1, kLook);
    if (count > 0) {
      std::array<char, PIPE_BUF> said{};
      const ssize_t got = read(report, said.data(), said.size());
      if (got > 0 && said[0] == kDiskFailedMark) throw RunError(std::string(&said[1], static_cast<size_t>(got) - 1));
      if (got >= 0 || errno != EINTR) return got > 0 ? Outcome::kDone : Outcome::kDied;
    }
    if (count == 0) {
      if (resident_bytes(child) > most_bytes) return Outcome::kGreedy;
      const int64_t now = cpu_time(child);
      idle = now > used ? 0 : idle + 1;
      used = now;
    }
  }
  return Outcome::kStuck;
}

Outcome try_in_child(const std::function<void()>& action, int cpu_seconds, int idle_seconds, int64_t bytes) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Outcome::kDone;
  const pid_t child = fork();
  if (child == 0) run_child(action, cpu_seconds, ends[1]);
  const Descriptor report(ends[0]);
  close(ends[1]);
  if (child < 0) return Outcome::kDone;
  const auto end_child = [child](bool by_force) {
    if (by_force) kill(child, SIGKILL);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
  };
  try {
    const Outcome outcome = watch(child, report.get(), idle_seconds, bytes);
    end_child(outcome == Outcome::kStuck || outcome == Outcome::kGreedy);
    return outcome;
  } catch (const RunError&) {
    end_child(false);
    throw;
  }
}

}  // namespace

void read_through(const Group& root) {
  Budget budget;
  read_group(root, 0, budget);
}

bool survives(const std::function<void()>& action, int cpu_seconds, int idle_seconds, int64_t bytes) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const Outcome outcome = try_in_child(action, cpu_seconds, idle_seconds, bytes);
    if (outcome != Outcome::kStuck) return outcome == Outcome::kDone;
  }
  return true;
}

}  // namespace hgq::h5
