// Reads proxies, and converts models of QKeras and Keras to proxies. By default only the layers of hgq are known; a
// program with layers of its own passes its LayerKinds, here or to proxy/qkeras/convert.h.
//
//   const ProxyModel proxy = load_proxy("proxy.h5");
#pragma once

#include <string>

#include "hgq/layers/kinds.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/convert.h"

namespace hgq {

/// As load_proxy() of proxy/proxy_file.h, with a better message for a file that is no proxy: it tells a model that has
/// still to be converted from one with unknown layers. Throws FileError.
ProxyModel load_proxy(const std::string& path, const LayerKinds& kinds, const ReadGroup& read_hgq = {});

/// The same with the layers of hgq.
inline ProxyModel load_proxy(const std::string& path, const ReadGroup& read_hgq = {}) {
  return load_proxy(path, built_in_layer_kinds(), read_hgq);
}

/// As qkeras_to_proxy() of proxy/qkeras/convert.h, with the layers of hgq.
inline QKerasConversion qkeras_to_proxy(const KerasFile& file, const QKerasOptions& options = {}) {
  return qkeras_to_proxy(file, built_in_layer_kinds(), options);
}

}  // namespace hgq
