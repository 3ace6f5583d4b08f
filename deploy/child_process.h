// Other programs that a command runs and waits for.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hgq {

/// Whether a program is in the search path.
bool is_installed(std::string_view program);

struct ChildFolders {
  std::filesystem::path work;       // where it runs
  std::filesystem::path temporary;  // its TMPDIR, where it may leave files if it is ended
};

/// Runs a program without an input, with what it prints in the file `log`, and returns its exit code; 128 and more
/// where a signal has ended it. It is in a process group of its own with the programs that it starts. If `stop` becomes
/// true they are all ended, and Interrupted is thrown. Throws as throw_system_error() if it cannot run.
int run_program(std::vector<std::string> words, const ChildFolders& folders, const std::filesystem::path& log,
                const std::atomic<bool>* stop);

/// A program that runs beside this one.
///
///   BackgroundProgram run({"hgq-train", "magic.yaml"}, ".", "train.log");
///   while (!run.exit_code()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
///
/// It has no input, what it prints is added to a file, and it is in a process group of its own, so that Ctrl-C does not
/// reach it. If this process ends, it goes on.
class BackgroundProgram {
 public:
  /// Throws as throw_system_error() if it cannot run.
  BackgroundProgram(std::vector<std::string> words, const std::filesystem::path& work,
                    const std::filesystem::path& log);
  /// With which it has ended, 128 and more where a signal has ended it; nullopt while it runs.
  std::optional<int> exit_code();
  void send(int signal) const;
  int process() const { return process_; }

 private:
  int process_ = 0;
  std::optional<int> exit_code_;
};

}  // namespace hgq
