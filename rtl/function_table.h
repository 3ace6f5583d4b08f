// Functions of one number as tables of a circuit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "hgq/proxy/operation.h"
#include "hgq/rtl/circuit_builder.h"

namespace hgq::rtl {

/// The most bits of the index of a table.
inline constexpr int kMostIndexBits = 16;

/// The number that each code of a node's wire stands for, in the order of a table's entries; nothing for codes that do
/// not occur, for which a table may have any entry.
std::vector<std::optional<int64_t>> numbers_of_codes(const Node& node);

/// f(x), quantized to `type` with the modes of `quantize`. This and the others throw ConfigError, which begins with
/// `where`, if x has more than kMostIndexBits bits.
Feature quantized_function(CircuitBuilder& builder, const Feature& x, const std::function<double(double)>& f,
                           const Kbi& type, const QuantizeOperation& quantize, std::string_view where);

/// f(x) with all its bits. Its values must be those of float32 numbers. Throws ConfigError if they span more than
/// kMaxFixedBits bits.
Feature whole_function(CircuitBuilder& builder, const Feature& x, const std::function<double(double)>& f,
                       std::string_view where);

}  // namespace hgq::rtl
