// The commands and options of the program as plain data, taken from the parser's own tables (command_line.cpp): what
// the checks of a command line, the shell completion and the manual page are made of, so that none of them can go
// stale.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hgq {

struct OptionDoc {
  std::string name;                  // "--out"; of a positional one "model"
  std::string value;                 // what stands for its value: FILE, N, NAME=VALUE, [NAME=]VALUE; empty: a flag
  std::vector<std::string> choices;  // the values there are, where they are few
  std::string doc;
  bool positional = false;
  bool required = false;
};

struct CommandDoc {
  std::string name;  // empty: a training run, hgq-train CONFIG
  std::string doc;
  std::vector<OptionDoc> options;
};

struct ProgramDoc {
  std::string doc;
  CommandDoc train;
  std::vector<CommandDoc> commands;

  /// nullptr where there is none.
  const CommandDoc* find(const std::string& command) const;
};

/// nullptr where there is none. `name` with its hyphens.
const OptionDoc* find_option(const CommandDoc& command, const std::string& name);

/// What is wrong with a command line (without the program's name), a message each; empty where nothing is, or where
/// help is asked for. Looks whether files exist, to tell a mistyped command from a config.
std::vector<std::string> usage_errors(const ProgramDoc& program, std::span<const std::string> arguments);

/// Something that a page lists, with a sentence on it.
struct NamedDoc {
  std::string_view name, doc;
};
/// How the program ends.
std::span<const NamedDoc> exit_codes();
/// What a run's folder holds.
std::span<const NamedDoc> run_files();

/// A script for the shell: "bash", "zsh" or "fish".
std::string completion_script(const ProgramDoc& program, const std::string& shell);

/// The manual page, in roff.
std::string manual_page(const ProgramDoc& program, const std::string& version);

}  // namespace hgq
