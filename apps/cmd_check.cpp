// hgq-train check: finds everything that would stop a run before its first step: the errors of the config, all at once;
// if there are none, those of data and model, by making everything that the run would make.
#include <iostream>
#include <nlohmann/json.hpp>

#include "hgq/apps/commands.h"
#include "hgq/apps/prepare.h"
#include "hgq/apps/setup.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {

int run_check(const CheckCommand& command, const Registry& registry) {
  ErrorList errors;
  std::vector<std::string> notes, warnings;
  const RunConfig config =
      read_run_config({.path = command.config, .sets = command.sets, .seed = {}}, config_hooks(registry), errors);
  if (errors.empty()) {
    try {
      const PreparedRun run = prepare_run(config, registry, errors);
      notes = run.notes;
      warnings = run.warnings;
    } catch (const RunError&) {  // the disk failed, which says nothing about the config
      throw;
    } catch (const Error& e) {
      if (errors.empty()) errors.add("", e.what());
    }
  }
  const int code = errors.empty() ? kExitDone : kExitBadInput;
  if (command.json) {
    const auto list = [](const std::vector<std::string>& texts) {
      nlohmann::json all = nlohmann::json::array();
      for (const std::string& text : texts) all.push_back(bounded_message(text));
      return all;
    };
    std::cout << nlohmann::json{{"config", command.config},
                                {"errors", list(errors.messages())},
                                {"notes", list(notes)},
                                {"warnings", list(warnings)}}
                     .dump(1)
              << "\n";
    return code;
  }
  for (const std::string& message : errors.messages()) std::cout << bounded_message(message) << "\n";
  for (const std::string& text : notes) std::cout << "note: " << bounded_message(text) << "\n";
  for (const std::string& warning : warnings) std::cerr << "hgq-train: warning: " << bounded_message(warning) << "\n";
  if (errors.empty()) std::cout << command.config << ": no errors\n";
  return code;
}

}  // namespace hgq
