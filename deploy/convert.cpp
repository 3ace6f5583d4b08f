#include "hgq/deploy/convert.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {

ProxyModel to_proxy_model(const Model& model, const ProxyOptions& options) {
  HGQ_CHECK(model.is_traced(), ConfigError, "the model has no ranges; run trace first (trace_minmax)");
  ProxyBuilder builder;
  std::vector<ProxyRef> refs;
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer == nullptr) {
      refs.push_back(builder.add_input(entry.name, entry.shape));
      continue;
    }
    std::vector<ProxyRef> inputs;
    for (const int i : entry.inputs) inputs.push_back(refs[static_cast<size_t>(i)]);
    builder.begin_layer(entry.proxy_name);
    refs.push_back(entry.layer->to_proxy(builder, inputs, options));
  }
  std::vector<ProxyRef> outputs;
  for (const int o : model.outputs()) outputs.push_back(refs[static_cast<size_t>(o)]);
  std::map<std::string, std::string> ends;
  for (size_t e = 0; e < refs.size(); ++e) ends[model.entries()[e].name] = builder.name(refs[e]);
  ProxyModel proxy = std::move(builder).finish(outputs);
  proxy.set_ends(std::move(ends));
  return proxy;
}

}  // namespace hgq
