// Warnings about training rows that are not wrong, but so unusual that the user should know.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/data_config.h"
#include "hgq/data/dataset.h"

namespace hgq {

/// One line for each, with advice: inputs, or columns of a flat input, that are the same in all rows or have magnitudes
/// above 1000; targets that are the same in all rows; sample weights that are all 0, or negative; a validation or test
/// set that is the training set. `train` are the training rows as the network gets them. Of a large set only the first
/// rows are examined, up to 2^26 values.
std::vector<std::string> unusual_data(const Dataset& train, const DataConfig& config);

}  // namespace hgq
