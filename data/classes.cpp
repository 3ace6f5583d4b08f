#include "hgq/data/classes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// With more different labels than this, they are not classes.
constexpr size_t kMostClasses = 100000;
constexpr size_t kMostListed = 20;

Shape without_back(const Shape& shape) {
  return Shape(shape.dims().first(static_cast<size_t>(std::max(shape.rank() - 1, 0))));
}

bool equal_but_for_one(const Shape& a, const Shape& b) {
  return a == b || (a.rank() < Shape::kMaxRank && a.with_back(1) == b) ||
         (b.rank() < Shape::kMaxRank && b.with_back(1) == a);
}

std::string listed(const std::vector<std::string>& names) {
  const std::span<const std::string> shown(names.data(), std::min(names.size(), kMostListed));
  return concat(join_names(shown), names.size() > kMostListed ? ", ..." : "");
}

/// Calls visit(first, values) for all rows, a piece at a time.
template <typename Visit>
void for_all_numbers(const RowSource& source, const Visit& visit) {
  std::vector<Label> piece(static_cast<size_t>(std::min(kPieceRows, source.rows()) * source.sample().size()));
  for (int64_t first = 0; first < source.rows(); first += kPieceRows) {
    const int64_t count = std::min(kPieceRows, source.rows() - first);
    const std::span<Label> values = std::span(piece).first(static_cast<size_t>(count * source.sample().size()));
    source.read(first, count, values);
    check_finite<Label>(source, first, values);
    visit(first, values);
  }
}

}  // namespace

bool ClassMap::is_identity() const {
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != static_cast<Label>(i)) return false;
  }
  return !is_text();
}

std::optional<int64_t> ClassMap::find(const std::string& name) const {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? std::nullopt : std::optional(int64_t{found - names.begin()});
}

std::optional<int64_t> ClassMap::find(Label value) const {
  const auto found = std::ranges::lower_bound(values, value);
  return found == values.end() || *found != value ? std::nullopt : std::optional(int64_t{found - values.begin()});
}

ClassMap ClassMap::of_text(std::vector<std::string> sorted) { return {std::move(sorted), {}}; }

ClassMap ClassMap::of_numbers(std::vector<Label> sorted) {
  ClassMap map{{}, std::move(sorted)};
  for (const Label value : map.values) map.names.push_back(label_text(value));
  return map;
}

std::string label_text(Label value) {
  constexpr Label kTwoTo63 = 9223372036854775808.0L;
  if (std::trunc(value) == value && value >= -kTwoTo63 && value < 2 * kTwoTo63)
    return value < 0 ? concat(static_cast<int64_t>(value)) : concat(static_cast<uint64_t>(value));
  return concat(static_cast<double>(value));
}

std::optional<Label> label_of(const std::string& text) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  const auto read = [&](auto value) -> std::optional<Label> {
    const auto [stop, error] = std::from_chars(begin, end, value);
    return error == std::errc() && stop == end ? std::optional(static_cast<Label>(value)) : std::nullopt;
  };
  if (const auto integer = read(int64_t{0})) return integer;
  if (const auto integer = read(uint64_t{0})) return integer;
  return read(0.0);
}

TargetEncoder::TargetEncoder(TargetKind kind, const Shape& output, std::string name)
    : kind_(kind),
      output_(output),
      labels_(without_back(output)),
      sample_(kind == TargetKind::kClassNumbers ? labels_ : output),
      name_(std::move(name)) {}

bool TargetEncoder::holds_labels(const RowSource& source) const {
  if (kind_ == TargetKind::kNumbers) return false;
  if (kind_ == TargetKind::kBinary) return output_.rank() == 0 || output_[-1] == 1;
  return equal_but_for_one(source.sample(), labels_) && !(source.sample() == output_ && output_[-1] > 1);
}

NumberWidth TargetEncoder::width_of(const RowSource& source) const {
  return holds_labels(source) ? NumberWidth::kLabel : NumberWidth::kFloat;
}

void TargetEncoder::check_shape(const RowSource& source) const {
  const Shape& sample = source.sample();
  const bool labels = equal_but_for_one(sample, labels_);
  switch (kind_) {
    case TargetKind::kNumbers:
    case TargetKind::kBinary:
      HGQ_CHECK(equal_but_for_one(sample, output_), FileError, source.place(), ": has rows of shape ", sample,
                ", but the model's output '", name_, "' has the shape ", output_);
      break;
    case TargetKind::kClassNumbers:
    case TargetKind::kOneHot:
      HGQ_CHECK(labels || sample == output_, FileError, source.place(), ": has rows of shape ", sample,
                ", but the model's output '", name_, "' of ", output_[-1], " classes takes class numbers of shape ",
                labels_, ", or one-hot rows of shape ", output_);
      break;
  }
  HGQ_CHECK(!source.is_text() || kind_ != TargetKind::kNumbers, FileError, source.place(),
            ": holds text, but the loss on output '", name_, "' takes numbers");
}

void TargetEncoder::check_number_of_classes(const RowSource& source, const ClassMap& classes) const {
  HGQ_CHECK(classes.size() <= most_classes(), FileError, source.place(), ": has ", classes.size(), " classes (",
            listed(classes.names), "), but the model's output '", name_, "' ",
            kind_ == TargetKind::kBinary ? "tells 2 apart" : concat("has ", most_classes()));
}

void TargetEncoder::fit_text(const RowSource& source) {
  std::set<std::string> found;
  for (int64_t first = 0; first < source.rows(); first += kPieceRows) {
    for (std::string& word : source.read_text(first, std::min(kPieceRows, source.rows() - first)))
      found.insert(std::move(word));
    HGQ_CHECK(found.size() <= kMostClasses, FileError, source.place(), ": has more than ", kMostClasses,
              " different texts, too many for classes");
  }
  classes_ = ClassMap::of_text({found.begin(), found.end()});
}

void TargetEncoder::fit_numbers(const RowSource& source) {
  std::vector<Label> found;  // sorted
  const auto is_new = [&](Label value) { return !std::ranges::binary_search(found, value); };
  const auto add = [&](Label value) { found.insert(std::ranges::lower_bound(found, value), value); };
  bool within_one = true;
  for_all_numbers(source, [&](int64_t first, std::span<const Label> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const Label value = values[i];
      within_one = within_one && value >= 0 && value <= 1;
      if (kind_ == TargetKind::kBinary && within_one) continue;
      if (!is_new(value)) continue;
      HGQ_CHECK(kind_ == TargetKind::kBinary || std::trunc(value) == value, FileError, source.place(), ": holds ",
                label_text(value), " in ", source.row_name(first + static_cast<int64_t>(i) / source.sample().size()),
                ", expected a class number");
      add(value);
      HGQ_CHECK(found.size() <= kMostClasses, FileError, source.place(), ": has more than ", kMostClasses,
                " different numbers, too many for classes; is this a regression?");
    }
  });
  if (kind_ == TargetKind::kBinary) {
    if (within_one) return;
    // The values before the first one outside [0, 1] have not been collected.
    found.clear();
    for_all_numbers(source, [&](int64_t, std::span<const Label> values) {
      for (const Label value : values) {
        if (found.size() <= kMostListed && is_new(value)) add(value);
      }
    });
  }
  classes_ = ClassMap::of_numbers(found);
  // Numbers that start at 0 are the class numbers, even if some do not occur; encode() reports rows whose number is too
  // large.
  if (classes_.values.front() != 0) return;
  if (kind_ == TargetKind::kBinary) {
    classes_ = ClassMap::of_numbers({0, 1});
    return;
  }
  std::vector<Label> all(static_cast<size_t>(output_[-1]));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Label>(i);
  classes_ = ClassMap::of_numbers(std::move(all));
}

void TargetEncoder::use(ClassMap classes) {
  HGQ_CHECK(classes.values.empty() || classes.values.size() == classes.names.size(), FileError, "output '", name_,
            "': the model file names ", classes.names.size(), " classes, but gives ", classes.values.size(), " labels");
  HGQ_CHECK(kind_ == TargetKind::kNumbers || classes.size() <= most_classes(), FileError, "output '", name_,
            "': the model file names ", classes.size(), " classes, but the output has ", most_classes());
  classes_ = std::move(classes);
}

void TargetEncoder::fit(const RowSource& source) {
  classes_ = {};
  check_shape(source);
  HGQ_CHECK(source.rows() > 0, FileError, source.place(), ": has no rows");
  if (!holds_labels(source)) return;
  if (source.is_text()) {
    fit_text(source);
  } else {
    fit_numbers(source);
  }
  check_number_of_classes(source, classes_);
}

void TargetEncoder::throw_unknown(const RowSource& source, int64_t row, const std::string& label) const {
  const bool identity = classes_.is_identity();
  throw FileError(concat(
      source.place(), ": holds the label ", label, " in ", source.row_name(row), ", but output '", name_, "' has ",
      identity ? concat("the classes 0 to ", classes_.size() - 1) : concat("the classes ", listed(classes_.names))));
}

int64_t TargetEncoder::class_of(const RowSource& source, int64_t row, Label value) const {
  const std::optional<int64_t> found = classes_.find(value);
  if (!found) throw_unknown(source, row, label_text(value));
  return *found;
}

void TargetEncoder::encode_labels(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const {
  const int64_t labels = source.sample().size();
  const auto total = static_cast<size_t>(count * labels);
  const bool one_hot = kind_ == TargetKind::kOneHot;
  const auto put = [&](size_t index, int64_t label_class) {
    if (one_hot) {
      out[index * static_cast<size_t>(output_[-1]) + static_cast<size_t>(label_class)] = 1.0F;
    } else {
      out[index] = static_cast<float>(label_class);
    }
  };
  if (one_hot) std::ranges::fill(out.first(total * static_cast<size_t>(output_[-1])), 0.0F);
  if (source.is_text()) {
    HGQ_CHECK(classes_.is_text(), FileError, source.place(), ": holds text, but output '", name_, "' has ",
              classes_.empty() ? "no named classes" : concat("the classes ", listed(classes_.names)));
    const std::vector<std::string> words = source.read_text(first, count);
    for (size_t i = 0; i < words.size(); ++i) {
      const std::optional<int64_t> found = classes_.find(words[i]);
      if (!found) throw_unknown(source, first + static_cast<int64_t>(i), concat("'", words[i], "'"));
      put(i, *found);
    }
    return;
  }
  HGQ_CHECK(!classes_.is_text(), FileError, source.place(), ": holds numbers, but output '", name_,
            "' has the classes ", listed(classes_.names));
  std::vector<Label> values(total);
  source.read(first, count, std::span(values));
  check_finite<Label>(source, first, values);
  for (size_t i = 0; i < total; ++i) {
    const int64_t row = first + static_cast<int64_t>(i) / labels;
    if (classes_.empty()) {  // binary targets that are numbers in [0, 1] already
      HGQ_CHECK(values[i] >= 0 && values[i] <= 1, FileError, source.place(), ": holds ", label_text(values[i]), " in ",
                source.row_name(row), ", but output '", name_, "' takes numbers from 0 to 1");
      out[i] = static_cast<float>(values[i]);
    } else {
      put(i, class_of(source, row, values[i]));
    }
  }
}

void TargetEncoder::encode_one_hot(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const {
  const auto classes = static_cast<size_t>(output_[-1]);
  std::vector<float> values(static_cast<size_t>(count * source.sample().size()));
  source.read(first, count, std::span(values));
  check_finite<float>(source, first, values);
  for (size_t begin = 0; begin < values.size(); begin += classes) {
    const std::span<const float> row = std::span(values).subspan(begin, classes);
    const auto where = [&] { return source.row_name(first + static_cast<int64_t>(begin) / source.sample().size()); };
    for (const float value : row) {
      HGQ_CHECK(value >= 0.0F && value <= 1.0F, FileError, source.place(), ": holds ", value, " in ", where(),
                ", expected a one-hot row of 0 and 1");
    }
    if (kind_ != TargetKind::kClassNumbers) {
      std::ranges::copy(row, out.begin() + static_cast<std::ptrdiff_t>(begin));
      continue;
    }
    const auto one = std::ranges::find(row, 1.0F);
    const bool is_one_hot =
        one != row.end() && std::ranges::count(row, 0.0F) == static_cast<std::ptrdiff_t>(classes) - 1;
    HGQ_CHECK(is_one_hot, FileError, source.place(), ": ", where(),
              " is not one-hot: sparse_categorical_crossentropy needs one 1 and otherwise 0");
    out[begin / classes] = static_cast<float>(one - row.begin());
  }
}

void TargetEncoder::encode(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const {
  HGQ_CHECK(static_cast<int64_t>(out.size()) >= count * sample_.size(), ShapeError, source.place(), ": ", count,
            " encoded rows do not fit into a buffer of ", out.size());
  if (kind_ == TargetKind::kNumbers) {
    source.read(first, count, out);
    check_finite<float>(source, first, out.first(static_cast<size_t>(count * sample_.size())));
  } else if (holds_labels(source)) {
    encode_labels(source, first, count, out);
  } else {
    encode_one_hot(source, first, count, out);
  }
}

}  // namespace hgq
