#include "hgq/data/unusual_data.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr int64_t kMostValues = int64_t{1} << 26U;
constexpr int64_t kPieceRows = 4096;
constexpr size_t kMostNamed = 5;  // columns in a message
constexpr float kFar = 1000;

struct Range {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();

  void add(float v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  void add(const Range& other) {
    low = std::min(low, other.low);
    high = std::max(high, other.high);
  }
  bool one_value() const { return low == high; }
  float farthest() const { return std::max(std::abs(low), std::abs(high)); }
};

/// The ranges of each element of each field.
using Ranges = std::vector<std::vector<Range>>;

int64_t rows_to_look_at(const Dataset& data) {
  int64_t values = 1;
  for (const FieldSpec& field : data.fields()) values += field.sample.size();
  return std::min(data.size(), std::max<int64_t>(1, kMostValues / values));
}

Ranges ranges_of(const Dataset& data, int64_t rows) {
  Ranges ranges;
  for (const FieldSpec& field : data.fields()) ranges.emplace_back(static_cast<size_t>(field.sample.size()));
  Batch batch;
  for (int64_t first = 0; first < rows; first += kPieceRows) {
    data.slice(first, std::min(kPieceRows, rows - first), batch);
    for (size_t i = 0; i < ranges.size(); ++i) {
      const float* value = batch.fields()[i].data;
      for (int64_t row = 0; row < batch.rows(); ++row) {
        for (Range& range : ranges[i]) range.add(*value++);
      }
    }
  }
  return ranges;
}

Range range_of_all(const std::vector<Range>& elements) {
  Range all;
  for (const Range& range : elements) all.add(range);
  return all;
}

/// Whether two sets are the same rows of the same files.
bool same_set(const SetSpec& a, const SetSpec& b) {
  const auto same = [](const NamedArray& x, const NamedArray& y) {
    return x.name == y.name && x.array.file == y.array.file && x.array.names == y.array.names;
  };
  return a.file == b.file && std::ranges::equal(a.inputs, b.inputs, same) &&
         std::ranges::equal(a.targets, b.targets, same);
}

class Notes {
 public:
  Notes(const Dataset& train, const DataConfig& config)
      : train_(train), config_(config), rows_(rows_to_look_at(train)), ranges_(ranges_of(train, rows_)) {
    of_all_rows_ = rows_ < train.size() ? concat("in the first ", rows_, " of ", train.size(), " training rows")
                                        : concat("in all ", rows_, " training rows");
  }

  std::vector<std::string> all() && {
    const size_t inputs = train_.inputs().size();
    const size_t targets = inputs + train_.targets().size();
    for (size_t i = 0; i < train_.fields().size(); ++i) {
      const FieldSpec& field = train_.fields()[i];
      const Range range = range_of_all(ranges_[i]);
      if (i < inputs) {
        look_at_input(i);
      } else if (i < targets && rows_ > 1 && range.one_value()) {
        add("target '", printable(field.name), "': is ", range.low, " ", of_all_rows_,
            ", so there is nothing to learn; is data.targets the right array?");
      } else if (i >= targets && range.low == 0 && range.high == 0) {
        add("sample weights '", printable(field.name), "': are 0 ", of_all_rows_, ", so no row counts");
      } else if (i >= targets && range.low < 0) {
        add("sample weights '", printable(field.name), "': reach down to ", range.low,
            "; rows with a negative weight are trained away from their targets, as in Keras, and the loss can fall "
            "without end");
      }
    }
    if (config_.validation && same_set(*config_.validation, config_.train))
      add("data.validation: is the training set, so val_ metrics do not show how good the network is on other rows");
    if (config_.test && same_set(*config_.test, config_.train))
      add("data.test: is the training set, so the final metrics do not show how good the network is on other rows");
    return std::move(notes_);
  }

 private:
  template <typename... Parts>
  void add(const Parts&... parts) {
    notes_.push_back(concat(parts...));
  }

  void look_at_input(size_t i) {
    const std::vector<Range>& elements = ranges_[i];
    const std::string input = concat("input '", printable(train_.fields()[i].name), "': ");
    const bool columns = train_.fields()[i].sample.rank() == 1 && elements.size() > 1;
    std::vector<size_t> constant, far;
    for (size_t e = 0; e < elements.size(); ++e) {
      if (elements[e].one_value()) constant.push_back(e);
      if (elements[e].farthest() > kFar) far.push_back(e);
    }
    const Range all = range_of_all(elements);
    if (rows_ > 1 && constant.size() == elements.size()) {
      add(input, "every row is the same ", of_all_rows_, ", so it tells the network nothing; is it the right array?");
    } else if (rows_ > 1 && columns && constant.size() == 1) {
      add(input, "column ", named(i, constant[0]), " is the same ", of_all_rows_,
          ", so it tells the network nothing; leave it out of data.inputs");
    } else if (rows_ > 1 && columns && !constant.empty()) {
      add(input, constant.size(), " of ", elements.size(), " columns are the same ", of_all_rows_, " (",
          listed(i, constant), "), so they tell the network nothing; leave them out of data.inputs if possible");
    }
    if (far.empty()) return;
    const std::string where = columns ? concat("column", far.size() > 1 ? "s " : " ", listed(i, far),
                                               far.size() > 1 ? " reach " : " reaches ")
                                      : std::string("reaches ");
    if (config_.scale == ScaleKind::kNone) {
      add(input, where, all.farthest(), ", which takes many bits and long to train; set data.scale: standard");
    } else {
      add(input, where, all.farthest(), " though data.scale is ", to_string(config_.scale),
          ": a few values are far from all others; check them, or limit their range");
    }
  }

  /// "3 ('pt')": the number of a column, and its name if the config gives one.
  std::string named(size_t input, size_t column) const {
    std::string number = concat(column);
    const std::vector<NamedArray>& arrays = config_.train.inputs;
    const auto found = std::ranges::find(arrays, train_.fields()[input].name, &NamedArray::name);
    if (found == arrays.end() && arrays.size() != 1) return number;
    const std::vector<std::string>& names = (found == arrays.end() ? arrays[0] : *found).array.names;
    return names.size() == ranges_[input].size() ? concat(number, " ('", printable(names[column]), "')") : number;
  }

  std::string listed(size_t input, const std::vector<size_t>& columns) const {
    std::string text;
    for (size_t i = 0; i < std::min(columns.size(), kMostNamed); ++i)
      text += (i > 0 ? ", " : "") + named(input, columns[i]);
    return columns.size() > kMostNamed ? text + ", ..." : text;
  }

  const Dataset& train_;
  const DataConfig& config_;
  int64_t rows_;
  Ranges ranges_;
  std::string of_all_rows_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> unusual_data(const Dataset& train, const DataConfig& config) {
  return Notes(train, config).all();
}

}  // namespace hgq
