// Which module of the hardware a node belongs to, and what everything is called.
//
// One module for each layer of the circuit that has nodes; inputs belong to the module around them, and constants to
// none, as they have no wires. A layer's module reads wires of others and offers those of its own that others read.
// Nodes that several layers share stay with the layer that made them, so modules may read each other in any order.
//
//   const rtl::ModulePlan plan = rtl::plan_modules(circuit);
//   std::puts(plan.names[7].c_str());      // h_dense_3_add_12: the 13th sum of layer h_dense_3
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/identifiers.h"

namespace hgq::rtl {

struct LayerModule {
  std::string name{};             // of the module, which begins with the circuit's
  std::string label{};            // of its instance
  int layer = 0;                  // index into Circuit::layers
  bool clocked = false;           // has registers
  std::vector<int32_t> nodes{};   // in their order
  std::vector<int32_t> reads{};   // wires of others
  std::vector<int32_t> writes{};  // wires that others or the outputs of the circuit read
};

struct ModulePlan {
  std::string top{};        // the module with two vectors as ports
  std::string ports_top{};  // the module with a port for each feature
  std::vector<LayerModule> layers{};
  std::vector<std::string> names{};  // of the wires of all nodes; of an input that of its feature
  std::vector<std::vector<std::string>> input_names{}, output_names{};  // [port][feature]; empty without a wire
  NamePool pool{};                                                      // for further names
};

/// True if a feature has bits in the vectors.
bool has_wire(const Circuit& circuit, const Feature& feature);
/// The sum of the bits of all features.
int64_t vector_bits(const Circuit& circuit, const std::vector<Port>& ports);
/// True if it has registers, and so a clock.
bool is_clocked(const Circuit& circuit);

/// `circuit` is trimmed. Throws ConfigError if no output has bits, or two features share an input node.
ModulePlan plan_modules(const Circuit& circuit);

}  // namespace hgq::rtl
