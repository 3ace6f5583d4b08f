#include "hgq/deploy/warm_start.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/deploy/trained_model.h"

namespace hgq {
namespace {

/// A parameter or state of a layer, by its name without that of the layer.
struct Value {
  std::string leaf;
  Tensor* tensor;
};

std::vector<Value> values_of(Layer& layer) {
  const auto leaf = [&](const std::string& name) {
    const std::string prefix = layer.name() + "/";
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  };
  std::vector<Value> values;
  for (Parameter* const p : layer.parameters()) values.push_back({leaf(p->name), &p->value});
  for (State* const s : layer.states()) {
    if (s != layer.beta()) values.push_back({leaf(s->name), &s->value});
  }
  return values;
}

/// The layers with weights or ranges, by the names of their first calls.
std::map<std::string, Layer*> layers_of(const Model& model) {
  std::map<std::string, Layer*> layers;
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer != nullptr && entry.is_first_call() && !values_of(*entry.layer).empty())
      layers[entry.name] = entry.layer.get();
  }
  return layers;
}

/// Whether each extent of `from` is that of `to`, or 1.
bool can_be_spread(const Shape& from, const Shape& to) {
  if (from.rank() != to.rank()) return false;
  for (int d = 0; d < from.rank(); ++d) {
    if (from[d] != to[d] && from[d] != 1) return false;
  }
  return true;
}

void spread(const Tensor& from, Tensor& to) {
  const Shape& small = from.shape();
  const Shape& large = to.shape();
  for (int64_t i = 0; i < to.size(); ++i) {
    int64_t rest = i, source = 0, stride = 1;
    for (int d = large.rank() - 1; d >= 0; --d) {
      const int64_t place = rest % large[d];
      rest /= large[d];
      source += (small[d] == 1 ? 0 : place) * stride;
      stride *= small[d];
    }
    to.data()[i] = from.data()[source];
  }
}

/// What belongs to the bit widths, and so may be given once for several weights.
bool is_of_bits(const std::string& leaf) { return leaf == "f" || leaf == "kernel_f" || leaf == "min" || leaf == "max"; }

/// Keys that say how a layer is trained, not what it computes; and those of one side alone.
bool is_of_training(const std::string& key) {
  static const std::set<std::string> kKeys{
      "name", "trainable", "beta", "init_bw", "dtype", "minmax_record", "do_adapt_kernel_bits", "momentum", "mode"};
  return kKeys.contains(key) || key.ends_with("_initializer") || key.ends_with("regularizer") ||
         key.ends_with("_constraint");
}

/// The keys of both layers with different values: "paq_conf.rnd_strategy is standard_round in the file, auto here".
void compare_keys(const nlohmann::json& file, const nlohmann::json& model, const std::string& before,
                  std::vector<std::string>& differences) {
  for (const auto& [key, value] : model.items()) {
    if (is_of_training(key) || !file.contains(key)) continue;
    const nlohmann::json& other = file.at(key);
    if (value.is_object() && other.is_object()) {
      compare_keys(other, value, concat(before, key, "."), differences);
    } else if (value != other) {
      differences.push_back(
          concat(before, key, " is ", printable(other.dump()), " in the file, ", printable(value.dump()), " here"));
    }
  }
}

/// What is to be copied into one layer, and what there is to say about it.
class LayerLoad {
 public:
  LayerLoad(const std::string& name, Layer& from, Layer& to) : to_(to) {
    std::vector<Value> sources = values_of(from);
    std::vector<std::string> missing;
    for (const Value& value : values_of(to)) {
      const auto source = std::ranges::find_if(sources, [&](const Value& s) { return s.leaf == value.leaf; });
      if (source == sources.end()) {
        // A kernel whose bits were adapted to another layer keeps them.
        if (value.leaf == "adapted") adapts_ = true;
        if (value.leaf != "adapted") missing.push_back(value.leaf);
        continue;
      }
      add(name, *source, value);
      sources.erase(source);
    }
    std::vector<std::string> unused;
    for (const Value& source : sources) {
      if (source.leaf != "adapted") unused.push_back(source.leaf);
    }
    if (!missing.empty())
      note = concat("layer '", name, "' (", to.kind(), "): the file has no ", join_names(missing), ", which stay new");
    if (!unused.empty())
      note += concat(note.empty() ? concat("layer '", name, "' (", to.kind(), ")") : "", ": ", join_names(unused),
                     " of the file (", from.kind(), ") are not used, so the layer computes something else than there");
    std::vector<std::string> differences;
    compare_keys(from.config(), to.config(), "", differences);
    for (const std::string& difference : differences)
      note += concat(note.empty() ? concat("layer '", name, "': ") : "; ", difference);
  }

  void copy() const {
    for (const auto& [from, into] : pairs_) spread(*from, *into);
    if (adapts_) to_.after_loading();
  }

  std::string error, note;

 private:
  void add(const std::string& name, const Value& source, const Value& value) {
    const Shape& from = source.tensor->shape();
    const Shape& into = value.tensor->shape();
    if (from == into || (is_of_bits(value.leaf) && can_be_spread(from, into))) {
      pairs_.emplace_back(source.tensor, value.tensor);
      return;
    }
    error += concat(error.empty() ? "" : "\n", "layer '", name, "': ", value.leaf, " has shape ", from,
                    " in the file, ", into, " in the model");
  }

  Layer& to_;
  std::vector<std::pair<const Tensor*, Tensor*>> pairs_;
  bool adapts_ = false;
};

}  // namespace

WarmStart load_weights(Model& model, const std::string& path, const Registry& registry) {
  LoadedModel source = load_model_with_extras(path, registry);
  WarmStart start;
  start.extras = std::move(source.extras);
  start.inputs = input_names(source.model);
  std::map<std::string, Layer*> of_file = layers_of(source.model);
  const std::map<std::string, Layer*> of_model = layers_of(model);
  std::vector<LayerLoad> loads;
  std::string errors;
  for (const Model::Entry& entry : model.entries()) {
    if (!entry.is_first_call() || !of_model.contains(entry.name)) continue;
    const auto found = of_file.find(entry.name);
    if (found == of_file.end()) {
      start.not_found.push_back(entry.name);
      continue;
    }
    const LayerLoad& load = loads.emplace_back(entry.name, *found->second, *entry.layer);
    if (!load.error.empty()) errors += "\n  " + load.error;
    if (!load.note.empty()) start.notes.push_back(load.note);
    start.loaded.push_back(entry.name);
    of_file.erase(found);
  }
  for (const auto& [name, layer] : of_file) start.unused.push_back(name);
  HGQ_CHECK(errors.empty(), ConfigError, "'", printable(path), "' does not fit the model:", errors,
            "\n  a layer that is to begin anew needs another name");
  HGQ_CHECK(!loads.empty(), ConfigError, "'", printable(path), "' has no layer of this model; it has ",
            quoted_names(start.unused), ", the model ", quoted_names(start.not_found));
  for (const LayerLoad& load : loads) load.copy();
  return start;
}

}  // namespace hgq
