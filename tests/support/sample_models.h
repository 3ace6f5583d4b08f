// Models for the tests of model files, tracing, and conversion: all layers, and settings that are seldom used.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "hgq/layers/model.h"
#include "hgq/layers/trace.h"

namespace hgq {

/// Values that look like those of a trained network: weights about 0, variances above it, bit widths from 1 to 5.
inline void fill_as_trained(Model& model) {
  int count = 0;
  const auto next = [&] { return static_cast<float>(std::sin(1.7 * ++count)); };
  for (Parameter* const p : model.parameters()) {
    const bool widths = p->name.ends_with("/f") || p->name.ends_with("/kernel_f");
    const bool gamma = p->name.ends_with("/gamma");
    for (float& v : p->value.values()) v = widths ? 3.0F + 2.0F * next() : gamma ? 1.5F + next() : next();
  }
  for (State* const s : model.states()) {
    if (s->name.ends_with("/moving_mean")) {
      for (float& v : s->value.values()) v = next();
    }
    if (s->name.ends_with("/moving_variance")) {
      for (float& v : s->value.values()) v = 1.5F + next();
    }
  }
}

inline Tensor sample_rows(const Shape& sample, int64_t rows, double scale = 2) {
  Tensor x(sample.with_front(rows));
  for (int64_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<float>(scale * std::sin(0.37 * static_cast<double>(i * i % 1009)));
  }
  return x;
}

inline Model filled(Model model) {
  fill_as_trained(model);
  return model;
}

/// Two inputs, every kind of layer that Python HGQ has too, a fan-out, two outputs.
inline Model graph_sample() {
  const std::vector<LayerSpec> layers{
      Input("a", Shape{6}),
      Input("b", Shape{2, 3}),
      HQuantize().name("qa").from({"a"}),
      HQuantize().name("qb").from({"b"}),
      HDenseBatchNorm(6).name("da").relu().beta(1e-6).from({"qa"}),
      PPermute({2, 1}).name("perm_b").from({"qb"}),
      PFlatten().name("flat").from({"perm_b"}),
      HAdd({"da", "flat"}).name("sum"),
      PReshape({3, 2}).name("resh").from({"sum"}),
      HDense(2).name("wide").set("parallel_factor", "3").from({"resh"}),
      PFlatten().name("flat2").from({"wide"}),
      PConcatenate({"flat2", "sum"}).name("cat"),
      PDropout(0.25).name("drop").from({"cat"}),
      HDense(3).name("out").from({"drop"}),
      HActivation("tanh").name("bent").from({"out"}),
      HActivation("sigmoid").name("prob").from({"da"}),
  };
  return filled(Graph(layers));
}

/// A chain with one HDenseBatchNorm that has `keys`, such as "center: false".
inline Model batch_norm_sample(const std::string& key, const std::string& value) {
  LayerSpec norm = HDenseBatchNorm(4).name("norm");
  if (!key.empty()) norm.set(key, value);
  return filled(Sequential({HQuantize().name("q"), norm, HDense(2).name("out")}, Shape{5}));
}

/// Bit widths and a layer that are not trained, quantizers of all sorts, no bias.
inline Model settings_sample() {
  return filled(Sequential(
      {HQuantize().name("q").set("paq_conf", "{skip_dims: none, trainable: false, rnd_strategy: floor}"),
       HDense(4).name("fixed").set("trainable", "false").set("kq_conf", "{skip_dims: all, trainable: false}"),
       HDense(3)
           .name("loose")
           .set("use_bias", "false")
           .set("kq_conf", "{skip_dims: [1], trainable: false, regularizer: {L1: 1.0e-5}, bw_clip: null}")
           .set("paq_conf", "{skip_dims: all, exact_q_value: false}"),
       Signature(1, 14, 8).name("told"),
       HDenseBatchNorm(2).name("norm").set("use_bias", "false").set("kernel_regularizer", "{L2: 0.01}")},
      Shape{5}));
}

}  // namespace hgq
