#include "hgq/deploy/convert.h"

#include <exception>
#include <map>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {

namespace {

/// What a layer makes of itself. Whatever its to_proxy() throws becomes an error that names the layer, also if it comes
/// from a layer of a program's own, and is no error of hgq.
ProxyRef converted(const Model::Entry& entry, ProxyBuilder& builder, std::span<const ProxyRef> inputs,
                   const ProxyOptions& options) {
  const std::string where = concat("layer '", entry.name, "' (", entry.layer->kind(), ")");
  const auto placed = [&](const std::string& what) { return what.starts_with("layer '") ? what : where + ": " + what; };
  ProxyRef made;
  try {
    made = entry.layer->to_proxy(builder, inputs, options);
  } catch (const ShapeError& e) {
    throw ShapeError(placed(e.what()));
  } catch (const ConfigError& e) {
    throw ConfigError(placed(e.what()));
  } catch (const Error&) {  // a run that failed stays one
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    throw ConfigError(concat(where, ": its to_proxy() failed: ", e.what(),
                             "; expected a ConfigError that says why the layer has no proxy"));
  }
  HGQ_CHECK(made.index >= 0 && made.index < builder.size(), ConfigError, where,
            ": its to_proxy() gave back no layer of the proxy; expected what a function of the builder gave it, such "
            "as add_dense()");
  const Shape& shape = builder.signal(made).shape;
  HGQ_CHECK(shape == entry.shape, ConfigError, where, ": its to_proxy() made values of shape ", shape, ", expected ",
            entry.shape, ", the shape of the layer's output");
  return made;
}

}  // namespace

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
    refs.push_back(converted(entry, builder, inputs, options));
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
