// hgq-train rtl: a proxy as Verilog or VHDL; and verify for the folder that it writes.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/apps/command_data.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/interruption.h"
#include "hgq/apps/rtl_progress.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/deploy/circuit_cost.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/rtl_folder.h"
#include "hgq/deploy/rtl_report_file.h"
#include "hgq/deploy/rtl_simulation.h"
#include "hgq/proxy/emulator.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

/// The rows of a command for the inputs of a proxy.
std::unique_ptr<Dataset> load_rows(const DataCommand& command, const ProxyModel& proxy, const ModelExtras& extras) {
  std::vector<FieldSpec> fields;
  const Emulator planned(proxy);
  for (const int i : proxy.inputs()) fields.push_back({proxy.layer(i).name(), planned.signal(i).shape});
  return load_command_data(command, extras, fields, {});
}

int finish_rtl(const RtlCommand& command, const RtlProject& project, const RtlOptions& options) {
  for (const std::string& note : project.notes) std::cerr << "hgq-train: note: " << bounded_message(note) << "\n";
  const GracefulStop stop;
  write_rtl_folder(command.out, project, options, command.model, command.force, &stop.requested());
  if (command.json) {
    std::cout << to_json(project, options).dump(1) << "\n";
  } else {
    std::cout << describe(project);
  }
  std::cerr << command.out << ": " << command.settings.language << " of " << command.model << ", "
            << project.files.size() + 2 << " files, " << fmt::format("{:.2g} s", project.seconds) << "\n";
  return kExitDone;
}

/// "stage-delay" for stage_delay.
std::string option_of(std::string key) {
  std::ranges::replace(key, '_', '-');
  return key;
}

bool has_data(const DataCommand& command) { return !command.data.empty() || !command.inputs.empty(); }

}  // namespace

int run_rtl(const RtlCommand& command, const Registry& registry) {
  check_rtl_folder(command.out, command.force);
  for (const RtlSettings::Conflict& conflict : command.settings.conflicts())
    throw ConfigError(concat("--", option_of(conflict.key), ": ", conflict.message));
  RtlOptions options;
  try {
    options = command.settings.options();
  } catch (const ConfigError& e) {
    throw ConfigError(concat("--extra-depth: ", e.what()));
  }
  const std::string inside = (std::filesystem::path(command.model) / "proxy.h5").string();
  HGQ_CHECK(!std::filesystem::exists(inside), ConfigError, "'", printable(command.model),
            "' is a folder, expected a proxy file, did you mean '", printable(inside), "'?");
  ModelExtras extras;
  ProxyModel proxy =
      load_proxy(command.model, registry, [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); });
  const std::string without = why_no_circuit(proxy, command.settings.softmax, "--softmax ", "");
  HGQ_CHECK(without.empty(), ConfigError, without);
  Workers workers(command.threads);
  std::unique_ptr<Dataset> dataset;  // which `rows` may be a view of
  Batch rows;
  if (has_data(command)) {
    DataCommand data = command;
    data.out.clear();  // a folder
    dataset = load_rows(data, proxy, extras);
    dataset->slice(0, std::min(command.settings.rows, dataset->size()), rows);
  }
  std::optional<RtlProgress> line(std::in_place, stderr, isatty(STDERR_FILENO) == 1);
  options.progress = [&line](const rtl::LoweringProgress& progress) { line->show(progress); };
  std::span<const ConstTensorView> inputs;
  if (has_data(command)) inputs = rows.inputs();
  const RtlProject project = to_rtl(std::move(proxy), options, workers, inputs);
  line.reset();
  return finish_rtl(command, project, options);
}

int run_verify_rtl(const VerifyCommand& command, const Registry& registry) {
  if (!has_rtl_report(command.model)) {
    std::string found;
    for (const char* const name : {"rtl", "proxy.h5"}) {
      const std::string inside = (std::filesystem::path(command.model) / name).string();
      if (std::string_view(name) == "rtl" ? !has_rtl_report(inside) : !std::filesystem::exists(inside)) continue;
      found += concat(found.empty() ? "; did you mean '" : " or '", printable(inside), "'");
    }
    throw ConfigError(concat("'", printable(command.model),
                             "' is a folder, but not one that 'hgq-train rtl' has written; expected such a folder, or "
                             "a proxy file",
                             found, found.empty() ? "" : "?"));
  }
  HGQ_CHECK(command.against.empty(), ConfigError,
            "--against is for a proxy file; an RTL folder is compared with the proxy in it");
  Workers workers(command.threads);
  std::unique_ptr<Dataset> data;
  if (has_data(command)) {
    ModelExtras extras;
    const std::string file = command.model + "/proxy.h5";
    const ProxyModel proxy =
        load_proxy(file, registry, [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); });
    data = load_rows(command, proxy, extras);
  }
  const GracefulStop stop;
  const RtlSimulation simulation = simulate_rtl_folder(command.model, data.get(), registry, workers, &stop.requested());
  const bool equal = simulation.rows_differ == 0;
  if (command.json) {
    std::cout << Json{{"rows", simulation.rows},
                      {"rows_with_overflow", simulation.rows_with_overflow},
                      {"rows_differ", simulation.rows_differ},
                      {"equal", equal},
                      {"language", simulation.language},
                      {"simulator", simulation.simulator},
                      {"differences", simulation.differences}}
                     .dump(1)
              << "\n";
  } else if (equal) {
    std::cout << fmt::format("{} rows, {} with overflow: the {} equals the proxy in every bit\n", simulation.rows,
                             simulation.rows_with_overflow, simulation.language);
  } else {
    std::cout << simulation.differences << simulation.rows_differ << " of " << simulation.rows << " rows differ\n";
  }
  return equal ? kExitDone : kExitNo;
}

}  // namespace hgq
