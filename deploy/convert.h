// Converts a trained and traced model to its proxy (quantization.md 3.2): each layer adds its part, in the order of the
// model.
//
//   trace_minmax(model, x.view());
//   save_proxy(to_proxy_model(model), "proxy.h5");          // proxy/proxy_file.h
#pragma once

#include "hgq/layers/model.h"
#include "hgq/proxy/model.h"

namespace hgq {

/// Throws ConfigError if the model has no ranges ("run trace first"), or if one of its layers has no counterpart in
/// hls4ml, or fails in its to_proxy(); the message names the layer. ProxyModel::notes() of the proxy tell which layers
/// were renamed, and where float32 is too narrow; ProxyModel::ends() tells which proxy layer has the output of each
/// entry of the model.
ProxyModel to_proxy_model(const Model& model, const ProxyOptions& options = {});

}  // namespace hgq
