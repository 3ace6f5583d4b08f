// Data sets from files: fields that are read, scaled or encoded, and either kept in memory or read block by block.
//
// A FieldReader is a RowSource together with what is done to its rows. load_fields() reads all rows into a
// MemoryDataset. A FileDataset keeps two blocks of rows in memory, and reads others when they are needed. That is fast
// in the order of an EpochOrder, which uses all rows of a block before the next, and slow for random rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "hgq/data/classes.h"
#include "hgq/data/dataset.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/data/row_source.h"
#include "hgq/data/scaling.h"

namespace hgq {

class FieldReader {
 public:
  /// An input. Rows of single numbers become rows of shape [1]. Throws FileError if it has text, or rows without
  /// values.
  static FieldReader input(std::string name, std::shared_ptr<const RowSource> rows, Scaling scaling);
  /// A target that `encoder` converts; of numbers, which may then be scaled.
  static FieldReader target(std::string name, std::shared_ptr<const RowSource> rows, TargetEncoder encoder,
                            Scaling scaling = {});
  /// Sample weights for outputs of these shapes: one number for each row, or, for a single output, a row in the shape
  /// of the output without its last dimension. They may be negative. Throws FileError if the shape fits neither.
  static FieldReader weight(std::string name, std::shared_ptr<const RowSource> rows, std::span<const Shape> outputs);
  /// A target with the values of the file.
  static FieldReader plain(std::string name, std::shared_ptr<const RowSource> rows);

  const FieldSpec& spec() const { return spec_; }
  const RowSource& rows() const { return *rows_; }
  /// Reads rows [first, first + count) as the model needs them. Throws FileError if a value is not finite, or if a
  /// label is unknown.
  void read(int64_t first, int64_t count, std::span<float> out) const;

 private:
  FieldReader(FieldSpec spec, std::shared_ptr<const RowSource> rows) : spec_(std::move(spec)), rows_(std::move(rows)) {}

  FieldSpec spec_;
  std::shared_ptr<const RowSource> rows_;  // shared: training and validation rows come from the same arrays
  Scaling scaling_;
  std::optional<TargetEncoder> encoder_;
};

/// Inputs, targets and sample weights that belong together, row by row, and which of the rows are used.
struct FieldSet {
  std::vector<FieldReader> fields;  // inputs, then targets, then weights
  size_t input_count = 0;
  size_t weight_count = 0;
  std::optional<std::vector<int64_t>> rows;  // ascending; all rows if not given

  int64_t size() const;
  /// The bytes of all used rows as float32.
  int64_t bytes() const;
};

/// Throws FileError unless all sources have the same number of rows, at least one.
void check_equal_rows(std::span<const RowSource* const> sources);

MemoryDataset load_fields(const FieldSet& set);

class FileDataset : public Dataset {
 public:
  /// Keeps at most about `memory_limit` bytes of rows.
  FileDataset(FieldSet set, int64_t memory_limit);

  /// Reads the blocks that it needs. Two threads must not call it at the same time.
  void gather(std::span<const int64_t> rows, Batch& out, Workers* workers = nullptr) const override;
  void slice(int64_t first, int64_t count, Batch& out) const override;
  int64_t block_rows() const override { return block_rows_; }

 private:
  struct Block {
    int64_t index = -1;
    int64_t last_use = 0;
    std::vector<Tensor> values;
  };
  const Block& block_of(int64_t row) const;
  void read_block(int64_t index, Block& block) const;

  FieldSet set_;
  int64_t block_rows_ = 0;
  mutable std::vector<Block> blocks_;  // what was read last: a cache, which no result depends on
  mutable int64_t uses_ = 0;
};

/// A MemoryDataset if the rows fit into `memory_limit` bytes, otherwise a FileDataset.
std::unique_ptr<Dataset> make_dataset(FieldSet set, int64_t memory_limit);

}  // namespace hgq
