// TargetLUTs, and the cost of a circuit on which it stands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "hgq/callbacks/trainer.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/deploy/circuit_cost.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/registry.h"
#include "hgq/layers/trace.h"
#include "hgq/optim/optimizers.h"

namespace hgq {
namespace target_luts_test {

using ::testing::HasSubstr;

MemoryDataset rows_of_four(int64_t rows) {
  Tensor x(Shape{rows, 4});
  Tensor y(Shape{rows});
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t d = 0; d < 4; ++d) {
      x.data()[4 * i + d] =
          static_cast<float>(normal_double(random_bits(7, 1, static_cast<uint64_t>(d), static_cast<uint64_t>(i))));
    }
    y.data()[i] = x.data()[4 * i] * x.data()[4 * i + 1] + x.data()[4 * i + 2] > 0 ? 1.0F : 0.0F;
  }
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", std::move(x)});
  std::vector<NamedTensor> targets;
  targets.push_back({"y", std::move(y)});
  return MemoryDataset(std::move(inputs), std::move(targets));
}

std::vector<float> numbers_of(const Model& model) {
  std::vector<float> all;
  for (const Parameter* const p : model.parameters())
    all.insert(all.end(), p->value.values().begin(), p->value.values().end());
  for (const State* const s : model.states()) all.insert(all.end(), s->value.values().begin(), s->value.values().end());
  return all;
}

std::unique_ptr<Callback> callback(const std::string& yaml, int epochs) {
  ErrorList errors;
  auto made = make_callback(Node::from_yaml(yaml, "test", errors), {.epochs = epochs, .folder = ""},
                            built_in_registry(), errors);
  errors.throw_if_any();
  return made;
}

TEST(CircuitCost, IsThatOfTheTracedModelAndChangesNothing) {
  Model model = Sequential({HQuantize(), HDense(8).relu(), HDense(2)}, Shape{4}, {.seed = 3});
  const MemoryDataset data = rows_of_four(300);
  Workers workers(2);
  const std::vector<float> before = numbers_of(model);
  const CircuitCost cost = circuit_cost(model, data, workers);
  EXPECT_EQ(numbers_of(model), before);
  EXPECT_FALSE(model.is_traced());
  EXPECT_EQ(trace_minmax(model, data, workers).total, cost.bops);
  const RtlProject project = to_rtl(to_proxy_model(model), {}, workers);
  EXPECT_EQ(project.estimate.total.luts, cost.circuit.luts);
  EXPECT_GT(cost.circuit.luts, 0);
}

struct Training4 {
  explicit Training4(std::initializer_list<LayerSpec> layers, int epochs_ = 60)
      : model(Sequential(layers, Shape{4}, {.seed = 3})), epochs(epochs_) {
    model.set_beta(1e-6);
  }
  std::unique_ptr<Trainer> make(const std::string& yaml) {
    auto trainer = std::make_unique<Trainer>(
        model, Objective{.losses = {sparse_categorical_crossentropy()}, .weights = {}, .metrics = {}}, adam, workers,
        Trainer::Options{.epochs = epochs, .batch_size = 64, .seed = 5});
    trainer->add(callback("ResetMinMax", epochs));
    trainer->add(callback(yaml, epochs));
    return trainer;
  }
  Model model;
  int epochs;
  Adam adam{{.learning_rate = 1e-2}};
  Workers workers{2};
  MemoryDataset data = rows_of_four(640);
};

TEST(TargetLUTs, KeepsTheTarget) {
  Training4 t({HQuantize(), HDense(16).relu(), HDense(16).relu(), HDense(2)});
  const double first = circuit_cost(t.model, t.data, t.workers).circuit.luts;
  const double target = std::round(0.4 * first);
  const auto trainer = t.make("TargetLUTs: {target: " + std::to_string(target) + ", every: 3, settle: 0.3}");
  trainer->fit(t.data, nullptr);
  EXPECT_EQ(trainer->history().find(1, "luts"), std::nullopt);
  const std::optional<double> last = trainer->history().find(59, "luts");
  ASSERT_NE(last, std::nullopt);
  EXPECT_NEAR(*last / target, 1, 0.1);
  EXPECT_EQ(circuit_cost(t.model, t.data, t.workers).circuit.luts, *last);
}

class Spoiler final : public Callback {
 public:
  std::string_view name() const override { return "Spoiler"; }
  void on_batch_end(Training& t) override {
    if (t.epoch != 1 || t.batch + 1 != t.batches) return;
    for (Parameter* const p : t.model.parameters()) p->value.fill(std::nanf(""));
  }
};

TEST(TargetLUTs, LeavesItToTheNextBatchToTellOfANetworkThatIsNotFinite) {
  Training4 t({HQuantize(), HDense(4).relu(), HDense(2)}, 4);
  const auto trainer = t.make("TargetLUTs: {target: 100, every: 1}");
  trainer->add(std::make_unique<Spoiler>());
  try {
    trainer->fit(t.data, nullptr);
    FAIL();
  } catch (const RunError& e) {
    EXPECT_THAT(e.what(), HasSubstr("epoch 3, batch 1: the loss is not finite"));
  }
}

TEST(TargetLUTs, RefusesWhatHasNoCircuitBeforeTheFirstEpoch) {
  Training4 t({HQuantize(), HDense(4).relu(), HDense(2), HActivation("softmax")}, 1);
  const auto refused = t.make("TargetLUTs: 100");
  try {
    refused->fit(t.data, nullptr);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("TargetLUTs: the network has no circuit, so no LUTs: "));
    EXPECT_THAT(e.what(), HasSubstr("`softmax: logits` in TargetLUTs"));
  }
  const auto taken = t.make("TargetLUTs: {target: 100, softmax: logits}");
  EXPECT_EQ(taken->fit(t.data, nullptr), FitEnd::kFinished);
}

}  // namespace target_luts_test
}  // namespace hgq
