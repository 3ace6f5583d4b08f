// hgq-train verify: checks row by row whether the proxy computes what the model computes.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "hgq/apps/command_data.h"
#include "hgq/apps/commands.h"
#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/match.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/deploy/verification.h"
#include "hgq/proxy/firmware_notes.h"
#include "hgq/proxy/fold_scaling.h"

namespace hgq {

int run_verify(const VerifyCommand& command, const Registry& registry) {
  if (std::filesystem::is_directory(command.model)) return run_verify_rtl(command, registry);
  HGQ_CHECK(std::filesystem::exists(command.model), FileError, command.model,
            ": there is no such file or folder; expected a proxy (proxy.h5), or a folder that 'hgq-train rtl' wrote");
  HGQ_CHECK(!command.against.empty(), ConfigError, "--against is missing: the model file that '", command.model,
            "' was made of");
  ModelExtras of_proxy;
  ProxyModel proxy =
      load_proxy(command.model, registry, [&](const h5::Group& hgq) { of_proxy = read_extras(hgq, registry); });
  // The model takes scaled inputs, so the proxy is compared as it was before the scaling was folded into it.
  if (!of_proxy.folded_scaling.empty())
    proxy = fold_scaling(std::move(proxy), inverse(std::move(of_proxy.folded_scaling)));
  LoadedModel loaded = load_model_with_extras(command.against, registry);
  find_table_overflows(loaded.model, proxy);
  const std::unique_ptr<Dataset> data = load_command_data(command, loaded.extras, inputs_of(loaded.model), {});
  const Emulator planned(proxy);
  const auto signal = [&](int layer) -> const ProxySignal& { return planned.signal(layer); };
  for (const std::string& line : firmware_notes(proxy, signal)) std::cerr << "hgq-train: note: " << line << "\n";
  Workers workers(command.threads);
  const Verification verification = verify_proxy(loaded.model, proxy, *data, workers);
  if (command.json) {
    std::cout << to_json(verification).dump(1) << "\n";
  } else {
    std::cout << describe(verification);
  }
  const int64_t bad = command.strict ? verification.report.rows_differ : verification.rows_unexplained();
  if (verification.wrong) {
    std::cerr << "hgq-train: error: " << command.model << ": " << bounded_message(what_is_wrong(verification)) << "\n";
    return kExitNo;
  }
  return bad == 0 ? kExitDone : kExitNo;
}

}  // namespace hgq
