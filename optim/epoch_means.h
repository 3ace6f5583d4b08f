// The numbers that an epoch logs: named values, and means over batches of any size.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hgq {

/// Ordered names and numbers: "loss", "accuracy", "val_loss" ...
class Metrics {
 public:
  void set(const std::string& name, double value);
  /// The value with this name; nullptr if there is none. Valid until the next change.
  const double* find(const std::string& name) const;
  void clear() { entries_.clear(); }
  const std::vector<std::pair<std::string, double>>& entries() const { return entries_; }

 private:
  std::vector<std::pair<std::string, double>> entries_;
};

/// Means over the batches of an epoch so far, each weighted by its rows.
class EpochMeans {
 public:
  explicit EpochMeans(std::vector<std::string> names = {}) : names_(std::move(names)), sums_(names_.size(), 0.0) {}
  void add(size_t index, double value, int64_t rows) { sums_[index] += value * static_cast<double>(rows); }
  /// Sums that are no means.
  std::span<double> sums(size_t first, size_t count) { return std::span(sums_).subspan(first, count); }
  std::span<const double> sums(size_t first, size_t count) const { return std::span(sums_).subspan(first, count); }
  void add_rows(int64_t rows) { rows_ += rows; }
  double mean(size_t index) const { return rows_ == 0 ? 0.0 : sums_[index] / static_cast<double>(rows_); }
  void clear();
  const std::vector<std::string>& names() const { return names_; }
  /// The sums, then the rows, for checkpoints.
  std::vector<double> state() const;
  /// Continues from a state(). Throws FileError unless it is one after `rows` rows.
  void restore(const std::vector<double>& state, int64_t rows);

 private:
  std::vector<std::string> names_;
  std::vector<double> sums_;
  int64_t rows_ = 0;
};

}  // namespace hgq
