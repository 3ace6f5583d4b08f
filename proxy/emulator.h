// Computes a proxy model exactly as the firmware does, bit by bit and with overflows (quantization.md 3.3).
//
//   const Emulator emulator(model);
//   const Emulation result = emulator.run({{x.view()}});
//   result.outputs[0];              // [rows, 5], as the proxy in Keras and hls4ml's C simulation give them
//   result.overflows;               // how many values did not fit, quantizer by quantizer
//   result.row_overflows;           // rows with any: only there may the proxy differ from the model
//
// Rows are computed in blocks, which the threads of the workers share. The result does not depend on their number.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/core/tensor.h"
#include "hgq/proxy/model.h"

namespace hgq {

struct OverflowCount {
  std::string layer;   // name in the proxy
  int64_t values = 0;  // that overflowed, over all rows
  bool operator==(const OverflowCount&) const = default;
};

struct Emulation {
  std::vector<Tensor> outputs;           // in the order of the model's outputs, each [rows, ...]
  std::vector<OverflowCount> overflows;  // of every quantizer and table, and of others with any, in the order of layers
  std::vector<uint8_t> row_overflows;    // for each row, whether any layer had an overflow
  /// The outputs again, of up to 53 bits instead of the 24 of float32, if they were asked for.
  std::vector<std::vector<double>> wide_outputs;

  int64_t rows() const { return static_cast<int64_t>(row_overflows.size()); }
  int64_t rows_with_overflow() const;
};

/// One row, layer by layer.
struct EmulatedRow {
  std::vector<std::vector<float>> values;  // of each layer, as float32
  std::vector<int64_t> overflows;          // of each layer
};

class Emulator {
 public:
  /// Plans the computation. `model` must outlive the emulator. Throws ShapeError, with the name of the layer, if shapes
  /// do not fit each other, if a layer reads values that are not quantized, or if sums need more than 120 bits.
  explicit Emulator(const ProxyModel& model);

  /// `inputs` has one array for each input of the model, in order, of shape [rows, ...]. Throws ShapeError if they do
  /// not fit, or if a value is infinite or NaN.
  Emulation run(std::span<const ConstTensorView> inputs, Workers* workers = nullptr) const;
  /// The same with Emulation::wide_outputs.
  Emulation run_wide(std::span<const ConstTensorView> inputs, Workers* workers = nullptr) const;
  /// Computes one row and keeps the values of all layers; the inputs have one row each. Throws as run().
  EmulatedRow row(std::span<const ConstTensorView> inputs) const;
  /// What is known about the output of a layer without data; valid as long as the emulator.
  const ProxySignal& signal(int layer) const { return plans_[static_cast<size_t>(layer)].out; }

 private:
  void check_inputs(std::span<const ConstTensorView> inputs) const;
  Emulation run(std::span<const ConstTensorView> inputs, Workers* workers, bool wide) const;
  /// Memory for a block of rows of every layer.
  std::vector<ProxyBlock> make_blocks() const;
  /// `overflows` has a counter for each layer.
  void run_block(std::span<const ConstTensorView> inputs, int64_t first, int64_t rows,
                 const std::vector<ProxyBlock>& blocks, std::vector<int64_t>& overflows, Emulation& out) const;

  const ProxyModel& model_;
  std::vector<ProxyPlan> plans_;
  int64_t block_rows_ = 1;
};

}  // namespace hgq
