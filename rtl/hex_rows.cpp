#include "hgq/rtl/hex_rows.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/rtl/module_plan.h"

namespace hgq::rtl {
namespace {

void check_sizes(const std::vector<Port>& ports, std::span<const PortValues> values, int64_t rows) {
  HGQ_CHECK(values.size() == ports.size(), ShapeError, "the circuit has ", ports.size(), " ports, values for ",
            values.size(), " are given");
  for (size_t port = 0; port < ports.size(); ++port) {
    const size_t expected = static_cast<size_t>(rows) * ports[port].features.size();
    HGQ_CHECK(values[port].size() == expected, ShapeError, "port '", ports[port].name, "': ", values[port].size(),
              " values for ", rows, " rows, expected ", expected);
  }
}

}  // namespace

int64_t hex_words(int64_t bits) { return std::max<int64_t>((bits + kHexWord - 1) / kHexWord, 1); }

std::string hex_rows(const Circuit& circuit, const std::vector<Port>& ports, std::span<const PortValues> values,
                     int64_t rows) {
  check_sizes(ports, values, rows);
  const auto digits = static_cast<size_t>(hex_words(vector_bits(circuit, ports)) * kHexWord / 4);
  std::string text;
  text.reserve(static_cast<size_t>(rows) * (digits + digits / 16));
  std::vector<uint8_t> nibbles(digits);
  for (int64_t row = 0; row < rows; ++row) {
    std::ranges::fill(nibbles, uint8_t{0});
    size_t at = 0;
    for (size_t port = 0; port < ports.size(); ++port) {
      const std::vector<Feature>& features = ports[port].features;
      for (size_t f = 0; f < features.size(); ++f) {
        if (!has_wire(circuit, features[f])) continue;
        const auto value = static_cast<uint64_t>(values[port][static_cast<size_t>(row) * features.size() + f]);
        for (int p = 0; p < circuit.node(features[f].node).bits; ++p, ++at)
          nibbles[at / 4] |= static_cast<uint8_t>((value >> static_cast<unsigned>(std::min(p, 63)) & 1U) << (at % 4));
      }
    }
    for (size_t i = digits; i-- > 0;) {
      text += "0123456789abcdef"[nibbles[i]];
      if (i % 16 == 0) text += i == 0 ? '\n' : ' ';
    }
  }
  return text;
}

}  // namespace hgq::rtl
