// Targets: from what a file holds to what a loss takes.
//
// A file may hold class labels as numbers, as text, or one-hot; a loss wants class numbers, one-hot rows, 0 and 1, or
// plain numbers. Which of them is decided by the caller, from the loss, never guessed from the values: the target of a
// regression is not taken for labels.
//
//   TargetEncoder encoder(TargetKind::kClassNumbers, Shape{3}, "dense_2");   // a classification loss, 3 outputs
//   encoder.fit(*y_train);                 // finds the classes: {"gamma", "hadron", "proton"} -> 0, 1, 2
//   encoder.encode(*y_test, 0, n, out);    // the same map; a label that is not in it is an error with its row
//
// Text, and numbers that do not start at 0, are mapped in sorted order: PDG codes 11, 13, 211 are the classes 0, 1, 2,
// and labels 1, 2, 3 are 0, 1, 2 for any network of at least 3 outputs, of which a fourth then has no rows. Numbers
// that start at 0 are class numbers as they are, whether or not all of them occur. Labels are told apart exactly,
// integers of 64 bits too. The map goes with the model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// What a loss takes: numbers as they are; class numbers (sparse categorical cross-entropy); a row per class
/// (categorical cross-entropy); numbers in [0, 1] (binary cross-entropy).
enum class TargetKind : uint8_t { kNumbers, kClassNumbers, kOneHot, kBinary };

/// The labels of the classes 0, 1, 2 ..., ascending. For labels that are numbers `values` holds them and `names` their
/// text.
struct ClassMap {
  std::vector<std::string> names;
  std::vector<Label> values;  // empty where the labels are text

  bool empty() const { return names.empty(); }
  int64_t size() const { return static_cast<int64_t>(names.size()); }
  bool is_text() const { return values.empty() && !names.empty(); }
  /// Whether the labels are the class numbers themselves.
  bool is_identity() const;
  /// The class of a label; nullopt where it has none.
  std::optional<int64_t> find(const std::string& name) const;
  std::optional<int64_t> find(Label value) const;
  static ClassMap of_text(std::vector<std::string> sorted);
  static ClassMap of_numbers(std::vector<Label> sorted);
};

/// The text of a label that is a number: "1000010020", "0.5"; and the number of such a text, nullopt where it is none.
std::string label_text(Label value);
std::optional<Label> label_of(const std::string& text);

class TargetEncoder {
 public:
  /// `output`: shape of a row of the model's output that the target belongs to, its last dim over classes; `name` for
  /// messages.
  TargetEncoder(TargetKind kind, const Shape& output, std::string name);

  /// Finds the classes in the training rows (all that `source` has). Throws FileError where the labels cannot be
  /// classes of this output.
  void fit(const RowSource& source);
  /// Takes the map that a model file brings. Throws FileError where it is none for this output.
  void use(ClassMap classes);
  /// What the targets have to be read as.
  NumberWidth width_of(const RowSource& source) const;
  /// Empty for kNumbers, one-hot sources, and numbers in [0, 1] as binary targets.
  const ClassMap& classes() const { return classes_; }

  TargetKind kind() const { return kind_; }
  /// Shape of an encoded row: the output's without its last dim for class numbers, else the output's.
  const Shape& sample() const { return sample_; }
  /// Throws FileError where rows of the source have a shape that does not fit the output: names both.
  void check_shape(const RowSource& source) const;
  /// Rows [first, first + count) of the source, encoded. Throws FileError with row and value where one does not fit.
  void encode(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const;

 private:
  bool holds_labels(const RowSource& source) const;
  void fit_text(const RowSource& source);
  void fit_numbers(const RowSource& source);
  /// Most classes that the output tells apart.
  int64_t most_classes() const { return kind_ == TargetKind::kBinary ? 2 : output_[-1]; }
  void check_number_of_classes(const RowSource& source, const ClassMap& classes) const;
  int64_t class_of(const RowSource& source, int64_t row, Label value) const;
  void encode_labels(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const;
  void encode_one_hot(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const;
  [[noreturn]] void throw_unknown(const RowSource& source, int64_t row, const std::string& label) const;

  TargetKind kind_;
  Shape output_;
  Shape labels_;  // output_ without its last dim
  Shape sample_;
  std::string name_;
  ClassMap classes_;
};

}  // namespace hgq
