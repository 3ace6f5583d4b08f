#include "layer_contract_model.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq::testing {
namespace {

std::string indexed(const char* name, size_t i) { return concat(name, i); }

Model::Options model_options(const LayerContract& contract, bool keras_keys) {
  Model::Options options;
  options.keras_keys = keras_keys;
  options.defaults = contract_defaults(contract);
  options.defaults.beta = 1e-3;
  options.build.seed = 3;
  return options;
}

}  // namespace

LayerDefaults contract_defaults(const LayerContract& contract) {
  LayerDefaults defaults;
  defaults.functions = contract.functions;
  defaults.kinds = contract.kinds;
  return defaults;
}

std::vector<LayerSpec> contract_specs(const LayerContract& contract, const std::vector<Shape>& inputs) {
  std::vector<LayerSpec> specs;
  LayerSpec layer = contract.layer;
  std::vector<std::string> from;
  for (size_t i = 0; i < inputs.size(); ++i) specs.push_back(Input(indexed("x", i), inputs[i]));
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].rank() == 0) specs[i].set("shape", "[]");
    from.push_back(indexed(contract.behind_quantizer ? "q" : "x", i));
    if (contract.behind_quantizer) specs.push_back(HQuantize().name(from.back()).from({indexed("x", i)}));
  }
  specs.push_back(layer.name(kContractName).from(from));
  if (contract.dense_behind) specs.push_back(HDense(2).name("behind"));
  return specs;
}

Model contract_model(const LayerContract& contract, bool keras_keys) {
  ErrorList errors;
  Model model = Model::make(contract_specs(contract, contract.inputs), model_options(contract, keras_keys), errors);
  errors.throw_if_any();
  for (Parameter* const p : model.parameters()) {
    const std::string leaf = p->name.substr(p->name.rfind('/') + 1);
    const bool width = leaf == "f" || leaf == "kernel_f";
    const float low = width ? 1.0F : (leaf == "gamma" ? 0.5F : -1.0F);
    const float high = width ? 5.0F : (leaf == "gamma" ? 2.0F : 1.0F);
    std::ranges::copy(spread_numbers(p->value.shape(), p->name, low, high).values(), p->value.values().begin());
  }
  return model;
}

}  // namespace hgq::testing
