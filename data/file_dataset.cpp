#include "hgq/data/file_dataset.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/data/claimed_size.h"

namespace hgq {
namespace {

/// Reads all rows of the file from the first to the last that is needed, piece by piece, and keeps those that are
/// needed.
void read_chosen(const FieldReader& field, std::span<const int64_t> rows, std::span<float> out,
                 std::vector<float>& piece) {
  const int64_t size = field.spec().sample.size();
  const int64_t step = std::max(kPieceRows, field.rows().chunk_rows());
  for (size_t done = 0; done < rows.size();) {
    const int64_t first = rows[done];
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(done);
    const auto end = std::lower_bound(begin, rows.end(), first + step);
    const int64_t count = *(end - 1) + 1 - first;
    piece.resize(static_cast<size_t>(count * size));
    field.read(first, count, piece);
    for (auto row = begin; row != end; ++row, ++done) {
      std::copy_n(piece.begin() + (*row - first) * size, size, out.begin() + static_cast<std::ptrdiff_t>(done) * size);
    }
  }
}

void read_all(const FieldReader& field, int64_t first, int64_t count, std::span<float> out) {
  const int64_t size = field.spec().sample.size();
  const int64_t step = std::max(kPieceRows, field.rows().chunk_rows());
  for (int64_t done = 0; done < count; done += step) {
    const int64_t rows = std::min(step, count - done);
    field.read(first + done, rows, out.subspan(static_cast<size_t>(done * size), static_cast<size_t>(rows * size)));
  }
}

std::vector<FieldSpec> specs_of(const FieldSet& set) {
  std::vector<FieldSpec> specs;
  for (const FieldReader& field : set.fields) specs.push_back(field.spec());
  return specs;
}

}  // namespace

FieldReader FieldReader::input(std::string name, std::shared_ptr<const RowSource> rows, Scaling scaling) {
  HGQ_CHECK(!rows->is_text(), FileError, rows->place(), ": holds text, but input '", name, "' takes numbers");
  const Shape sample = rows->sample().rank() == 0 ? Shape{1} : rows->sample();
  HGQ_CHECK(sample.size() > 0, FileError, rows->place(), ": has rows of shape ", sample, ", which hold no values");
  scaling.check(sample, name);
  FieldReader field({std::move(name), sample}, std::move(rows));
  field.scaling_ = std::move(scaling);
  return field;
}

FieldReader FieldReader::target(std::string name, std::shared_ptr<const RowSource> rows, TargetEncoder encoder,
                                Scaling scaling) {
  encoder.check_shape(*rows);
  scaling.check(encoder.sample(), name);
  FieldReader field({std::move(name), encoder.sample()}, std::move(rows));
  if (scaling.empty()) {
    field.encoder_ = std::move(encoder);
  } else {
    HGQ_CHECK(encoder.kind() == TargetKind::kNumbers, ConfigError, "output '", field.spec_.name,
              "': its targets are classes, which are not scaled");
    field.scaling_ = std::move(scaling);
  }
  return field;
}

FieldReader FieldReader::weight(std::string name, std::shared_ptr<const RowSource> rows,
                                std::span<const Shape> outputs) {
  const Shape& sample = rows->sample();
  bool fits = sample == Shape{} || sample == Shape{1};
  Shape losses;
  if (outputs.size() == 1 && outputs[0].rank() > 1)
    losses = Shape(outputs[0].dims().first(static_cast<size_t>(outputs[0].rank() - 1)));
  fits = fits || (losses.rank() > 0 && sample == losses);
  HGQ_CHECK(fits, FileError, rows->place(), ": has rows of shape ", sample, ", but the sample weights '", name,
            "' are one number a row",
            losses.rank() > 0 ? concat(", or rows of shape ", losses, ", as the losses of a row") : "");
  return plain(std::move(name), std::move(rows));
}

FieldReader FieldReader::plain(std::string name, std::shared_ptr<const RowSource> rows) {
  HGQ_CHECK(!rows->is_text(), FileError, rows->place(), ": holds text, expected numbers");
  FieldSpec spec{std::move(name), rows->sample()};
  return {std::move(spec), std::move(rows)};
}

void FieldReader::read(int64_t first, int64_t count, std::span<float> out) const {
  if (encoder_) return encoder_->encode(*rows_, first, count, out);
  const std::span<float> values = out.first(static_cast<size_t>(count * spec_.sample.size()));
  if (!scaling_.empty() && rows_->width() != NumberWidth::kFloat) {
    std::vector<double> wide(values.size());
    rows_->read(first, count, std::span(wide));
    check_finite<double>(*rows_, first, wide);
    scaling_.apply(wide, values);
    check_finite<float>(*rows_, first, values);
    return;
  }
  rows_->read(first, count, values);
  check_finite<float>(*rows_, first, values);
  if (scaling_.empty()) return;
  scaling_.apply(values);
  check_finite<float>(*rows_, first, values);
}

int64_t FieldSet::size() const { return rows ? static_cast<int64_t>(rows->size()) : fields.front().rows().rows(); }

int64_t FieldSet::bytes() const {
  int64_t floats = 0;
  for (const FieldReader& field : fields) floats += field.spec().sample.size();
  return floats * size() * static_cast<int64_t>(sizeof(float));
}

void check_equal_rows(std::span<const RowSource* const> sources) {
  for (const RowSource* source : sources) {
    HGQ_CHECK(source->rows() > 0, FileError, source->place(), ": has no rows");
    HGQ_CHECK(source->rows() == sources[0]->rows(), FileError, source->place(), ": has ", source->rows(), " rows, but ",
              sources[0]->place(), " has ", sources[0]->rows());
  }
}

MemoryDataset load_fields(const FieldSet& set) {
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> targets;
  std::vector<NamedTensor> weights;
  std::vector<float> piece;
  for (size_t f = 0; f < set.fields.size(); ++f) {
    const FieldReader& field = set.fields[f];
    check_fits_memory(set.bytes(), field.rows().place());
    Tensor values(field.spec().sample.with_front(set.size()));
    if (set.rows) {
      read_chosen(field, *set.rows, values.values(), piece);
    } else {
      read_all(field, 0, set.size(), values.values());
    }
    const bool is_weight = f >= set.fields.size() - set.weight_count;
    (f < set.input_count ? inputs : is_weight ? weights : targets).push_back({field.spec().name, std::move(values)});
  }
  return {std::move(inputs), std::move(targets), std::move(weights)};
}

FileDataset::FileDataset(FieldSet set, int64_t memory_limit)
    : Dataset(specs_of(set), set.input_count, set.weight_count, set.size()), set_(std::move(set)), blocks_(2) {
  const int64_t row_bytes = std::max<int64_t>(set_.bytes() / std::max<int64_t>(size_, 1), 1);
  int64_t chunk = 1;
  for (const FieldReader& field : set_.fields) chunk = std::max(chunk, field.rows().chunk_rows());
  // Memory for two blocks, and as much again for the block that is being read. A block consists of whole HDF5 chunks,
  // so that none is unpacked twice.
  const int64_t wanted = memory_limit / (3 * row_bytes);
  block_rows_ = std::clamp<int64_t>(wanted / chunk * chunk, std::min(chunk, size_), size_);
  HGQ_CHECK(block_rows_ <= std::max(memory_limit, kAlwaysAllowed) / row_bytes, FileError,
            set_.fields.front().rows().place(), ": ",
            block_rows_ == 1 ? std::string("a row takes ") : concat("the ", block_rows_, " rows of a chunk take "),
            bytes_text(block_rows_ * row_bytes), ", but all rows may take ", bytes_text(memory_limit),
            " (data.memory of a config, --memory of a command)");
}

void FileDataset::read_block(int64_t index, Block& block) const {
  const int64_t first = index * block_rows_;
  const int64_t count = std::min(block_rows_, size_ - first);
  block.index = -1;  // until all is read
  block.values.resize(fields_.size());
  std::vector<float> piece;
  for (size_t f = 0; f < fields_.size(); ++f) {
    const int64_t size = fields_[f].sample.size();
    if (block.values[f].empty()) block.values[f] = Tensor(fields_[f].sample.with_front(block_rows_));
    const std::span<float> out = block.values[f].values().first(static_cast<size_t>(count * size));
    if (set_.rows) {
      read_chosen(set_.fields[f], std::span(*set_.rows).subspan(static_cast<size_t>(first), static_cast<size_t>(count)),
                  out, piece);
    } else {
      read_all(set_.fields[f], first, count, out);
    }
  }
  block.index = index;
}

const FileDataset::Block& FileDataset::block_of(int64_t row) const {
  const int64_t index = row / block_rows_;
  auto block = std::ranges::find(blocks_, index, &Block::index);
  if (block == blocks_.end()) {
    block = std::ranges::min_element(blocks_, {}, &Block::last_use);
    read_block(index, *block);
  }
  block->last_use = ++uses_;
  return *block;
}

void FileDataset::gather(std::span<const int64_t> rows, Batch& out, Workers* /*workers*/) const {
  check_rows(rows);
  out.use_buffers(fields_, input_count_, weight_count_, static_cast<int64_t>(rows.size()));
  for (size_t i = 0; i < rows.size(); ++i) {
    const Block& block = block_of(rows[i]);
    const int64_t within = rows[i] - block.index * block_rows_;
    for (size_t f = 0; f < fields_.size(); ++f) {
      const int64_t size = fields_[f].sample.size();
      std::copy_n(block.values[f].data() + within * size, size, out.buffer(f).data + static_cast<int64_t>(i) * size);
    }
  }
}

void FileDataset::slice(int64_t first, int64_t count, Batch& out) const {
  check_range(first, count);
  out.use_buffers(fields_, input_count_, weight_count_, count);
  for (int64_t done = 0; done < count;) {
    const Block& block = block_of(first + done);
    const int64_t within = first + done - block.index * block_rows_;
    const int64_t rows = std::min(block_rows_ - within, count - done);
    for (size_t f = 0; f < fields_.size(); ++f) {
      const int64_t size = fields_[f].sample.size();
      std::copy_n(block.values[f].data() + within * size, rows * size, out.buffer(f).data + done * size);
    }
    done += rows;
  }
}

std::unique_ptr<Dataset> make_dataset(FieldSet set, int64_t memory_limit) {
  if (set.bytes() <= memory_limit) return std::make_unique<MemoryDataset>(load_fields(set));
  return std::make_unique<FileDataset>(std::move(set), memory_limit);
}

}  // namespace hgq
