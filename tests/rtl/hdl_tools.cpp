#include "hdl_tools.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "hgq/core/error.h"

namespace hgq::rtl {

bool has_program(const std::string& name) {
  return std::system(concat("command -v ", name, " >/dev/null 2>&1").c_str()) == 0;
}

Finished run_in(const std::string& folder, const std::string& command) {
  FILE* const pipe = popen(concat("cd '", folder, "' && { ", command, "; } 2>&1").c_str(), "r");
  HGQ_CHECK(pipe != nullptr, RunError, command, ": cannot be run");
  Finished finished;
  std::array<char, 4096> buffer{};
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) finished.output.append(buffer.data(), got);
  const int status = pclose(pipe);
  finished.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return finished;
}

void write_files(const std::string& folder, std::span<const SourceFile> files) {
  for (const SourceFile& file : files) {
    const std::filesystem::path path = std::filesystem::path(folder) / file.path;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << file.text;
  }
}

void write_project(const std::string& folder, const Circuit& circuit, const HdlOptions& options,
                   const std::vector<PortValues>& inputs, int64_t rows) {
  write_files(folder, write_hdl(circuit, options));
  const std::vector<PortValues> outputs = Interpreter(circuit).run(inputs, rows);
  write_files(folder, vector_files(circuit, inputs, outputs, rows));
}

}  // namespace hgq::rtl
