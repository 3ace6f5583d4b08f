// hgq-train check: all errors of a config, with their places, to standard output; shapes too, where the data can be
// opened.
#include <iostream>

#include "hgq/apps/commands.h"
#include "hgq/apps/setup.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {

int run_check(const std::string& path, const std::vector<std::string>& sets) {
  ErrorList errors;
  std::vector<std::string> notes, warnings;
  const RunConfig config = read_run_config({.path = path, .sets = sets, .seed = {}}, config_hooks(), errors);
  if (errors.empty()) {
    try {
      const OpenedData opened = open_data(config.data_config);
      notes = opened.notes();
      std::map<std::string, Shape> shapes;
      for (const NamedRows& rows : opened.train.inputs) shapes[rows.name] = rows.rows->sample();
      const Model model = make_model(config, shapes, errors);
      if (errors.empty()) warnings = model.what_can_not_be_exported(config.proxy.options());
      make_objective(config, errors);
    } catch (const RunError&) {  // the disk failed, which says nothing of the config
      throw;
    } catch (const Error& e) {
      errors.add("", e.what());
    }
  }
  for (const std::string& message : errors.messages()) std::cout << bounded_message(message) << "\n";
  for (const std::string& text : notes) std::cout << "note: " << bounded_message(text) << "\n";
  for (const std::string& warning : warnings) std::cout << "warning: no proxy.h5 will be written: " << warning << "\n";
  if (errors.empty()) std::cout << path << ": no errors\n";
  return errors.empty() ? kExitDone : kExitBadInput;
}

}  // namespace hgq
