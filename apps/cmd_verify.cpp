// hgq-train verify: row by row, does the proxy compute what the model computes?
#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hgq/apps/commands.h"
#include "hgq/apps/model_data.h"
#include "hgq/apps/verification.h"
#include "hgq/core/error.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/proxy/firmware_notes.h"
#include "hgq/layers/proxy/proxy_file.h"

namespace hgq {

namespace {

constexpr size_t kMostPartings = 5;

void explain(Model& model, const ProxyModel& proxy, std::span<const ConstTensorView> inputs, Workers& workers,
             Verification& verification) {
  const VerifyReport& report = verification.report;
  if (report.rows_differ == 0 && report.rows_with_overflow == 0) return;
  ProxyExplainer explainer(model, proxy, workers);
  for (const auto* const rows : {&report.unexplained_rows, &report.explained_rows}) {
    for (const int64_t row : *rows) {
      if (verification.partings.size() < kMostPartings) verification.partings.push_back(explainer.explain(inputs, row));
    }
  }
  verification.advice = explainer.advise(inputs, report.overflow_rows);
}

std::string describe(const OverflowAdvice& advice, size_t rows) {
  std::string text = fmt::format("  {}: ", advice.quantizer);
  if (advice.more_bits > 0)
    text += fmt::format("{} more integer bit{}", advice.more_bits, advice.more_bits > 1 ? "s" : "");
  if (advice.needs_sign) text += advice.more_bits > 0 ? " and a sign" : "a sign";
  text += fmt::format(" would hold what overflows in {} row{}", rows, rows == 1 ? "" : "s");
  if (advice.cover_factor > 1)
    text += fmt::format("; so would a traced range {:.3g} times as wide", std::ceil(advice.cover_factor * 100) / 100);
  return text + "\n";
}

}  // namespace

Verification verify_proxy(Model& model, const ProxyModel& proxy, std::span<const ConstTensorView> inputs,
                          Workers& workers, std::vector<Tensor>* predictions) {
  Predictor predictor(model, workers);
  const std::vector<Tensor> expected = predictor.run(inputs);
  Emulation emulation = Emulator(proxy).run(inputs, &workers);
  Verification verification{.report = verify(views_of(expected), emulation), .partings = {}, .advice = {}};
  explain(model, proxy, inputs, workers, verification);
  if (predictions != nullptr) *predictions = std::move(emulation.outputs);
  return verification;
}

nlohmann::json to_json(const Verification& verification) {
  const VerifyReport& report = verification.report;
  nlohmann::json overflows = nlohmann::json::object();
  for (const OverflowCount& c : report.overflows) overflows[c.layer] = c.values;
  nlohmann::json differences = nlohmann::json::array();
  for (const Parting& p : verification.partings) {
    differences.push_back({{"row", p.row},
                           {"layer", p.layer},
                           {"proxy_layer", p.proxy_layer},
                           {"element", p.element},
                           {"model", p.model},
                           {"proxy", p.proxy},
                           {"reason", p.reason}});
  }
  nlohmann::json advice = nlohmann::json::array();
  for (const OverflowAdvice& a : verification.advice) {
    advice.push_back({{"layer", a.layer},
                      {"quantizer", a.quantizer},
                      {"more_bits", a.more_bits},
                      {"needs_sign", a.needs_sign},
                      {"cover_factor", a.cover_factor}});
  }
  return {{"rows", report.rows},
          {"rows_differ", report.rows_differ},
          {"rows_differ_without_overflow", report.rows_differ_without_overflow},
          {"rows_with_overflow", report.rows_with_overflow},
          {"overflows", overflows},
          {"differences", differences},
          {"advice", advice}};
}

std::string describe(const Verification& verification) {
  const VerifyReport& report = verification.report;
  std::string text = fmt::format("{} rows: {} differ without overflow, {} of {} with overflow differ\n", report.rows,
                                 report.rows_differ_without_overflow,
                                 report.rows_differ - report.rows_differ_without_overflow, report.rows_with_overflow);
  for (const OverflowCount& c : report.overflows) {
    if (c.values > 0) text += fmt::format("  {}: {} values overflow\n", c.layer, c.values);
  }
  if (!verification.partings.empty()) text += "where the first rows that differ part:\n";
  for (const Parting& p : verification.partings) {
    text += p.layer.empty() ? fmt::format("  row {}: ", p.row)
                            : fmt::format("  row {}, layer {}, element {}: model {}, proxy {}: ", p.row, p.layer,
                                          p.element, p.model, p.proxy);
    text += p.reason + "\n";
  }
  double cover_factor = 0;
  for (const OverflowAdvice& a : verification.advice) {
    text += describe(a, report.overflow_rows.size());
    cover_factor = std::max(cover_factor, a.cover_factor);
  }
  if (cover_factor > 1)
    text += fmt::format(
        "advice: trace on data like these, or with --cover-factor {:.3g} (times that of the last trace), or export "
        "with "
        "--overflow sat, which cuts at the ends of the range\n",
        std::ceil(cover_factor * 100) / 100);
  return text;
}

int run_verify(const VerifyCommand& command) {
  ProxyModel proxy = load_proxy(command.model);
  LoadedModel loaded = load_model_with_extras(command.against);
  find_table_overflows(loaded.model, proxy);
  const std::unique_ptr<Dataset> data = load_command_data(command, loaded.extras, input_names(loaded.model), {});
  const std::vector<Tensor> x = all_inputs(*data);
  const Emulator planned(proxy);
  const auto signal = [&](int layer) -> const ProxySignal& { return planned.signal(layer); };
  for (const std::string& line : firmware_notes(proxy, signal)) std::cerr << "hgq-train: note: " << line << "\n";
  Workers workers(command.threads);
  const Verification verification = verify_proxy(loaded.model, proxy, views_of(x), workers);
  if (command.json) {
    std::cout << to_json(verification).dump(1) << "\n";
  } else {
    std::cout << describe(verification);
  }
  const int64_t bad =
      command.strict ? verification.report.rows_differ : verification.report.rows_differ_without_overflow;
  return bad == 0 ? kExitDone : kExitNo;
}

}  // namespace hgq
