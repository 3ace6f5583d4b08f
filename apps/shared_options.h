// Options that several commands have (command_line.h).
#pragma once

#include <string>
#include <vector>

#include "hgq/apps/commands.h"

namespace CLI {  // NOLINT(readability-identifier-naming): it is CLI11's
class App;
}

namespace hgq {

/// An option that may be given several times, with one value each.
void add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& values, const std::string& type,
                  const std::string& description);
void add_threads(CLI::App& app, int& threads);
void add_json(CLI::App& app, bool& json);
void add_quiet(CLI::App& app, bool& quiet);
void add_allow_external(CLI::App& app, DataCommand& c);
/// The options for the data of a command: data/array_option.h.
void add_file_options(CLI::App& app, DataCommand& c, bool targets);
/// The options that the commands with a model and a data file share.
void add_data_options(CLI::App& app, DataCommand& c, bool targets);

/// The options of `rtl`, all but the proxy and the folder.
void add_rtl_options(CLI::App& app, RtlCommand& c);

/// The file and the options of `sweep`.
void add_sweep_options(CLI::App& app, SweepCommand& c);

}  // namespace hgq
