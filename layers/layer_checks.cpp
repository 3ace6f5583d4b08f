#include "hgq/layers/layer_checks.h"

#include <algorithm>
#include <string>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace {

std::string where(const Model::Entry& entry) { return concat("layer '", entry.name, "' (", entry.layer->kind(), ")"); }

/// "layer 'gain' (HGain): " for the weight 'gain/g'; empty if it is not named after a layer.
std::string owner(const Model& model, const std::string& weight) {
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer != nullptr && weight.starts_with(entry.layer->name() + "/")) return where(entry) + ": ";
  }
  return "";
}

void check_values(const Model& model, const ModelRecording& recording) {
  for (size_t i = 0; i < model.entries().size(); ++i) {
    const Model::Entry& entry = model.entries()[i];
    if (entry.layer == nullptr) continue;
    const Var value = recording.signals[i].value;
    HGQ_CHECK(value.domain() == Domain::kRow, ConfigError, where(entry),
              ": its call() gave a value for the whole batch, expected one for each row");
    HGQ_CHECK(value.shape() == entry.shape, ConfigError, where(entry), ": its call() gave values of shape ",
              value.shape(), ", expected ", entry.shape, ", which its build() gave");
  }
}

void check_files(const Model& model) {
  for (Layer* const layer : model.layers()) {
    const std::vector<LayerWeight> in_file = layer->file_weights();
    for (const Parameter* const p : layer->parameters()) {
      HGQ_CHECK(std::ranges::find(in_file, p, &LayerWeight::parameter) != in_file.end(), ConfigError, "layer '",
                layer->name(), "' (", layer->kind(), "): the parameter '", p->name,
                "' is missing in file_weights(), so that no model file would have it; add it there");
    }
  }
}

}  // namespace

void check_layers(const Model& model, const Tape& tape, const ModelRecording& recording) {
  check_values(model, recording);
  const std::vector<Parameter*> parameters = model.parameters();
  const std::vector<State*> states = model.states();
  for (const Tape::Value& value : tape.values()) {
    HGQ_CHECK(value.parameter == nullptr || std::ranges::find(parameters, value.parameter) != parameters.end(),
              ConfigError, owner(model, value.name), "the parameter '", value.name,
              "' is recorded by call(), but is missing in parameters(), so that it would not be trained; add it there");
    HGQ_CHECK(value.state == nullptr || std::ranges::find(states, value.state) != states.end(), ConfigError,
              owner(model, value.name), "the state '", value.name,
              "' is recorded by call(), but is missing in states(), so that no checkpoint would have it; add it there");
  }
  check_files(model);
}

}  // namespace hgq
