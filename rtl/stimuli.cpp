#include "hgq/rtl/stimuli.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/input.h"

namespace hgq::rtl {
namespace {

constexpr int kMostOutputBits = 53;

/// The emulated values of a port as mantissas of its features.
PortValues mantissas(const Port& port, const Circuit& circuit, const std::vector<double>& values) {
  PortValues out;
  const size_t count = port.features.size();
  for (const Feature& feature : port.features) {
    HGQ_CHECK(feature.node < 0 || top_bit(circuit.node(feature.node).range) <= kMostOutputBits, ConfigError, "output '",
              port.name, "': has values of ", top_bit(circuit.node(feature.node).range),
              " bits, which cannot be compared with those of the emulator; expected at most ", kMostOutputBits,
              "; put a quantizer at the output");
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const double mantissa = std::ldexp(values[i], -port.features[i % count].exponent);
    // What the port cannot hold becomes a number that no wire gives: a fraction, and other values than 0 without a
    // wire.
    const bool fits = mantissa == std::floor(mantissa) && (port.features[i % count].node >= 0 || mantissa == 0);
    out.push_back(fits ? static_cast<int64_t>(mantissa) : std::numeric_limits<int64_t>::min());
  }
  return out;
}

/// For each row and place the index of the largest of `classes` values, the first if there are several.
std::vector<double> largest_indices(const std::vector<double>& values, size_t classes) {
  std::vector<double> out;
  for (auto first = values.begin(); first != values.end(); first += static_cast<std::ptrdiff_t>(classes))
    out.push_back(static_cast<double>(std::max_element(first, first + static_cast<std::ptrdiff_t>(classes)) - first));
  return out;
}

}  // namespace

Stimuli stimuli_for(const ProxyModel& proxy, const Lowered& lowered, std::span<const ConstTensorView> inputs,
                    Workers& workers) {
  const Emulation emulation = Emulator(proxy).run_wide(inputs, &workers);
  Stimuli stimuli{.rows = emulation.rows(),
                  .inputs = lowered.input_values(inputs),
                  .outputs = {},
                  .rows_with_overflow = emulation.rows_with_overflow()};
  for (size_t i = 0; i < emulation.outputs.size(); ++i) {
    const Port& port = lowered.circuit.outputs[i];
    const std::vector<double>& values = emulation.wide_outputs[i];
    const auto classes = static_cast<size_t>(emulation.outputs[i].shape()[-1]);
    const bool is_index = i < lowered.argmax.size() && lowered.argmax[i];
    stimuli.outputs.push_back(mantissas(port, lowered.circuit, is_index ? largest_indices(values, classes) : values));
  }
  return stimuli;
}

std::vector<Tensor> random_inputs(const ProxyModel& proxy, const Lowered& lowered, int64_t rows, uint64_t seed) {
  std::vector<Tensor> out;
  for (size_t input = 0; input < proxy.inputs().size(); ++input) {
    const auto& layer = dynamic_cast<const ProxyInput&>(proxy.layer(proxy.inputs()[input]));
    const auto elements = static_cast<size_t>(layer.sample().size());
    std::vector<int> top(elements, 0);
    std::vector<int> fraction(elements, 0);
    for (const InputQuantizer& quantizer : lowered.quantizers) {
      for (size_t f = 0; f < quantizer.sources.size(); ++f) {
        const MoveSource& source = quantizer.sources[f];
        const Kbi& type = quantizer.operation.types[f];
        if (source.input != static_cast<int>(input) || type.b == 0) continue;
        const auto e = static_cast<size_t>(source.element);
        top[e] = std::max(top[e], type.i - type.k);
        fraction[e] = std::max(fraction[e], type.fraction());
      }
    }
    Tensor x(layer.sample().with_front(rows));
    for (int64_t row = 0; row < rows; ++row) {
      for (size_t e = 0; e < elements; ++e) {
        const auto at = static_cast<uint64_t>(row) * elements + e;
        const double most = row % 4 == 3 ? 1.25 : 1.0;
        const double share = most * (2 * uniform_double(random_bits(seed, input, 0, at)) - 1);
        // Some bits finer than the type, so that its rounding has something to do.
        const double value = std::ldexp(std::floor(std::ldexp(share, std::min(top[e] + fraction[e] + 3, 22))),
                                        top[e] - std::min(top[e] + fraction[e] + 3, 22));
        x.values()[at] = static_cast<float>(value);
      }
    }
    out.push_back(std::move(x));
  }
  return out;
}

void check_values(const Circuit& circuit, const Stimuli& stimuli, Workers& workers) {
  const std::vector<PortValues> got = Interpreter(circuit).run(stimuli.inputs, stimuli.rows, &workers);
  for (size_t port = 0; port < got.size(); ++port) {
    const auto [found, expected] = std::ranges::mismatch(got[port], stimuli.outputs[port]);
    if (found == got[port].end()) continue;
    const auto at = found - got[port].begin();
    const auto features = std::ssize(circuit.outputs[port].features);
    throw Error(concat("circuit '", circuit.name, "': output '", circuit.outputs[port].name, "', row ", at / features,
                       ", element ", at % features, " is ", *found, ", the emulator has ", *expected,
                       "; this is a fault of hgq, please report it with the proxy"));
  }
}

}  // namespace hgq::rtl
