// Proxies read and made with the layers that hgq itself has; proxy/proxy_file.h and proxy/qkeras/convert.h take those
// of a program.
//
//   const ProxyModel proxy = load_proxy("proxy.h5");
#pragma once

#include <string>

#include "hgq/layers/kinds.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/convert.h"

namespace hgq {

/// The same as proxy/proxy_file.h, and tells a model of layers that nobody knows from one that is no proxy yet.
ProxyModel load_proxy(const std::string& path, const LayerKinds& kinds, const ReadGroup& read_hgq = {});

inline ProxyModel load_proxy(const std::string& path, const ReadGroup& read_hgq = {}) {
  return load_proxy(path, built_in_layer_kinds(), read_hgq);
}

inline QKerasConversion qkeras_to_proxy(const KerasFile& file, const QKerasOptions& options = {}) {
  return qkeras_to_proxy(file, built_in_layer_kinds(), options);
}

}  // namespace hgq
