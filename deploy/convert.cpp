#include "hgq/deploy/convert.h"

#include "hgq/core/error.h"

namespace hgq {

ProxyModel to_proxy_model(const Model& model, const ProxyOptions& options, std::vector<std::string>* ends) {
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
  if (ends != nullptr) {
    for (const ProxyRef ref : refs) ends->push_back(builder.name(ref));
  }
  return std::move(builder).finish(outputs);
}

}  // namespace hgq
