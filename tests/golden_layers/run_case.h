// Computes what a case of the golden data asks for, with hgq, and says what differs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "golden_case.h"
#include "hgq/core/parallel.h"

namespace hgq::golden {

struct Outcome {
  std::vector<std::string> problems;
  int compared = 0;  // datasets
};

/// Why a case is not run, if it is not.
std::optional<std::string> reason_to_skip(const GoldenCase& c);

/// Any case of the seven families; `workers` for the forward and backward passes.
Outcome run_case(const GoldenCase& c, Workers& workers);

// By family, each in a file of its own.
Outcome run_model(const GoldenCase& c, Workers& workers);      // layers, batchnorm, others
Outcome run_quantizer(const GoldenCase& c, Workers& workers);  // quantizer
Outcome run_bits(const GoldenCase& c, Workers& workers);       // bits
Outcome run_training(const GoldenCase& c, Workers& workers);   // training
Outcome run_optimizer(const GoldenCase& c, Workers& workers);  // optimizers

/// {"type": T, ...} of the golden data as {T: {...}}, the form that hgq reads; inner ones too.
nlohmann::json named_form(const nlohmann::json& typed);

}  // namespace hgq::golden
