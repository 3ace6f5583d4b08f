// Why a proxy differs from its model, row by row: the first layer whose values part, and the reason; and what would
// have held the values that overflow.
//
//   ProxyExplainer explainer(model, proxy, workers);
//   const Parting p = explainer.explain(inputs, row);        // p.layer, p.element, p.model, p.proxy, p.reason
//   const std::vector<OverflowAdvice> a = explainer.advise(inputs, rows_with_overflow);
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/layers/model.h"
#include "hgq/layers/proxy/emulator.h"

namespace hgq {

/// Where a row parts.
struct Parting {
  int64_t row = 0;
  std::string layer;        // of the model, the first with another value; empty where no layer could be compared
  std::string proxy_layer;  // that holds its output in the proxy
  int64_t element = 0;      // of a sample, row-major
  float model = 0, proxy = 0;
  std::string reason;
};

/// What a quantizer would need to hold values that overflow.
struct OverflowAdvice {
  std::string layer;        // of the model
  std::string quantizer;    // of the proxy
  int more_bits = 0;        // integer bits, the sign not counted
  bool needs_sign = false;  // a value below 0 came to a type without a sign
  double cover_factor = 0;  // by which the traced range would have to be wider; 0 where a range of one value was traced
};

/// For tables that come from a file of Python HGQ: finds which entries wrap, so that they count as overflows
/// (spec 3.2).
void find_table_overflows(const Model& model, ProxyModel& proxy);

class ProxyExplainer {
 public:
  /// The proxy may come from a file, also one of Python HGQ: layers are matched by the names that the model's own proxy
  /// gives them. All three must outlive it.
  ProxyExplainer(Model& model, const ProxyModel& proxy, Workers& workers);
  ~ProxyExplainer();

  /// `inputs`: all rows, in the order of the model.
  Parting explain(std::span<const ConstTensorView> inputs, int64_t row);
  /// The worst over `rows`, for each quantizer with an overflow in one of them.
  std::vector<OverflowAdvice> advise(std::span<const ConstTensorView> inputs, std::span<const int64_t> rows) const;

 private:
  struct ModelRun;

  std::string reason(size_t entry, const EmulatedRow& row, int64_t element) const;
  std::string reason_of_layer(const ProxyLayer& layer, int index, const EmulatedRow& row, int64_t element) const;
  /// Proxy layers that one of the model became, the last first.
  std::vector<int> layers_of(size_t entry) const;

  Model& model_;
  const ProxyModel& proxy_;
  Emulator emulator_;
  std::unique_ptr<ModelRun> run_;
  std::vector<int> ends_;    // of each entry, the proxy layer with its output; -1: not found
  std::vector<int> owners_;  // of each proxy layer, the entry that it is part of; -1: none
};

}  // namespace hgq
