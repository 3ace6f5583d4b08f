// The command line of hgq-train. Each command with its options is one function in command_line.cpp.
#pragma once

#include <functional>

#include "hgq/deploy/registry.h"

namespace hgq {

/// The command that a command line asks for, as a function that runs it with the kinds of a registry and returns the
/// exit code. Throws ConfigError if the command line is wrong.
std::function<int(const Registry&)> read_command_line(int argc, const char* const* argv);

}  // namespace hgq
