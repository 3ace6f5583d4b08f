#include "hgq/deploy/rtl_simulation.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"
#include "hgq/deploy/child_process.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/interrupted.h"
#include "hgq/deploy/rtl_report_file.h"
#include "hgq/deploy/scratch_folder.h"
#include "hgq/rtl/hex_rows.h"
#include "hgq/rtl/simulation.h"
#include "hgq/rtl/test_bench.h"
#include "hgq/rtl/to_rtl.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostSourceBytes = size_t{1} << 31U;
constexpr size_t kMostLogBytes = 1U << 14U;
constexpr int64_t kRowsAtOnce = 1 << 12;
constexpr int kMostShown = 10;
/// In the place of the first digit of a row that the outputs cannot be.
constexpr char kImpossible = '-';

rtl::Simulator simulator_for(const RtlReport& report, const std::string& folder) {
  if (report.language == rtl::HdlLanguage::kVhdl) {
    HGQ_CHECK(is_installed("ghdl"), ConfigError, "'", printable(folder),
              "' is VHDL, and GHDL, which simulates it, is not installed (apt-get install ghdl)");
    return rtl::Simulator::kGhdl;
  }
  const bool has_verilator = is_installed("verilator");
  HGQ_CHECK(has_verilator || is_installed("iverilog"), ConfigError, "'", printable(folder),
            "' is Verilog, and neither Verilator nor Icarus Verilog, which simulate it, is installed (apt-get install "
            "verilator)");
  return has_verilator ? rtl::Simulator::kVerilator : rtl::Simulator::kIverilog;
}

/// A file in the folder for the simulation, which is written piece by piece.
class WorkFile {
 public:
  explicit WorkFile(fs::path path) : path_(std::move(path)) {
    make_folder(path_.parent_path().string());
    file_.open(path_, std::ios::binary);
    check();
  }
  void write(const std::string& text) {
    file_ << text << std::flush;
    check();
  }
  void finish() {
    file_.close();
    check();
  }

 private:
  void check() const {
    if (!file_) throw_system_error(concat(path_.string(), ": cannot be written"), errno);
  }

  fs::path path_;
  std::ofstream file_;
};

void write_text(const fs::path& path, const std::string& text) {
  WorkFile file(path);
  file.write(text);
  file.finish();
}

/// The last compile or run has failed: of the machine, or of what it was given?
void check_disk(const fs::path& folder) {
  constexpr uintmax_t kLeastBytes = 1U << 16U;
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  HGQ_CHECK(error || space.available > kLeastBytes, RunError, "the disk of the folder for temporary files, '",
            folder.parent_path().string(), "', is full; expected room for the simulation, there or in TMPDIR");
}

/// What a program has printed, or its end.
std::string end_of_log(const fs::path& log) {
  std::ifstream file(log, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const std::streamoff size = file.tellg();
  const std::streamoff begin = std::max<std::streamoff>(size - static_cast<std::streamoff>(kMostLogBytes), 0);
  std::string text(static_cast<size_t>(size - begin), '\0');
  file.seekg(begin);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

/// A digit of a line of hexadecimal words; -1 for an unknown bit.
int digit(char c) {
  if ('0' <= c && c <= '9') return c - '0';
  return 'a' <= c && c <= 'f' ? c - 'a' + 10 : -1;
}

/// The mantissa of the feature in the bits from `lowest` on; nothing if a bit is not known.
std::optional<int64_t> mantissa_in(const std::string& digits, int64_t lowest, const rtl::Node& node) {
  uint64_t value = 0;
  for (int i = 0; i < node.bits; ++i) {
    const auto at = static_cast<size_t>(lowest + i);
    if (at / 4 >= digits.size()) return std::nullopt;
    const int four = digit(digits[digits.size() - 1 - at / 4]);
    if (four < 0) return std::nullopt;
    value |= static_cast<uint64_t>((four >> (at % 4)) & 1) << static_cast<unsigned>(i);
  }
  const bool is_negative = node.is_signed() && (value >> static_cast<unsigned>(node.bits - 1) & 1U) != 0;
  if (is_negative && node.bits < 64) value |= ~uint64_t{0} << static_cast<unsigned>(node.bits);
  return static_cast<int64_t>(value);
}

class Simulation {
 public:
  Simulation(const std::string& folder, const LayerKinds& kinds, Workers& workers, const std::atomic<bool>* stop)
      : folder_(folder),
        workers_(workers),
        stop_(stop),
        report_(read_rtl_report(folder)),
        simulator_(simulator_for(report_, folder)),
        reference_(rtl_reference(load_proxy((folder_ / kRtlProxy).string(), kinds), report_.softmax, notes_)) {
    lowered_.quantizers = rtl::input_quantizers(reference_.proxy);
    lowered_.argmax = reference_.argmax;
    check_rtl_ports(report_, reference_, lowered_.quantizers);
    lowered_.circuit = report_.ports;
    result_.language = to_string(report_.language);
    result_.simulator = to_string(simulator_);
  }

  RtlSimulation run(const Dataset* data) {
    const ScratchFolder work(folder_for_temporary_files(), "hgq-rtl-");
    work_ = work.path();
    copy_sources();
    write_rows(data);
    simulate();
    compare();
    return std::move(result_);
  }

 private:
  void copy_sources() {
    input_ = {
        .top = report_.design.top, .sources = {}, .cells = report_.target == rtl::HdlTarget::kXilinx, .records = true};
    const std::string top = rtl::source_path(input_.top, report_.language);
    for (const std::string& file : report_.files) {
      if (!file.starts_with("src/")) continue;
      const std::string path = (folder_ / file).string();
      const std::string text = read_file(path, kMostSourceBytes);
      if (file == top) {
        const std::string interface = rtl::interface_text(report_.design, report_.language);
        HGQ_CHECK(rtl::has_interface(text, interface, report_.language), FileError, path,
                  ": the ports of the module or its latency are not those of report.json; expected\n", interface,
                  "\nUndo the change, or write the folder again with 'hgq-train rtl'");
      }
      write_text(work_ / file, text);
      input_.sources.push_back(file);
    }
    const rtl::SourceFile bench = rtl::recording_test_bench(report_.design, report_.language);
    write_text(work_ / bench.path, bench.text);
    if (!input_.cells) return;
    for (const rtl::SourceFile& cells : rtl::simulation_cells(report_.language))
      write_text(work_ / cells.path, cells.text);
  }

  void write_rows(const Dataset* data) {
    WorkFile inputs(work_ / "sim/inputs.hex");
    WorkFile expected(work_ / "expected.hex");
    const auto write = [&](std::span<const ConstTensorView> rows) {
      end_if(stop_);
      const rtl::Stimuli stimuli = rtl::stimuli_for(reference_.proxy, lowered_, rows, workers_);
      result_.rows += stimuli.rows;
      result_.rows_with_overflow += stimuli.rows_with_overflow;
      const rtl::Circuit& circuit = lowered_.circuit;
      inputs.write(rtl::hex_rows(circuit, circuit.inputs, stimuli.inputs, stimuli.rows));
      std::string lines = rtl::hex_rows(circuit, circuit.outputs, stimuli.outputs, stimuli.rows);
      const size_t length = lines.size() / static_cast<size_t>(stimuli.rows);
      for (const int64_t row : rows_beyond_ports(stimuli)) lines[static_cast<size_t>(row) * length] = kImpossible;
      expected.write(lines);
    };
    if (data != nullptr) {
      for (const Batch& batch : data->batches(kRowsAtOnce)) write(batch.inputs());
    } else {
      for (uint64_t seed = 1; result_.rows < report_.rows; ++seed) {
        const int64_t count = std::min(report_.rows - result_.rows, kRowsAtOnce);
        const std::vector<Tensor> random = rtl::random_inputs(reference_.proxy, lowered_, count, seed);
        std::vector<ConstTensorView> rows;
        for (const Tensor& x : random) rows.push_back(x.view());
        write(rows);
      }
    }
    inputs.finish();
    expected.finish();
  }

  /// Rows with an output that the ports of the report cannot hold.
  std::vector<int64_t> rows_beyond_ports(const rtl::Stimuli& stimuli) const {
    std::vector<int64_t> beyond;
    for (size_t p = 0; p < stimuli.outputs.size(); ++p) {
      const std::vector<rtl::Feature>& features = report_.ports.outputs[p].features;
      for (size_t i = 0; i < stimuli.outputs[p].size(); ++i) {
        const rtl::Feature& feature = features[i % features.size()];
        const rtl::Interval range = feature.node < 0 ? rtl::Interval{} : report_.ports.node(feature.node).range;
        const int64_t value = stimuli.outputs[p][i];
        if (value < range.low || value > range.high) beyond.push_back(static_cast<int64_t>(i / features.size()));
      }
    }
    return beyond;
  }

  void simulate() {
    const rtl::SimulationCommands commands = rtl::simulation_commands(simulator_, input_);
    for (const std::string& folder : commands.folders) make_folder((work_ / folder).string());
    const fs::path temporary = work_ / "tmp";
    make_folder(temporary.string());
    const fs::path log = work_ / "simulation.log";
    for (const rtl::SimulationCommand& command : commands.compile) {
      const int code = run_program(command.words, {work_, temporary}, log, stop_);
      if (code == 0) continue;
      check_disk(work_);
      HGQ_CHECK(code < 128, RunError, "'", result_.simulator, "' was ended by signal ", code - 128, ":\n",
                end_of_log(log));
      throw FileError(concat("'", printable(folder_.string()), "': its sources do not compile (", result_.simulator,
                             ", exit code ", code, "):\n", end_of_log(log)));
    }
    const int code = run_program(commands.run.words, {work_ / commands.run.folder, temporary}, log, stop_);
    if (code != 0) check_disk(work_);
    // Whether all outputs are there says more than the exit code of a simulator.
    ending_ = code == 0    ? concat("it has printed:\n", end_of_log(log))
              : code < 128 ? concat("exit code ", code, ":\n", end_of_log(log))
                           : concat("signal ", code - 128, ":\n", end_of_log(log));
    crashed_ = code >= 128;
  }

  void compare() {
    std::ifstream outputs(work_ / "sim/outputs.hex", std::ios::binary);
    std::ifstream expected(work_ / "expected.hex", std::ios::binary);
    std::string line;
    int64_t row = 0;
    for (std::string wanted; std::getline(expected, wanted); ++row) {
      if (row % kRowsAtOnce == 0) end_if(stop_);
      if (!std::getline(outputs, line) || outputs.eof()) break;
      std::ranges::transform(line, line.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (line == wanted) continue;
      ++result_.rows_differ;
      if (result_.rows_differ <= kMostShown) result_.differences += describe(row, line, wanted);
    }
    if (row == result_.rows) return;
    check_disk(work_);
    const std::string message = concat("'", printable(folder_.string()), "': its simulation ended after ", row, " of ",
                                       result_.rows, " rows; ", ending_);
    if (crashed_) throw RunError(message);
    throw FileError(message);
  }

  /// "row 3: output 'out', element 2: the sources give -0.5, the proxy 0.75", with the first feature that differs.
  std::string describe(int64_t row, std::string got, std::string wanted) const {
    std::erase(got, ' ');
    std::erase(wanted, ' ');
    int64_t lowest = 0;
    for (const rtl::Port& port : report_.ports.outputs) {
      for (size_t e = 0; e < port.features.size(); ++e) {
        const rtl::Feature& feature = port.features[e];
        if (feature.node < 0) continue;
        const rtl::Node& node = report_.ports.node(feature.node);
        const std::optional<int64_t> theirs = mantissa_in(got, lowest, node);
        const std::optional<int64_t> ours = mantissa_in(wanted, lowest, node);
        lowest += node.bits;
        if (theirs && theirs == ours) continue;
        const auto text = [&](const std::optional<int64_t>& mantissa) {
          return mantissa ? concat(std::ldexp(static_cast<double>(*mantissa), feature.exponent)) : "unknown bits";
        };
        return concat("row ", row, ": output '", printable(port.name), "', element ", e, ": the sources give ",
                      text(theirs), ", the proxy ", text(ours), "\n");
      }
    }
    return concat("row ", row, ": the proxy gives a value that the outputs cannot hold\n");
  }

  fs::path folder_;
  Workers& workers_;
  const std::atomic<bool>* stop_;
  RtlReport report_;
  rtl::Simulator simulator_;
  std::vector<std::string> notes_;
  RtlReference reference_;
  rtl::Lowered lowered_;
  RtlSimulation result_;
  fs::path work_;
  rtl::SimulationInput input_;
  std::string ending_;
  bool crashed_ = false;
};

}  // namespace

RtlSimulation simulate_rtl_folder(const std::string& folder, const Dataset* data, const LayerKinds& kinds,
                                  Workers& workers, const std::atomic<bool>* stop) {
  return Simulation(folder, kinds, workers, stop).run(data);
}

}  // namespace hgq
