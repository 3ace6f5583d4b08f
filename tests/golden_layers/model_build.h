// A model as a case of the golden data describes it, with the case's parameters and records.
#pragma once

#include <string>
#include <vector>

#include "golden_case.h"
#include "hgq/layers/model.h"

namespace hgq::golden {

/// Throws ConfigError for a layer or key that hgq does not know, FileError where parameters do not fit. `cube_minus_x`
/// is given as a user's function.
Model build_model(const GoldenCase& c);

/// Kinds of layers in a case.
std::vector<std::string> layer_types(const GoldenCase& c);

/// Adds every parameter and state of the model as PREFIX/LAYER/NAME.
void add_values(const Model& model, const std::string& prefix, Tensors& into);

/// Quantizer keys as hgq reads them.
QuantizerConfig quantizer_config(const nlohmann::json& json);

}  // namespace hgq::golden
