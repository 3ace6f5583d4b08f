#include "hgq/layers/h_layer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {

HLayer::HLayer(ConfigReader& c, const LayerArguments& arguments) : Layer(c) {
  c.resolve("dtype", "float32");
  trainable_ = c.boolean("trainable", "false freezes all weights of the layer", true);
  own_beta_ = c.has("beta");
  beta_ = State("beta", Shape{});
  c.node("beta", "strength of the BOPs term", "a number of at least 0", "model.beta");  // what the page shows
  beta_.value.fill(static_cast<float>(
      c.number("beta", "strength of the BOPs term", {.fallback = arguments.defaults.beta, .min = 0})));
  static const Node kNone;
  const Node* const paq = c.node("paq_conf", "quantizer of the output, over model.activation_quantizer", "a quantizer",
                                 "model.activation_quantizer");
  paq_config_ = QuantizerConfig::from_node(paq == nullptr ? kNone : *paq, arguments.defaults.paq,
                                           c.section() + ".paq_conf", arguments.errors);
  paq_config_.minmax_record = true;
  c.resolve("paq_conf", to_json(paq_config_));
}

std::vector<Parameter*> HLayer::parameters() { return {&paq_.f}; }

std::vector<State*> HLayer::states() { return {&beta_, &paq_.record_min, &paq_.record_max}; }

std::vector<LayerWeight> HLayer::file_weights() {
  return file_order({}, {{.file_name = name() + "/activation_bw:0", .parameter = &paq_.f}}, {}, {});
}

std::vector<LayerWeight> HLayer::file_order(const std::vector<LayerWeight>& weights,
                                            const std::vector<LayerWeight>& widths,
                                            const std::vector<LayerWeight>& batch_norm,
                                            const std::vector<LayerWeight>& states) {
  std::vector<LayerWeight> all = weights;
  const auto add_widths = [&](bool trained) {
    std::ranges::copy_if(widths, std::back_inserter(all),
                         [&](const LayerWeight& w) { return w.parameter->trainable == trained; });
  };
  add_widths(true);
  all.insert(all.end(), batch_norm.begin(), batch_norm.end());
  all.push_back({.file_name = "beta:0", .state = &beta_});
  add_widths(false);
  all.push_back({.file_name = name() + "/bops:0"});
  all.insert(all.end(), states.begin(), states.end());
  return all;
}

void HLayer::build_output(const Shape& sample, const BuildOptions& options) {
  beta_.name = name() + "/bops_strength";
  try {
    check_weight(paq_config_.shared_shape(sample.with_front(1)), options, "its bit widths");
    paq_ = Quantizer(paq_config_, Quantizer::Target::kActivation, sample, name() + "/");
  } catch (const ShapeError& e) {
    throw ShapeError(concat(where(), ": paq_conf: ", e.what()));
  }
  paq_.f.trainable = paq_.f.trainable && trainable_;
}

Signal HLayer::quantize_output(Recording& recording, Var value, bool relu, Var bias) {
  const Var f = paq_.clipped_f(recording.tape);
  if (recording.first_call) paq_.add_regularizer(recording.tape, f);
  const ops::Quantized q = paq_.forward(recording.tape, value, f, recording.mode, relu, bias);
  const Shape sample = value.shape();  // a copy: the tape's values move when it grows
  return {q.value, paq_.activation_bits(recording.tape, q, f, sample, relu)};
}

ExactSignal HLayer::exact_output(bool relu) const {
  check_traced();
  const std::vector<Kif> kif = paq_.exact_bits(relu);
  ExactSignal signal{paq_.target_shape(), {}};
  for (const int64_t index : paq_.spread())
    signal.bits.push_back(static_cast<float>(kif[static_cast<size_t>(index)].bits()));
  return signal;
}

void HLayer::check_traced() const {
  HGQ_CHECK(paq_.has_record(), ConfigError, where(), ": has no recorded ranges; run trace (trace_minmax) first");
}

QuantizerTypes HLayer::proxy_types(bool relu) const {
  check_traced();
  QuantizerTypes types{.shape = paq_.f.value.shape(), .k = {}, .b = {}, .i = {}};
  const std::vector<Kif> kif = paq_.exact_bits(relu);
  for (size_t n = 0; n < kif.size(); ++n) {
    types.k.push_back(static_cast<int8_t>(kif[n].k));
    types.b.push_back(static_cast<int8_t>(std::min(kif[n].bits(), 127)));  // more than 60 is refused by the proxy
    types.i.push_back(static_cast<int8_t>(kif[n].k + kif[n].i));
  }
  return types;
}

QuantizerTypes HLayer::shared_proxy_types() const {
  check_traced();
  Kif most;
  bool first = true;
  for (const Kif& kif : paq_.exact_bits(false)) {
    most = first ? kif : Kif{std::max(most.k, kif.k), std::max(most.i, kif.i), std::max(most.f, kif.f)};
    first = false;
  }
  return {.shape = Shape{},
          .k = {static_cast<int8_t>(most.k)},
          .b = {static_cast<int8_t>(std::min(most.bits(), 127))},
          .i = {static_cast<int8_t>(most.k + most.i)}};
}

Rounding HLayer::proxy_rounding(bool bias_absorbs) const {
  return paq_.strategy() != ops::RoundingStrategy::kFloor && !bias_absorbs ? Rounding::kRnd : Rounding::kTrn;
}

nlohmann::json HLayer::config() const {
  nlohmann::json json = Layer::config();
  // Python HGQ cannot build f where the batch dim is not among those that share one.
  std::vector<int> shared = paq_config_.skip_dims.resolve(paq_.f.value.shape().rank());
  if (std::ranges::find(shared, 0) == shared.end()) {
    shared.insert(shared.begin(), 0);
    json["paq_conf"]["skip_dims"] = shared;
  }
  json["beta"] = beta_.value.values()[0];
  return json;
}

}  // namespace hgq
