// Other programs that a command runs and waits for.
#pragma once

#include <atomic>
#include <filesystem>
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

}  // namespace hgq
