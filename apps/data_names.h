// Which arrays of the section `data` belong to which layers of the model.
#pragma once

#include <string>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/data/data_config.h"

namespace hgq {

/// Adds an error for each array with the name of no Input layer (`inputs`) or output, and for each of these without an
/// array. `given`: the section as it is written, as the sets for validation and test take from the training set what
/// they do not give.
void check_data_names(const DataConfig& data, const Node& given, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, ErrorList& errors);

}  // namespace hgq
