#include "hgq/proxy/emulator.h"

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"
#include "hgq/proxy/masked.h"

namespace hgq {
namespace {

/// The most values of all layers in a block: few enough for the L2 cache.
constexpr int64_t kBlockElements = 32768;
constexpr int64_t kMostBlockRows = 256;

Shape batch_shape(const ProxySignal& signal, int64_t rows) { return signal.shape.with_front(rows); }

// Mantissas of a block [rows, elements] to floating-point numbers: mantissa * 2^-fraction.
template <typename Real>
void write_outputs(const ProxySignal& signal, const ProxyBlock& block, int64_t rows, Real* out) {
  const auto n = static_cast<size_t>(block.row_size());
  with_storage(signal.storage, [&](auto element) {
    using T = decltype(element);
    const T* in = block.data<T>();
    for (int64_t row = 0; row < rows; ++row, in += n, out += n) {
      for (size_t e = 0; e < n; ++e) {
        if constexpr (std::is_same_v<T, float>) {
          out[e] = static_cast<Real>(in[e]);
        } else {
          out[e] = std::ldexp(static_cast<Real>(in[e]), -signal.fraction[e]);
        }
      }
    }
  });
}

}  // namespace

int64_t Emulation::rows_with_overflow() const {
  return std::ranges::count_if(row_overflows, [](uint8_t f) { return f != 0; });
}

Emulator::Emulator(const ProxyModel& model) : model_(model), plans_(plan_layers(model)) {
  mask_unread(model, plans_);
  int64_t elements = 0;
  for (const ProxyPlan& plan : plans_) elements += plan.out.shape.size();
  block_rows_ = std::clamp(kBlockElements / std::max(elements, int64_t{1}), int64_t{1}, kMostBlockRows);
}

void Emulator::check_inputs(std::span<const ConstTensorView> inputs) const {
  HGQ_CHECK(inputs.size() == model_.inputs().size(), ShapeError, "the proxy has ", model_.inputs().size(), " inputs, ",
            inputs.size(), " are given");
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int index = model_.inputs()[i];
    const ProxySignal& signal = plans_[static_cast<size_t>(index)].out;
    const std::string& name = model_.layer(index).name();
    const Shape& shape = inputs[i].shape;
    HGQ_CHECK(shape.rank() > 0 && shape.without_front() == signal.shape, ShapeError, "input '", name,
              "': data have shape ", shape, ", expected rows of shape ", signal.shape);
    HGQ_CHECK(shape[0] == inputs[0].shape[0], ShapeError, "input '", name, "': data have ", shape[0],
              " rows, those of the first input ", inputs[0].shape[0]);
    const std::span<const float> values = inputs[i].values();
    const auto bad = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
    HGQ_CHECK(bad == values.end(), ShapeError, "input '", name, "': row ", (bad - values.begin()) / signal.shape.size(),
              " holds ", *bad, ", expected finite numbers");
  }
}

std::vector<ProxyBlock> Emulator::make_blocks() const {
  std::vector<ProxyBlock> blocks;
  for (const ProxyPlan& plan : plans_) blocks.emplace_back(plan.out, block_rows_);
  return blocks;
}

// Computes all layers, one after the other, for rows [first, first + rows), at most block_rows_; writes the outputs.
void Emulator::run_block(std::span<const ConstTensorView> inputs, int64_t first, int64_t rows,
                         const std::vector<ProxyBlock>& blocks, std::vector<int64_t>& overflows, Emulation& out) const {
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ConstTensorView part = inputs[i].rows(first, rows);
    std::ranges::copy(part.values(), blocks[static_cast<size_t>(model_.inputs()[i])].data<float>());
  }
  std::vector<const ProxyBlock*> in;
  for (size_t layer = 0; layer < plans_.size(); ++layer) {
    in.clear();
    for (const int parent : model_.layers()[layer].parents) in.push_back(&blocks[static_cast<size_t>(parent)]);
    plans_[layer].compute({.rows = rows,
                           .in = in,
                           .out = &blocks[layer],
                           .overflows = &overflows[layer],
                           .row_overflows = out.row_overflows.data() + first});
  }
  for (size_t i = 0; i < out.outputs.size(); ++i) {
    const auto layer = static_cast<size_t>(model_.outputs()[i]);
    write_outputs(plans_[layer].out, blocks[layer], rows, out.outputs[i].view().rows(first, rows).data);
    if (!out.wide_outputs.empty())
      write_outputs(plans_[layer].out, blocks[layer], rows,
                    out.wide_outputs[i].data() + first * plans_[layer].out.shape.size());
  }
}

EmulatedRow Emulator::row(std::span<const ConstTensorView> inputs) const {
  check_inputs(inputs);
  HGQ_CHECK(inputs[0].shape[0] == 1, ShapeError, "one row is wanted, there are ", inputs[0].shape[0]);
  const std::vector<ProxyBlock> blocks = make_blocks();
  EmulatedRow out;
  out.overflows.assign(plans_.size(), 0);
  Emulation of_row;
  of_row.row_overflows.assign(1, 0);
  run_block(inputs, 0, 1, blocks, out.overflows, of_row);
  for (size_t layer = 0; layer < plans_.size(); ++layer) {
    std::vector<float>& values = out.values.emplace_back(static_cast<size_t>(plans_[layer].out.shape.size()));
    write_outputs(plans_[layer].out, blocks[layer], 1, values.data());
  }
  return out;
}

Emulation Emulator::run(std::span<const ConstTensorView> inputs, Workers* workers) const {
  return run(inputs, workers, false);
}

Emulation Emulator::run_wide(std::span<const ConstTensorView> inputs, Workers* workers) const {
  return run(inputs, workers, true);
}

// The workers share the blocks of rows. Each has its own buffers, and its own counters, which are summed at the end.
Emulation Emulator::run(std::span<const ConstTensorView> inputs, Workers* workers, bool wide) const {
  check_inputs(inputs);
  const int64_t rows = inputs[0].shape[0];
  const size_t layers = plans_.size();
  Emulation out;
  out.row_overflows.assign(static_cast<size_t>(rows), 0);
  for (const int output : model_.outputs()) {
    out.outputs.emplace_back(batch_shape(plans_[static_cast<size_t>(output)].out, rows));
    if (wide) out.wide_outputs.emplace_back(static_cast<size_t>(out.outputs.back().size()));
  }
  const int threads = workers == nullptr ? 1 : workers->size();
  std::vector<std::vector<ProxyBlock>> blocks(static_cast<size_t>(threads));  // made when a thread has work
  std::vector<std::vector<int64_t>> overflows(static_cast<size_t>(threads), std::vector<int64_t>(layers));
  const auto task = [&](int64_t index, int worker) {
    const auto w = static_cast<size_t>(worker);
    if (blocks[w].empty()) blocks[w] = make_blocks();
    const int64_t first = index * block_rows_;
    run_block(inputs, first, std::min(block_rows_, rows - first), blocks[w], overflows[w], out);
  };
  const int64_t count = (rows + block_rows_ - 1) / block_rows_;
  if (workers == nullptr) {
    for (int64_t index = 0; index < count; ++index) task(index, 0);
  } else {
    workers->run(count, task);
  }
  for (size_t layer = 0; layer < layers; ++layer) {
    const ProxyLayer& counting = model_.layer(static_cast<int>(layer));
    OverflowCount counted{counting.name(), 0};
    for (const std::vector<int64_t>& of_worker : overflows) counted.values += of_worker[layer];
    if (counted.values > 0 || counting.as_quantizer() != nullptr || counting.table_overflows() != nullptr)
      out.overflows.push_back(std::move(counted));
  }
  return out;
}

}  // namespace hgq
