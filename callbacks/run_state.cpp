#include "hgq/callbacks/run_state.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {
namespace {

// Names hold slashes, which would make groups: arrays are numbered, and a list says what each is.
void write_arrays(h5::Group& group, const std::string& kind,
                  const std::vector<std::pair<std::string, ConstTensorView>>& arrays) {
  std::vector<std::string> names;
  h5::Group inside = group.create_group(kind);
  for (const auto& [name, view] : arrays) {
    inside.write_floats(concat(names.size()), view);
    names.push_back(name);
  }
  inside.set_attribute("names", nlohmann::json(names).dump());
}

std::vector<NamedTensor> read_arrays(const h5::Group& group, const std::string& kind) {
  const h5::Group inside = group.group(kind);
  const nlohmann::json names = nlohmann::json::parse(inside.attribute_string("names"), nullptr, false);
  HGQ_CHECK(names.is_array(), FileError, inside.place(), ": its list of names is damaged");
  std::vector<NamedTensor> arrays;
  for (size_t i = 0; i < names.size(); ++i)
    arrays.push_back({names[i].get<std::string>(), inside.read_floats(concat(i))});
  return arrays;
}

void restore_into(const std::vector<NamedTensor>& saved, size_t index, const std::string& name, TensorView into,
                  const std::string& place) {
  HGQ_CHECK(index < saved.size() && saved[index].name == name && saved[index].value.shape() == into.shape, FileError,
            place, ": holds no '", name, "' of shape ", into.shape, "; it belongs to another model");
  std::ranges::copy(saved[index].value.values(), into.data);
}

}  // namespace

void write_run_state(h5::Group& hgq, Model& model, Optimizer& optimizer, const nlohmann::json& rest) {
  h5::Group run = hgq.create_group("run");
  std::vector<std::pair<std::string, ConstTensorView>> arrays;
  for (const Parameter* const p : model.parameters()) arrays.emplace_back(p->name, p->value.view());
  write_arrays(run, "parameters", arrays);
  arrays.clear();
  for (const State* const s : model.states()) arrays.emplace_back(s->name, s->value.view());
  write_arrays(run, "states", arrays);
  arrays.clear();
  optimizer.build(model.parameters());
  for (const NamedSlot& slot : optimizer.slots())
    arrays.emplace_back(slot.name,
                        ConstTensorView{slot.values.data(), Shape{static_cast<int64_t>(slot.values.size())}});
  write_arrays(run, "slots", arrays);
  const OptimizerState state = optimizer.state();
  run.set_attribute("iterations", state.iterations);
  run.set_attribute("learning_rate", static_cast<double>(state.learning_rate));
  run.set_attribute("rest", rest.dump());
}

nlohmann::json read_run_state(const h5::Group& hgq, Model& model, Optimizer& optimizer) {
  const h5::Group run = hgq.group("run");
  const std::vector<NamedTensor> parameters = read_arrays(run, "parameters");
  const std::vector<NamedTensor> states = read_arrays(run, "states");
  const std::vector<NamedTensor> slots = read_arrays(run, "slots");
  const std::vector<Parameter*> to = model.parameters();
  for (size_t i = 0; i < to.size(); ++i) restore_into(parameters, i, to[i]->name, to[i]->value.view(), run.place());
  const std::vector<State*> states_to = model.states();
  for (size_t i = 0; i < states_to.size(); ++i)
    restore_into(states, i, states_to[i]->name, states_to[i]->value.view(), run.place());
  optimizer.build(to);
  optimizer.restore({run.attribute_integer("iterations"), static_cast<float>(run.attribute_double("learning_rate"))},
                    slots);
  nlohmann::json rest = nlohmann::json::parse(run.attribute_string("rest"), nullptr, false);
  HGQ_CHECK(rest.is_object(), FileError, run.place(), ": its state is damaged");
  return rest;
}

}  // namespace hgq
