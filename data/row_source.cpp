#include "hgq/data/row_source.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// "[2, 5]" for element 17 of a sample of shape [4, 6]; "5" if the sample has one dimension; empty for a single number.
std::string element_name(const Shape& sample, int64_t element) {
  if (sample.size() <= 1) return "";
  const auto strides = row_major_strides(sample);
  std::string out;
  for (int i = 0; i < sample.rank(); ++i) {
    out += concat(i == 0 ? "" : ", ", element / strides[static_cast<size_t>(i)] % sample[i]);
  }
  return sample.rank() == 1 ? out : concat("[", out, "]");
}

/// Whether all values are finite, without a branch for each value: the sum of value * 0 is NaN if one is not.
template <typename T>
bool all_finite(std::span<const T> values) {
  T sum = 0;
  for (const T value : values) sum += value * T{0};
  return sum == T{0};
}

template <typename T>
constexpr NumberWidth kWidthOf = sizeof(T) == sizeof(float)    ? NumberWidth::kFloat
                                 : sizeof(T) == sizeof(double) ? NumberWidth::kDouble
                                                               : NumberWidth::kLabel;

/// Rows of numbers in memory.
template <typename T>
class MemoryRows : public RowSource {
 public:
  /// If `origin` is given, it names the rows.
  MemoryRows(std::string place, int64_t rows, const Shape& sample, std::vector<T> values,
             std::unique_ptr<RowSource> origin)
      : RowSource(std::move(place), rows, sample, false, kWidthOf<T>),
        values_(std::move(values)),
        origin_(std::move(origin)) {}
  std::string row_name(int64_t row) const override {
    return origin_ == nullptr ? RowSource::row_name(row) : origin_->row_name(row);
  }

 private:
  void read_floats(int64_t first, int64_t, std::span<float> out) const override { copy(first, out); }
  void read_doubles(int64_t first, int64_t, std::span<double> out) const override { copy(first, out); }
  void read_labels(int64_t first, int64_t, std::span<Label> out) const override { copy(first, out); }
  std::vector<std::string> read_words(int64_t, int64_t) const override { return {}; }
  template <typename Out>
  void copy(int64_t first, std::span<Out> out) const {
    const auto from = std::span(values_).subspan(static_cast<size_t>(first * sample().size()), out.size());
    if constexpr (std::same_as<T, Out>) {
      std::ranges::copy(from, out.begin());
    } else {
      std::ranges::transform(from, out.begin(), [](T value) { return static_cast<Out>(value); });
    }
  }

  std::vector<T> values_;
  std::unique_ptr<RowSource> origin_;
};

/// Rows of text in memory.
class MemoryWords : public RowSource {
 public:
  explicit MemoryWords(std::unique_ptr<RowSource> origin)
      : RowSource(origin->place(), origin->rows(), origin->sample(), true),
        words_(origin->read_text(0, origin->rows())),
        origin_(std::move(origin)) {}
  std::string row_name(int64_t row) const override { return origin_->row_name(row); }

 private:
  void read_floats(int64_t, int64_t, std::span<float>) const override {}
  std::vector<std::string> read_words(int64_t first, int64_t count) const override {
    return {words_.begin() + first, words_.begin() + first + count};
  }

  std::vector<std::string> words_;
  std::unique_ptr<RowSource> origin_;
};

template <typename T>
std::unique_ptr<RowSource> cached_as(std::unique_ptr<RowSource> source) {
  std::vector<T> values(static_cast<size_t>(source->rows() * source->sample().size()));
  source->read(0, source->rows(), std::span(values));
  const RowSource& origin = *source;
  return std::make_unique<MemoryRows<T>>(origin.place(), origin.rows(), origin.sample(), std::move(values),
                                         std::move(source));
}

/// Reads the numbers as `Narrow`, which can hold all of them.
template <typename Narrow, typename Wide>
void widen(const RowSource& source, int64_t first, int64_t count, std::span<Wide> out) {
  std::vector<Narrow> narrow(static_cast<size_t>(count * source.sample().size()));
  source.read(first, count, std::span(narrow));
  std::ranges::copy(narrow, out.begin());
}

}  // namespace

int64_t bytes_of(NumberWidth width) {
  constexpr std::array<int64_t, 3> kBytes = {sizeof(float), sizeof(double), sizeof(Label)};
  return kBytes[static_cast<size_t>(width)];
}

std::unique_ptr<RowSource> cached_rows(std::unique_ptr<RowSource> source, NumberWidth width) {
  if (source->is_text()) return std::make_unique<MemoryWords>(std::move(source));
  switch (std::min(width, source->width())) {
    case NumberWidth::kLabel:
      return cached_as<Label>(std::move(source));
    case NumberWidth::kDouble:
      return cached_as<double>(std::move(source));
    case NumberWidth::kFloat:
      break;
  }
  return cached_as<float>(std::move(source));
}

template <typename T>
std::unique_ptr<RowSource> memory_rows(std::string place, const Shape& shape, std::vector<T> values) {
  HGQ_CHECK(shape.rank() > 0, FileError, place, ": holds a single number, expected rows");
  HGQ_CHECK(static_cast<int64_t>(values.size()) == shape.size(), ShapeError, place, ": ", values.size(),
            " values do not fill the shape ", shape);
  return std::make_unique<MemoryRows<T>>(std::move(place), shape[0], shape.without_front(), std::move(values), nullptr);
}

template std::unique_ptr<RowSource> memory_rows(std::string, const Shape&, std::vector<float>);
template std::unique_ptr<RowSource> memory_rows(std::string, const Shape&, std::vector<double>);
template std::unique_ptr<RowSource> memory_rows(std::string, const Shape&, std::vector<Label>);

std::unique_ptr<RowSource> memory_rows(std::string place, const Tensor& values) {
  const std::span<const float> numbers = values.view().values();
  return memory_rows(std::move(place), values.shape(), std::vector<float>(numbers.begin(), numbers.end()));
}

RowSource::RowSource(std::string place, int64_t rows, const Shape& sample, bool is_text, NumberWidth width)
    : place_(std::move(place)), rows_(rows), sample_(sample), is_text_(is_text), width_(width) {}

std::string RowSource::row_name(int64_t row) const { return concat("row ", row, " (from 0)"); }

void RowSource::read_doubles(int64_t first, int64_t count, std::span<double> out) const {
  widen<float>(*this, first, count, out);
}

void RowSource::read_labels(int64_t first, int64_t count, std::span<Label> out) const {
  widen<double>(*this, first, count, out);
}

void RowSource::check_numbers(int64_t first, int64_t count, size_t room) const {
  HGQ_CHECK(!is_text_, FileError, place_, ": holds text, expected numbers");
  HGQ_CHECK(first >= 0 && count >= 0 && first <= rows_ && count <= rows_ - first, ShapeError, place_, ": has ", rows_,
            " rows, ", count, " from ", first, " are asked for");
  HGQ_CHECK(static_cast<int64_t>(room) >= count * sample_.size(), ShapeError, place_, ": ", count, " rows of ",
            sample_.size(), " values do not fit into a buffer of ", room);
}

void RowSource::read(int64_t first, int64_t count, std::span<float> out) const {
  check_numbers(first, count, out.size());
  if (count > 0) read_floats(first, count, out.first(static_cast<size_t>(count * sample_.size())));
}

void RowSource::read(int64_t first, int64_t count, std::span<double> out) const {
  check_numbers(first, count, out.size());
  const auto numbers = out.first(static_cast<size_t>(count * sample_.size()));
  if (count == 0) return;
  if (width_ == NumberWidth::kFloat) return widen<float>(*this, first, count, numbers);
  read_doubles(first, count, numbers);
}

void RowSource::read(int64_t first, int64_t count, std::span<Label> out) const {
  check_numbers(first, count, out.size());
  const auto numbers = out.first(static_cast<size_t>(count * sample_.size()));
  if (count == 0) return;
  if (width_ != NumberWidth::kLabel) return widen<double>(*this, first, count, numbers);
  read_labels(first, count, numbers);
}

std::vector<std::string> RowSource::read_text(int64_t first, int64_t count) const {
  HGQ_CHECK(is_text_, FileError, place_, ": holds numbers, expected text");
  HGQ_CHECK(first >= 0 && count >= 0 && first <= rows_ && count <= rows_ - first, ShapeError, place_, ": has ", rows_,
            " rows, ", count, " from ", first, " are asked for");
  return count > 0 ? read_words(first, count) : std::vector<std::string>{};
}

template <typename T>
void check_finite(const RowSource& source, int64_t first, std::span<const T> values) {
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
  throw FileError(concat(
      source.place(), ": holds ", nans > 0 ? concat(nans, " NaN") : "", nans > 0 && infinite > 0 ? " and " : "",
      infinite > 0 ? concat(infinite, " infinite", sizeof(T) == sizeof(float) ? " (or beyond float32)" : "") : "",
      nans + infinite == 1 ? " value" : " values", ", the first in ", source.row_name(first + where / size),
      element.empty() ? "" : concat(", column ", element), "; remove or replace such rows"));
}

template void check_finite(const RowSource&, int64_t, std::span<const float>);
template void check_finite(const RowSource&, int64_t, std::span<const double>);
template void check_finite(const RowSource&, int64_t, std::span<const Label>);

}  // namespace hgq
