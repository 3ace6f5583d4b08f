// The rows of a batch as metrics of classes count them: predictions as probabilities, targets as members of classes.
//
//   const ClassRows rows(measured);
//   for (int64_t r = 0; r < rows.size(); ++r)
//     for (int64_t c = 0; c < rows.columns(); ++c)
//       if (rows.is_member(r, c) && rows.probability_above(r, c, 0.5)) hits += rows.weight(r);
//
// A column is an element of the last dimension: a class, or, with binary targets, an answer of its own. Logits become
// probabilities by a softmax over the classes, binary ones by a sigmoid.
#pragma once

#include <cstdint>
#include <optional>

#include "hgq/optim/metric.h"

namespace hgq {

class ClassRows {
 public:
  explicit ClassRows(const MeasuredRows& rows);

  int64_t size() const { return size_; }
  int64_t columns() const { return columns_; }
  /// The columns of samples of this shape.
  static int64_t columns_of(const Shape& sample) { return sample.rank() > 0 ? sample[-1] : 1; }
  double weight(int64_t row) const;
  /// The share with which the row belongs to the class: 0 or 1, or a number between them if the target has such.
  double share(int64_t row, int64_t column) const;
  /// Whether it belongs to the class: a share above a half.
  bool is_member(int64_t row, int64_t column) const { return share(row, column) > 0.5; }
  float prediction(int64_t row, int64_t column) const { return rows_.predictions.data[row * columns_ + column]; }
  bool probability_above(int64_t row, int64_t column, double threshold) const;
  /// Whether the prediction is one of the `k` largest of its row; of equal ones the first counts, as in
  /// tf.math.top_k.
  bool is_in_top(int64_t row, int64_t column, int64_t k) const;
  /// Whether it is the largest of its row, or as large. As in Keras, a probability of 0 is not.
  bool is_largest(int64_t row, int64_t column) const;

 private:
  MeasuredRows rows_;
  int64_t size_, columns_;
  bool sparse_, binary_, logits_;
};

/// Throws ConfigError unless samples of this shape have the column, which `key` names.
void check_column(std::optional<int64_t> column, const Shape& sample, const char* key);

}  // namespace hgq
