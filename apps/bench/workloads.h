// The networks that are timed: `jsc`, a jet tagger with fused batch norm, and `small`, a regression with one input.
//
//   jsc     HQuantize, HDenseBatchNorm 64-32-32 relu, HDenseBatchNorm 5 on 16 inputs; one bit width per weight and per
//   feature,
//           MonoL1(2e-6), beta 1e-6; softmax cross-entropy; Adam 5e-3
//   small   HQuantize, HDense 16 relu, HDense 16 relu, HDense 1; beta 3e-7; mean squared error; Adam 2e-3
#pragma once

#include <memory>
#include <string>

#include "hgq/data/memory_dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/loss.h"

namespace hgq {

struct Workload {
  Model model;
  Loss loss;
  double learning_rate = 0;
  std::unique_ptr<MemoryDataset> data;  // `rows` rows
};

/// "jsc" or "small". Throws ConfigError for another name.
Workload make_workload(const std::string& name, int64_t rows);

}  // namespace hgq
