#include "hgq/deploy/rtl_folder.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <sstream>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/files.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kReport = "report.json";
constexpr const char* kProxy = "proxy.h5";
constexpr std::string_view kFormat = "hgq-rtl 1";
constexpr int64_t kRowsAtOnce = 1 << 16;

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  HGQ_CHECK(file.good() && text.good(), FileError, path.string(), ": cannot be read");
  return text.str();
}

/// A new folder with a name of its own, which is removed again in the end.
class TemporaryFolder {
 public:
  /// In `parent`, with a name that begins with `prefix`.
  TemporaryFolder(const fs::path& parent, std::string_view prefix) {
    std::string pattern = (parent / concat(prefix, "XXXXXX")).string();
    if (mkdtemp(pattern.data()) == nullptr)
      throw_system_error(concat("cannot make a folder in '", parent.string(), "'"), errno);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void move_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw_system_error(concat("cannot rename '", from.string(), "' to '", to.string(), "'"), error.value());
}

fs::path without_slash(const std::string& folder) {
  fs::path path = fs::path(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found && !error;
}

void write_files(const fs::path& folder, std::span<const rtl::SourceFile> files) {
  for (const rtl::SourceFile& file : files) {
    const fs::path path = folder / file.path;
    make_folder(path.parent_path().string());
    replace_file(path.string(), file.text);
    if (path.extension() != ".sh") continue;
    std::error_code error;
    fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add,
                    error);
    if (error) throw_system_error(concat("cannot make '", path.string(), "' executable"), error.value());
  }
}

Json read_report(const fs::path& folder) {
  Json report = Json::parse(read_text(folder / kReport), nullptr, false);
  HGQ_CHECK(report.is_object() && report.value("format", "") == kFormat, FileError, (folder / kReport).string(),
            ": is not the report of an RTL folder of this version of hgq");
  return report;
}

/// A circuit that has only the ports that the report describes: enough to write rows for the test bench.
rtl::Circuit ports_of(const Json& report) {
  rtl::Circuit shell{.name = report.at("name"), .layers = {"ports"}};
  const auto read = [&](const Json& ports) {
    std::vector<rtl::Port> list;
    for (const Json& entry : ports) {
      rtl::Port port{.name = entry.at("name"), .shape = Shape(entry.at("shape").get<std::vector<int64_t>>())};
      port.features.resize(static_cast<size_t>(port.shape.size()));
      for (const Json& feature : entry.at("features")) {
        const int bits = feature.at("bits");
        port.features.at(feature.at("element")) = {static_cast<int32_t>(shell.nodes.size()),
                                                   -feature.at("fraction").get<int>()};
        shell.nodes.push_back({.kind = rtl::NodeKind::kInput,
                               .range = rtl::interval_of_bits(bits, feature.at("signed").get<bool>()),
                               .bits = bits});
      }
      list.push_back(std::move(port));
    }
    return list;
  };
  shell.inputs = read(report.at("inputs"));
  shell.outputs = read(report.at("outputs"));
  return shell;
}

RtlSoftmax softmax_of(const Json& report) {
  const std::string name = report.at("softmax");
  return name == "logits" ? RtlSoftmax::kLogits : name == "argmax" ? RtlSoftmax::kArgmax : RtlSoftmax::kRefuse;
}

/// Writes the rows of `data`, and what the emulator says of them, for the test bench in `folder`.
void write_rows(const fs::path& folder, const Json& report, const ProxyModel& proxy, const Dataset& data,
                Workers& workers, RtlSimulation& simulation) {
  rtl::Lowered lowered = rtl::lower(proxy, {.argmax = softmax_of(report) == RtlSoftmax::kArgmax}, workers);
  lowered.circuit = ports_of(report);
  HGQ_CHECK(lowered.circuit.inputs.size() == lowered.quantizers.size() &&
                lowered.circuit.outputs.size() == proxy.outputs().size(),
            FileError, folder.string(), ": report.json does not describe the circuit of proxy.h5");
  std::vector<std::pair<fs::path, std::ofstream>> files;
  for (const Batch& batch : data.batches(kRowsAtOnce)) {
    const rtl::Stimuli stimuli = rtl::stimuli_for(proxy, lowered, batch.inputs(), workers);
    simulation.rows += stimuli.rows;
    simulation.rows_with_overflow += stimuli.rows_with_overflow;
    const std::vector<rtl::SourceFile> parts =
        rtl::vector_files(lowered.circuit, stimuli.inputs, stimuli.outputs, stimuli.rows);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (files.size() == i) files.emplace_back(folder / parts[i].path, std::ofstream(folder / parts[i].path));
      files[i].second << parts[i].text;
    }
  }
  for (auto& [path, file] : files) {
    file.close();
    HGQ_CHECK(file.good(), RunError, path.string(), ": cannot be written");
  }
}

bool is_installed(std::string_view program) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

/// Runs a program with its output in a file, and gives its exit code; 128 and more where a signal ended it.
int run_program(std::vector<std::string> arguments, const fs::path& output) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw_system_error(concat("cannot run '", arguments[0], "'"), error);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw_system_error(concat("cannot wait for '", arguments[0], "'"), errno);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The folder for temporary files, which may not exist.
fs::path temporary_parent() {
  std::error_code error;
  fs::path path = fs::temp_directory_path(error);
  const char* const given = std::getenv("TMPDIR");
  if (error)
    throw_system_error(concat("the folder for temporary files, TMPDIR='", given == nullptr ? "" : given, "'"),
                       error.value());
  return path;
}

void copy_sources(const fs::path& from, const fs::path& to) {
  std::error_code error;
  for (const char* const part : {"src", "sim"}) {
    fs::copy(from / part, to / part, fs::copy_options::recursive, error);
    if (error) throw_system_error(concat("cannot copy '", (from / part).string(), "'"), error.value());
  }
  fs::copy(from / "simulate.sh", to / "simulate.sh", error);
  if (error) throw_system_error(concat("cannot copy '", (from / "simulate.sh").string(), "'"), error.value());
}

/// A file in an RTL folder that is neither in the list of its report nor made by simulate.sh; nothing if there is none.
std::optional<std::string> foreign_file(const fs::path& folder) {
  const Json report = Json::parse(read_text(folder / kReport), nullptr, false);
  const Json files = report.value("files", Json::array());
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path relative = entry->path().lexically_relative(folder);
    if (*relative.begin() == "build") continue;
    if (entry->is_directory() && !entry->is_symlink()) continue;
    if (std::find(files.begin(), files.end(), relative.string()) == files.end()) return relative.string();
  }
  if (error) throw_system_error(concat("cannot list '", folder.string(), "'"), error.value());
  return std::nullopt;
}

}  // namespace

bool is_rtl_folder(const std::string& folder) {
  std::error_code error;
  if (!fs::is_regular_file(fs::path(folder) / kReport, error)) return false;
  const Json report = Json::parse(read_text(fs::path(folder) / kReport), nullptr, false);
  return report.is_object() && report.contains("format") && report["format"].is_string() &&
         report["format"].get<std::string>().starts_with("hgq-rtl ");
}

void check_rtl_folder(const std::string& folder, bool force) {
  HGQ_CHECK(!folder.empty(), ConfigError, "the name of the folder to write is empty");
  const fs::path path = without_slash(folder);
  if (!is_there(path)) return;
  HGQ_CHECK(force, ConfigError, "'", printable(folder),
            "' is there already; expected a new folder, or --force to replace it");
  std::error_code error;
  if (fs::is_directory(fs::symlink_status(path, error)) && fs::is_empty(path, error)) return;
  HGQ_CHECK(!fs::is_symlink(fs::symlink_status(path, error)) && is_rtl_folder(folder), ConfigError, "'",
            printable(folder),
            "' is not a folder that 'hgq-train rtl' has written, and is not replaced; expected another name");
  const std::optional<std::string> foreign = foreign_file(path);
  HGQ_CHECK(!foreign, ConfigError, "'", printable(folder), "' holds '", printable(foreign.value_or("")),
            "', which 'hgq-train rtl' has not written; it is not replaced. Move the file, or give another name");
}

void write_rtl_folder(const std::string& folder, const RtlProject& project, const RtlOptions& options,
                      const std::string& proxy_file, bool force) {
  check_rtl_folder(folder, force);
  const fs::path path = without_slash(folder);
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  make_folder(parent.string());
  // Beside the folder, so that a rename puts it in place, under a name that no other process has.
  const TemporaryFolder work(parent, ".hgq-rtl-");
  const fs::path made = work.path() / "new";
  make_folder(made.string());
  write_files(made, project.files);
  replace_file((made / kProxy).string(), read_text(proxy_file));
  Json report = to_json(project, options);
  report["files"] = Json::array({kProxy, kReport});
  for (const rtl::SourceFile& file : project.files) report["files"].push_back(file.path);
  replace_file((made / kReport).string(), report.dump(1) + "\n");
  force_folder_to_disk(made.string());
  if (is_there(path)) {
    const fs::path old = work.path() / "old";
    move_folder(path, old);
    try {
      move_folder(made, path);
    } catch (const Error&) {
      move_folder(old, path);
      throw;
    }
  } else {
    move_folder(made, path);
  }
  force_folder_to_disk(parent.string());
}

RtlSimulation simulate_rtl_folder(const std::string& folder, const Dataset* data, const LayerKinds& kinds,
                                  Workers& workers) {
  const fs::path source(folder);
  const Json report = read_report(source);
  RtlSimulation simulation{.language = report.at("language"), .output = {}};
  if (simulation.language == "vhdl") {
    HGQ_CHECK(is_installed("ghdl"), ConfigError, "'", printable(folder),
              "' is VHDL, and GHDL, which simulates it, is not installed (apt-get install ghdl)");
  } else {
    HGQ_CHECK(
        is_installed("verilator") || is_installed("iverilog"), ConfigError, "'", printable(folder),
        "' is Verilog, and neither Verilator nor Icarus Verilog, which simulate it, is installed (apt-get install "
        "verilator)");
  }
  const TemporaryFolder work(temporary_parent(), "hgq-rtl-");
  copy_sources(source, work.path());
  if (data != nullptr) {
    std::vector<std::string> notes;
    const ProxyModel proxy = rtl_reference(load_proxy((source / kProxy).string(), kinds), softmax_of(report), notes);
    write_rows(work.path(), report, proxy, *data, workers, simulation);
  } else {
    simulation.rows = report.at("rows");
    simulation.rows_with_overflow = report.at("rows_with_overflow");
  }
  const fs::path log = work.path() / "simulation.log";
  const int code = run_program({"bash", (work.path() / "simulate.sh").string()}, log);
  simulation.output = read_text(log);
  const bool failed = simulation.output.find("FAILED") != std::string::npos;
  simulation.equal = code == 0 && !failed;
  HGQ_CHECK(
      !simulation.equal || simulation.output.find(concat("PASSED ", simulation.rows, " rows")) != std::string::npos,
      FileError, folder, ": its test bench did not compare ", simulation.rows, " rows:\n", simulation.output);
  HGQ_CHECK(code == 0 || failed, RunError, "the simulation of '", printable(folder), "' failed (exit code ", code,
            "):\n", simulation.output);
  return simulation;
}

}  // namespace hgq
