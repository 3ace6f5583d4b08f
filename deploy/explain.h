// Explains why a proxy differs from its model on a row: the first layer with another value, and the reason.
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

/// Where model and proxy begin to differ on a row.
struct Parting {
  int64_t row = 0;
  std::string layer;           // the first layer of the model with another value; empty if no layer could be compared
  std::string proxy_layer;     // the layer of the proxy with its output
  int64_t element = 0;         // index into a sample of the output, row-major
  float model = 0, proxy = 0;  // the two values
  std::string reason;          // a sentence for the user, without a full stop
  /// Whether the proxy is not that of the model: no layer has a reason to differ, such as an overflow, no bits, a table
  /// of hls4ml's own, a rounded average, too narrow a float32; or the quantizer overflows although it holds the value
  /// of the model.
  bool is_wrong = false;
};

class ProxyExplainer {
 public:
  /// Model, proxy and workers must outlive it. Throws ShapeError for a proxy that cannot be emulated.
  ProxyExplainer(Model& model, const ProxyModel& proxy, Workers& workers);
  ~ProxyExplainer();

  /// Explains row `row` of `data`, whose inputs are in the order of the model's. Throws ShapeError if they do not fit.
  Parting explain(const Dataset& data, int64_t row);
  /// Those of `rows` in which an element that has no bits in the proxy, because all traced values were 0, is not 0 in
  /// the model. Such rows may differ although nothing overflows.
  std::vector<int64_t> rows_without_bits(const Dataset& data, std::span<const int64_t> rows);
  /// Which layers of the proxy belong to which of the model.
  const ProxyMatch& match() const { return match_; }

 private:
  struct ModelRun;

  /// The reason that one of the layers of the entry gives; empty if none has one.
  std::string reason(size_t entry, const EmulatedRow& row, int64_t element) const;
  /// Whether the quantizer at the end of the entry, the first layer that overflows, holds the value that the model has
  /// for the element: with the values of the model there would be no overflow.
  bool overflows_without_need(size_t entry, int64_t element, float model) const;
  /// Why float32 does not hold all values of a layer of the proxy; empty if it does.
  std::string too_narrow(int index) const;
  /// Why a row can have other values among other rows than alone; empty if there is no reason.
  std::string rounded_by_float32() const;
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
