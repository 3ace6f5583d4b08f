#include "hgq/data/memory_dataset.h"

#include <algorithm>
#include <cstring>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// The number of rows that one thread copies at a time: small enough to divide a batch among threads, large enough to
/// be worth waking a thread.
constexpr int64_t kRowsPerTask = 2048;

/// Copies the given rows of `size` floats each from `from` to `to`, one after the other.
void copy_rows(const float* from, std::span<const int64_t> rows, int64_t size, float* to) {
  constexpr size_t kAhead = 8;
  const auto bytes = static_cast<size_t>(size) * sizeof(float);
  for (size_t i = 0; i < rows.size(); ++i) {
    // The rows may be anywhere in memory, so their cache lines are prefetched.
    if (i + kAhead < rows.size()) __builtin_prefetch(from + rows[i + kAhead] * size);
    if (size == 1) {
      to[i] = from[rows[i]];
    } else {
      std::memcpy(to + static_cast<int64_t>(i) * size, from + rows[i] * size, bytes);
    }
  }
}

}  // namespace

MemoryDataset::MemoryDataset(NamedTensors named_inputs, NamedTensors named_targets, NamedTensors named_weights) {
  std::vector<NamedTensor> inputs = std::move(named_inputs).take();
  std::vector<NamedTensor> targets = std::move(named_targets).take();
  std::vector<NamedTensor> weights = std::move(named_weights).take();
  HGQ_CHECK(!inputs.empty(), ShapeError, "a dataset needs at least one input");
  HGQ_CHECK(weights.size() <= 1 || weights.size() <= targets.size(), ShapeError, "a dataset of ", targets.size(),
            " targets has ", weights.size(), " sample weights, expected none, one for all targets, or one for each");
  input_count_ = inputs.size();
  weight_count_ = weights.size();
  for (std::vector<NamedTensor>* group : {&inputs, &targets, &weights}) {
    for (NamedTensor& field : *group) {
      const Shape& shape = field.value.shape();
      HGQ_CHECK(shape.rank() > 0, ShapeError, "field '", field.name, "' is a single number, expected rows");
      if (values_.empty()) size_ = shape[0];
      HGQ_CHECK(shape[0] == size_, ShapeError, "field '", field.name, "' has ", shape[0], " rows, but '",
                fields_.empty() ? "" : fields_[0].name, "' has ", size_);
      fields_.push_back({field.name, shape.without_front()});
      values_.push_back(std::move(field.value));
    }
  }
  HGQ_CHECK(size_ > 0, ShapeError, "a dataset needs at least one row");
}

void MemoryDataset::gather(std::span<const int64_t> rows, Batch& out, Workers* workers) const {
  check_rows(rows);
  out.use_buffers(fields_, input_count_, weight_count_, static_cast<int64_t>(rows.size()));
  const auto count = static_cast<int64_t>(rows.size());
  const auto copy = [&](int64_t task, int) {
    const int64_t first = task * kRowsPerTask;
    const auto part =
        rows.subspan(static_cast<size_t>(first), static_cast<size_t>(std::min(kRowsPerTask, count - first)));
    for (size_t f = 0; f < fields_.size(); ++f) {
      const int64_t size = fields_[f].sample.size();
      copy_rows(values_[f].data(), part, size, out.buffer(f).data + first * size);
    }
  };
  const int64_t tasks = (count + kRowsPerTask - 1) / kRowsPerTask;
  if (workers != nullptr && tasks > 1) {
    workers->run(tasks, copy);
  } else {
    for (int64_t task = 0; task < tasks; ++task) copy(task, 0);
  }
}

void MemoryDataset::slice(int64_t first, int64_t count, Batch& out) const {
  check_range(first, count);
  out.use_views(input_count_, weight_count_, count, fields_.size());
  for (size_t f = 0; f < fields_.size(); ++f) out.set_view(f, values_[f].view().rows(first, count));
}

ConstTensorView MemoryDataset::x() const {
  HGQ_CHECK(input_count_ == 1, ShapeError, "this dataset has ", input_count_, " inputs, but x() needs exactly one");
  return values_[0].view();
}

ConstTensorView MemoryDataset::y() const {
  HGQ_CHECK(targets().size() == 1, ShapeError, "this dataset has ", targets().size(),
            " targets, but y() needs exactly one");
  return values_[input_count_].view();
}

ConstTensorView MemoryDataset::field(const std::string& name) const {
  std::vector<std::string> names;
  for (size_t f = 0; f < fields_.size(); ++f) {
    if (fields_[f].name == name) return values_[f].view();
    names.push_back(fields_[f].name);
  }
  throw ShapeError(concat("this dataset has no field '", name, "'", suggestion(name, names)));
}

MemoryDataset MemoryDataset::take(std::span<const int64_t> rows) const {
  check_rows(rows);
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> others[2];  // targets, weights
  for (size_t f = 0; f < fields_.size(); ++f) {
    Tensor part(fields_[f].sample.with_front(static_cast<int64_t>(rows.size())));
    copy_rows(values_[f].data(), rows, fields_[f].sample.size(), part.data());
    std::vector<NamedTensor>& group = f < input_count_ ? inputs : others[f < fields_.size() - weight_count_ ? 0 : 1];
    group.push_back({fields_[f].name, std::move(part)});
  }
  return {std::move(inputs), std::move(others[0]), std::move(others[1])};
}

std::pair<MemoryDataset, MemoryDataset> MemoryDataset::split(double validation_share, uint64_t seed) const {
  const SplitRows rows = split_rows(size_, validation_share, seed);
  return {take(rows.train), take(rows.validation)};
}

}  // namespace hgq
