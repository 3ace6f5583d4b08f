// From a proxy to a circuit that computes the same bits.
//
// The circuit begins after the quantizers that read the inputs of the proxy: a feature of an input port is a number as
// such a quantizer gives it, and whatever feeds the FPGA must give it so (InputQuantizer::values() does). From there on
// every layer is computed exactly, wraps and saturations included, so the circuit equals the Emulator on all rows.
//
//   const ProxyModel model = load_proxy("proxy.h5");
//   Workers workers;
//   const rtl::Lowered lowered = rtl::lower(model, {}, workers);
//   lowered.circuit;                        // trimmed, combinational
//   lowered.input_values({{x.view()}});     // what goes into its ports for these data
//
// A function of one number (tanh, a UnaryLUT) becomes a table together with the quantizer after it. There is no circuit
// for softmax: with_logits() makes the values before it, whose order is the same, the outputs.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/core/tensor.h"
#include "hgq/proxy/model.h"
#include "hgq/rtl/circuit.h"
#include "hgq/rtl/input_quantizer.h"
#include "hgq/rtl/interpreter.h"
#include "hgq/rtl/product.h"
#include "hgq/rtl/solver.h"

namespace hgq::rtl {

/// How far the solver is, which takes most of the time.
struct LoweringProgress {
  std::string layer{};
  size_t number = 0;  // of this layer, from 1, among `count` dense layers and convolutions
  size_t count = 0;
  double share = 0;  // of this layer, 0 to 1
};

struct LoweringOptions {
  SolverOptions solver{};
  /// Called now and then, by one thread at a time.
  std::function<void(const LoweringProgress&)> progress{};
  /// Of each output: whether it is the index of the largest value along the last dimension, of the first if there are
  /// several. Empty: of none.
  std::vector<bool> argmax{};
  /// More adder bits than this are refused: about what the largest FPGAs have LUTs.
  int64_t most_adder_bits = 1'700'000;
};

struct Lowered {
  Circuit circuit;
  std::vector<InputQuantizer> quantizers;  // of each input port
  std::vector<bool> argmax;                // LoweringOptions::argmax
  std::vector<SolvedLayer> solved;         // dense layers and convolutions, in the order of the proxy

  /// The values of all input ports. `inputs` as for Emulator::run().
  std::vector<PortValues> input_values(std::span<const ConstTensorView> inputs) const;
};

/// Throws ConfigError, which names the layer, if a value needs more than 62 bits, a table more than 2^16 entries, or
/// the circuit more adder bits than there may be; and if a layer has no circuit. Throws ShapeError as plan_layers().
Lowered lower(const ProxyModel& model, const LoweringOptions& options, Workers& workers);

/// A layer for which there is no circuit.
struct LayerWithoutCircuit {
  std::string message;                // which names it
  bool is_softmax_at_output = false;  // for which with_logits() has another output
};

/// All of them that are needed for an output, without building a circuit. lower() may still find others: a value can be
/// too wide, a table too large. Throws ShapeError as plan_layers().
std::vector<LayerWithoutCircuit> layers_without_circuit(const ProxyModel& model);

struct LogitOutputs {
  ProxyModel model;
  std::vector<bool> had_softmax;  // of each output
};
/// The proxy with the inputs of softmax as outputs, where a softmax is an output or has only a quantizer after it.
/// `notes` gets a line for each output, which says whether the circuit gives the values or, with
/// LoweringOptions::argmax (`is_index`), the index of the largest.
LogitOutputs with_logits(ProxyModel model, std::vector<std::string>& notes, bool is_index = false);

/// The outputs of a circuit as float32 numbers, for comparing with an Emulation: `values` is what its port gives.
std::vector<float> to_floats(const Port& port, const PortValues& values);

}  // namespace hgq::rtl
