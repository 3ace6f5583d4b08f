// How a command is added to the program (command_line.cpp). `App` is CLI::App, which no header includes.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "hgq/deploy/registry.h"

namespace hgq {

/// The command that was chosen, with its options.
using Action = std::function<int(const Registry&)>;

/// Adds a command whose options are stored in a `Command` (one of commands.h), which `run` gets when the command is
/// chosen. Returns the app, to which the options are added, and the Command, whose members they set.
template <typename Command, typename App, typename Run>
std::pair<App*, Command*> add_command(App& app, Action& action, const char* name, const char* description, Run run) {
  auto command = std::make_shared<Command>();
  App* const sub = app.add_subcommand(name, description);
  sub->callback([command, &action, run] {
    action = [command, run](const Registry& registry) { return run(*command, registry); };
  });
  return {sub, command.get()};
}

}  // namespace hgq
