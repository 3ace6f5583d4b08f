#include "hgq/deploy/verify.h"

#include <limits>

#include "hgq/core/error.h"

namespace hgq {
namespace {

std::optional<ProxyDifference> first_difference(std::span<const ConstTensorView> model_outputs,
                                                const Emulation& emulation, int64_t row) {
  for (size_t i = 0; i < model_outputs.size(); ++i) {
    const ConstTensorView model = model_outputs[i].rows(row, 1);
    const ConstTensorView proxy = emulation.outputs[i].view().rows(row, 1);
    for (int64_t e = 0; e < model.size(); ++e) {
      if (model.data[e] == proxy.data[e]) continue;
      return ProxyDifference{row, static_cast<int>(i), e, model.data[e], proxy.data[e]};
    }
  }
  return std::nullopt;
}

/// `most`: so many are kept.
void append_rows(std::vector<int64_t>& rows, const std::vector<int64_t>& next, int64_t front, size_t most) {
  for (const int64_t row : next) {
    if (rows.size() < most) rows.push_back(front + row);
  }
}

}  // namespace

void VerifyReport::append(const VerifyReport& next) {
  if (next.first && (!first || (rows_differ_without_overflow == 0 && next.rows_differ_without_overflow > 0))) {
    first = next.first;
    first->row += rows;
  }
  append_rows(unexplained_rows, next.unexplained_rows, rows, std::numeric_limits<size_t>::max());
  append_rows(explained_rows, next.explained_rows, rows, kMostListedRows);
  append_rows(overflow_rows, next.overflow_rows, rows, kMostListedRows);
  if (overflows.empty()) overflows.assign(next.overflows.size(), {});
  for (size_t i = 0; i < next.overflows.size(); ++i)
    overflows[i] = {next.overflows[i].layer, overflows[i].values + next.overflows[i].values};
  rows += next.rows;
  rows_with_overflow += next.rows_with_overflow;
  rows_differ += next.rows_differ;
  rows_differ_without_overflow += next.rows_differ_without_overflow;
}

VerifyReport verify(std::span<const ConstTensorView> model_outputs, const Emulation& emulation) {
  HGQ_CHECK(model_outputs.size() == emulation.outputs.size(), ShapeError, "the model has ", model_outputs.size(),
            " outputs, the proxy ", emulation.outputs.size());
  for (size_t i = 0; i < model_outputs.size(); ++i) {
    HGQ_CHECK(model_outputs[i].shape == emulation.outputs[i].shape(), ShapeError, "output ", i,
              ": the model's has shape ", model_outputs[i].shape, ", the proxy's ", emulation.outputs[i].shape());
  }
  VerifyReport report;
  report.rows = emulation.rows();
  report.rows_with_overflow = emulation.rows_with_overflow();
  report.overflows = emulation.overflows;
  const auto list = [](std::vector<int64_t>& rows, int64_t row) {
    if (rows.size() < kMostListedRows) rows.push_back(row);
  };
  for (int64_t row = 0; row < report.rows; ++row) {
    const bool overflows = emulation.row_overflows[static_cast<size_t>(row)] != 0;
    if (overflows) list(report.overflow_rows, row);
    const std::optional<ProxyDifference> difference = first_difference(model_outputs, emulation, row);
    if (!difference) continue;
    ++report.rows_differ;
    if (overflows)
      list(report.explained_rows, row);
    else
      report.unexplained_rows.push_back(row);
    if (!report.first || (!overflows && report.rows_differ_without_overflow == 0)) report.first = difference;
    report.rows_differ_without_overflow += !overflows;
  }
  return report;
}

}  // namespace hgq
