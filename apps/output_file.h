// What a command must not write over: a file that it reads, and a file of a run, which only the run itself writes.
//
//   check_output("--report", command.out, {command.model});
#pragma once

#include <string>
#include <vector>

namespace hgq {

/// Files of a run that no other command writes: those in the folder of the run, and those in its folder pareto/.
std::vector<std::string> files_of_run(const std::string& folder);

/// The path of a file in the folder of another one.
std::string beside(const std::string& file, const std::string& name);

/// Throws ConfigError if the file `out`, which `option` names, is one of the files that the command reads, or bears the
/// name of a file of a run or a sweep in the folder of one; but the file `remade`, such as proxy.h5 beside the
/// model that a command exports, may be written anew. Empty names are no files.
void check_output(const std::string& option, const std::string& out, const std::vector<std::string>& read,
                  const std::string& remade = "");

}  // namespace hgq
