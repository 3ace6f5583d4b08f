#include "hgq/callbacks/run_state.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/config/node.h"
#include "hgq/core/error.h"
#include "hgq/core/finite.h"

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
  for (size_t i = 0; i < names.size(); ++i) {
    HGQ_CHECK(names[i].is_string(), FileError, inside.place(), ": its list of names is damaged");
    arrays.push_back({names[i].get<std::string>(), inside.read_floats(concat(i))});
    HGQ_CHECK(std::ranges::none_of(arrays.back().value.values(), [](float v) { return std::isnan(v); }), FileError,
              inside.place(), ": '", printable(arrays.back().name), "' holds values that are not numbers");
  }
  return arrays;
}

/// Slots are finite; means of squares, or of absolute values, are not negative, Nadam's product is a share.
void check_slot(const NamedTensor& slot, const std::string& place) {
  constexpr std::array<std::string_view, 6> kNotNegative{"v", "vhat", "u", "velocity", "accumulator", "u_product"};
  const std::string kind = slot.name.substr(0, slot.name.find('/'));
  const float largest = kind == "u_product" ? 1.0F : std::numeric_limits<float>::max();
  const float least = std::ranges::find(kNotNegative, kind) == kNotNegative.end() ? -largest : 0.0F;
  HGQ_CHECK(std::ranges::all_of(slot.value.values(), [&](float v) { return v >= least && v <= largest; }), FileError,
            place, ": the optimizer's '", printable(slot.name), "' holds values that it cannot have, expected from ",
            least, " to ", largest);
}

/// What a state may hold, by the end of its name; ranges are infinite where nothing is recorded, and a variance is
/// where it was too large for a float32.
void check_state(const NamedTensor& state, const std::string& place) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  const auto expect = [&](std::string_view leaf, bool fits, std::string_view expected) {
    HGQ_CHECK(!state.name.ends_with(leaf) || fits, FileError, place, ": '", printable(state.name),
              "' holds values that it cannot have, expected ", expected);
  };
  const auto all = [&](const auto& fits) { return std::ranges::all_of(state.value.values(), fits); };
  expect("/bops_strength", all([](float v) { return v >= 0 && v <= kLargest; }), "a number of at least 0");
  expect("/moving_variance", all([](float v) { return v >= 0; }), "numbers of at least 0");
  expect("/adapted", all([](float v) { return v == 0 || v == 1; }), "0 or 1");
}

void restore_into(const std::vector<NamedTensor>& saved, size_t index, const std::string& name, TensorView into,
                  const std::string& place) {
  HGQ_CHECK(index < saved.size() && saved[index].name == name && saved[index].value.shape() == into.shape, FileError,
            place, ": holds no '", name, "' of shape ", into.shape, "; it belongs to another model");
  std::ranges::copy(saved[index].value.values(), into.data);
}

}  // namespace

void write_run_state(h5::Group& hgq, const Model& model, Optimizer& optimizer, const nlohmann::json& rest) {
  h5::Group run = hgq.create_group("run");
  std::vector<std::pair<std::string, ConstTensorView>> arrays;
  for (const Parameter* const p : model.parameters()) arrays.emplace_back(p->name, p->value.view());
  write_arrays(run, "parameters", arrays);
  arrays.clear();
  for (const State* const s : model.states()) arrays.emplace_back(s->name, s->value.view());
  write_arrays(run, "states", arrays);
  arrays.clear();
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
  for (const NamedTensor& parameter : parameters) {
    HGQ_CHECK(all_finite(parameter.value.values()), FileError, run.place(), ": '", printable(parameter.name),
              "' holds values that are not finite");
  }
  for (const NamedTensor& state : states) check_state(state, run.place());
  for (const NamedTensor& slot : slots) check_slot(slot, run.place());
  const std::vector<Parameter*> to = model.parameters();
  const std::vector<State*> states_to = model.states();
  HGQ_CHECK(parameters.size() == to.size() && states.size() == states_to.size(), FileError, run.place(), ": holds ",
            parameters.size(), " parameters and ", states.size(), " states, the model has ", to.size(), " and ",
            states_to.size(), "; it belongs to another model");
  for (size_t i = 0; i < to.size(); ++i) restore_into(parameters, i, to[i]->name, to[i]->value.view(), run.place());
  for (size_t i = 0; i < states_to.size(); ++i)
    restore_into(states, i, states_to[i]->name, states_to[i]->value.view(), run.place());
  const double rate = run.attribute_double("learning_rate");
  HGQ_CHECK(rate >= 0 && rate <= static_cast<double>(std::numeric_limits<float>::max()), FileError, run.place(),
            ": its learning rate is ", rate, ", expected a number of at least 0");
  optimizer.build(to);
  optimizer.restore({run.attribute_integer("iterations"), static_cast<float>(rate)}, slots);
  nlohmann::json rest = nlohmann::json::parse(run.attribute_string("rest"), nullptr, false);
  HGQ_CHECK(rest.is_object(), FileError, run.place(), ": its state is damaged");
  return rest;
}

}  // namespace hgq
