#include "hgq/deploy/files.h"

#include "hgq/proxy/qkeras/layer_classes.h"

namespace hgq {

ProxyModel load_proxy(const std::string& path, const LayerKinds& kinds, const ReadGroup& read_hgq) {
  const KerasFile file = read_keras_file(path);
  if (!is_proxy(file)) expect_known_layers(file, kinds, kinds.layers.names());
  return load_proxy(path, static_cast<const ProxyKinds&>(kinds), read_hgq);
}

}  // namespace hgq
