// From a trained, traced model to its proxy (quantization.md 3.2): each layer adds its part, in the order of the model.
//
//   trace_minmax(model, x.view());
//   save_proxy(to_proxy_model(model), "proxy.h5");          // proxy/proxy_file.h
#pragma once

#include "hgq/layers/model.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// Throws ConfigError for a model without ranges ("run trace first"), or with a layer that has no counterpart in
/// hls4ml. Its notes() say which layers were renamed, and where float32 is too narrow.
/// Its ends() say which proxy layer has the output of each of the model's entries.
ProxyModel to_proxy_model(const Model& model, const ProxyOptions& options = {});

}  // namespace hgq
