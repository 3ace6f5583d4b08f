// hgq-train verify: row by row, does the proxy compute what the model computes?
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "hgq/apps/commands.h"
#include "hgq/apps/model_data.h"
#include "hgq/apps/verification.h"
#include "hgq/core/error.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/proxy/proxy_file.h"

namespace hgq {

VerifyReport verify_proxy(Model& model, const ProxyModel& proxy, std::span<const ConstTensorView> inputs,
                          Workers& workers, std::vector<Tensor>* predictions) {
  Predictor predictor(model, workers);
  const std::vector<Tensor> expected = predictor.run(inputs);
  Emulation emulation = Emulator(proxy).run(inputs, &workers);
  VerifyReport report = verify(views_of(expected), emulation);
  if (predictions != nullptr) *predictions = std::move(emulation.outputs);
  return report;
}

nlohmann::json to_json(const VerifyReport& report) {
  nlohmann::json overflows = nlohmann::json::object();
  for (const OverflowCount& c : report.overflows) overflows[c.layer] = c.values;
  return {{"rows", report.rows},
          {"rows_differ", report.rows_differ},
          {"rows_differ_without_overflow", report.rows_differ_without_overflow},
          {"rows_with_overflow", report.rows_with_overflow},
          {"overflows", overflows}};
}

std::string describe(const VerifyReport& report) {
  std::string text = fmt::format("{} rows: {} differ without overflow, {} of {} with overflow differ\n", report.rows,
                                 report.rows_differ_without_overflow,
                                 report.rows_differ - report.rows_differ_without_overflow, report.rows_with_overflow);
  for (const OverflowCount& c : report.overflows) {
    if (c.values > 0) text += fmt::format("  {}: {} values overflow\n", c.layer, c.values);
  }
  if (report.first) {
    text += fmt::format("  first difference: row {}, output {}, element {}: model {}, proxy {}\n", report.first->row,
                        report.first->output, report.first->element, report.first->model, report.first->proxy);
  }
  return text;
}

int run_verify(const VerifyCommand& command) {
  const ProxyModel proxy = load_proxy(command.model);
  LoadedModel loaded = load_model_with_extras(command.against);
  const std::unique_ptr<Dataset> data = load_command_data(command, loaded.extras, input_names(loaded.model), {});
  const std::vector<Tensor> x = all_inputs(*data);
  Workers workers(command.threads);
  const VerifyReport report = verify_proxy(loaded.model, proxy, views_of(x), workers);
  if (command.json) {
    std::cout << to_json(report).dump(1) << "\n";
  } else {
    std::cout << describe(report);
  }
  const int64_t bad = command.strict ? report.rows_differ : report.rows_differ_without_overflow;
  return bad == 0 ? kExitDone : kExitNo;
}

}  // namespace hgq
