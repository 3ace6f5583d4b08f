// That what is written for a node is what the node means, for all inputs: yosys proves each output bit equal to that of
// a reference with arithmetic of 64 bits.
#include <gtest/gtest.h>

#include "../support/temporary_folder.h"
#include "hdl_tools.h"
#include "reference.h"
#include "sample_circuits.h"

namespace hgq::rtl {
namespace hdl_formal_test {

std::string proof(const std::string& top, const std::string& sources) {
  return concat("read_verilog reference.v\nproc\nflatten\nopt_clean\nmemory\nopt_clean\ndesign -stash gold\n",
                "read_verilog ", sources, "\nhierarchy -top ", top,
                "\nproc\nflatten\nopt_clean\nmemory\nopt_clean\ndesign -stash gate\n",
                "design -copy-from gold -as gold reference\ndesign -copy-from gate -as gate ", top,
                "\nwreduce gold\nopt_expr -fine gold\nequiv_make gold gate equiv\nhierarchy -top equiv\nopt "
                "-full\nequiv_simple\nequiv_status -assert\n");
}

/// The bits that are proved equal.
void expect_proved(const Circuit& circuit, const HdlOptions& options) {
  const TemporaryFolder folder;
  write_files(folder.path(), write_hdl(circuit, options));
  std::string sources = "src/*.v";
  if (options.target == HdlTarget::kXilinx) sources += " sim/xilinx_cells.v";
  if (options.language == HdlLanguage::kVhdl) {
    const Finished made = run_in(
        folder.path(), concat("mkdir work && ghdl -a --std=08 --workdir=work src/*_blocks_2.vhd src/blocks.vhd && "
                              "ghdl --synth --std=08 --workdir=work --out=verilog blocks >from_vhdl.v"));
    ASSERT_EQ(made.exit_code, 0) << made.output.substr(0, 1000);
    sources = "from_vhdl.v";
  }
  write_files(folder.path(), std::vector<SourceFile>{{"reference.v", reference_module(circuit)},
                                                     {"proof.ys", proof("blocks", sources)}});
  const Finished finished = run_in(folder.path(), "yosys -l proof.log proof.ys");
  EXPECT_EQ(finished.exit_code, 0) << finished.output.substr(finished.output.size() -
                                                             std::min<size_t>(finished.output.size(), 2000));
  const size_t at = finished.output.find("Of those cells");
  std::printf(
      "%s: %s\n", concat(circuit.outputs[0].features.size(), " nodes").c_str(),
      at == std::string::npos ? "nothing" : finished.output.substr(at, finished.output.find('\n', at) - at).c_str());
}

class Formal : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_program("yosys")) GTEST_SKIP() << "yosys is not installed";
  }
};

TEST_F(Formal, EveryKindOfNodeOfSmallWidths) { expect_proved(block_circuit(8, 2), {}); }

TEST_F(Formal, AWrongSumIsNotProved) {
  const Circuit circuit = wide_blocks(6, 5, true);
  Circuit wrong = circuit;
  Operand& operand = wrong.nodes.back().operands[0];
  operand.negative = !operand.negative;
  const TemporaryFolder folder;
  write_files(folder.path(), write_hdl(circuit));
  write_files(folder.path(), std::vector<SourceFile>{{"reference.v", reference_module(wrong)},
                                                     {"proof.ys", proof("blocks", "src/*.v")}});
  const Finished finished = run_in(folder.path(), "yosys proof.ys");
  EXPECT_NE(finished.exit_code, 0);
  EXPECT_NE(finished.output.find("unproven $equiv cells in 'equiv_status -assert'"), std::string::npos);
}

TEST_F(Formal, SumsOfThreeInCells) { expect_proved(wide_blocks(3, 60, true), {.target = HdlTarget::kXilinx}); }

TEST_F(Formal, EveryKindOfNodeOfWidthsUpTo10) { expect_proved(wide_blocks(4, 80, false), {}); }

TEST_F(Formal, VhdlAsSynthesisReadsIt) {
  if (!has_program("ghdl")) GTEST_SKIP() << "ghdl is not installed";
  expect_proved(wide_blocks(5, 80, false), {.language = HdlLanguage::kVhdl});
}

}  // namespace hdl_formal_test
}  // namespace hgq::rtl
