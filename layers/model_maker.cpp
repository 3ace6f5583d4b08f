#include "hgq/layers/model_maker.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

constexpr int kMaxDepth = 32;  // of nested models

std::string text_key(const Node& arguments, std::string_view key) {
  const Node* const node = arguments.find(key);
  return node != nullptr && node->is_scalar() && !node->is_null() ? node->text() : "";
}

/// The keys of a NestedModel or Shared are told by its spec; what else stands there is an error.
void check_keys(const LayerSpec& spec, ErrorList& errors) {
  ConfigReader c(spec.arguments, spec.kind, errors);
  for (const char* const key : {"name", "layer"}) c.known(key);
  c.finish();
}

}  // namespace

ModelMaker::ModelMaker(std::span<const LayerSpec> specs, const Model::Options& options, ErrorList& errors)
    : specs_(specs), options_(options), errors_(errors), build_options_(options.build) {
  for (const LayerSpec& spec : specs) {
    if (const std::string name = text_key(spec.arguments, "name"); !name.empty()) reserved_.insert(name);
  }
}

void ModelMaker::run() {
  for (const LayerSpec& spec : specs_) add(spec, spec, top_, nullptr);
}

int ModelMaker::output(const std::string& name) {
  static const LayerSpec kNoReader;
  const std::optional<int> entry = resolve(name, top_, kNoReader);
  return entry.value_or(-1);
}

bool ModelMaker::fail(const LayerSpec& spec, const std::string& message) {
  errors_.add(spec.kind.empty() ? "model.outputs" : spec.arguments.key_place(), message);
  broken_ = true;
  return false;
}

std::string ModelMaker::flat_name(const std::string& name) {
  int& number = next_number_[name];
  std::string candidate = name;
  while (taken_.contains(candidate) || reserved_.contains(candidate)) candidate = concat(name, "_", number++);
  return candidate;
}

std::optional<std::string> ModelMaker::name_in(const Scope& scope, const LayerSpec& call, const std::string& base) {
  const auto is_taken = [&](const std::string& name) {
    return find(name, scope) != nullptr || (!scope.nested && taken_.contains(name));
  };
  std::string name = text_key(call.arguments, "name");
  if (name.empty()) {
    int& number = next_number_[concat(scope.path, base, "/")];
    name = number == 0 ? base : concat(base, "_", number);
    while (is_taken(name)) name = concat(base, "_", ++number);
  }
  if (!is_taken(name)) return name;
  fail(call, concat("there are two layers named '", name, "'; give one of them another name"));
  return std::nullopt;
}

void ModelMaker::append(Model::Entry entry) {
  taken_.insert(entry.name);
  entries.push_back(std::move(entry));
}

const ModelMaker::Call* ModelMaker::find(const std::string& name, const Scope& scope) {
  const auto found = std::ranges::find(scope.calls, name, &Call::name);
  return found == scope.calls.end() ? nullptr : &*found;
}

std::vector<std::string> ModelMaker::names_in(const Scope& scope) {
  std::vector<std::string> names;
  for (const Call& call : scope.calls) names.push_back(call.name);
  return names;
}

std::optional<int> ModelMaker::resolve(const std::string& name, const Scope& scope, const LayerSpec& reader) {
  const size_t slash = name.find('/');
  const Call* const call = find(name.substr(0, slash), scope);
  if (call == nullptr) {
    fail(reader, concat(reader.kind.empty() ? concat("there is no layer '", name, "'")
                                            : concat("input '", name, "' is no layer in front of this one"),
                        suggestion(name, names_in(scope))));
    return std::nullopt;
  }
  if (slash == std::string::npos && call->outputs.size() == 1) return call->outputs[0].entry;
  std::vector<std::string> names;
  for (const Call::Output& output : call->outputs) names.push_back(concat(call->name, "/", output.name));
  if (slash == std::string::npos) {
    fail(reader, concat("'", name, "' has several outputs, name one of ", join_names(names)));
    return std::nullopt;
  }
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    fail(reader, concat("'", name, "' is no output; '", call->name, "' has ", join_names(names)));
    return std::nullopt;
  }
  return call->outputs[static_cast<size_t>(found - names.begin())].entry;
}

std::optional<std::vector<int>> ModelMaker::read_inputs(const LayerSpec& call, Scope& scope) {
  std::vector<int> read;
  for (const std::string& name : call.inputs) {
    const std::optional<int> entry = resolve(name, scope, call);
    if (!entry) return std::nullopt;
    read.push_back(*entry);
  }
  if (!read.empty()) return read;
  if (!scope.calls.empty()) {
    const Call& before = scope.calls.back();
    if (before.outputs.size() == 1) return std::vector<int>{before.outputs[0].entry};
    fail(call, concat("the layer in front, '", before.name, "', has several outputs; say which one with inputs"));
    return std::nullopt;
  }
  if (scope.nested) {  // a chain without an Input layer
    if (scope.given.size() == 1) {
      scope.next_input = 1;
      return scope.given;
    }
    fail(call,
         concat("a nested model is called with ", scope.given.size(), " inputs, its layers have no Input for them"));
    return std::nullopt;
  }
  static const LayerSpec kInput{.kind = "Input", .arguments = Node::map({}), .inputs = {}};
  if (!add_input(kInput, scope)) return std::nullopt;
  return std::vector<int>{static_cast<int>(entries.size()) - 1};
}

bool ModelMaker::add(const LayerSpec& spec, const LayerSpec& call, Scope& scope, const Call* again) {
  if (++calls_ > kMaxCalls)
    return !broken_ && fail(call, concat("the model has more than ", kMaxCalls, " calls of layers"));
  if (spec.kind == "Input") return scope.nested ? add_nested_input(spec, scope) : add_input(spec, scope);
  if (spec.kind == "Shared") return add_shared(spec, scope);
  if (spec.kind == "NestedModel") return add_nested(spec, call, scope, again);
  return add_layer(spec, call, scope, again);
}

bool ModelMaker::add_input(const LayerSpec& spec, Scope& scope) {
  ConfigReader c(spec.arguments, "Input", errors_);
  Model::Entry entry;
  const std::string name = c.text("name", "name of the input", "input_1");
  entry.name = name;
  for (int i = 1; taken_.contains(entry.name); ++i) entry.name = concat(name, "_", i);
  const std::vector<int64_t> dims = c.integers("shape", "shape of a sample", {}, {.min = 1});
  const bool told = c.has("shape");
  c.finish();
  entry.shape = Shape(dims);
  const auto given = options_.input_shapes.find(entry.name);
  const bool only = options_.input_shapes.size() == 1;
  if (given != options_.input_shapes.end() || (only && !told)) {
    const Shape& data = given != options_.input_shapes.end() ? given->second : options_.input_shapes.begin()->second;
    if (told && !(data == entry.shape))
      fail(spec, concat("input '", entry.name, "' has shape ", entry.shape, ", its data have ", data));
    entry.shape = data;
  } else if (!told) {
    fail(spec, concat("input '", entry.name, "' has no shape and no data that tell it; give shape: [...]"));
  }
  if (!count_values(spec, entry)) return false;
  const int index = static_cast<int>(entries.size());
  inputs.push_back(index);
  entry.path = entry.proxy_name = entry.name;
  scope.calls.push_back({&spec, entry.name, {{entry.name, index}}, {}});
  append(std::move(entry));
  return !broken_;
}

bool ModelMaker::add_nested_input(const LayerSpec& spec, Scope& scope) {
  ConfigReader c(spec.arguments, "Input", errors_);
  const std::string name = c.text("name", "name of the input", concat("input_", scope.next_input + 1));
  const std::vector<int64_t> dims = c.integers("shape", "shape of a sample", {}, {.min = 1});
  c.finish();
  if (scope.next_input >= scope.given.size())
    return fail(spec, concat("nested model '", scope.path.substr(0, scope.path.size() - 1),
                             "' has more Input layers than the ", scope.given.size(), " that it is called with"));
  const int entry = scope.given[scope.next_input++];
  const Shape& shape = entries[static_cast<size_t>(entry)].shape;
  if (!dims.empty() && !(Shape(dims) == shape))
    return fail(spec, concat("input '", name, "' has shape ", Shape(dims), ", it is given ", shape));
  scope.calls.push_back({&spec, name, {{name, entry}}, {}});
  return !broken_;
}

bool ModelMaker::add_shared(const LayerSpec& spec, Scope& scope) {
  check_keys(spec, errors_);
  const std::string layer = text_key(spec.arguments, "layer");
  if (layer.empty()) return fail(spec, "Shared.layer: required, the name of the layer that is called again");
  const Call* const found = find(layer, scope);
  if (found == nullptr)
    return fail(spec, concat("Shared.layer: '", layer, "' is no layer in front of this one",
                             suggestion(layer, names_in(scope))));
  if (found->spec->kind == "Input") return fail(spec, concat("Shared.layer: '", layer, "' is an Input"));
  const Call first = *found;  // a copy: the scope's calls move when they grow
  return add(*first.spec, spec, scope, &first);
}

bool ModelMaker::share(const LayerSpec& call, const Call& again, Model::Entry& entry) {
  const int first = again.outputs[0].entry;
  const Model::Entry& owner = entries[static_cast<size_t>(first)];
  entry.first_call = owner.is_first_call() ? first : owner.first_call;
  entry.layer = owner.layer;
  entry.shape = owner.shape;
  entry.path = owner.path;
  for (size_t i = 0; i < std::max(entry.inputs.size(), owner.inputs.size()); ++i) {
    const auto shape = [&](const std::vector<int>& read) {
      return i < read.size() ? concat(entries[static_cast<size_t>(read[i])].shape) : std::string("nothing");
    };
    if (shape(entry.inputs) != shape(owner.inputs))
      return fail(call,
                  concat("layer '", owner.name, "' is called with ", shape(entry.inputs), " where its first call has ",
                         shape(owner.inputs), "; all calls of a layer need the same shapes"));
  }
  return true;
}

bool ModelMaker::build(const LayerSpec& spec, Model::Entry& entry) {
  std::vector<Shape> shapes;
  for (const int i : entry.inputs) shapes.push_back(entries[static_cast<size_t>(i)].shape);
  try {
    entry.shape = entry.layer->build(shapes, build_options_);
  } catch (const Error& e) {
    return fail(spec, e.what());
  }
  for (const Parameter* const p : entry.layer->parameters()) build_options_.most_values -= p->value.size();
  return true;
}

bool ModelMaker::count_values(const LayerSpec& spec, const Model::Entry& entry) {
  int64_t size = kMaxRowValues + 1;
  try {
    size = entry.shape.size();
  } catch (const ShapeError&) {  // more than 2^63
  }
  if (size <= kMaxRowValues - row_values_) {
    row_values_ += size;
    return true;
  }
  return fail(spec, concat("layer '", entry.name, "' of shape ", entry.shape,
                           " brings the values of a row to more than ", kMaxRowValues, " in all layers"));
}

bool ModelMaker::add_layer(const LayerSpec& spec, const LayerSpec& call, Scope& scope, const Call* again) {
  Model::Entry entry;
  if (again == nullptr) {
    // Even behind an error, to tell about wrong keys.
    entry.layer = make_layer(spec.kind, {spec.arguments, options_.defaults, errors_, nullptr, spec.function},
                             options_.keras_keys);
    if (entry.layer == nullptr) broken_ = true;
  }
  if (broken_) return false;
  const std::optional<std::vector<int>> read = read_inputs(call, scope);
  if (!read) return false;
  entry.inputs = *read;
  const std::string told = text_key(call.arguments, "name");
  const std::optional<std::string> given =
      name_in(scope, call, again != nullptr ? again->name : default_name(entry.layer->kind()));
  if (!given) return false;
  const std::string& name = *given;
  entry.name = scope.nested ? flat_name(name) : name;
  if (again != nullptr) {
    if (!share(call, *again, entry)) return false;
  } else {
    entry.layer->set_name(entry.name);
    entry.path = scope.path + name;
    if (!build(spec, entry)) return false;
  }
  if (!count_values(call, entry)) return false;
  // A call without a name of its own has the layer's, which the proxy makes unique (quantization.md 3.2).
  const bool named = again == nullptr || (&call != &spec && !told.empty());
  entry.proxy_name = named ? name : entry.path.substr(entry.path.rfind('/') + 1);
  if (!call.proxy_name.empty()) entry.proxy_name = call.proxy_name;
  scope.calls.push_back({&spec, name, {{name, static_cast<int>(entries.size())}}, {}});
  append(std::move(entry));
  return true;
}

bool ModelMaker::add_outputs(const LayerSpec& spec, const Scope& inside, Call& call) {
  std::vector<std::string> names = spec.outputs;
  if (names.empty()) {
    std::vector<bool> read(entries.size(), false);
    for (const Model::Entry& e : entries) {
      for (const int i : e.inputs) read[static_cast<size_t>(i)] = true;
    }
    for (const Call& c : inside.calls) {
      if (c.spec->kind != "Input" && c.outputs.size() == 1 && !read[static_cast<size_t>(c.outputs[0].entry)])
        names.push_back(c.name);
    }
  }
  for (const std::string& name : names) {
    const std::optional<int> entry = resolve(name, inside, spec);
    if (!entry) return false;
    call.outputs.push_back({name, *entry});
  }
  if (call.outputs.empty()) return fail(spec, concat("nested model '", call.name, "' has no output"));
  return true;
}

bool ModelMaker::add_nested(const LayerSpec& spec, const LayerSpec& call, Scope& scope, const Call* again) {
  check_keys(spec, errors_);
  if (depth_ >= kMaxDepth) return fail(spec, concat("models are nested more than ", kMaxDepth, " deep"));
  if (broken_) return false;
  const std::optional<std::vector<int>> read = read_inputs(call, scope);
  if (!read) return false;
  const std::optional<std::string> given = name_in(scope, call, again != nullptr ? again->name : snake_case(spec.kind));
  if (!given) return false;
  const std::string& name = *given;
  Scope inside{.path = scope.path + name + "/", .given = *read, .calls = {}, .nested = true};
  ++depth_;
  for (size_t i = 0; i < spec.layers.size() && !broken_; ++i)
    add(spec.layers[i], spec.layers[i], inside, again != nullptr ? &again->inner[i] : nullptr);
  --depth_;
  if (broken_) return false;
  if (inside.next_input != inside.given.size())
    return fail(call, concat("nested model '", name, "' is called with ", inside.given.size(), " inputs, it has ",
                             inside.next_input));
  Call made{&spec, name, {}, {}};
  if (!add_outputs(spec, inside, made)) return false;
  made.inner = std::move(inside.calls);
  scope.calls.push_back(std::move(made));
  return true;
}

}  // namespace hgq
