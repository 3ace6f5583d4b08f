// The networks that are timed, at the sizes and settings of published studies; data are random.
//
//   jsc     jet tagger 16-64-32-32-5 with fused batch norm; one bit width per weight and per feature
//   small   a regression 1-16-16-1
//   svhn    a CNN on 32 x 32 x 3: convolutions 16, 16, 24, pooling between, dense 42-64-10 with batch norm
//   tgc     the muon network: three inputs of 50 strips, convolutions, tanh, sums, dense 28-14-8-1
//   mixer   the jet MLP-mixer on 64 particles of 16 features
#pragma once

#include <memory>
#include <string>

#include "hgq/data/memory_dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/loss.h"
#include "hgq/optim/optimizers.h"

namespace hgq {

struct Workload {
  Model model;
  Loss loss;
  AdamOptions adam;
  std::unique_ptr<MemoryDataset> data;  // `rows` rows
};

/// Throws ConfigError for a name that is not among those above.
Workload make_workload(const std::string& name, int64_t rows);

}  // namespace hgq
