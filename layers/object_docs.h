// What the reference of the config says about initializers, regularizers and constraints.
#pragma once

#include <string>
#include <vector>

#include "hgq/config/object_docs.h"
#include "hgq/layers/constraints.h"
#include "hgq/layers/initializers.h"
#include "hgq/layers/regularizers.h"

namespace hgq {

std::vector<ObjectDoc> initializer_docs();
std::vector<ObjectDoc> regularizer_docs();
std::vector<ObjectDoc> constraint_docs();

/// As a config writes it: "glorot_uniform", "{L1: 1e-06}", "none".
std::string config_text(const Initializer& initializer);
std::string config_text(const Regularizer& regularizer);
std::string config_text(const ConstraintConfig& constraint);

}  // namespace hgq
