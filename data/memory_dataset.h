// A data set whose rows are in memory. Neighbouring rows are views of it, any others are copied.
//
//   MemoryDataset data({{"x", std::move(x)}}, {{"y", std::move(y)}});        // a third argument: weights of the rows
//   data.x();  data.y();  data.sample_shape();
//   auto [train, validation] = data.split(0.15, seed);
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/tensor.h"
#include "hgq/data/dataset.h"

namespace hgq {

/// Named arrays as an argument: a vector of them, or {{"a", std::move(a)}, {"b", std::move(b)}}.
class NamedTensors {
 public:
  /// Mutable since the elements of a braced list are constant, and a tensor can only be moved out of it.
  struct Item {
    std::string name;
    mutable Tensor value;
  };
  NamedTensors() = default;
  // Implicit, so that a vector can be given instead of a braced list.
  NamedTensors(std::vector<NamedTensor> all) : all_(std::move(all)) {}  // NOLINT(google-explicit-constructor)
  NamedTensors(std::initializer_list<Item> items) {
    for (const Item& item : items) all_.push_back({item.name, std::move(item.value)});
  }
  std::vector<NamedTensor> take() && { return std::move(all_); }

 private:
  std::vector<NamedTensor> all_;
};

class MemoryDataset : public Dataset {
 public:
  /// Each tensor has shape [rows, sample...], with the same number of rows. `weights` are none, one for all targets, or
  /// one for each target, of shape [rows], [rows, 1], or [rows, ...] like the output without its last dimension. Throws
  /// ShapeError if the numbers of rows differ, or if there are no inputs or no rows.
  MemoryDataset(NamedTensors inputs, NamedTensors targets, NamedTensors weights = {});

  void gather(std::span<const int64_t> rows, Batch& out, Workers* workers = nullptr) const override;
  void slice(int64_t first, int64_t count, Batch& out) const override;

  /// All rows of the only input, and of the only target. They throw ShapeError if there is none, or more than one.
  ConstTensorView x() const;
  ConstTensorView y() const;
  /// All rows of the first field with this name. Throws ShapeError if there is none.
  ConstTensorView field(const std::string& name) const;
  /// All rows of the fields: inputs, targets, weights.
  std::span<const Tensor> values() const { return values_; }
  /// For changes in place, such as scaling.
  TensorView mutable_field(size_t index) { return values_[index].view(); }

  /// A copy of some rows, in the given order.
  MemoryDataset take(std::span<const int64_t> rows) const;
  /// Copies of the rows for training and for validation, see split_rows().
  std::pair<MemoryDataset, MemoryDataset> split(double validation_share, uint64_t seed) const;

 private:
  std::vector<Tensor> values_;
};

}  // namespace hgq
