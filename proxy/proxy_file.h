// Proxy files: what hls4ml 1.3 converts (keras_v2_to_hls, KerasH5) and Keras 2 with HGQ opens; proxy-format.md 1.
//
// Reads the files of Python HGQ and ours, writes ours. What only we know stands in the group `hgq`:
// `table_overflows/LAYER`, the entries of a UnaryLUT that wrap, for counts of overflows; and whatever the caller adds,
// such as the scaling of inputs.
//
//   save_proxy(model, "proxy.h5");
//   const ProxyModel again = load_proxy("proxy.h5");
#pragma once

#include <string>

#include "hgq/data/keras_file.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// The contents of the file, layers in the order that Keras pairs them with their weights. Throws ConfigError where a
/// name is no identifier.
KerasFile proxy_to_keras(const ProxyModel& model);

/// Throws FileError where the file holds another kind of model, or a class or number that a proxy cannot have.
ProxyModel proxy_from_keras(const KerasFile& file, const ProxyKinds& kinds);

/// Whether the model in a file is a proxy: it has FixedPointQuantizers.
bool is_proxy(const KerasFile& file);

/// Writes the file whole or not at all.
void save_proxy(const ProxyModel& model, const std::string& path, const WriteGroup& write_hgq = {});
/// `kinds`: the layers there are (layers/kinds.h has those of hgq; deploy/files.h reads with them).
ProxyModel load_proxy(const std::string& path, const ProxyKinds& kinds, const ReadGroup& read_hgq = {});

}  // namespace hgq
