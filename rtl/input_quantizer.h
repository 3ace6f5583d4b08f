// The quantizers that read the inputs of a proxy: a circuit begins behind them, so they say what its input ports are.
//
//   const ProxyModel proxy = load_proxy("proxy.h5");
//   for (const rtl::InputQuantizer& q : rtl::input_quantizers(proxy)) std::puts(q.port.c_str());
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/core/tensor.h"
#include "hgq/proxy/model.h"
#include "hgq/rtl/interpreter.h"

namespace hgq::rtl {

struct InputQuantizer {
  std::string layer;                // its name
  std::string port;                 // of the circuit: the input, if this quantizer alone reads it, else the quantizer
  Shape shape;                      // of the port
  std::vector<MoveSource> sources;  // of each feature of the port: an input of the proxy, and an element of it
  std::vector<bool> needed;         // of each feature: it has bits, and may change an output
  QuantizeOperation operation;      // of each feature

  /// Mantissas for the port, [rows, features], in units of 2^-types[f].fraction().
  PortValues values(std::span<const ConstTensorView> inputs) const;
};

/// In the order of the input ports of the circuit. `plans` and `demands` are those of the proxy (rtl/demand.h).
std::vector<InputQuantizer> input_quantizers(const ProxyModel& model, std::span<const ProxyPlan> plans,
                                             std::span<const std::vector<int>> demands);
/// The same for a proxy of which nothing else is known. Throws ShapeError as plan_layers().
std::vector<InputQuantizer> input_quantizers(const ProxyModel& model);

}  // namespace hgq::rtl
