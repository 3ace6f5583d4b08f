// The command line of hgq-train: its commands and their options, one function each in command_line.cpp.
#pragma once

#include <functional>

#include "hgq/deploy/registry.h"

namespace hgq {

/// What a command line asks for: a function that does it with what a registry holds, and
/// returns the exit code. Throws ConfigError, of one message,
/// where the command line is wrong.
std::function<int(const Registry&)> read_command_line(int argc, const char* const* argv);

}  // namespace hgq
