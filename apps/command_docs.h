// The commands and options of the program as plain data, taken from the tables of the parser (command_line.cpp). The
// checks of a command line, the shell completion and the manual page are made from them, so that they are always up to
// date.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hgq {

struct OptionDoc {
  std::string name;                  // "--out"; of a positional one "model"
  std::string value;                 // the word for its value: FILE, N, NAME=VALUE, [NAME=]VALUE; empty: a flag
  std::vector<std::string> choices;  // all values, if there are only a few
  std::string doc;
  bool positional = false;
  bool repeated = false;  // a positional one that takes as many words as there are
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

  /// nullptr if there is none.
  const CommandDoc* find(const std::string& command) const;
};

/// The option with this name, hyphens included; nullptr if there is none.
const OptionDoc* find_option(const CommandDoc& command, const std::string& name);

/// One message for each error in a command line (without the name of the program); empty if it is right, or if it asks
/// for help. Checks whether files exist, to distinguish a mistyped command from a config.
std::vector<std::string> usage_errors(const ProgramDoc& program, std::span<const std::string> arguments);

/// An entry of a list, with a sentence about it.
struct NamedDoc {
  std::string_view name, doc;
};
/// The exit codes of the program.
std::span<const NamedDoc> exit_codes();
/// The files in the folder of a run.
std::span<const NamedDoc> run_files();

/// The completion script for a shell: "bash", "zsh" or "fish".
std::string completion_script(const ProgramDoc& program, const std::string& shell);

/// The manual page, in roff.
std::string manual_page(const ProgramDoc& program, const std::string& version);

}  // namespace hgq
