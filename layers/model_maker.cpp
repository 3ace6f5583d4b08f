#include "hgq/layers/model_maker.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/layer_order.h"

namespace hgq {

ModelMaker::ModelMaker(const LayerGraph& graph, const Model::Options& options, ErrorList& errors)
    : graph_(graph), options_(options), errors_(errors), build_options_(options.build) {
  for (const LayerNode& layer : graph.layers) reserved_.insert(layer.name);
}

void ModelMaker::run() {
  Scope model{.graph = graph_, .path = "", .given = {}, .calls = {}};
  make_calls(model, nullptr);
  for (const LayerOutput& output : graph_.outputs) {
    const EntryIndex entry =
        output.layer < model.calls.size() ? model.calls[output.layer].outputs[output.output] : EntryIndex();
    if (!entry) continue;
    outputs.push_back(*entry);
    const Model::Entry& made = entries[static_cast<size_t>(*entry)];
    if (made.layer == nullptr)
      errors_.add("model.outputs", concat("'", made.name,
                                          "' is an Input; an output is what a layer gives, such as HQuantize, which "
                                          "passes the input on"));
  }
}

bool ModelMaker::fail(const LayerNode& node, const std::string& message) {
  errors_.add(node.place, message);
  return false;
}

std::string ModelMaker::flat_name(const std::string& name, const Scope& scope) {
  if (!scope.nested) return name;
  int& number = next_number_[name];
  std::string candidate = name;
  while (taken_.contains(candidate) || reserved_.contains(candidate)) candidate = concat(name, "_", number++);
  return candidate;
}

int ModelMaker::append(Model::Entry entry) {
  taken_.insert(entry.name);
  entries.push_back(std::move(entry));
  return static_cast<int>(entries.size()) - 1;
}

std::vector<ModelMaker::EntryIndex> ModelMaker::read(const LayerNode& node, const Scope& scope) {
  std::vector<EntryIndex> read;
  for (const LayerOutput& r : node.reads) read.push_back(scope.calls[r.layer].outputs[r.output]);
  return read;
}

bool ModelMaker::count_call(const LayerNode& node) {
  if (++calls_ == kMaxCalls + 1) fail(node, concat("the model has more than ", kMaxCalls, " calls of layers"));
  return calls_ <= kMaxCalls;
}

void ModelMaker::make_calls(Scope& scope, const std::vector<Call>* again) {
  size_t next_input = 0;
  std::vector<size_t> input_numbers(scope.graph.layers.size(), 0);
  for (const size_t input : scope.graph.inputs) input_numbers[input] = next_input++;
  for (size_t i = 0; i < scope.graph.layers.size(); ++i) {
    const LayerNode& node = scope.graph.layers[i];
    if (!count_call(node)) return;
    const LayerNode& owner = node.first_call ? scope.graph.layers[*node.first_call] : node;
    const Call* const first = node.first_call    ? &scope.calls[*node.first_call]
                              : again != nullptr ? &(*again)[i]
                                                 : nullptr;
    Call call;
    if (node.spec.kind == kInputKind) {
      call.outputs = {scope.nested ? given_input(node, scope, input_numbers[i]) : add_input(node)};
    } else if (owner.inside != nullptr) {
      call = add_nested(node, owner, scope, first);
    } else {
      call.outputs = {add_layer(node, owner, scope, first)};
    }
    if (calls_ > kMaxCalls) return;
    scope.calls.push_back(std::move(call));
  }
}

ModelMaker::EntryIndex ModelMaker::add_input(const LayerNode& node) {
  Model::Entry entry;
  entry.name = entry.path = entry.proxy_name = node.name;
  const bool told = node.shape.has_value();
  if (told) entry.shape = Shape(*node.shape);
  const auto given = options_.input_shapes.find(entry.name);
  const bool only = options_.input_shapes.size() == 1 && graph_.inputs.size() == 1;
  if (given != options_.input_shapes.end() || only) {
    const Shape& data = given != options_.input_shapes.end() ? given->second : options_.input_shapes.begin()->second;
    if (told && !(data == entry.shape))
      fail(node, concat("input '", entry.name, "' has shape ", entry.shape, ", its data have ", data));
    entry.shape = data;
  } else if (!told) {
    fail(node, concat("input '", entry.name, "' has no shape and no data that tell it; give shape: [...]"));
    return std::nullopt;
  }
  if (!count_values(node, entry)) return std::nullopt;
  const int index = append(std::move(entry));
  inputs.push_back(index);
  return index;
}

ModelMaker::EntryIndex ModelMaker::given_input(const LayerNode& node, const Scope& scope, size_t number) {
  const EntryIndex entry = scope.given[number];
  if (!entry || !node.shape) return entry;
  const Shape& shape = entries[static_cast<size_t>(*entry)].shape;
  if (Shape(*node.shape) == shape) return entry;
  fail(node, concat("input '", node.name, "' has shape ", Shape(*node.shape), ", it is given ", shape));
  return std::nullopt;
}

bool ModelMaker::share(const LayerNode& node, int first_call, Model::Entry& entry) {
  const Model::Entry& owner = entries[static_cast<size_t>(first_call)];
  entry.first_call = owner.is_first_call() ? first_call : owner.first_call;
  entry.layer = owner.layer;
  entry.shape = owner.shape;
  entry.path = owner.path;
  for (size_t i = 0; i < std::max(entry.inputs.size(), owner.inputs.size()); ++i) {
    const auto shape = [&](const std::vector<int>& read) {
      return i < read.size() ? concat(entries[static_cast<size_t>(read[i])].shape) : std::string("nothing");
    };
    if (shape(entry.inputs) != shape(owner.inputs))
      return fail(node,
                  concat("layer '", owner.name, "' is called with ", shape(entry.inputs), " where its first call has ",
                         shape(owner.inputs), "; all calls of a layer need the same shapes"));
  }
  return true;
}

bool ModelMaker::build(const LayerNode& node, Model::Entry& entry) {
  std::vector<Shape> shapes;
  for (const int i : entry.inputs) shapes.push_back(entries[static_cast<size_t>(i)].shape);
  try {
    entry.shape = entry.layer->build(shapes, build_options_);
  } catch (const Error& e) {
    return fail(node, e.what());
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {  // of a program's own layer
    return fail(node, concat("layer '", entry.name, "' (", node.spec.kind, "): its build() failed: ", e.what()));
  }
  for (const Parameter* const p : entry.layer->parameters()) build_options_.most_values -= p->value.size();
  return true;
}

bool ModelMaker::count_values(const LayerNode& node, const Model::Entry& entry) {
  int64_t size = kMaxRowValues + 1;
  try {
    size = entry.shape.size();
  } catch (const ShapeError&) {  // more than 2^63
  }
  if (size <= kMaxRowValues - row_values_) {
    row_values_ += size;
    return true;
  }
  return fail(node, concat("layer '", entry.name, "' of shape ", entry.shape,
                           " brings the values of a row to more than ", kMaxRowValues, " in all layers"));
}

ModelMaker::EntryIndex ModelMaker::add_layer(const LayerNode& node, const LayerNode& owner, const Scope& scope,
                                             const Call* again) {
  Model::Entry entry;
  if (again == nullptr) {
    entry.layer =
        make_layer(owner.spec.kind, {owner.spec.arguments, options_.defaults, errors_, nullptr, owner.spec.function},
                   options_.keras_keys);
    if (entry.layer == nullptr) return std::nullopt;
  } else if (!again->outputs[0]) {
    return std::nullopt;
  }
  for (const EntryIndex read : read(node, scope)) {
    if (!read) return std::nullopt;
    entry.inputs.push_back(*read);
  }
  entry.name = flat_name(node.name, scope);
  if (again != nullptr) {
    if (!share(node, *again->outputs[0], entry)) return std::nullopt;
  } else {
    entry.layer->set_name(entry.name);
    entry.path = scope.path + node.name;
    if (!build(node, entry)) return std::nullopt;
  }
  if (!count_values(node, entry)) return std::nullopt;
  // In a further call of a nested model a layer keeps its name, which the proxy makes unique (quantization.md 3.2).
  const bool has_own_name = again == nullptr || &node != &owner;
  entry.proxy_name = has_own_name ? node.name : entry.path.substr(entry.path.rfind('/') + 1);
  if (!node.spec.proxy_name.empty()) entry.proxy_name = node.spec.proxy_name;
  return append(std::move(entry));
}

ModelMaker::Call ModelMaker::add_nested(const LayerNode& node, const LayerNode& owner, const Scope& scope,
                                        const Call* again) {
  Scope inside{.graph = *owner.inside,
               .path = scope.path + node.name + "/",
               .given = read(node, scope),
               .calls = {},
               .nested = true};
  make_calls(inside, again != nullptr ? &again->inside : nullptr);
  Call call;
  for (const LayerOutput& output : owner.inside->outputs) {
    const bool made = output.layer < inside.calls.size();
    call.outputs.push_back(made ? inside.calls[output.layer].outputs[output.output] : EntryIndex());
  }
  call.inside = std::move(inside.calls);
  return call;
}

}  // namespace hgq
