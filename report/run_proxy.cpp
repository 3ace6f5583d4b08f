#include "hgq/report/run_proxy.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/deploy/circuit_facts.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/rtl_report_file.h"
#include "hgq/proxy/quantizer.h"

namespace hgq::report {
namespace {

using Json = nlohmann::json;

constexpr size_t kMostReport = size_t{1} << 28U;

QuantizerFacts facts_of(const ProxyQuantizer& quantizer) {
  QuantizerFacts facts{.name = quantizer.name(),
                       .rounding = std::string(to_string(quantizer.rounding())),
                       .overflow = std::string(to_string(quantizer.overflow())),
                       .types = {}};
  std::vector<Kbi> types;
  for (size_t i = 0; i < quantizer.types().b.size(); ++i) types.push_back(quantizer.types().at(i));
  facts.types = type_counts(types);
  return facts;
}

ResourceFacts resources_of(const CircuitFacts& circuit) {
  ResourceFacts facts{.source = "proxy.h5",
                      .luts = {},
                      .total_luts = circuit.luts,
                      .total_ffs = circuit.ffs,
                      .lut_spread = circuit.lut_spread,
                      .ff_spread = circuit.ff_spread,
                      .latency = std::nullopt,
                      .critical_path = circuit.path_ns,
                      .language = ""};
  for (const rtl::LayerEstimate& layer : circuit.layers) facts.luts.emplace_back(layer.layer, layer.luts);
  return facts;
}

}  // namespace

std::string type_text(const Kbi& type) {
  if (type.b == 0) return "0 bits";
  return concat(type.k != 0 ? "fixed<" : "ufixed<", static_cast<int>(type.b), ",", static_cast<int>(type.i), ">");
}

std::vector<std::pair<std::string, int64_t>> type_counts(const std::vector<Kbi>& types) {
  std::map<std::string, int64_t> counts;
  for (const Kbi& type : types) ++counts[type_text(type)];
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, std::ranges::greater(), &std::pair<std::string, int64_t>::second);
  return sorted;
}

void read_proxy(const std::string& path, const Registry& registry, Workers& workers, const ReadOptions& options,
                RunFiles& run) {
  ProxyModel proxy = load_proxy(path, registry);
  for (const ProxyModel::Entry& entry : proxy.layers()) {
    if (const ProxyQuantizer* const quantizer = entry.layer->as_quantizer())
      run.quantizers.push_back(facts_of(*quantizer));
  }
  const double bops = run.summary && run.summary->bops ? *run.summary->bops : 0;
  if (bops > options.most_bops_to_estimate) {
    run.no_resources =
        "LUTs are not estimated here, as that takes long for a network of so many BOPs: 'hgq-train report --luts' "
        "does it, and 'hgq-train rtl' writes the circuit itself.";
    return;
  }
  const CircuitOrReason circuit =
      circuit_facts_if_any(std::move(proxy), workers, {.softmax = RtlSoftmax::kLogits, .stage_delay = 0});
  if (circuit.facts) {
    run.resources = resources_of(*circuit.facts);
  } else {
    run.no_resources = concat("LUTs are not estimated, as there is no RTL of this network: ", circuit.reason, ".");
  }
}

ResourceFacts read_rtl_resources(const std::string& folder) {
  const RtlReport report = read_rtl_report(folder);  // which checks that all numbers are there
  const Json json = Json::parse(read_file(report.file, kMostReport));
  ResourceFacts facts{.source = "rtl/report.json",
                      .luts = {},
                      .total_luts = json.at("total").at("estimated_luts").get<double>(),
                      .total_ffs = json.at("total").at("estimated_ffs").get<double>(),
                      .lut_spread = json.at("lut_spread").get<double>(),
                      .ff_spread = json.at("ff_spread").get<double>(),
                      .latency = report.design.latency,
                      .critical_path = json.at("critical_path_ns").get<double>(),
                      .language = json.at("language").get<std::string>()};
  for (const Json& layer : json.at("layers"))
    facts.luts.emplace_back(layer.at("name").get<std::string>(), layer.at("estimated_luts").get<double>());
  return facts;
}

}  // namespace hgq::report
