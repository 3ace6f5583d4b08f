// The commands for the folders of runs (command_line.h).
#pragma once

#include "hgq/apps/add_command.h"

namespace CLI {  // NOLINT(readability-identifier-naming): it is CLI11's
class App;
}

namespace hgq {

/// Adds report, show, front and pick.
void add_run_commands(CLI::App& app, Action& action);

}  // namespace hgq
