// What the reference of the config says about losses and metrics.
#pragma once

#include <vector>

#include "hgq/config/object_docs.h"

namespace hgq {

std::vector<ObjectDoc> loss_docs();
std::vector<ObjectDoc> metric_docs();

}  // namespace hgq
