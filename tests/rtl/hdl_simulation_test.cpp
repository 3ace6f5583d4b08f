#include <gtest/gtest.h>

#include "../support/temporary_folder.h"
#include "hdl_tools.h"
#include "sample_circuits.h"

namespace hgq::rtl {
namespace hdl_simulation_test {

/// The programs that simulate a language here.
std::vector<std::string> simulators_of(HdlLanguage language) {
  std::vector<std::string> found;
  if (language == HdlLanguage::kVhdl) {
    if (has_program("ghdl")) found.emplace_back("");
    return found;
  }
  for (const char* const name : {"verilator", "iverilog"}) {
    if (has_program(name)) found.emplace_back(name);
  }
  return found;
}

void expect_passes(const Circuit& circuit, const HdlOptions& options, const std::vector<PortValues>& inputs,
                   int64_t rows, const std::string& simulator) {
  check_circuit(circuit);
  const TemporaryFolder folder;
  write_project(folder.path(), circuit, options, inputs, rows);
  const Finished finished = run_in(folder.path(), "bash simulate.sh " + simulator);
  EXPECT_EQ(finished.exit_code, 0) << finished.output.substr(0, 600);
  EXPECT_TRUE(finished.output.find(concat("PASSED ", rows, " rows")) != std::string::npos);
}

class EachLanguage : public ::testing::TestWithParam<std::pair<HdlLanguage, HdlTarget>> {
 protected:
  void SetUp() override {
    if (simulators_of(GetParam().first).empty()) GTEST_SKIP() << "no simulator is installed";
  }
  HdlOptions options() const { return {.language = GetParam().first, .target = GetParam().second}; }
  /// The first is quick to simulate, the last to compile.
  std::vector<std::string> simulators() const { return simulators_of(GetParam().first); }
};

INSTANTIATE_TEST_SUITE_P(Hdl, EachLanguage,
                         ::testing::Values(std::pair(HdlLanguage::kVerilog, HdlTarget::kGeneric),
                                           std::pair(HdlLanguage::kVerilog, HdlTarget::kXilinx),
                                           std::pair(HdlLanguage::kVhdl, HdlTarget::kGeneric),
                                           std::pair(HdlLanguage::kVhdl, HdlTarget::kXilinx)),
                         [](const auto& test) {
                           return std::string(test.param.first == HdlLanguage::kVhdl ? "Vhdl" : "Verilog") +
                                  (test.param.second == HdlTarget::kXilinx ? "Xilinx" : "Generic");
                         });

TEST_P(EachLanguage, EveryKindOfNodeOnAllValues) {
  const Circuit circuit = block_circuit(8, 1);
  int64_t rows = 0;
  const PortValues inputs = block_inputs(circuit, rows);
  expect_passes(circuit, options(), {inputs}, rows, simulators().front());
}

TEST_P(EachLanguage, RandomCircuitsWithRegisters) {
  for (const int latency : {0, 2, 5}) {
    const Circuit plain = random_circuit(7 + static_cast<uint64_t>(latency), 300);
    const Circuit circuit = with_registers(with_sums_of_three(plain), latency, 3);
    HdlOptions tried = options();
    tried.clock_enable = latency == 5;
    tried.reset = latency == 5;
    expect_passes(circuit, tried, random_inputs(circuit, 500, 1), 500, simulators().back());
  }
}

}  // namespace hdl_simulation_test
}  // namespace hgq::rtl
