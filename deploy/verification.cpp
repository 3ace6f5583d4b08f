#include "hgq/deploy/verification.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "hgq/layers/predict.h"
#include "hgq/proxy/quantizer.h"

namespace hgq {
namespace {

constexpr size_t kMostPartings = 5;
/// So many rows are looked at, with and without overflow, for one that shows that the proxy is wrong.
constexpr size_t kMostExplained = 64;

void explain(Model& model, const ProxyModel& proxy, const Dataset& data, Workers& workers, Verification& verification) {
  const VerifyReport& report = verification.report;
  if (report.rows_differ == 0 && report.rows_with_overflow == 0) return;
  ProxyExplainer explainer(model, proxy, workers);
  const std::vector<int64_t> without_bits = explainer.rows_without_bits(data, report.unexplained_rows);
  verification.rows_differ_without_bits = std::ssize(without_bits);
  std::vector<int64_t> unexplained;
  std::ranges::set_difference(report.unexplained_rows, without_bits, std::back_inserter(unexplained));
  for (const auto* const rows : {&std::as_const(unexplained), &report.explained_rows}) {
    for (size_t i = 0; i < std::min(rows->size(), kMostExplained) && !verification.wrong; ++i) {
      Parting parting = explainer.explain(data, (*rows)[i]);
      if (parting.is_wrong) verification.wrong = std::move(parting);
    }
  }
  if (verification.wrong) verification.partings.push_back(*verification.wrong);
  for (const auto* const rows : {&std::as_const(unexplained), &without_bits, &report.explained_rows}) {
    for (const int64_t row : *rows) {
      if (verification.partings.size() == kMostPartings) break;
      if (verification.wrong && verification.wrong->row == row) continue;
      verification.partings.push_back(explainer.explain(data, row));
    }
  }
  verification.advice = advise_ranges(model, explainer.match(), data, report, workers);
  if (report.rows_differ == 0) verification.advice.without_bits.clear();
}

}  // namespace

Verification verify_proxy(Model& model, const ProxyModel& proxy, const Dataset& data, Workers& workers,
                          const PredictedBlock& each_block) {
  Predictor predictor(model, workers);
  const Emulator emulator(proxy);
  Verification verification;
  for (const Batch& batch : data.batches(kPredictedRows)) {
    const std::vector<Tensor> expected = predictor.run(batch.inputs());
    const Emulation emulation = emulator.run(batch.inputs(), &workers);
    if (each_block) each_block(batch, views_of(emulation.outputs));
    verification.report.append(verify(views_of(expected), emulation));
  }
  verification.wraps = std::ranges::any_of(proxy.layers(), [](const ProxyModel::Entry& entry) {
    const ProxyQuantizer* const quantizer = entry.layer->as_quantizer();
    return quantizer != nullptr && quantizer->overflow() == Overflow::kWrap;
  });
  explain(model, proxy, data, workers, verification);
  return verification;
}

}  // namespace hgq
