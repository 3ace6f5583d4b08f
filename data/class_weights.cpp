#include "hgq/data/class_weights.h"

#include <algorithm>
#include <charconv>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

int64_t class_count(const ClassedTargets& targets) {
  return targets.encoder.kind() == TargetKind::kBinary ? 2 : targets.sample[-1];
}

/// The shape of the classes of a row: that of the output without its last dimension.
Shape places_of(const ClassedTargets& targets) {
  return Shape(targets.sample.dims().first(static_cast<size_t>(targets.sample.rank() - 1)));
}

/// The classes of encoded targets, one for each place of each row; of a distribution the largest, as in Keras.
void classes_of(TargetKind kind, std::span<const float> encoded, int64_t columns, std::span<int64_t> classes) {
  for (size_t i = 0; i < classes.size(); ++i) {
    if (kind == TargetKind::kClassNumbers) {
      classes[i] = static_cast<int64_t>(encoded[i]);
    } else if (kind == TargetKind::kBinary) {
      classes[i] = encoded[i] > 0.5F ? 1 : 0;
    } else {
      const auto own = encoded.subspan(i * static_cast<size_t>(columns), static_cast<size_t>(columns));
      classes[i] = std::ranges::max_element(own) - own.begin();
    }
  }
}

/// Reads the classes of rows.
class ClassReader {
 public:
  explicit ClassReader(const ClassedTargets& targets)
      : rows_(targets.rows),
        encoder_(targets.encoder),
        columns_(targets.sample[-1]),
        places_(places_of(targets).size()) {}

  /// Valid until the next call.
  std::span<const int64_t> read(int64_t first, int64_t count) {
    encoded_.resize(static_cast<size_t>(count * encoder_.sample().size()));
    classes_.resize(static_cast<size_t>(count * places_));
    encoder_.encode(*rows_, first, count, encoded_);
    classes_of(encoder_.kind(), encoded_, columns_, classes_);
    return classes_;
  }
  int64_t places() const { return places_; }

 private:
  std::shared_ptr<const RowSource> rows_;
  TargetEncoder encoder_;
  int64_t columns_, places_;
  std::vector<float> encoded_;
  std::vector<int64_t> classes_;
};

class ClassWeightedRows final : public RowSource {
 public:
  ClassWeightedRows(const ClassedTargets& targets, std::vector<double> of_class,
                    std::shared_ptr<const RowSource> weights)
      : RowSource(concat("weights of classes of '", targets.output, "'"), targets.rows->rows(), places_of(targets),
                  false),
        targets_(targets),
        of_class_(std::move(of_class)),
        weights_(std::move(weights)) {}

 private:
  void read_floats(int64_t first, int64_t count, std::span<float> out) const override {
    const int64_t places = sample().size();
    if (of_class_.empty()) {
      std::fill_n(out.begin(), count * places, 1.0F);
    } else {
      ClassReader reader(targets_);
      const std::span<const int64_t> classes = reader.read(first, count);
      std::ranges::transform(classes, out.begin(),
                             [&](int64_t c) { return static_cast<float>(of_class_[static_cast<size_t>(c)]); });
    }
    if (weights_ == nullptr) return;
    const int64_t each = weights_->sample().size();
    std::vector<float> given(static_cast<size_t>(count * each));
    weights_->read(first, count, std::span(given));
    for (int64_t i = 0; i < count * places; ++i)
      out[static_cast<size_t>(i)] *= given[static_cast<size_t>(each == places ? i : i / places)];
  }
  std::vector<std::string> read_words(int64_t /*first*/, int64_t /*count*/) const override { return {}; }

  ClassedTargets targets_;
  std::vector<double> of_class_;
  std::shared_ptr<const RowSource> weights_;
};

/// The number of a class: its label, or, where the labels are texts or unknown, its number.
std::optional<int64_t> find_class(const std::string& name, const ClassMap& classes, int64_t count) {
  if (const auto label = classes.find(name)) return label;
  if (const auto value = label_of(name); value && !classes.is_text() && !classes.empty()) return classes.find(*value);
  int64_t number = -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && number >= 0 && number < count ? std::optional(number) : std::nullopt;
}

std::vector<double> balanced_weights(const ClassedTargets& targets, const std::optional<std::vector<int64_t>>& rows) {
  std::vector<int64_t> counts(static_cast<size_t>(class_count(targets)));
  ClassReader reader(targets);
  const auto places = static_cast<size_t>(reader.places());
  size_t next = 0;
  for (int64_t first = 0; first < targets.rows->rows(); first += kPieceRows) {
    const int64_t count = std::min(kPieceRows, targets.rows->rows() - first);
    const std::span<const int64_t> classes = reader.read(first, count);
    const auto add = [&](int64_t row) {
      for (const int64_t c : classes.subspan(static_cast<size_t>(row) * places, places))
        ++counts[static_cast<size_t>(c)];
    };
    for (int64_t r = 0; !rows && r < count; ++r) add(r);
    for (; rows && next < rows->size() && (*rows)[next] < first + count; ++next) add((*rows)[next] - first);
  }
  int64_t total = 0;
  int64_t present = 0;
  for (const int64_t count : counts) {
    total += count;
    present += count > 0 ? 1 : 0;
  }
  std::vector<double> weights;
  for (const int64_t count : counts)
    weights.push_back(count == 0 ? 1 : static_cast<double>(total) / static_cast<double>(present * count));
  return weights;
}

}  // namespace

std::vector<double> weights_of_classes(const ClassWeights& weights, const ClassedTargets& targets,
                                       const std::optional<std::vector<int64_t>>& rows) {
  const TargetKind kind = targets.encoder.kind();
  const std::string prefix = weights.place.empty() ? "" : weights.place + ": ";
  HGQ_CHECK(kind != TargetKind::kNumbers && targets.sample.rank() > 0, ConfigError, prefix, "the targets of output '",
            targets.output, "' are no classes, so there are no weights of classes");
  HGQ_CHECK(kind != TargetKind::kBinary || targets.sample[-1] == 1, ConfigError, prefix, "output '", targets.output,
            "' has ", targets.sample[-1],
            " answers of its own for each row (binary_crossentropy), so that a row has no class; take "
            "data.sample_weights");
  if (weights.balanced) return balanced_weights(targets, rows);
  const ClassMap& classes = targets.encoder.classes();
  std::vector<double> of_class(static_cast<size_t>(class_count(targets)), 1.0);
  std::vector<std::string> names(of_class.size());
  for (const auto& [name, weight] : weights.of) {
    const auto found = find_class(name, classes, class_count(targets));
    const std::string there = classes.empty() ? concat("the classes are 0 to ", class_count(targets) - 1)
                                              : concat("the classes are ", quoted_names(classes.names));
    HGQ_CHECK(found.has_value(), ConfigError, prefix, "output '", targets.output, "' has no class '", printable(name),
              "'; ", there);
    std::string& before = names[static_cast<size_t>(*found)];
    HGQ_CHECK(before.empty(), ConfigError, prefix, "output '", targets.output, "': '", printable(before), "' and '",
              printable(name), "' are the same class; expected one weight for it");
    before = name;
    of_class[static_cast<size_t>(*found)] = weight;
  }
  return of_class;
}

std::shared_ptr<const RowSource> class_weighted_rows(const ClassedTargets& targets, std::vector<double> of_class,
                                                     std::shared_ptr<const RowSource> weights) {
  return std::make_shared<ClassWeightedRows>(targets, std::move(of_class), std::move(weights));
}

}  // namespace hgq
