#include "hgq/apps/bench/workloads.h"

#include <functional>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"

namespace hgq {
namespace {

/// The configuration of a quantizer as YAML; `dims` are the dimensions that share a bit width.
std::string conf(double bits, const char* l1, const char* dims, const char* rounding, bool exact = true) {
  return concat("{init_bw: ", bits, ", skip_dims: ", dims, ", rnd_strategy: ", rounding,
                ", exact_q_value: ", exact ? "true" : "false", ", regularizer: {MonoL1: ", l1, "}}");
}

using Random = std::function<float(uint64_t bits)>;

NamedTensor random_rows(const std::string& name, const Shape& shape, const Random& value) {
  Tensor t(shape);
  const uint64_t stream = stream_of(name);
  for (int64_t i = 0; i < t.size(); ++i) t.data()[i] = value(random_bits(0, stream, 0, static_cast<uint64_t>(i)));
  return {name, std::move(t)};
}

float normal(uint64_t bits) { return static_cast<float>(normal_double(bits)); }
Random class_of(uint64_t classes) {
  return [classes](uint64_t bits) { return static_cast<float>(bits % classes); };
}

template <typename... Inputs>
std::unique_ptr<MemoryDataset> dataset(NamedTensor target, Inputs... inputs) {
  std::vector<NamedTensor> x;
  (x.push_back(std::move(inputs)), ...);
  std::vector<NamedTensor> y;
  y.push_back(std::move(target));
  return std::make_unique<MemoryDataset>(std::move(x), std::move(y));
}

Workload jsc(int64_t rows) {
  const std::string kernel = conf(2, "2.0e-6", "none", "standard_round");
  const std::string activation = conf(2, "2.0e-6", "batch", "auto");
  const auto dense = [&](int64_t units) {
    return HDenseBatchNorm(units).set("kq_conf", kernel).set("paq_conf", activation).beta(1e-6);
  };
  return {.model = Sequential({HQuantize().set("paq_conf", activation).beta(1e-6), dense(64).relu(), dense(32).relu(),
                               dense(32).relu(), dense(5)},
                              Shape{16}),
          .loss = sparse_categorical_crossentropy(),
          .adam = {.learning_rate = 5e-3},
          .data = dataset(random_rows("y", Shape{rows}, class_of(5)), random_rows("x", Shape{rows, 16}, normal))};
}

Workload small(int64_t rows) {
  NamedTensor x = random_rows("x", Shape{rows, 1}, [](uint64_t bits) { return 2.0F * uniform_float(bits) - 1.0F; });
  Tensor y = x.value.clone();
  for (float& v : y.values()) v *= v;
  return {.model = Sequential({HQuantize().beta(3e-7), HDense(16).relu().beta(3e-7), HDense(16).relu().beta(3e-7),
                               HDense(1).beta(3e-7)},
                              Shape{1}),
          .loss = mse(),
          .adam = {.learning_rate = 2e-3},
          .data = dataset({"y", std::move(y)}, std::move(x))};
}

Workload svhn(int64_t rows) {
  const std::string kernel = conf(6, "2.0e-6", "none", "standard_round");
  const std::string activation = conf(6, "2.0e-6", "all", "auto");
  const auto set_up = [&](LayerSpec layer) {
    return layer.set("kq_conf", kernel)
        .set("paq_conf", activation)
        .set("kernel_regularizer", "{L1: 1.0e-4}")
        .set("kernel_initializer", "lecun_uniform")
        .beta(1e-6);
  };
  const auto conv = [&](int64_t filters) { return set_up(HConv2D(filters, {3})).relu(); };
  const auto dense = [&](int64_t units) { return set_up(HDenseBatchNorm(units)); };
  return {.model = Sequential(
              {HQuantize().set("paq_conf", activation).beta(0), conv(16), PMaxPooling2D(), conv(16), PMaxPooling2D(),
               conv(24), PMaxPooling2D(), PFlatten(), dense(42).relu(), dense(64).relu(), dense(10)},
              Shape{32, 32, 3}),
          .loss = sparse_categorical_crossentropy(),
          .adam = {.learning_rate = 1e-3, .amsgrad = true},
          .data = dataset(random_rows("y", Shape{rows}, class_of(10)),
                          random_rows("x", Shape{rows, 32, 32, 3}, uniform_float))};
}

Workload tgc(int64_t rows) {
  const std::string kernel = conf(6, "1.0e-6", "none", "standard_round");
  const std::string whole = conf(6, "1.0e-6", "all", "auto", false);
  const std::string each = conf(6, "1.0e-6", "[0]", "auto", false);
  std::vector<LayerSpec> layers;
  const auto add = [&](LayerSpec layer, const std::string& name, std::vector<std::string> from,
                       const std::string& paq) {
    layer.name(name).from(std::move(from));
    if (layer.kind.starts_with("H")) layer.set("paq_conf", paq).beta(1e-6);
    if (layer.kind.starts_with("HDense") || layer.kind.starts_with("HConv")) layer.set("kq_conf", kernel);
    layers.push_back(std::move(layer));
    return name;
  };
  const auto strips = [&](const std::string& name, int64_t channels) {
    layers.push_back(Input(name, Shape{50, channels}));
    add(Signature(0, 1, 1), name + "_bits", {name}, "");
    add(HConv1D(1, 3).set("padding", "same").set("use_bias", "false").set("parallel_factor", "50"), name + "_conv",
        {name + "_bits"}, each);
    return add(PReshape({50}), name + "_flat", {name + "_conv"}, "");
  };
  const std::string c1 = strips("m1", 3);
  const std::string c2 = strips("m2", 2);
  const std::string c3 = strips("m3", 2);
  const auto plain = [&](const std::string& name, const std::string& from) {
    return add(HDense(50).set("use_bias", "false"), name, {from}, whole);
  };
  const std::string t1 = add(HActivation("tanh"), "tanh_1", {c1}, whole);
  const std::string s2 = add(HAdd({}), "sum_2", {plain("d12", t1), c2}, each);
  const std::string t2 = add(HActivation("tanh"), "tanh_2", {s2}, whole);
  const std::string s3 = add(HAdd({}), "sum_3a", {plain("d13", t1), c3}, each);
  std::string last = add(HActivation("tanh"), "tanh_3", {add(HAdd({}), "sum_3", {plain("d23", t2), s3}, each)}, each);
  for (const int64_t units : {28, 14, 8})
    last = add(HDenseBatchNorm(units).relu(), concat("dense_", units), {last}, each);
  add(HDense(1), "out", {last}, whole);
  const auto hits = [](uint64_t bits) { return uniform_float(bits) < 0.05F ? 1.0F : 0.0F; };
  return {.model = Graph(layers, {}, {"out"}),
          .loss = mse(),
          .adam = {.learning_rate = 1e-3},
          .data = dataset(random_rows("y", Shape{rows, 1}, normal), random_rows("m1", Shape{rows, 50, 3}, hits),
                          random_rows("m2", Shape{rows, 50, 2}, hits), random_rows("m3", Shape{rows, 50, 2}, hits))};
}

Workload mixer(int64_t rows) {
  constexpr int64_t kParticles = 64;
  constexpr int64_t kFeatures = 16;
  const std::string kernel = conf(6, "5.0e-7", "none", "standard_round");
  const std::string activation = conf(9, "5.0e-7", "[0]", "standard_round");
  std::vector<LayerSpec> layers;
  int count = 0;
  const auto add = [&](LayerSpec layer, std::vector<std::string> from = {}) {
    std::string name = concat("layer_", count++);
    layer.name(name).from(std::move(from));
    if (layer.kind.starts_with("H")) layer.set("paq_conf", activation).beta(1e-6);
    if (layer.kind.starts_with("HDense")) layer.set("kq_conf", kernel);
    layers.push_back(std::move(layer));
    return name;
  };
  layers.push_back(Input("x", Shape{kParticles, kFeatures}));
  const std::string skip = add(HQuantize(), {"x"});
  add(HQuantize(), {"x"});
  add(HDenseBatchNorm(16).relu());
  add(HDenseBatchNorm(kFeatures).relu());
  add(PPermute({2, 1}));
  add(HDenseBatchNorm(kParticles).relu());
  const std::string mixed = add(PPermute({2, 1}));
  add(HAdd({}), {mixed, skip});
  add(HDenseBatchNorm(16).relu());
  add(HDenseBatchNorm(16).relu());
  add(PPermute({2, 1}));
  add(HDense(1).relu());
  add(PReshape({16}));
  for (int i = 0; i < 3; ++i) add(HDenseBatchNorm(16).relu());
  const std::string out = add(HDenseBatchNorm(5));
  return {.model = Graph(layers, {}, {out}),
          .loss = sparse_categorical_crossentropy(),
          .adam = {.learning_rate = 1e-3},
          .data = dataset(random_rows("y", Shape{rows}, class_of(5)),
                          random_rows("x", Shape{rows, kParticles, kFeatures}, normal))};
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> workload_docs() {
  return {{"jsc", "jet tagger 16-64-32-32-5 with fused batch norm; one bit width per weight and per feature"},
          {"small", "a regression 1-16-16-1"},
          {"svhn", "a CNN on 32 x 32 x 3: convolutions 16, 16, 24, pooling between, dense 42-64-10 with batch norm"},
          {"tgc", "the muon network: three inputs of 50 strips, convolutions, tanh, sums, dense 28-14-8-1"},
          {"mixer", "the jet MLP-mixer on 64 particles of 16 features"}};
}

Workload make_workload(const std::string& name, int64_t rows) {
  if (name == "jsc") return jsc(rows);
  if (name == "small") return small(rows);
  if (name == "svhn") return svhn(rows);
  if (name == "tgc") return tgc(rows);
  if (name == "mixer") return mixer(rows);
  throw ConfigError(concat("there is no workload '", name, "'; there are jsc, small, svhn, tgc, mixer"));
}

}  // namespace hgq
