#include "hgq/apps/run_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hgq {
namespace {

bool any_scaled(const std::vector<Scaling>& scaling) {
  return std::ranges::any_of(scaling, [](const Scaling& s) { return !s.empty(); });
}

}  // namespace

std::string run_text(const Deployment& done, const nlohmann::json& summary, const ModelExtras& extras,
                     const RunTextOptions& options) {
  std::string text =
      fmt::format("{} rows of {}\n", summary.at("rows").get<int64_t>(), summary.at("tested_on").get<std::string>());
  for (const auto& [name, value] : summary.at("model").items()) {
    const std::string proxy = summary.contains("proxy") && summary.at("proxy").contains(name)
                                  ? fmt::format("   proxy {:.6g}", summary.at("proxy").at(name).get<double>())
                                  : "";
    text += fmt::format("  {:<12} model {:.6g}{}\n", name, value.is_number() ? value.get<double>() : 0.0, proxy);
  }
  text += fmt::format("  {:<12} {:.0f}\n", "BOPs", summary.at("bops").get<double>());
  if (any_scaled(extras.target_scaling))
    text +=
        "losses are of scaled targets, metrics in the unit of the targets (output_scaling.csv); the proxy gives "
        "scaled numbers\n";
  if (done.proxy) text += "proxy against model, " + describe(*done.verification, options.cover_factor);
  text += fmt::format("{:.0f} samples/s, {:.1f} s in all\n", summary.at("samples_per_second").get<double>(),
                      summary.at("wall_seconds").get<double>());
  text += fmt::format("files in {}: model.h5, {}{}{}summary.json, history.csv, config.yaml, report.html\n",
                      options.folder, done.proxy ? "proxy.h5 (for hls4ml), " : "",
                      any_scaled(extras.scaling) ? "scaling.csv (of its inputs), " : "",
                      any_scaled(extras.target_scaling) ? "output_scaling.csv (of its outputs), " : "");
  return text;
}

}  // namespace hgq
