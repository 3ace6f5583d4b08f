// Does a proxy compute what its model computes?
//
// On every row where nothing overflows it must, in every bit (quantization.md 3.3). Rows with an overflow may differ,
// and are counted apart: how many there are says whether the ranges were traced on data like these.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hgq/proxy/emulator.h"

namespace hgq {

/// A value that differs.
struct ProxyDifference {
  int64_t row = 0;
  int output = 0;       // which output of the model
  int64_t element = 0;  // of a sample, row-major
  float model = 0, proxy = 0;
};

struct VerifyReport {
  int64_t rows = 0;
  int64_t rows_with_overflow = 0;
  int64_t rows_differ = 0;
  int64_t rows_differ_without_overflow = 0;
  std::vector<OverflowCount> overflows;   // of every quantizer
  std::optional<ProxyDifference> first;   // the first that differs in a row without overflow, else in any row
  std::vector<int64_t> unexplained_rows;  // all rows that differ without overflow
  std::vector<int64_t> explained_rows;    // the first rows that differ with overflow
  std::vector<int64_t> overflow_rows;     // the first rows with overflow

  /// Adds the report of the rows behind these, of the same proxy.
  void append(const VerifyReport& next);
};

/// How many rows the other lists of a report hold at most.
inline constexpr size_t kMostListedRows = 256;

/// `model_outputs`: the model's predictions on the data that were emulated, an array per output. Compared with ==, so
/// -0 equals 0 and a NaN differs from everything. Throws ShapeError where the shapes differ from those of the
/// emulation.
VerifyReport verify(std::span<const ConstTensorView> model_outputs, const Emulation& emulation);

}  // namespace hgq
