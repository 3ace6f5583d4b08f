// The scales that QKeras 0.9 fits to a weight if `alpha` is "auto" or "auto_po2": one for each output channel.
//
// Everything is computed in float32, in the order of QKeras' operations; sums are in the order of TensorFlow (2.15,
// x86).
#pragma once

#include <optional>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/proxy/qkeras/quantizer_spec.h"

namespace hgq {

inline constexpr float kKerasEpsilon = 1e-7F;
inline constexpr float kLn2 = 0.693147180559945F;

/// `alpha` of a quantizer.
struct QKerasAlpha {
  enum class Kind : uint8_t { kNone, kNumber, kAuto, kAutoPo2 };
  Kind kind = Kind::kNone;
  float number = 1;

  bool is_auto() const { return kind == Kind::kAuto || kind == Kind::kAutoPo2; }
  bool is_po2() const { return kind == Kind::kAutoPo2; }
};

/// Reads `alpha`. If `of_kernel` is true, None stands for "auto_po2", as in QKeras' layers for their kernels.
QKerasAlpha read_alpha(QKerasArguments& arguments, bool of_kernel);

/// Which elements of a weight share a scale.
class ScaleGroups {
 public:
  /// Elements with the same index in dimension `axis` share one; without `axis`, in the last dimension. A weight of one
  /// dimension is one group.
  ScaleGroups(const Shape& shape, std::optional<int64_t> axis);

  /// The largest |value| of its group, for each element.
  std::vector<float> largest(const std::vector<float>& values) const;
  /// sum(x q) / (sum(q q) + 1e-7), for each element: the scale with which q fits x best; a power of two if `po2` is
  /// true. In a weight of one dimension each element is fitted separately, unlike in largest().
  std::vector<float> fitted(const std::vector<float>& x, const std::vector<float>& q, bool po2) const;

 private:
  /// One sum for each group; for a weight of one dimension the values themselves.
  std::vector<float> sums(const std::vector<float>& values) const;
  size_t group(size_t element) const { return element / stride_ % count_; }

  bool one_dim_;
  size_t stride_ = 1, count_ = 1;
};

/// 2^round(log2(value + 1e-7)) as QKeras computes it.
float nearest_po2(float value);

}  // namespace hgq
