// summary.json as a RunSummary.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/report/json_value.h"
#include "hgq/report/run_files.h"

namespace hgq::report {
namespace {

VerifyFacts verify_of(const JsonValue& verify) {
  VerifyFacts facts;
  facts.rows = verify["rows"].count();
  facts.rows_differ = verify["rows_differ"].count();
  facts.rows_differ_without_overflow = verify["rows_differ_without_overflow"].count();
  facts.rows_differ_without_bits = verify["rows_differ_without_bits"].count();
  facts.rows_with_overflow = verify["rows_with_overflow"].count();
  facts.cover_factor = verify["cover_factor"].number().value_or(0);
  for (const auto& [quantizer, count] : verify["overflows"].entries())
    facts.overflows.push_back({quantizer, count.count(), ""});
  for (const JsonValue& advice : verify["advice"].items()) {
    const std::string quantizer = advice["quantizer"].text();
    const auto found = std::ranges::find(facts.overflows, quantizer, &OverflowFact::quantizer);
    if (found == facts.overflows.end()) {
      facts.overflows.push_back({quantizer, 0, advice["text"].text()});
    } else {
      found->advice = advice["text"].text();
    }
  }
  for (const JsonValue& without : verify["without_bits"].items()) facts.without_bits.push_back(without["text"].text());
  for (const JsonValue& d : verify["differences"].items()) {
    facts.differences.push_back({.row = d["row"].count(),
                                 .layer = d["layer"].text(),
                                 .reason = d["reason"].text(),
                                 .model = d["model"].number().value_or(0),
                                 .proxy = d["proxy"].number().value_or(0)});
  }
  return facts;
}

}  // namespace

RunSummary read_summary(const std::string& path) {
  const nlohmann::json json = json_of_run(path);
  const JsonValue file(path, &json, "");
  RunSummary summary;
  summary.bops = file["bops"].number();
  summary.bops_per_layer = file["bops_per_layer"].numbers();
  summary.bits_per_layer = file["bits_per_layer"].numbers();
  summary.tested_on = file["tested_on"].text();
  summary.rows = file["rows"].integer();
  summary.epochs = file["epochs"].integer();
  summary.seed = file["seed"].integer();
  summary.threads = file["threads"].integer();
  summary.model = file["model"].numbers();
  summary.proxy = file["proxy"].numbers();
  summary.data_rows = file["data_rows"].numbers();
  if (file["verify"].is_there()) summary.verify = verify_of(file["verify"]);
  summary.notes = file["notes"].texts();
  summary.not_exported = file["not_exported"].text();
  summary.proxy_is_wrong = file["proxy_is_wrong"].text();
  if (file["picked"].is_there())
    summary.picked_from = concat(file["picked"]["run"].text(), "/", file["picked"]["file"].text());
  for (const auto& [name, version] : file["versions"].entries()) summary.versions.emplace_back(name, version.text());
  summary.wall_seconds = file["wall_seconds"].number();
  summary.samples_per_second = file["samples_per_second"].number();
  return summary;
}

}  // namespace hgq::report
