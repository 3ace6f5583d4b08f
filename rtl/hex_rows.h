// Rows of a test bench as text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/rtl/circuit.h"
#include "hgq/rtl/interpreter.h"

namespace hgq::rtl {

/// Bits of a word: simulators limit the width of what they read at once.
inline constexpr int64_t kHexWord = 64;

/// The words of a row of so many bits.
int64_t hex_words(int64_t bits);

/// One line for each row: all features beside each other, the first in the lowest bits, as words in hexadecimal digits,
/// the highest word first.
std::string hex_rows(const Circuit& circuit, const std::vector<Port>& ports, std::span<const PortValues> values,
                     int64_t rows);

}  // namespace hgq::rtl
