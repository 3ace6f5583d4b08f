#include "hgq/optim/class_rows.h"

#include <algorithm>
#include <cmath>

#include "hgq/core/error.h"

namespace hgq {

ClassRows::ClassRows(const MeasuredRows& rows)
    : rows_(rows),
      columns_(rows.predictions.shape.rank() > 1 ? rows.predictions.shape[-1] : 1),
      sparse_(rows.targets_are == TargetKind::kClassNumbers),
      binary_(rows.targets_are == TargetKind::kBinary),
      logits_(rows.output_function != (binary_ ? "sigmoid" : "softmax")) {
  size_ = rows.predictions.size() / columns_;
}

double ClassRows::weight(int64_t row) const {
  if (rows_.weights.empty()) return 1;
  // One weight for each row, or for several in succession: all positions of a sample.
  const auto count = static_cast<int64_t>(rows_.weights.size());
  return static_cast<double>(rows_.weights[static_cast<size_t>(count == size_ ? row : row / (size_ / count))]);
}

double ClassRows::share(int64_t row, int64_t column) const {
  if (sparse_) return rows_.targets.data[row] == static_cast<float>(column) ? 1 : 0;
  return static_cast<double>(rows_.targets.data[row * columns_ + column]);
}

bool ClassRows::probability_above(int64_t row, int64_t column, double threshold) const {
  const auto p = static_cast<double>(prediction(row, column));
  if (!logits_) return static_cast<float>(p) > static_cast<float>(threshold);
  if (binary_) return p > std::log(threshold) - std::log1p(-threshold);
  double top = p;
  for (int64_t c = 0; c < columns_; ++c) top = std::max(top, static_cast<double>(prediction(row, c)));
  double sum = 0;
  for (int64_t c = 0; c < columns_; ++c) sum += std::exp(static_cast<double>(prediction(row, c)) - top);
  return std::exp(p - top) > threshold * sum;
}

bool ClassRows::is_in_top(int64_t row, int64_t column, int64_t k) const {
  const float own = prediction(row, column);
  int64_t before = 0;
  for (int64_t c = 0; c < columns_; ++c) {
    const float other = prediction(row, c);
    before += other > own || (other == own && c < column) ? 1 : 0;
  }
  return before < k;
}

bool ClassRows::is_largest(int64_t row, int64_t column) const {
  const float own = prediction(row, column);
  for (int64_t c = 0; c < columns_; ++c) {
    if (prediction(row, c) > own) return false;
  }
  return logits_ || std::abs(own) > 1e-9F;
}

void check_column(std::optional<int64_t> column, const Shape& sample, const char* key) {
  HGQ_CHECK(!column || *column < ClassRows::columns_of(sample), ConfigError, key, " is ", *column,
            ", but the output has ", ClassRows::columns_of(sample), " columns, which are counted from 0");
}

}  // namespace hgq
