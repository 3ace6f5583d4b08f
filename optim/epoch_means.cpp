#include "hgq/optim/epoch_means.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/core/error.h"

namespace hgq {

void Metrics::set(const std::string& name, double value) {
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();  // without a sign, which is an accident
  for (auto& [key, old] : entries_) {
    if (key == name) {
      old = value;
      return;
    }
  }
  entries_.emplace_back(name, value);
}

const double* Metrics::find(const std::string& name) const {
  for (const auto& [key, value] : entries_) {
    if (key == name) return &value;
  }
  return nullptr;
}

void EpochMeans::clear() {
  std::ranges::fill(sums_, 0.0);
  rows_ = 0;
}

std::vector<double> EpochMeans::state() const {
  std::vector<double> state = sums_;
  state.push_back(static_cast<double>(rows_));
  return state;
}

void EpochMeans::restore(const std::vector<double>& state, int64_t rows) {
  HGQ_CHECK(state.size() == sums_.size() + 1, FileError, "the checkpoint holds ", state.size(),
            " sums of metrics, expected ", sums_.size() + 1);
  HGQ_CHECK(state.back() == static_cast<double>(rows), FileError, "the checkpoint holds sums over ", state.back(),
            " rows, expected ", rows);
  std::copy_n(state.begin(), sums_.size(), sums_.begin());
  rows_ = rows;
}

}  // namespace hgq
