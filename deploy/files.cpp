#include "hgq/deploy/files.h"

#include <optional>
#include <utility>

#include "hgq/proxy/qkeras/layer_classes.h"

namespace hgq {

ProxyModel load_proxy(const std::string& path, const LayerKinds& kinds, const ReadGroup& read_hgq) {
  if (std::optional<ProxyModel> proxy = load_if_proxy(path, kinds, read_hgq)) return std::move(*proxy);
  const KerasFile file = read_keras_file(path);
  expect_known_layers(file, kinds, kinds.layers.names());
  return proxy_from_keras(file, kinds);  // says what it is
}

}  // namespace hgq
