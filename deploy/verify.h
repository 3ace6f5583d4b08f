// Compares the outputs of a proxy with those of its model.
//
// They must agree in every bit on every row where nothing overflows (quantization.md 3.3). Rows with an overflow may
// differ, and are counted apart; many of them mean that the ranges were traced on data of another kind.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hgq/proxy/emulator.h"

namespace hgq {

/// The first value of a row that differs.
struct ProxyDifference {
  int64_t row = 0;
  int output = 0;              // index of the output of the model
  int64_t element = 0;         // index into a sample of this output, row-major
  float model = 0, proxy = 0;  // the two values
};

struct VerifyReport {
  int64_t rows = 0;
  int64_t rows_with_overflow = 0;
  int64_t rows_differ = 0;
  int64_t rows_differ_without_overflow = 0;
  std::vector<OverflowCount> overflows;   // of every quantizer and table
  std::optional<ProxyDifference> first;   // the first in a row without overflow; if there is none, in any row
  std::vector<int64_t> unexplained_rows;  // all rows that differ without overflow
  std::vector<int64_t> explained_rows;    // the first kMostListedRows rows that differ with overflow
  std::vector<int64_t> overflow_rows;     // the first kMostListedRows rows with overflow

  /// Adds the report of the same proxy on the rows that follow these.
  void append(const VerifyReport& next);
};

/// The most rows in a list of a report, except VerifyReport::unexplained_rows.
inline constexpr size_t kMostListedRows = 256;

/// `model_outputs` are the predictions of the model for the emulated rows: one array for each output, of shape
/// [rows, ...]. Values are compared with ==, so -0 equals 0, and a NaN differs from everything. Throws ShapeError if
/// the shapes differ from those of the emulation.
VerifyReport verify(std::span<const ConstTensorView> model_outputs, const Emulation& emulation);

}  // namespace hgq
