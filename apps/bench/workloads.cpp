#include "hgq/apps/bench/workloads.h"

#include "hgq/core/error.h"
#include "hgq/core/rng.h"

namespace hgq {
namespace {

constexpr const char* kKernel = "{init_bw: 2, rnd_strategy: standard_round, regularizer: {MonoL1: 2.0e-6}}";
constexpr const char* kActivation = "{init_bw: 2, skip_dims: batch, rnd_strategy: auto, regularizer: {MonoL1: 2.0e-6}}";

LayerSpec quantized(LayerSpec layer, double beta) {
  if (layer.kind != "HQuantize") layer.set("kq_conf", kKernel);
  return layer.set("paq_conf", kActivation).beta(beta);
}

Workload jsc(int64_t rows) {
  Tensor x(Shape{rows, 16});
  Tensor y(Shape{rows});
  for (int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(normal_double(random_bits(0, stream_of("x"), 0, static_cast<uint64_t>(i))));
  for (int64_t i = 0; i < rows; ++i)
    y.data()[i] = static_cast<float>(random_bits(0, stream_of("y"), 0, static_cast<uint64_t>(i)) % 5);
  constexpr double kBeta = 1e-6;
  Workload w{.model = Sequential({quantized(HQuantize(), kBeta), quantized(HDenseBatchNorm(64).relu(), kBeta),
                                  quantized(HDenseBatchNorm(32).relu(), kBeta),
                                  quantized(HDenseBatchNorm(32).relu(), kBeta), quantized(HDenseBatchNorm(5), kBeta)},
                                 Shape{16}),
             .loss = sparse_categorical_crossentropy(),
             .learning_rate = 5e-3,
             .data = nullptr};
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", std::move(x)});
  std::vector<NamedTensor> targets;
  targets.push_back({"y", std::move(y)});
  w.data = std::make_unique<MemoryDataset>(std::move(inputs), std::move(targets));
  return w;
}

Workload small(int64_t rows) {
  Tensor x(Shape{rows, 1});
  Tensor y(Shape{rows, 1});
  for (int64_t i = 0; i < rows; ++i) {
    const float v = 2.0F * uniform_float(random_bits(0, stream_of("x"), 0, static_cast<uint64_t>(i))) - 1.0F;
    x.data()[i] = v;
    y.data()[i] = v * v;
  }
  constexpr double kBeta = 3e-7;
  Workload w{.model = Sequential({HQuantize().beta(kBeta), HDense(16).relu().beta(kBeta), HDense(16).relu().beta(kBeta),
                                  HDense(1).beta(kBeta)},
                                 Shape{1}),
             .loss = mse(),
             .learning_rate = 2e-3,
             .data = nullptr};
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", std::move(x)});
  std::vector<NamedTensor> targets;
  targets.push_back({"y", std::move(y)});
  w.data = std::make_unique<MemoryDataset>(std::move(inputs), std::move(targets));
  return w;
}

}  // namespace

Workload make_workload(const std::string& name, int64_t rows) {
  if (name == "jsc") return jsc(rows);
  HGQ_CHECK(name == "small", ConfigError, "there is no workload '", name, "'; there are jsc and small");
  return small(rows);
}

}  // namespace hgq
