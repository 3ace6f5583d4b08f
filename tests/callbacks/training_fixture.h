// A small training for tests: two classes of 600 points in the plane, a network with batch norm and dropout, Adam.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/callbacks/trainer.h"
#include "hgq/core/rng.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/optimizers.h"

namespace hgq::testing {

inline MemoryDataset points(int64_t rows, uint64_t stream) {
  Tensor x(Shape{rows, 2});
  Tensor y(Shape{rows});
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t d = 0; d < 2; ++d) {
      x.data()[2 * i + d] =
          static_cast<float>(normal_double(random_bits(7, stream, static_cast<uint64_t>(d), static_cast<uint64_t>(i))));
    }
    y.data()[i] = x.data()[2 * i] * x.data()[2 * i + 1] > 0 ? 1.0F : 0.0F;
  }
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", std::move(x)});
  std::vector<NamedTensor> targets;
  targets.push_back({"y", std::move(y)});
  return MemoryDataset(std::move(inputs), std::move(targets));
}

struct SmallTraining {
  SmallTraining() : SmallTraining(2) {}
  explicit SmallTraining(int threads)
      : model(Sequential({HQuantize(), HDenseBatchNorm(8).relu(), PDropout(0.1), HDense(2)}, Shape{2}, {.seed = 3})),
        adam({.learning_rate = 1e-2}),
        workers(threads),
        train(points(600, 1)),
        validation(points(200, 2)) {
    model.set_beta(1e-6);
    objective = {.losses = {sparse_categorical_crossentropy()}, .weights = {}, .metrics = {accuracy(), auc()}};
  }
  Trainer::Options options(int epochs) const {
    return {.epochs = epochs, .batch_size = 128, .seed = 11, .checkpoint_seconds = 0};
  }
  /// All bits of parameters and states.
  std::vector<float> weights() const {
    std::vector<float> all;
    for (const Parameter* const p : model.parameters())
      all.insert(all.end(), p->value.values().begin(), p->value.values().end());
    for (const State* const s : model.states())
      all.insert(all.end(), s->value.values().begin(), s->value.values().end());
    return all;
  }

  Model model;
  Adam adam;
  Workers workers;
  MemoryDataset train, validation;
  Objective objective;
};

}  // namespace hgq::testing
