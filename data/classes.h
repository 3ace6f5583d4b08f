// Converts targets from what a file has to what a loss needs.
//
// A file may have class labels as numbers, as text, or one-hot. A loss needs class numbers, one-hot rows, 0 and 1, or
// plain numbers. The caller says which, from the loss; it is never guessed from the values, so the target of a
// regression is not taken for labels.
//
//   TargetEncoder encoder(TargetKind::kClassNumbers, Shape{3}, "dense_2");   // a classification loss, 3 outputs
//   encoder.fit(*y_train);                 // finds the classes: {"gamma", "hadron", "proton"} -> 0, 1, 2
//   encoder.encode(*y_test, 0, n, out);    // the same map; a label that is not in it is an error with its row
//
// Text, and numbers that do not start at 0, are mapped in sorted order: the PDG codes 11, 13, 211 become the classes 0,
// 1, 2, and the labels 1, 2, 3 become 0, 1, 2 for any network with at least 3 outputs; a fourth output has no rows
// then. Numbers that start at 0 are class numbers already, even if some of them do not occur. Labels are compared
// exactly, also integers of 64 bits. The map is kept with the model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// What a loss needs: numbers as they are; class numbers (sparse categorical cross-entropy); a number for each class
/// (categorical cross-entropy); numbers in [0, 1] (binary cross-entropy).
enum class TargetKind : uint8_t { kNumbers, kClassNumbers, kOneHot, kBinary };

/// The labels of the classes 0, 1, 2 and so on, ascending. If the labels are numbers, `values` has them, and `names`
/// their text.
struct ClassMap {
  std::vector<std::string> names;
  std::vector<Label> values;  // empty if the labels are text

  bool empty() const { return names.empty(); }
  int64_t size() const { return static_cast<int64_t>(names.size()); }
  bool is_text() const { return values.empty() && !names.empty(); }
  /// Whether the labels are the class numbers themselves.
  bool is_identity() const;
  /// The class of a label; nullopt if there is no such label.
  std::optional<int64_t> find(const std::string& name) const;
  std::optional<int64_t> find(Label value) const;
  static ClassMap of_text(std::vector<std::string> sorted);
  static ClassMap of_numbers(std::vector<Label> sorted);
};

/// The text of a label that is a number, such as "1000010020" or "0.5"; and the number for such a text, nullopt if it
/// is none.
std::string label_text(Label value);
std::optional<Label> label_of(const std::string& text);

class TargetEncoder {
 public:
  /// `output` is the shape of a sample of the output that the target belongs to; its last dimension is that of the
  /// classes. `name` is for messages.
  TargetEncoder(TargetKind kind, const Shape& output, std::string name);

  /// Finds the classes in the training rows, which are all rows of `source`. Throws FileError if the labels cannot be
  /// classes of this output.
  void fit(const RowSource& source);
  /// Takes the map of a model file. Throws FileError if it does not fit this output.
  void use(ClassMap classes);
  /// The type in which the targets must be read.
  NumberWidth width_of(const RowSource& source) const;
  /// Empty for kNumbers, one-hot sources, and numbers in [0, 1] as binary targets.
  const ClassMap& classes() const { return classes_; }

  TargetKind kind() const { return kind_; }
  /// The shape of an encoded row: that of the output, for class numbers without the last dimension.
  const Shape& sample() const { return sample_; }
  /// Throws FileError, with both shapes, if the rows of the source do not fit the output.
  void check_shape(const RowSource& source) const;
  /// Encodes rows [first, first + count) of the source. Throws FileError, with row and value, if a label is unknown or
  /// a number does not fit.
  void encode(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const;

 private:
  bool holds_labels(const RowSource& source) const;
  void fit_text(const RowSource& source);
  void fit_numbers(const RowSource& source);
  /// The most classes that the output can distinguish.
  int64_t most_classes() const { return kind_ == TargetKind::kBinary ? 2 : output_[-1]; }
  void check_number_of_classes(const RowSource& source, const ClassMap& classes) const;
  int64_t class_of(const RowSource& source, int64_t row, Label value) const;
  void encode_labels(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const;
  void encode_one_hot(const RowSource& source, int64_t first, int64_t count, std::span<float> out) const;
  [[noreturn]] void throw_unknown(const RowSource& source, int64_t row, const std::string& label) const;

  TargetKind kind_;
  Shape output_;
  Shape labels_;  // output_ without its last dimension
  Shape sample_;
  std::string name_;
  ClassMap classes_;
};

}  // namespace hgq
