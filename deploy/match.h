// Tells which layers of a proxy each layer of its model has become.
//
// A proxy that was just converted knows this itself (ProxyModel::ends). A proxy from a file, of hgq or of Python HGQ,
// does not: the model is then converted again, and layers are matched by the names that they get.
#pragma once

#include <vector>

#include "hgq/layers/model.h"
#include "hgq/proxy/model.h"

namespace hgq {

class ProxyMatch {
 public:
  /// Model and proxy must outlive it. Where they do not belong together, layers are not found; nothing is thrown.
  ProxyMatch(const Model& model, const ProxyModel& proxy);

  const ProxyModel& proxy() const { return proxy_; }
  /// The index of the proxy layer with the output of an entry of the model; -1: not found.
  int end(size_t entry) const { return ends_[entry]; }
  /// The index of the entry that a proxy layer belongs to; -1: none.
  int owner(size_t layer) const { return owners_[layer]; }
  /// The indices of all proxy layers that an entry has become, the last first.
  std::vector<int> layers_of(size_t entry) const;

 private:
  const Model& model_;
  const ProxyModel& proxy_;
  std::vector<int> ends_, owners_;
};

/// For a proxy from a file of Python HGQ, which does not say it: finds the entries of tables that wrap, so that reading
/// them counts as an overflow (quantization.md 3.2, 3.3).
void find_table_overflows(const Model& model, ProxyModel& proxy);

}  // namespace hgq
