#include "hgq/data/dataset.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/profile.h"
#include "hgq/core/rng.h"

namespace hgq {

ConstTensorView Batch::x() const {
  HGQ_CHECK(input_count_ == 1, ShapeError, "this batch has ", input_count_, " inputs, but x() needs exactly one");
  return views_[0];
}

ConstTensorView Batch::y() const {
  HGQ_CHECK(targets().size() == 1, ShapeError, "this batch has ", targets().size(),
            " targets, but y() needs exactly one");
  return views_[input_count_];
}

void Batch::use_buffers(std::span<const FieldSpec> fields, size_t input_count, size_t weight_count, int64_t rows) {
  use_views(input_count, weight_count, rows, fields.size());
  buffers_.resize(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    const Shape shape = fields[i].sample.with_front(rows);
    if (buffers_[i].empty() || buffers_[i].size() < shape.size()) buffers_[i] = Tensor(shape);
    views_[i] = {buffers_[i].data(), shape};
  }
}

void Batch::use_views(size_t input_count, size_t weight_count, int64_t rows, size_t field_count) {
  views_.resize(field_count);
  input_count_ = input_count;
  weight_count_ = weight_count;
  rows_ = rows;
}

Dataset::Dataset(std::vector<FieldSpec> fields, size_t input_count, size_t weight_count, int64_t size)
    : fields_(std::move(fields)), input_count_(input_count), weight_count_(weight_count), size_(size) {}

const Shape& Dataset::sample_shape() const {
  HGQ_CHECK(input_count_ == 1, ShapeError, "this dataset has ", input_count_,
            " inputs, but sample_shape() needs exactly one");
  return fields_[0].sample;
}

void Dataset::check_rows(std::span<const int64_t> rows) const {
  for (const int64_t row : rows) {
    HGQ_CHECK(row >= 0 && row < size_, ShapeError, "row ", row, " of a dataset of ", size_, " rows is asked for");
  }
}

void Dataset::check_range(int64_t first, int64_t count) const {
  HGQ_CHECK(first >= 0 && count >= 0 && first <= size_ && count <= size_ - first, ShapeError, count, " rows from ",
            first, " of a dataset of ", size_, " rows are asked for");
}

Batches Dataset::batches(int64_t batch_size) const { return {*this, batch_size}; }

Batches Dataset::batches(int64_t batch_size, uint64_t seed, uint64_t epoch) const {
  Batches batches(*this, batch_size);
  batches.shuffle(seed, epoch);
  return batches;
}

EpochOrder::EpochOrder(int64_t rows, int64_t block_rows) : rows_(rows), block_rows_(std::max<int64_t>(block_rows, 1)) {
  const auto blocks = static_cast<size_t>((rows_ + block_rows_ - 1) / block_rows_);
  block_order_.resize(blocks);
  block_begin_.resize(blocks + 1);
}

int64_t EpochOrder::rows_of_block(int64_t block) const { return std::min(block_rows_, rows_ - block * block_rows_); }

void EpochOrder::shuffle(uint64_t seed, uint64_t epoch) {
  shuffled_ = true;
  seed_ = seed;
  epoch_ = epoch;
  entered_ = false;
  permutation_into(seed, stream_of("shuffle blocks"), epoch, block_order_);
  int64_t begin = 0;
  for (size_t place = 0; place < block_order_.size(); ++place) {
    block_begin_[place] = begin;
    begin += rows_of_block(block_order_[place]);
  }
  block_begin_.back() = begin;
}

void EpochOrder::enter_block(size_t place) {
  const int64_t block = block_order_[place];
  within_.resize(static_cast<size_t>(rows_of_block(block)));
  permutation_into(seed_, stream_of("shuffle") + static_cast<uint64_t>(block), epoch_, within_);
  current_ = place;
  entered_ = true;
}

void EpochOrder::rows(int64_t first, std::span<int64_t> out) {
  const auto count = static_cast<int64_t>(out.size());
  HGQ_CHECK(first >= 0 && first + count <= rows_, ShapeError, "positions ", first, " to ", first + count,
            " of an epoch of ", rows_, " rows");
  if (!shuffled_) return std::iota(out.begin(), out.end(), first);
  int64_t position = first;
  while (!out.empty()) {
    if (!entered_ || position < block_begin_[current_] || position >= block_begin_[current_ + 1]) {
      enter_block(static_cast<size_t>(std::ranges::upper_bound(block_begin_, position) - block_begin_.begin()) - 1);
    }
    const auto from = static_cast<size_t>(position - block_begin_[current_]);
    const std::span<const int64_t> of_block =
        std::span(within_).subspan(from).first(std::min(out.size(), within_.size() - from));
    const int64_t begin = block_order_[current_] * block_rows_;
    std::ranges::transform(of_block, out.begin(), [begin](int64_t row) { return begin + row; });
    out = out.subspan(of_block.size());
    position += static_cast<int64_t>(of_block.size());
  }
}

Batches::Batches(const Dataset& data, int64_t batch_size, Workers* workers)
    : data_(&data), batch_size_(batch_size), workers_(workers), order_(data.size(), data.block_rows()) {
  HGQ_CHECK(batch_size >= 1, ConfigError, "a batch of ", batch_size, " rows is asked for, expected at least 1");
}

int64_t Batches::size() const { return (data_->size() + batch_size_ - 1) / batch_size_; }

const Batch& Batches::operator[](int64_t index) {
  HGQ_CHECK(index >= 0 && index < size(), ShapeError, "batch ", index, " of ", size(), " is asked for");
  const PhaseTimer timer(workers_ == nullptr ? nullptr : workers_->profile(), "data");
  const int64_t first = index * batch_size_;
  const int64_t count = std::min(batch_size_, data_->size() - first);
  if (!order_.is_shuffled()) {
    data_->slice(first, count, batch_);
    return batch_;
  }
  rows_.resize(static_cast<size_t>(count));
  order_.rows(first, rows_);
  data_->gather(rows_, batch_, workers_);
  return batch_;
}

SplitRows split_rows(int64_t rows, double share, uint64_t seed) {
  const auto validating = static_cast<int64_t>(std::nearbyint(share * static_cast<double>(rows)));
  HGQ_CHECK(validating > 0 && validating < rows, ConfigError, "validation: a share of ", share, " of ", rows,
            " rows is ", validating, " rows; both training and validation need at least one");
  std::vector<int64_t> order = permutation(seed, stream_of("split"), 0, rows);
  const auto cut = order.end() - validating;
  SplitRows split{{order.begin(), cut}, {cut, order.end()}};
  std::ranges::sort(split.train);
  std::ranges::sort(split.validation);
  return split;
}

}  // namespace hgq
