// The completion scripts for the shells.
#include "hgq/apps/command_docs.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

bool is_file(const OptionDoc& option) {
  return option.value == "CONFIG" || option.value == "MODEL" || option.value == "PROXY" || option.value == "FILE";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string option_names(const CommandDoc& command) {
  std::vector<std::string> names;
  for (const OptionDoc& option : command.options) {
    if (!option.positional) names.push_back(option.name);
  }
  return joined(names);
}

std::string command_names(const ProgramDoc& program, const std::string& separator) {
  std::string out;
  for (const CommandDoc& command : program.commands) out += (out.empty() ? "" : separator) + command.name;
  return out;
}

/// The text in single quotes, with a backslash before each of the characters in `special`.
std::string shell_quoted(const std::string& text, std::string_view special = "") {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return "'" + out + "'";
}

/// How the shell completes the positional arguments of a command: "-f" files, "-d" folders; empty: neither.
std::string positional_paths(const CommandDoc& command) {
  for (const OptionDoc& option : command.options) {
    if (option.positional && is_file(option)) return "-f";
    if (option.positional && option.value == "FOLDER") return "-d";
  }
  return "";
}

/// The lines of a `case "$command $before"` that complete the values of options.
std::string bash_values(const CommandDoc& command) {
  std::string out;
  for (const OptionDoc& option : command.options) {
    if (option.positional || option.value.empty()) continue;
    std::string action;
    if (!option.choices.empty()) {
      action = concat("COMPREPLY=($(compgen -W ", shell_quoted(joined(option.choices)), " -- \"$word\"))");
    } else if (is_file(option)) {
      action = "_hgq_train_files -f";
    } else if (option.value == "FOLDER") {
      action = "_hgq_train_files -d";
    }
    out += concat("    ", shell_quoted(concat(command.name, " ", option.name)), ") ", action,
                  action.empty() ? "" : "; ", "return ;;\n");
  }
  return out;
}

std::string bash_script(const ProgramDoc& program) {
  std::string out = R"(# Completion of hgq-train for bash, made by: hgq-train completion bash
_hgq_train_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$word")
}

_hgq_train() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
)";
  out += concat("      ", command_names(program, " | "), R"() command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case "$command $before" in
)");
  out += bash_values(program.train);
  for (const CommandDoc& command : program.commands) out += bash_values(command);
  out += "  esac\n  case \"$command,$word\" in\n";
  const auto names = [&](const CommandDoc& command) {
    out += concat("    ", command.name, ",-*) COMPREPLY=($(compgen -W ", shell_quoted(option_names(command)),
                  " -- \"$word\")) ;;\n");
  };
  names(program.train);
  for (const CommandDoc& command : program.commands) {
    names(command);
    if (const std::string paths = positional_paths(command); !paths.empty())
      out += concat("    ", command.name, ",*) _hgq_train_files ", paths, " ;;\n");
    for (const OptionDoc& option : command.options) {
      if (!option.positional || option.choices.empty()) continue;
      out += concat("    ", command.name, ",*) COMPREPLY=($(compgen -W ", shell_quoted(joined(option.choices)),
                    " -- \"$word\")) ;;\n");
    }
  }
  out += concat("    ,*)\n      _hgq_train_files -f\n      COMPREPLY+=($(compgen -W ",
                shell_quoted(command_names(program, " ")), " -- \"$word\"))\n      ;;\n");
  return out + "  esac\n}\n\ncomplete -F _hgq_train hgq-train\n";
}

std::string zsh_action(const OptionDoc& option) {
  if (!option.choices.empty()) return "(" + joined(option.choices) + ")";
  if (is_file(option)) return "_files";
  return option.value == "FOLDER" ? "_files -/" : " ";
}

std::string zsh_arguments(const CommandDoc& command) {
  std::string out = "_arguments";
  for (const OptionDoc& option : command.options) {
    std::string spec;
    if (option.positional) {
      spec = concat("*:", option.value, ":", zsh_action(option));
      out += " \\\n        " + shell_quoted(spec);
      continue;
    }
    std::string doc;
    for (const char c : option.doc) doc += std::string(c == '[' || c == ']' || c == ':' || c == '\\' ? "\\" : "") + c;
    spec = concat(option.name == "--set" || option.name == "--function" ? "*" : "", option.name, "[", doc, "]");
    if (!option.value.empty()) spec += concat(":", option.value, ":", zsh_action(option));
    out += " \\\n        " + shell_quoted(spec);
  }
  return out;
}

std::string zsh_script(const ProgramDoc& program) {
  std::string out = R"(#compdef hgq-train
# Completion of hgq-train for zsh, made by: hgq-train completion zsh
_hgq_train() {
  local -a commands
  commands=(
)";
  for (const CommandDoc& command : program.commands) {
    out += "    " + shell_quoted(concat(command.name, ":", command.doc)) + "\n";
  }
  out += R"(  )
  local word chosen=''
  for word in ${words[2,CURRENT-1]}; do
    if [[ -n ${commands[(r)$word:*]} ]]; then chosen=$word; break; fi
  done
  if [[ -n $chosen ]]; then
    while [[ ${words[1]} != $chosen ]]; do shift words; (( CURRENT-- )); done
  fi
  case $chosen in
)";
  for (const CommandDoc& command : program.commands) {
    out += concat("    ", command.name, ")\n      ", zsh_arguments(command), "\n      ;;\n");
  }
  out += concat("    *)\n      if [[ ${words[CURRENT]} != -* ]]; then _describe command commands; fi\n      ",
                zsh_arguments(program.train), "\n      ;;\n");
  return out + "  esac\n}\n\n_hgq_train \"$@\"\n";
}

std::string fish_options(const CommandDoc& command, const std::string& condition) {
  std::string out;
  for (const OptionDoc& option : command.options) {
    const bool is_folder = option.positional && option.value == "FOLDER";
    if (option.positional && option.choices.empty() && !is_folder) continue;
    std::string line = concat("complete -c hgq-train -n ", shell_quoted(condition));
    if (!option.positional) line += " -l " + option.name.substr(2);
    if (!option.choices.empty()) {
      line += concat(option.positional ? " -f -a " : " -x -a ", shell_quoted(joined(option.choices)));
    } else if (!option.value.empty()) {
      line += is_file(option) ? " -r -F" : option.value == "FOLDER" ? " -x -a '(__fish_complete_directories)'" : " -x";
      if (is_folder) line.replace(line.rfind(" -x -a"), 6, " -f -a");
    }
    out += concat(line, " -d ", shell_quoted(option.doc), "\n");
  }
  return out;
}

std::string fish_script(const ProgramDoc& program) {
  std::string out = "# Completion of hgq-train for fish, made by: hgq-train completion fish\n";
  const std::string none = concat("not __fish_seen_subcommand_from ", command_names(program, " "));
  for (const CommandDoc& command : program.commands) {
    out += concat("complete -c hgq-train -n ", shell_quoted(none), " -a ", command.name, " -d ",
                  shell_quoted(command.doc), "\n");
  }
  out += fish_options(program.train, none);
  for (const CommandDoc& command : program.commands) {
    out += fish_options(command, "__fish_seen_subcommand_from " + command.name);
  }
  return out;
}

}  // namespace

std::string completion_script(const ProgramDoc& program, const std::string& shell) {
  if (shell == "bash") return bash_script(program);
  if (shell == "zsh") return zsh_script(program);
  HGQ_CHECK(shell == "fish", ConfigError, "there is no completion for the shell '", shell,
            "', expected bash, zsh or fish");
  return fish_script(program);
}

}  // namespace hgq
