#include "hgq/proxy/builder.h"

#include <algorithm>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/proxy/activations.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/firmware_notes.h"
#include "hgq/proxy/input.h"
#include "hgq/proxy/merging.h"
#include "hgq/proxy/narrowing.h"
#include "hgq/proxy/package_types.h"
#include "hgq/proxy/reshaping.h"

namespace hgq {

ProxyRef ProxyBuilder::append(std::unique_ptr<ProxyLayer> layer, const std::vector<ProxyRef>& parents) {
  ProxyModel::Entry entry;
  std::vector<const ProxySignal*> in;
  for (const ProxyRef parent : parents) {
    in.push_back(&signal(parent));
    entry.parents.push_back(parent.index);
  }
  ProxySignal out = layer->plan(in).out;
  entry.layer = std::move(layer);
  layers_.push_back(std::move(entry));
  signals_.push_back(std::move(out));
  return {static_cast<int>(layers_.size()) - 1};
}

std::string ProxyBuilder::usable_name(const std::string& name) {
  const std::string usable = proxy_layer_name(name);
  const bool changed = usable != name || names_.clashes(usable);
  std::string given = names_.unique(usable);
  if (changed)
    notes_.push_back(
        concat("layer '", printable(name), "' is called '", given, "' in the proxy, as hls4ml would misread its name"));
  return given;
}

ProxyRef ProxyBuilder::add_input(const std::string& name, const Shape& sample) {
  const ProxyRef added = add_layer<ProxyInput>(name, {}, sample);
  inputs_.push_back(added.index);
  return added;
}

// The overrides name the layer before, which hls4ml configures by them.
ProxyRef ProxyBuilder::add_quantizer(const std::string& quantizer_name, ProxyRef parent, QuantizerTypes types,
                                     Rounding rounding, Overflow overflow,
                                     std::optional<int64_t> parallelization_factor) {
  LayerOverrides overrides;
  if (parallelization_factor) {
    overrides[name(parent)]["parallelization_factor"] = Node::integer(*parallelization_factor);
  }
  // hls4ml 1.3.0 gives a quantizer without bits a type of one bit, unless its modes are TRN and WRAP. As 0 is the same
  // in every mode, these are used.
  const ProxyQuantizer planned(quantizer_name, types, rounding, overflow, {});
  if (std::ranges::all_of(planned.firmware_types(signal(parent)), [](const Kbi& t) { return t.b == 0; })) {
    std::ranges::fill(types.k, int8_t{0});
    std::ranges::fill(types.b, int8_t{0});
    std::ranges::fill(types.i, int8_t{0});
    rounding = Rounding::kTrn;
    overflow = Overflow::kWrap;
  }
  return add_layer<ProxyQuantizer>(quantizer_name, {parent}, std::move(types), rounding, overflow,
                                   std::move(overrides));
}

ProxyRef ProxyBuilder::add_dense(const std::string& name, ProxyRef parent, const Shape& kernel_shape,
                                 std::vector<float> kernel, std::vector<float> bias) {
  return add_layer<ProxyDense>(name, {parent}, kernel_shape, std::move(kernel), std::move(bias));
}

ProxyRef ProxyBuilder::add_conv(const std::string& name, ProxyRef parent, ConvOptions options,
                                const Shape& kernel_shape, std::vector<float> kernel, std::vector<float> bias) {
  return add_layer<ProxyConv>(name, {parent}, std::move(options), kernel_shape, std::move(kernel), std::move(bias));
}

ProxyRef ProxyBuilder::add_pooling(const std::string& name, ProxyRef parent, PoolingOptions options) {
  return add_layer<ProxyPooling>(name, {parent}, std::move(options));
}

ProxyRef ProxyBuilder::add_relu(ProxyRef parent) {
  return append(std::make_unique<ProxyRelu>(names_.counted("re_lu")), {parent});
}

ProxyRef ProxyBuilder::add_activation(const std::string& name, ProxyRef parent, const std::string& function) {
  if (function == "linear") return parent;
  return add_layer<ProxyActivation>(name, {parent}, function);
}

void ProxyBuilder::narrow_before_table(int layer) {
  std::vector<bool> changed(layers_.size(), false);
  for (const int quantizer : PackageNarrowing(layers_, signals_).run(layer))
    changed[static_cast<size_t>(quantizer)] = true;
  for (size_t i = 0; i < layers_.size(); ++i) {
    std::vector<const ProxySignal*> in;
    for (const int parent : layers_[i].parents) {
      in.push_back(&signals_[static_cast<size_t>(parent)]);
      changed[i] = changed[i] || changed[static_cast<size_t>(parent)];
    }
    if (changed[i]) signals_[i] = layers_[i].layer->plan(in).out;
  }
}

namespace {

/// The smallest type that holds the types of all elements.
HlsType widest(const HlsTypes& types) {
  return {.k = std::ranges::max(types.k), .i = std::ranges::max(types.i), .f = std::ranges::max(types.f)};
}

}  // namespace

// A quantizer with one type may be folded into the layer before it, which changes the type that hls4ml derives; a table
// is exact only if both types are the same.
HlsType ProxyBuilder::lut_input_type(ProxyRef parent) {
  narrow_before_table(parent.index);
  const HlsType type = widest(signal(parent).hls);
  ProxyRef front = parent;  // the quantizer, before layers that only move elements
  while (layer(front).as_quantizer() == nullptr && layers_[static_cast<size_t>(front.index)].parents.size() == 1)
    front = {layers_[static_cast<size_t>(front.index)].parents[0]};
  const ProxyQuantizer* const quantizer = layer(front).as_quantizer();
  if (quantizer == nullptr || !quantizer->types().one_type()) return type;
  const ProxySignal& of_quantizer = signal(front);
  const HlsType narrowed = widest(of_quantizer.hls);
  const HlsType folded = quantizer->folded_hls_type(of_quantizer.hls, of_quantizer.shape);
  HGQ_CHECK(folded == narrowed, ConfigError, "layer '", layer_name_, "': hls4ml may take the values of quantizer '",
            quantizer->name(), "' in front as (", narrowed.k, ", ", narrowed.i, ", ", narrowed.f, ") or (", folded.k,
            ", ", folded.i, ", ", folded.f,
            ") (sign, integer bits, fraction), so no table can be exact; give quantizer '", quantizer->name(),
            "' a width for each element (paq_conf: {skip_dims: [0]})");
  return type;
}

// The type of the entries: quantization.md 3.2, "Values of a table".
ProxyRef ProxyBuilder::add_unary_lut(const std::string& name, ProxyRef parent,
                                     std::shared_ptr<const ops::UnaryFunction> function, const QuantizerTypes& types,
                                     Rounding rounding, Overflow overflow) {
  ProxyUnaryLut::Source source{.function = std::move(function), .in = lut_input_type(parent), .out = {}};
  HlsType widest{.k = 0, .i = -128, .f = -128};  // of the quantizer that follows
  for (size_t e = 0; e < types.b.size(); ++e) {
    Kbi t = types.at(e);
    if (t.b == 0) t = {};
    widest = {.k = std::max(widest.k, t.k), .i = std::max(widest.i, t.i - t.k), .f = std::max(widest.f, t.fraction())};
  }
  source.out = widest;
  if (types.one_type()) {  // hls4ml folds it into the table
    source.rounding = rounding;
    source.overflow = overflow;
  } else {
    const HlsType needed = package_function(source.function->value, source.in);
    const int f = widest.f + (rounding == Rounding::kRnd ? 1 : 0);
    const int i = overflow == Overflow::kWrap ? widest.i : needed.i;
    source.out = {.k = needed.k, .i = std::min(needed.i, i), .f = std::min(needed.f, f)};
    if (needed.f > f && needed.i <= i) ++source.out.i;
  }
  return add_layer<ProxyUnaryLut>(name, {parent}, source);
}

ProxyRef ProxyBuilder::add_unary_lut(const std::string& name, ProxyRef parent,
                                     std::shared_ptr<const ops::UnaryFunction> function) {
  constexpr int kFreeFraction = 20;
  const HlsType in = lut_input_type(parent);
  const HlsType needed = package_function(function->value, in);
  return add_layer<ProxyUnaryLut>(name, {parent},
                                  ProxyUnaryLut::Source{.function = std::move(function),
                                                        .in = in,
                                                        .out = {.k = needed.k, .i = needed.i + 1, .f = kFreeFraction},
                                                        .rounding = Rounding::kRndConv});
}

// A table if its input has a known type and few enough bits, otherwise hls4ml's own table if there is one.
ProxyRef ProxyBuilder::add_function(const std::string& name, ProxyRef parent,
                                    const std::shared_ptr<const ops::UnaryFunction>& function, int64_t most_entries,
                                    const std::optional<QuantizerBehind>& behind) {
  const std::string called = function->name;
  const bool in_hls4ml = called == "sigmoid" || called == "tanh";
  if (most_entries <= 0 && in_hls4ml) return add_activation(name, parent, called);
  HGQ_CHECK(most_entries > 0, ConfigError, "layer '", name, "': the function '", called,
            "' can only be exported as a table; set export.unary_lut_max_table_size (--unary-lut-max-table-size), ",
            kMostKerasTableEntries, " if Keras is to read the file, too");
  std::optional<HlsType> type;
  try {
    type = lut_input_type(parent);
  } catch (const ConfigError&) {
    if (!in_hls4ml) throw;
    return add_activation(name, parent, called);
  }
  HGQ_CHECK(type->bits() > 0 || in_hls4ml, ConfigError, "layer '", name,
            "': its input is always 0, expected one from which a table can be made");
  if (type->bits() > 0 && type->bits() <= kMaxTableBits && int64_t{1} << type->bits() <= most_entries) {
    if (int64_t{1} << type->bits() > kMostKerasTableEntries)
      note(concat("layer '", name, "': Keras opens its table of ", int64_t{1} << type->bits(),
                  " entries only with LUT_SIZE_LIMITATION=", int64_t{1} << (type->bits() + 1),
                  " in its environment; hls4ml does not need it"));
    if (behind) return add_unary_lut(name, parent, function, behind->types, behind->rounding, behind->overflow);
    return add_unary_lut(name, parent, function);
  }
  if (in_hls4ml) return add_activation(name, parent, called);
  throw ConfigError(concat(
      "layer '", name, "': the function '", called, "' needs a table of 2^", type->bits(),
      " entries, as its input has ", type->bits(), " bits; export.unary_lut_max_table_size ",
      "(--unary-lut-max-table-size) is ", most_entries,
      type->bits() <= kMaxTableBits
          ? concat("; export the model with ", int64_t{1} << type->bits(), ", or give the layer before it fewer bits")
          : concat(", and can be 2^", kMaxTableBits, " at most; give the layer before it fewer bits")));
}

// hls4ml 1.3.0 merges two at a time.
template <typename L, typename... Arguments>
ProxyRef ProxyBuilder::add_in_pairs(const std::string& name, const std::vector<ProxyRef>& parents,
                                    const Arguments&... arguments) {
  if (parents.size() <= 2) return add_layer<L>(name, parents, arguments...);
  ProxyRef merged = parents[0];
  for (size_t i = 1; i + 1 < parents.size(); ++i)
    merged = add_layer<L>(name + "_part", {merged, parents[i]}, arguments...);
  return add_layer<L>(name, {merged, parents.back()}, arguments...);
}

ProxyRef ProxyBuilder::add_add(const std::string& name, const std::vector<ProxyRef>& parents) {
  return add_in_pairs<ProxyAdd>(name, parents);
}

ProxyRef ProxyBuilder::add_concatenate(const std::string& name, const std::vector<ProxyRef>& parents, int64_t axis) {
  // hls4ml 1.3.0 takes the same axis for arrays with and without a batch, which is right from the end only.
  if (const int64_t rank = parents.empty() ? 0 : signal(parents[0]).shape.rank(); axis > 0 && axis <= rank)
    axis -= rank + 1;
  return add_in_pairs<ProxyConcatenate>(name, parents, axis);
}

ProxyRef ProxyBuilder::add_flatten(const std::string& name, ProxyRef parent) {
  return add_layer<ProxyFlatten>(name, {parent});
}

ProxyRef ProxyBuilder::add_reshape(const std::string& name, ProxyRef parent, std::vector<int64_t> target) {
  return add_layer<ProxyReshape>(name, {parent}, std::move(target));
}

ProxyRef ProxyBuilder::add_permute(const std::string& name, ProxyRef parent, std::vector<int64_t> dims) {
  return add_layer<ProxyPermute>(name, {parent}, std::move(dims));
}

const ProxyLayer& ProxyBuilder::layer(ProxyRef layer) const {
  return *layers_.at(static_cast<size_t>(layer.index)).layer;
}

const std::string& ProxyBuilder::name(ProxyRef layer) const { return this->layer(layer).name(); }

const ProxySignal& ProxyBuilder::signal(ProxyRef layer) const { return signals_.at(static_cast<size_t>(layer.index)); }

ProxyModel ProxyBuilder::finish(const std::vector<ProxyRef>& outputs) && {
  std::vector<bool> kept(layers_.size(), false);
  for (const ProxyRef output : outputs) kept.at(static_cast<size_t>(output.index)) = true;
  for (const int input : inputs_) kept[static_cast<size_t>(input)] = true;
  std::vector<int> place(layers_.size(), -1);
  for (size_t i = layers_.size(); i-- > 0;) {
    if (!kept[i]) continue;
    for (const int parent : layers_[i].parents) kept[static_cast<size_t>(parent)] = true;
  }
  std::vector<ProxyModel::Entry> layers;
  std::vector<int> origin;
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (!kept[i]) continue;
    place[i] = static_cast<int>(layers.size());
    for (int& parent : layers_[i].parents) parent = place[static_cast<size_t>(parent)];
    layers.push_back(std::move(layers_[i]));
    origin.push_back(static_cast<int>(i));
  }
  std::vector<int> inputs;
  for (const int input : inputs_) inputs.push_back(place[static_cast<size_t>(input)]);
  std::vector<int> output_places;
  for (const ProxyRef output : outputs) output_places.push_back(place[static_cast<size_t>(output.index)]);
  ProxyModel model(model_name_, std::move(layers), std::move(inputs), std::move(output_places));
  const auto signal_of = [&](int layer) -> const ProxySignal& {
    return signals_[static_cast<size_t>(origin[static_cast<size_t>(layer)])];
  };
  for (std::string& line : firmware_notes(model, signal_of)) note(std::move(line));
  model.set_notes(std::move(notes_));
  return model;
}

}  // namespace hgq
