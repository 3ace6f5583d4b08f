// hgq-train check: all errors of a config, with their places, to standard output; shapes too, where the data can be
// opened.
#include <iostream>

#include "hgq/apps/commands.h"
#include "hgq/apps/setup.h"
#include "hgq/core/error.h"
#include "hgq/layers/hgq_file.h"

namespace hgq {

int run_check(const std::string& path, const std::vector<std::string>& sets) {
  ErrorList errors;
  ExportOutlook outlook;
  std::vector<std::string> python;
  const RunConfig config = read_run_config({.path = path, .sets = sets, .seed = {}}, config_hooks(), errors);
  if (errors.empty()) {
    try {
      const OpenedData opened = open_data(config.data_config);
      std::map<std::string, Shape> shapes;
      for (const NamedRows& rows : opened.train.inputs) shapes[rows.name] = rows.rows->sample();
      const Model model = make_model(config, shapes, errors);
      if (errors.empty()) {
        outlook = look_at_export(config, shapes);
        python = what_python_cannot_open(model);
      }
      make_objective(config, errors);
    } catch (const Error& e) {
      errors.add("", e.what());
    }
  }
  for (const std::string& message : errors.messages()) std::cout << message << "\n";
  for (const std::string& reason : outlook.refused)
    std::cout << "warning: no proxy.h5 will be written: " << reason << "\n";
  for (const std::string& note : python) std::cout << "note: " << note << "\n";
  for (const std::string& note : outlook.notes) std::cout << "note: " << note << "\n";
  if (errors.empty()) std::cout << path << ": no errors\n";
  return errors.empty() ? kExitDone : kExitBadInput;
}

}  // namespace hgq
