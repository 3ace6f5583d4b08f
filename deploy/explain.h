// Why a proxy differs from its model, row by row: the first layer whose values part, and the reason.
//
//   ProxyExplainer explainer(model, proxy, workers);
//   const Parting p = explainer.explain(data, row);          // p.layer, p.element, p.model, p.proxy, p.reason
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/data/dataset.h"
#include "hgq/deploy/match.h"
#include "hgq/layers/model.h"
#include "hgq/proxy/emulator.h"

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

class ProxyExplainer {
 public:
  /// All three must outlive it.
  ProxyExplainer(Model& model, const ProxyModel& proxy, Workers& workers);
  ~ProxyExplainer();

  /// A row of `data`, whose inputs are in the order of the model.
  Parting explain(const Dataset& data, int64_t row);
  /// Those of `rows` where the model has another value than 0 in an element for which the proxy has no bits, since all
  /// values that were traced there were 0: such rows may differ, though nothing overflows.
  std::vector<int64_t> rows_without_bits(const Dataset& data, std::span<const int64_t> rows);

 private:
  struct ModelRun;

  std::string reason(size_t entry, const EmulatedRow& row, int64_t element) const;
  std::string reason_of_layer(const ProxyLayer& layer, int index, const EmulatedRow& row, int64_t element) const;
  /// The elements of an entry's output for which the proxy has no bits.
  std::vector<int64_t> elements_without_bits(size_t entry) const;

  Model& model_;
  const ProxyModel& proxy_;
  Emulator emulator_;
  ProxyMatch match_;
  std::unique_ptr<ModelRun> run_;
};

}  // namespace hgq
