// hgq-train check: all errors of a config, with their places, to standard output; shapes too, where the data can be
// opened.
#include <iostream>

#include "hgq/apps/commands.h"
#include "hgq/apps/setup.h"
#include "hgq/core/error.h"

namespace hgq {

int run_check(const std::string& path, const std::vector<std::string>& sets) {
  ErrorList errors;
  std::vector<std::string> warnings;
  const RunConfig config = read_run_config({.path = path, .sets = sets, .seed = {}}, config_hooks(), errors);
  if (errors.empty()) {
    try {
      const OpenedData opened = open_data(config.data_config);
      for (const std::string& note : opened.notes) std::cout << "note: " << note << "\n";
      const Model model = make_model(config, input_shapes(opened.train), errors);
      if (errors.empty()) warnings = model.what_can_not_be_exported(config.proxy.options());
      make_objective(config, errors);
    } catch (const Error& e) {
      errors.add("", e.what());
    }
  }
  for (const std::string& message : errors.messages()) std::cout << message << "\n";
  for (const std::string& warning : warnings) std::cout << "warning: no proxy.h5 will be written: " << warning << "\n";
  if (errors.empty()) std::cout << path << ": no errors\n";
  return errors.empty() ? kExitDone : kExitBadInput;
}

}  // namespace hgq
