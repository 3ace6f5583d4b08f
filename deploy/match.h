// Which layers of a proxy the layers of its model became.
//
// A proxy that was just converted knows (ProxyModel::ends). One from a file, also one of Python HGQ, does not: there,
// layers are matched by the names that the model's own proxy gives them.
#pragma once

#include <vector>

#include "hgq/layers/model.h"
#include "hgq/proxy/model.h"

namespace hgq {

class ProxyMatch {
 public:
  /// Both must outlive it.
  ProxyMatch(const Model& model, const ProxyModel& proxy);

  /// The proxy layer with the output of an entry of the model; -1: not found.
  int end(size_t entry) const { return ends_[entry]; }
  /// The entry that a proxy layer is part of; -1: none.
  int owner(size_t layer) const { return owners_[layer]; }
  /// Proxy layers that an entry became, the last first.
  std::vector<int> layers_of(size_t entry) const;

 private:
  const Model& model_;
  const ProxyModel& proxy_;
  std::vector<int> ends_, owners_;
};

/// For tables that come from a file of Python HGQ: finds which entries wrap, so that they count as overflows
/// (quantization.md 3.2).
void find_table_overflows(const Model& model, ProxyModel& proxy);

}  // namespace hgq
