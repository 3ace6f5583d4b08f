#include "hgq/rtl/hdl.h"

#include "hgq/core/error.h"
#include "hgq/rtl/hdl_design.h"
#include "hgq/rtl/hex_rows.h"
#include "hgq/rtl/project_files.h"
#include "hgq/rtl/simulation.h"
#include "hgq/rtl/test_bench.h"
#include "hgq/rtl/verilog.h"
#include "hgq/rtl/vhdl.h"

namespace hgq::rtl {

std::string source_path(std::string_view module, HdlLanguage language) {
  return concat("src/", module, language == HdlLanguage::kVhdl ? ".vhd" : ".v");
}

std::vector<SourceFile> write_hdl(const Circuit& circuit, const HdlOptions& options) {
  const HdlDesign design = describe_design(circuit, options);
  const bool is_vhdl = options.language == HdlLanguage::kVhdl;
  std::vector<SourceFile> files;
  const auto add_source = [&](const std::string& name, std::string text) {
    files.push_back({source_path(name, options.language), std::move(text)});
  };
  for (const auto& [subtracted, name] : design.adders)
    add_source(name, is_vhdl ? vhdl_adder_of_three(name, subtracted) : verilog_adder_of_three(name, subtracted));
  for (const HdlModule& module : design.modules)
    add_source(module.name, is_vhdl ? vhdl_text(module) : verilog_text(module));
  std::vector<std::string> sources;
  for (const SourceFile& file : files) sources.push_back(file.path);

  files.push_back(test_bench(design, options.language));
  if (!design.adders.empty()) {
    for (SourceFile& file : simulation_cells(options.language)) files.push_back(std::move(file));
  }
  for (SourceFile& file : project_files(design, options, sources)) files.push_back(std::move(file));
  return files;
}

std::vector<SourceFile> vector_files(const Circuit& circuit, std::span<const PortValues> inputs,
                                     std::span<const PortValues> outputs, int64_t rows) {
  return {{"sim/inputs.hex", hex_rows(circuit, circuit.inputs, inputs, rows)},
          {"sim/expected.hex", hex_rows(circuit, circuit.outputs, outputs, rows)}};
}

}  // namespace hgq::rtl
