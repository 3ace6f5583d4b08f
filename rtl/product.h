// The circuit of a dense layer or a convolution: the matrix is solved once (rtl/solver.h), and its graph built at every
// position of the windows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/proxy/operation.h"
#include "hgq/rtl/circuit_builder.h"
#include "hgq/rtl/solver.h"

namespace hgq::rtl {

/// What is added to an output before its bits below 2^cut are dropped: the half of a quantizer that rounds.
struct OutputCut {
  bool floors = false;  // whether the bits below `cut` are dropped, that is, only floor(y / 2^cut) matters
  int cut = 0;
  double constant = 0;  // added to the output
};

/// What solving a layer has given.
struct SolvedLayer {
  std::string layer{};
  int64_t positions = 0;      // copies of the matrix
  int64_t kernel_inputs = 0;  // of the kernel
  int64_t kernel_units = 0;
  int inputs = 0;  // of the matrix: without rows of zeros, and without units that nothing needs
  int outputs = 0;
  int adders = 0;          // of one copy
  int64_t adder_bits = 0;  // of one copy
  double solver_seconds = 0;
};

struct ProductProblem {
  const ProductOperation& product;
  std::span<const Feature> input;   // all elements that the layer reads
  std::span<const int> demand;      // of each output (rtl/demand.h)
  std::span<const OutputCut> cuts;  // of each output; empty: none
  std::string where;                // for messages
};

/// The outputs, [positions, units]; those without demand are nothing (node -1). Throws ConfigError if a sum can be 2^60
/// or more, or needs weights of more than 62 bits.
std::vector<Feature> product_circuit(CircuitBuilder& builder, const ProductProblem& problem,
                                     const SolverOptions& options, Workers& workers, SolvedLayer& solved);

}  // namespace hgq::rtl
