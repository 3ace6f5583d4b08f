// Proxy files, which hls4ml 1.3 converts (keras_v2_to_hls, KerasH5) and Keras 2 with HGQ opens (proxy-format.md 1).
//
// Files of hgq and of Python HGQ are read. Those of hgq also have a group `hgq`: `table_overflows/LAYER` has the
// entries of a UnaryLUT that wrap, so that overflows can be counted, and the caller can add more, such as the scaling
// of inputs.
//
//   save_proxy(model, "proxy.h5");
//   const ProxyModel again = load_proxy("proxy.h5");
#pragma once

#include <optional>
#include <string>

#include "hgq/data/keras_file.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// The contents of the file, with the layers in the order in which Keras pairs them with weights. Throws ConfigError if
/// the name of a layer is not an identifier.
KerasFile proxy_to_keras(const ProxyModel& model);

/// The proxy that a file describes. Throws FileError if it is a model of another kind, or has a class or a number that
/// a proxy cannot have.
ProxyModel proxy_from_keras(const KerasFile& file, const ProxyKinds& kinds);

/// Whether the model in a file is a proxy, that is, has a FixedPointQuantizer.
bool is_proxy(const KerasFile& file);

/// Writes the file completely or not at all. `write_hgq` adds to the group `hgq`.
void save_proxy(const ProxyModel& model, const std::string& path, const WriteGroup& write_hgq = {});
/// Reads a file whose layers are in `kinds`; layers/kinds.h has those of hgq, and deploy/files.h reads with them.
/// `read_hgq`, if given, reads what the caller has added. Throws as proxy_from_keras().
ProxyModel load_proxy(const std::string& path, const ProxyKinds& kinds, const ReadGroup& read_hgq = {});
/// The same for a file that may be another model; nullopt if it is. `read_hgq` has then been called, too.
std::optional<ProxyModel> load_if_proxy(const std::string& path, const ProxyKinds& kinds,
                                        const ReadGroup& read_hgq = {});

}  // namespace hgq
