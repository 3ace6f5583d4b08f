// What a weight is forced to be after every update of the optimizer: Keras' constraints, and a mask of elements.
//
//   NonNeg                                    negative weights become 0
//   MaxNorm(max_value 2, axis 0)              norms over `axis` are scaled down to max_value
//   UnitNorm(axis 0)                          norms over `axis` become 1
//   MinMaxNorm(min_value 0, max_value 1, rate 1, axis 0)    norms are moved by `rate` of the way into the range
//   ElementMask(mask) or ElementMask(band)    weights are multiplied by a fixed pattern of 0 and 1
//
//   kernel_constraint: {MaxNorm: {max_value: 1.5}}
//   kernel_constraint: {ElementMask: {mask: [[1, 0], [1, 1]]}}     nested lists in the shape of the kernel
//   kernel_constraint: {ElementMask: {band: 3}}                    of the last two dims: 1 where |row - column| <= 3
//
// A norm is sqrt(sum of squares over the dims in `axis`); 1e-7 is added where it divides, as in Keras. As there, a
// constraint acts after each update, not on the initial values.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "hgq/autograd/parameter.h"
#include "hgq/config/node.h"
#include "hgq/core/shape.h"

namespace hgq {

struct ConstraintConfig {
  enum class Kind : uint8_t { kNone, kMaxNorm, kNonNeg, kUnitNorm, kMinMaxNorm, kElementMask };

  Kind kind = Kind::kNone;
  double min_value = 0;
  double max_value = 0;
  double rate = 1;
  std::vector<int64_t> axis{0};  // negative ones count from the end
  int64_t band = -1;             // of a mask; -1: the mask is given
  Shape mask_shape;
  std::vector<float> mask;  // row-major

  /// Any of the forms of config/keras_object.h; null is none. Adds what is wrong to `errors`.
  static ConstraintConfig from_node(const Node& node, ErrorList& errors);

  explicit operator bool() const { return kind != Kind::kNone; }
  bool operator==(const ConstraintConfig&) const = default;
};

/// Keras' class name, "None" for none.
std::string_view to_string(ConstraintConfig::Kind kind);

/// The constraint on a parameter of this shape; empty for none. Calling it allocates nothing. Throws ShapeError, naming
/// the parameter, where an axis or the mask does not fit the shape.
Constraint make_constraint(const ConstraintConfig& config, const Shape& shape, std::string_view parameter_name);

/// Keras' form; null for none. Keras itself does not know ElementMask: Python needs a class of that name to open such a
/// file.
nlohmann::json to_json(const ConstraintConfig& config);

}  // namespace hgq
