// The command line of hgq-train: its commands and their options, one function each in command_line.cpp.
#pragma once

#include <atomic>
#include <functional>

namespace hgq {

/// What a command line asks for: a function that does it and returns the exit code. Throws ConfigError, of one message,
/// where the command line is wrong. `interrupted` is watched by a training run, and must outlive the function.
std::function<int()> read_command_line(int argc, const char* const* argv, const std::atomic<bool>& interrupted);

}  // namespace hgq
