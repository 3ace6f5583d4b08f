// Finds all errors of a command line at once. It reads the line as the parser does, but can more often say what was
// probably meant.
#include <algorithm>
#include <filesystem>
#include <map>

#include "hgq/apps/command_docs.h"
#include "hgq/apps/run_config.h"
#include "hgq/config/nearest_name.h"
#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

bool is_option(const std::string& word) { return word.starts_with("--") && word.size() > 2; }

/// `-o`, but not `-3` or `-`.
bool is_short_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && word[1] != '-' && word[1] != '.' && (word[1] < '0' || word[1] > '9');
}

std::string called(const CommandDoc& command) {
  return command.name.empty() ? "a training run" : concat("'", command.name, "'");
}

std::string usage_of(const CommandDoc& command) {
  std::string text = command.name.empty() ? "hgq-train" : "hgq-train " + command.name;
  for (const OptionDoc& option : command.options) {
    if (option.positional) text += " " + option.value + (option.repeated ? " ..." : "");
    if (!option.positional && option.required) text += concat(" ", option.name, " ", option.value);
  }
  return text;
}

class Walk {
 public:
  Walk(const ProgramDoc& program, std::span<const std::string> words)
      : program_(program), words_(words), command_(&program.train) {}

  std::vector<std::string> errors() {
    for (at_ = 0; at_ < words_.size(); ++at_) {
      const std::string& word = words_[at_];
      if (word == "--help" || word == "-h" || word == "--version") return {};
      if (word == "--") {
        for (++at_; at_ < words_.size(); ++at_) take_positional(words_[at_]);
      } else if (is_option(word)) {
        take_option(word);
      } else if (is_short_option(word)) {
        refuse_short_option(word);
      } else {
        take_positional(word);
      }
    }
    check_positionals();
    check_required();
    return std::move(errors_);
  }

 private:
  void add(const std::string& message) {
    if (std::find(errors_.begin(), errors_.end(), message) == errors_.end()) errors_.push_back(message);
  }

  void take_option(const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    const bool has_value = name.size() < word.size();
    const OptionDoc* const option = find_option(*command_, name);
    if (option == nullptr) {
      // A value after a flag would be read as a file.
      if (refuse_option(name) && !has_value && at_ + 1 < words_.size() && !is_option(words_[at_ + 1])) ++at_;
      return;
    }
    given_.push_back(name);
    if (option->value.empty()) {
      if (has_value) add(concat(name, " takes no value, found '", printable(word), "'"));
    } else if (has_value ? name.size() + 1 == word.size() : at_ + 1 == words_.size()) {
      add(concat(name, " needs a value, ", option->value, ": ", option->doc));
    } else if (!has_value && is_option(words_[at_ + 1])) {
      add(concat(name, " needs a value, ", option->value, ", found '", printable(words_[at_ + 1]),
                 "' (if it is meant: ", name, "=", printable(words_[at_ + 1]), ")"));
    } else {
      take_value(*option, has_value ? word.substr(name.size() + 1) : words_[++at_]);
    }
  }

  /// Checks that a value KEY=VALUE (but not [KEY=]VALUE) contains the sign: in `--set train.epochs 5` the 5 would be
  /// read as a file.
  void take_value(const OptionDoc& option, const std::string& value) {
    const bool assigns = option.value.find('=') != std::string::npos && !option.value.starts_with('[');
    if (!assigns || value.find('=') != std::string::npos) return;
    std::string hint;
    if (at_ + 1 < words_.size() && !is_option(words_[at_ + 1]) && !std::filesystem::exists(words_[at_ + 1])) {
      hint = concat("; did you mean ", option.name, " ", printable(value), "=", printable(words_[at_ + 1]), "?");
      ++at_;
    }
    add(concat(option.name, " needs a value ", option.value, ", found '", printable(value), "'", hint));
  }

  /// "; it is a key of the config: --set train.epochs=...", or "".
  static std::string config_key(const std::string& option) {
    std::string key = option.substr(std::min<std::size_t>(2, option.size()));
    std::replace(key.begin(), key.end(), '-', '_');
    for (const KeyDoc& doc : run_config_docs()) {
      if (doc.key == key && !doc.section.empty())
        return concat("; it is a key of the config: --set ", doc.section, ".", key, "=...");
    }
    return "";
  }

  std::vector<std::string> option_names() const {
    std::vector<std::string> names;
    for (const OptionDoc& option : command_->options) {
      if (!option.positional) names.push_back(option.name);
    }
    return names;
  }

  /// Returns whether the option that was probably meant has a value.
  bool refuse_option(const std::string& name) {
    const std::string near = nearest_name(name, option_names());
    std::vector<std::string> others;  // the commands that have this option
    for (const CommandDoc& other : program_.commands) {
      if (find_option(other, name) != nullptr) others.push_back(other.name);
    }
    const bool of_run = command_ != &program_.train && find_option(program_.train, name) != nullptr;
    std::string text = concat(called(*command_), " has no option '", printable(name), "'");
    if (of_run) {
      text += concat("; it belongs to a training run: hgq-train CONFIG ", name);
    } else if (!others.empty() && (near.empty() || others.size() == program_.commands.size())) {
      text += concat("; it belongs to ", quoted_names(others));
    } else {
      const std::string key = near.empty() && find_option(*command_, "--set") != nullptr ? config_key(name) : "";
      text += key.empty() ? suggestion(name, option_names()) : key;
      if (!key.empty()) {
        add(text);
        return true;
      }
    }
    add(text);
    const OptionDoc* meant = find_option(*command_, near);
    if (of_run) meant = find_option(program_.train, name);
    if (!others.empty()) meant = find_option(*program_.find(others[0]), name);
    return meant != nullptr && !meant->value.empty();
  }

  void refuse_short_option(const std::string& word) {
    std::vector<std::string> names;
    for (const std::string& name : option_names()) {
      if (name[2] == word[1]) names.push_back(name);
    }
    add(concat(called(*command_), " has no option '", printable(word), "'",
               names.empty() ? suggestion(word, option_names())
                             : concat(", did you mean ", names.size() > 1 ? "one of " : "", quoted_names(names), "?")));
  }

  void take_positional(const std::string& word) {
    const CommandDoc* const command = command_ == &program_.train ? program_.find(word) : nullptr;
    if (command == nullptr) {
      positionals_.push_back(word);
      return;
    }
    for (const std::string& config : positionals_) {
      add(concat("the command must come first: hgq-train ", word, " ", printable(config)));
    }
    for (const std::string& name : given_) {
      if (find_option(*command, name) == nullptr) {
        add(concat("'", name, "' belongs to a training run, not to '", word, "'"));
      } else {
        add(concat("options must come after the command: hgq-train ", word, " ... ", name));
      }
    }
    command_ = command;
    positionals_.clear();
    given_.clear();
  }

  void check_positionals() {
    if (command_ == &program_.train && !positionals_.empty() && !std::filesystem::exists(positionals_[0])) {
      if (refuse_command(positionals_[0])) return;
    }
    std::size_t most = 0;
    for (const OptionDoc& option : command_->options) {
      if (option.repeated) return;
      most += option.positional ? 1 : 0;
    }
    if (positionals_.size() <= most) return;
    std::vector<std::string> behind;
    for (std::size_t i = most; i < positionals_.size(); ++i) behind.push_back(printable(positionals_[i]));
    add(concat("found ", quoted_names(behind), " after '", printable(positionals_[0]), "', expected ",
               usage_of(*command_)));
  }

  /// Reports a word that is not a file. Returns true if it was probably meant as a command.
  bool refuse_command(const std::string& word) {
    static const std::map<std::string, std::string, std::less<>> kMeant = {
        {"train", "a config alone starts a training run: hgq-train CONFIG"},
        {"fit", "a config alone starts a training run: hgq-train CONFIG"},
        {"run", "a config alone starts a training run: hgq-train CONFIG"},
        {"resume", "--resume continues a run: hgq-train CONFIG --resume"},
        {"help", "hgq-train --help lists the commands"},
        {"version", "hgq-train --version shows it"}};
    std::vector<std::string> names;
    for (const CommandDoc& command : program_.commands) names.push_back(command.name);
    const std::string near = nearest_name(word, names);
    const bool like_file = word.find_first_of("./\\") != std::string::npos;
    if (const auto found = kMeant.find(word); found != kMeant.end()) {
      std::string hint = found->second;
      const std::size_t config = hint.find("CONFIG");
      if (config != std::string::npos && positionals_.size() == 2) hint.replace(config, 6, printable(positionals_[1]));
      add(concat("there is no command '", word, "'; ", hint));
    } else if (!like_file && !near.empty()) {
      add(concat("there is no command or file '", printable(word), "', did you mean the command '", near, "'?"));
    } else if (!like_file && positionals_.size() > 1) {
      add(concat("there is no command '", printable(word), "'; there are: ", join_names(names)));
    } else {
      return false;
    }
    return true;
  }

  void check_required() {
    if (!errors_.empty()) return;  // an argument that seems to be missing may be the misspelled one
    std::size_t positional = 0;
    std::string missing;
    for (const OptionDoc& option : command_->options) {
      const bool there = option.positional ? positional++ < positionals_.size()
                                           : std::find(given_.begin(), given_.end(), option.name) != given_.end();
      if (there || !option.required) continue;
      missing += concat(missing.empty() ? "" : "; ", option.positional ? option.value : option.name, ", ", option.doc);
    }
    if (!missing.empty()) add(concat(called(*command_), " needs ", missing, "; usage: ", usage_of(*command_)));
  }

  const ProgramDoc& program_;
  std::span<const std::string> words_;
  const CommandDoc* command_;
  std::size_t at_ = 0;
  std::vector<std::string> positionals_;
  std::vector<std::string> given_;  // options
  std::vector<std::string> errors_;
};

}  // namespace

const CommandDoc* ProgramDoc::find(const std::string& command) const {
  const auto found =
      std::find_if(commands.begin(), commands.end(), [&](const CommandDoc& c) { return c.name == command; });
  return found == commands.end() ? nullptr : &*found;
}

const OptionDoc* find_option(const CommandDoc& command, const std::string& name) {
  const auto found = std::find_if(command.options.begin(), command.options.end(),
                                  [&](const OptionDoc& o) { return !o.positional && o.name == name; });
  return found == command.options.end() ? nullptr : &*found;
}

std::vector<std::string> usage_errors(const ProgramDoc& program, std::span<const std::string> arguments) {
  return Walk(program, arguments).errors();
}

}  // namespace hgq
