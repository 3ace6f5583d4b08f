// Data sets: rows of named inputs, targets and sample weights, in batches.
//
//   MemoryDataset data = load_hdf5("magic.h5");          // data/loaders.h
//   for (const Batch& batch : data.batches(512, seed)) {
//     batch.x();  batch.y();                              // [512, 10], [512]
//   }
//
// A Dataset fills a Batch with any rows (gather), or with neighbouring rows (slice), which are a view without a copy if
// they are in memory. The order of the rows in an epoch is a permutation that depends only on seed and epoch, so a run
// can be resumed at any batch of any epoch. A data set that is larger than memory has blocks: the blocks are permuted,
// and the rows within each block. Nothing is allocated after the first batch. The fields are the inputs, in order, then
// the targets, then the sample weights.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/parallel.h"
#include "hgq/core/tensor.h"

namespace hgq {

/// An input, target or sample weight: its name and the shape of one row of it.
struct FieldSpec {
  std::string name;
  Shape sample;
};

/// The fields of some rows, as float32: views of the memory of a data set, or of buffers of the batch.
class Batch {
 public:
  int64_t rows() const { return rows_; }
  /// Inputs, then targets, then sample weights; each of shape [rows, sample...].
  std::span<const ConstTensorView> fields() const { return views_; }
  std::span<const ConstTensorView> inputs() const { return fields().first(input_count_); }
  std::span<const ConstTensorView> targets() const {
    return fields().subspan(input_count_, views_.size() - input_count_ - weight_count_);
  }
  /// The sample weights: none, one array for all targets, or one for each target.
  std::span<const ConstTensorView> weights() const { return fields().last(weight_count_); }
  /// The only input, the only target. Throw ShapeError where there are several or none.
  ConstTensorView x() const;
  ConstTensorView y() const;

  // For datasets:
  /// Makes room for `rows` rows in the buffers of the batch, and lets the views show them. Allocates memory only if
  /// they have never been as large.
  void use_buffers(std::span<const FieldSpec> fields, size_t input_count, size_t weight_count, int64_t rows);
  TensorView buffer(size_t field) { return {buffers_[field].data(), views_[field].shape}; }
  /// Lets the views, which set_view() sets, show other memory.
  void use_views(size_t input_count, size_t weight_count, int64_t rows, size_t field_count);
  void set_view(size_t field, ConstTensorView view) { views_[field] = view; }

 private:
  std::vector<Tensor> buffers_;
  std::vector<ConstTensorView> views_;
  size_t input_count_ = 0;
  size_t weight_count_ = 0;
  int64_t rows_ = 0;
};

class Batches;

class Dataset {
 public:
  virtual ~Dataset() = default;

  int64_t size() const { return size_; }
  /// Inputs, then targets, then sample weights.
  std::span<const FieldSpec> fields() const { return fields_; }
  std::span<const FieldSpec> inputs() const { return fields().first(input_count_); }
  std::span<const FieldSpec> targets() const {
    return fields().subspan(input_count_, fields_.size() - input_count_ - weight_count_);
  }
  /// None, one for all targets, or one for each output, whose targets come first; those of a teacher have none.
  std::span<const FieldSpec> weights() const { return fields().last(weight_count_); }
  /// The shape of a row of the only input. Throws ShapeError if there are several.
  const Shape& sample_shape() const;

  /// Copies any rows, in the given order. `workers`, if given, share the work. Throws ShapeError if there is no such
  /// row, FileError if a file that is read then is damaged.
  virtual void gather(std::span<const int64_t> rows, Batch& out, Workers* workers = nullptr) const = 0;
  /// The rows [first, first + count). Throws as gather().
  virtual void slice(int64_t first, int64_t count, Batch& out) const = 0;
  /// How many rows are shuffled together.
  virtual int64_t block_rows() const { return size_; }

  /// All rows in batches, in their order, or permuted by (seed, epoch). The last batch may have fewer rows. Throws
  /// ConfigError if `batch_size` is less than 1.
  Batches batches(int64_t batch_size) const;
  Batches batches(int64_t batch_size, uint64_t seed, uint64_t epoch = 0) const;

 protected:
  Dataset() = default;
  Dataset(std::vector<FieldSpec> fields, size_t input_count, size_t weight_count, int64_t size);
  Dataset(Dataset&&) = default;
  Dataset& operator=(Dataset&&) = default;
  void check_rows(std::span<const int64_t> rows) const;
  void check_range(int64_t first, int64_t count) const;

  std::vector<FieldSpec> fields_;
  size_t input_count_ = 0;
  size_t weight_count_ = 0;
  int64_t size_ = 0;
};

/// The order of the rows in an epoch.
class EpochOrder {
 public:
  /// `block_rows` is the number of rows that are shuffled together; the last block may be shorter.
  EpochOrder(int64_t rows, int64_t block_rows);
  /// Permutes the rows by (seed, epoch).
  void shuffle(uint64_t seed, uint64_t epoch);
  void in_order() { shuffled_ = false; }
  bool is_shuffled() const { return shuffled_; }
  /// The rows at positions first, first + 1, ... of the epoch.
  void rows(int64_t first, std::span<int64_t> out);

 private:
  int64_t rows_of_block(int64_t block) const;
  void enter_block(size_t place);

  int64_t rows_;
  int64_t block_rows_;
  bool shuffled_ = false;
  uint64_t seed_ = 0;
  uint64_t epoch_ = 0;
  std::vector<int64_t> block_order_;
  std::vector<int64_t>
      block_begin_;              // position at which the block begins, by place in block_order_; one more at the end
  std::vector<int64_t> within_;  // permutation of the current block
  size_t current_ = 0;           // its place in block_order_
  bool entered_ = false;
};

/// The batches of an epoch, by index or in a loop. A batch is valid until the next one is taken.
class Batches {
 public:
  /// Data and workers must outlive this; the workers, if given, share the copying.
  Batches(const Dataset& data, int64_t batch_size, Workers* workers = nullptr);
  void shuffle(uint64_t seed, uint64_t epoch) { order_.shuffle(seed, epoch); }
  void in_order() { order_.in_order(); }

  int64_t size() const;
  int64_t batch_size() const { return batch_size_; }
  /// Throws ShapeError if the index is outside [0, size()).
  const Batch& operator[](int64_t index);

  class Iterator {
   public:
    Iterator(Batches& batches, int64_t index) : batches_(&batches), index_(index) {}
    const Batch& operator*() const { return (*batches_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    Batches* batches_;
    int64_t index_;
  };
  Iterator begin() { return {*this, 0}; }
  Iterator end() { return {*this, size()}; }

 private:
  const Dataset* data_;
  int64_t batch_size_;
  Workers* workers_;
  EpochOrder order_;
  std::vector<int64_t> rows_;
  Batch batch_;
};

/// The rows for training and for validation, each in ascending order. The last round(share * rows) rows of a
/// permutation by (seed, "split") are for validation. Throws ConfigError if one of the two would be empty.
struct SplitRows {
  std::vector<int64_t> train, validation;
};
SplitRows split_rows(int64_t rows, double share, uint64_t seed);

}  // namespace hgq
