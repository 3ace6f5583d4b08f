// Scaling of inputs, and of the targets of regressions: one offset and one divisor per feature, fitted on the training
// rows and kept with the model.
//
//   standard   (x - mean) / deviation      population deviation; 0 counts as 1
//   minmax     (x - min) / (max - min)     to [0, 1]; a constant feature gives 0
//   power_of_two   x / 2^s                 the least s with |x| <= 2^s for all x; 2^s = 1 for a feature that is always 0
//
// A feature is an element of the last dimension: rows of 16 numbers have 16 features, images of shape [28, 28, 1] have
// one, and series of 8 points with 2 coordinates have two. Everything is computed in float64 from the numbers in the
// file, in the order of the rows, so the result does not depend on blocks or threads; the scaled value is rounded to
// float32 once. So times of 1.7e9 s keep their fractions, which float32 would lose.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/shape.h"

namespace hgq {

enum class ScaleKind : uint8_t { kNone, kStandard, kMinMax, kPowerOfTwo };

/// "none", "standard", "minmax", "power_of_two".
std::string to_string(ScaleKind kind);
/// All of these names, for configs.
std::vector<std::string> scale_kind_names();
/// The kind with this name; kNone for an unknown one.
ScaleKind scale_kind_of(const std::string& name);

/// y = (x - offset) / divisor for each feature. Empty vectors scale nothing.
struct Scaling {
  std::vector<double> offset;
  std::vector<double> divisor;

  bool empty() const { return offset.empty(); }
  /// Scales in place. Throws ShapeError unless `values` is a multiple of the number of features.
  void apply(std::span<float> values) const;
  /// The same into `out`, of the same size.
  void apply(std::span<const double> values, std::span<float> out) const;
  /// The inverse, in place: x = y * divisor + offset. Throws as apply().
  void undo(std::span<float> values) const;
  /// Throws ShapeError unless there are an offset and a divisor for each feature of `sample`, or none at all. `input`
  /// is the name of the input for the message.
  void check(const Shape& sample, const std::string& input) const;
};

/// The number of features of rows of this shape: the last extent; 1 for single numbers.
int64_t feature_count(const Shape& sample);

/// Computes the scaling from the training rows, which are given once, piece by piece.
class ScalingFit {
 public:
  ScalingFit(ScaleKind kind, const Shape& sample);
  /// Adds whole rows, in their order.
  void add(std::span<const float> values) { add_rows(values); }
  void add(std::span<const double> values) { add_rows(values); }
  Scaling result() const;

 private:
  template <typename T>
  void add_rows(std::span<const T> values);

  ScaleKind kind_;
  int64_t count_ = 0;
  std::vector<double> unit_;    // by which values are multiplied so that their squares are numbers; a power of two
  std::vector<double> first_;   // mean, or minimum
  std::vector<double> second_;  // sum of squared deviations, or maximum, or maximum of |x|
};

}  // namespace hgq
