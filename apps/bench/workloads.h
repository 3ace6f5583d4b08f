// The networks that are timed, with the sizes and settings of published studies and random data.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/data/memory_dataset.h"
#include "hgq/layers/model.h"
#include "hgq/optim/loss.h"
#include "hgq/optim/optimizers.h"

namespace hgq {

struct Workload {
  Model model;
  LossPtr loss;
  AdamOptions adam;
  std::unique_ptr<MemoryDataset> data;  // `rows` rows
};

/// The names of the networks, and what they are.
std::vector<std::pair<std::string_view, std::string_view>> workload_docs();

/// Throws ConfigError for an unknown name.
Workload make_workload(const std::string& name, int64_t rows);

}  // namespace hgq
