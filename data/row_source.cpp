#include "hgq/data/row_source.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// "[2, 5]" for element 17 of a sample of shape [4, 6]; "5" where the sample has one dim; empty for a single number.
std::string element_name(const Shape& sample, int64_t element) {
  if (sample.size() <= 1) return "";
  const auto strides = row_major_strides(sample);
  std::string out;
  for (int i = 0; i < sample.rank(); ++i) {
    out += concat(i == 0 ? "" : ", ", element / strides[static_cast<size_t>(i)] % sample[i]);
  }
  return sample.rank() == 1 ? out : concat("[", out, "]");
}

/// Whether all are finite, without a branch per value: the sum of value * 0 is NaN where one is not.
bool all_finite(std::span<const float> values) {
  float sum = 0.0F;
  for (const float value : values) sum += value * 0.0F;
  return sum == 0.0F;
}

class CachedRows : public RowSource {
 public:
  explicit CachedRows(std::unique_ptr<RowSource> source)
      : RowSource(source->place(), source->rows(), source->sample(), source->is_text()), source_(std::move(source)) {
    if (is_text()) {
      words_ = source_->read_text(0, rows());
    } else {
      values_.resize(static_cast<size_t>(rows() * sample().size()));
      source_->read(0, rows(), values_);
    }
  }
  std::string row_name(int64_t row) const override { return source_->row_name(row); }

 private:
  void read_numbers(int64_t first, int64_t /*count*/, std::span<float> out) const override {
    std::copy_n(values_.begin() + first * sample().size(), out.size(), out.begin());
  }
  std::vector<std::string> read_words(int64_t first, int64_t count) const override {
    return {words_.begin() + first, words_.begin() + first + count};
  }

  std::unique_ptr<RowSource> source_;
  std::vector<float> values_;
  std::vector<std::string> words_;
};

}  // namespace

std::unique_ptr<RowSource> cached_rows(std::unique_ptr<RowSource> source) {
  return std::make_unique<CachedRows>(std::move(source));
}

RowSource::RowSource(std::string place, int64_t rows, const Shape& sample, bool is_text)
    : place_(std::move(place)), rows_(rows), sample_(sample), is_text_(is_text) {}

std::string RowSource::row_name(int64_t row) const { return concat("row ", row, " (from 0)"); }

void RowSource::read(int64_t first, int64_t count, std::span<float> out) const {
  HGQ_CHECK(!is_text_, FileError, place_, ": holds text, expected numbers");
  HGQ_CHECK(first >= 0 && count >= 0 && first <= rows_ && count <= rows_ - first, ShapeError, place_, ": has ", rows_,
            " rows, ", count, " from ", first, " are asked for");
  HGQ_CHECK(static_cast<int64_t>(out.size()) >= count * sample_.size(), ShapeError, place_, ": ", count, " rows of ",
            sample_.size(), " values do not fit into a buffer of ", out.size());
  if (count > 0) read_numbers(first, count, out.first(static_cast<size_t>(count * sample_.size())));
}

std::vector<std::string> RowSource::read_text(int64_t first, int64_t count) const {
  HGQ_CHECK(is_text_, FileError, place_, ": holds numbers, expected text");
  HGQ_CHECK(first >= 0 && count >= 0 && first <= rows_ && count <= rows_ - first, ShapeError, place_, ": has ", rows_,
            " rows, ", count, " from ", first, " are asked for");
  return count > 0 ? read_words(first, count) : std::vector<std::string>{};
}

void check_finite(const RowSource& source, int64_t first, std::span<const float> values) {
  if (all_finite(values)) return;
  int64_t nans = 0;
  int64_t infinite = 0;
  int64_t where = -1;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    (std::isnan(values[i]) ? nans : infinite) += 1;
    if (where < 0) where = static_cast<int64_t>(i);
  }
  const int64_t size = source.sample().size();
  const std::string element = element_name(source.sample(), where % size);
  throw FileError(
      concat(source.place(), ": holds ", nans > 0 ? concat(nans, " NaN") : "", nans > 0 && infinite > 0 ? " and " : "",
             infinite > 0 ? concat(infinite, " infinite (or beyond float32)") : "",
             nans + infinite == 1 ? " value" : " values", ", the first in ", source.row_name(first + where / size),
             element.empty() ? "" : concat(", column ", element), "; remove or replace such rows"));
}

}  // namespace hgq
