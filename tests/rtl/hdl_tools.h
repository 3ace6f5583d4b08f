// Programs that tests of generated hardware run, where they are installed.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hgq/rtl/hdl.h"

namespace hgq::rtl {

/// True if the program is in the search path.
bool has_program(const std::string& name);

struct Finished {
  int exit_code = 0;
  std::string output{};  // both streams
};

/// Runs a command of the shell in a folder.
Finished run_in(const std::string& folder, const std::string& command);

/// Writes files into a folder.
void write_files(const std::string& folder, std::span<const SourceFile> files);

/// Writes the circuit with these rows and what the interpreter computes for them.
void write_project(const std::string& folder, const Circuit& circuit, const HdlOptions& options,
                   const std::vector<PortValues>& inputs, int64_t rows);

}  // namespace hgq::rtl
