#include "hgq/deploy/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/deploy/interrupted.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

/// What posix_spawn() is told, which has to be given back.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  posix_spawn_file_actions_t* actions() { return &actions_; }
  posix_spawnattr_t* attributes() { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// The environment, with another TMPDIR.
std::vector<std::string> environment_with(const fs::path& temporary) {
  constexpr std::string_view kName = "TMPDIR=";
  std::vector<std::string> variables{concat(kName, temporary.string())};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with(kName)) variables.emplace_back(*variable);
  }
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// `mode`: O_TRUNC or O_APPEND, for the log.
pid_t start(std::vector<std::string>& words, const fs::path& work, std::vector<char*> environment, const fs::path& log,
            int mode) {
  const std::vector<char*> argv = pointers_to(words);
  SpawnSettings settings;
  posix_spawn_file_actions_addopen(settings.actions(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(settings.actions(), STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | mode, 0666);
  posix_spawn_file_actions_adddup2(settings.actions(), STDOUT_FILENO, STDERR_FILENO);
  posix_spawn_file_actions_addchdir_np(settings.actions(), work.c_str());
  posix_spawnattr_setflags(settings.attributes(), POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(settings.attributes(), 0);
  pid_t child = 0;
  const int error =
      posix_spawnp(&child, argv[0], settings.actions(), settings.attributes(), argv.data(), environment.data());
  if (error != 0) throw_system_error(concat("cannot run '", words[0], "'"), error);
  return child;
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/// Whether it has ended.
bool has_ended(pid_t child, int& status) {
  const pid_t got = waitpid(child, &status, WNOHANG);
  if (got < 0 && errno != EINTR) throw_system_error("cannot wait for a program", errno);
  return got == child;
}

/// While it lives, programs whose parent has ended become children of this process, which can then wait for them.
class Adopting {
 public:
  Adopting() {
    prctl(PR_GET_CHILD_SUBREAPER, &before_);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  ~Adopting() { prctl(PR_SET_CHILD_SUBREAPER, before_); }
  Adopting(const Adopting&) = delete;
  Adopting& operator=(const Adopting&) = delete;

 private:
  int before_ = 0;
};

/// Ends a program and all that it has started, and returns when they write no more files.
void end_all(pid_t child) {
  kill(-child, SIGKILL);
  while (waitpid(-child, nullptr, 0) > 0 || errno == EINTR) {
  }
}

}  // namespace

bool is_installed(std::string_view program) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

int run_program(std::vector<std::string> words, const ChildFolders& folders, const fs::path& log,
                const std::atomic<bool>* stop) {
  const Adopting adopting;
  std::vector<std::string> variables = environment_with(folders.temporary);
  const pid_t child = start(words, folders.work, pointers_to(variables), log, O_TRUNC);
  int status = 0;
  constexpr milliseconds kLongestWait{20};
  for (milliseconds wait{1}; !has_ended(child, status); wait = std::min(2 * wait, kLongestWait)) {
    if (stop != nullptr && *stop) {
      end_all(child);
      throw Interrupted();
    }
    std::this_thread::sleep_for(wait);
  }
  return code_of(status);
}

BackgroundProgram::BackgroundProgram(std::vector<std::string> words, const fs::path& work, const fs::path& log) {
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  process_ = start(words, work, std::move(environment), log, O_APPEND);
}

std::optional<int> BackgroundProgram::exit_code() {
  int status = 0;
  if (!exit_code_ && has_ended(process_, status)) exit_code_ = code_of(status);
  return exit_code_;
}

void BackgroundProgram::send(int signal) const {
  if (!exit_code_) kill(process_, signal);
}

}  // namespace hgq
