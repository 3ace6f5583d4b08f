// What the reference of the config says about things that are named: initializers, regularizers, constraints. The keys
// are those that their readers ask for.
#pragma once

#include <string>
#include <vector>

#include "hgq/core/config_reader.h"
#include "hgq/layers/constraints.h"
#include "hgq/layers/initializers.h"
#include "hgq/layers/keras_object.h"
#include "hgq/layers/regularizers.h"

namespace hgq {

struct ObjectDoc {
  std::string name;                  // "GlorotUniform"
  std::vector<std::string> aliases;  // "glorot_uniform"
  std::string scalar;                // the key that {NAME: VALUE} gives; empty: none
  std::string doc;                   // what it does, a sentence without a full stop; may be empty
  std::vector<KeyDoc> keys;
};

/// Without keys.
ObjectDoc object_doc(const KerasName& name, std::string doc);

std::vector<ObjectDoc> initializer_docs();
std::vector<ObjectDoc> regularizer_docs();
std::vector<ObjectDoc> constraint_docs();

/// As a config writes it: "glorot_uniform", "{L1: 1e-06}", "none".
std::string config_text(const Initializer& initializer);
std::string config_text(const Regularizer& regularizer);
std::string config_text(const ConstraintConfig& constraint);

}  // namespace hgq
