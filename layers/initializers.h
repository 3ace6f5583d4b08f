// What a weight is before training: Keras' initializers.
//
//   kernel_initializer: he_normal
//   kernel_initializer: {VarianceScaling: {scale: 0.5, mode: fan_out, distribution: uniform}}
//   bias_initializer:   {Constant: 229}
//
// Zeros, Ones, Constant(value 0), RandomUniform(minval -0.05, maxval 0.05), RandomNormal(mean 0, stddev 0.05),
// TruncatedNormal(the same, redrawn beyond two deviations), Orthogonal(gain 1), Identity(gain 1), and
// VarianceScaling(scale 1, mode fan_in, distribution truncated_normal) with its special cases:
//
//                   scale   mode      variance = scale / max(1, fan)
//   Glorot*         1       fan_avg   *Uniform: on (-limit, limit), limit = sqrt(3 * variance)
//   Lecun*          1       fan_in    *Normal: truncated, the deviation widened by 1 / 0.87962566103423978
//   He*             2       fan_in    for what is cut off
//
// The fans of a kernel (in, out) are its two dims; of a kernel (h, w, in, out) its last two times h * w; of a vector
// its size.
//
// Numbers are a function of (seed of the run, name of the parameter, element), not of threads or of the order in which
// layers are built. An initializer with a `seed` of its own gives the same numbers for every parameter of a shape, as
// in Keras. The numbers themselves are not Keras'.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>

#include "hgq/config/node.h"
#include "hgq/core/shape.h"
#include "hgq/core/tensor.h"

namespace hgq {

/// Inputs and outputs that a weight of this shape connects; of a scalar 1 and 1.
struct Fans {
  double in = 1;
  double out = 1;
};
Fans fans(const Shape& shape);

struct Initializer {
  enum class Kind : uint8_t {
    kZeros,
    kOnes,
    kConstant,
    kRandomUniform,
    kRandomNormal,
    kTruncatedNormal,
    kVarianceScaling,
    kOrthogonal,
    kIdentity,
    kGlorotUniform,
    kGlorotNormal,
    kLecunUniform,
    kLecunNormal,
    kHeUniform,
    kHeNormal,
  };
  enum class Mode : uint8_t { kFanIn, kFanOut, kFanAvg };
  enum class Distribution : uint8_t { kUniform, kTruncatedNormal, kUntruncatedNormal };

  Kind kind = Kind::kGlorotUniform;
  double value = 0;                      // Constant
  double minval = -0.05, maxval = 0.05;  // RandomUniform
  double mean = 0, stddev = 0.05;        // RandomNormal, TruncatedNormal
  double gain = 1;                       // Orthogonal, Identity
  double scale = 1;                      // VarianceScaling and its special cases, as are the next two
  Mode mode = Mode::kFanAvg;
  Distribution distribution = Distribution::kUniform;
  std::optional<int64_t> seed{};

  /// Of a kind with Keras' default arguments.
  static Initializer of(Kind kind);
  static Initializer glorot_uniform() { return {}; }
  static Initializer zeros() { return of(Kind::kZeros); }
  static Initializer ones() { return of(Kind::kOnes); }
  static Initializer constant(double value);

  /// Any of the forms of config/keras_object.h, for example `he_normal`, `{Constant: 1.5}`. Adds what is wrong to
  /// `errors`.
  static Initializer from_node(const Node& node, ErrorList& errors);

  /// Fills a parameter with its first values. Throws ShapeError, naming the parameter, for Orthogonal on less than 2
  /// dims and Identity on other than 2.
  void fill(TensorView out, uint64_t run_seed, std::string_view parameter_name) const;

  bool operator==(const Initializer&) const = default;
};

/// Keras' class name.
std::string_view to_string(Initializer::Kind kind);

/// {"module": "keras.initializers", "class_name": …, "config": …, "registered_name": null}.
nlohmann::json to_json(const Initializer& initializer);

}  // namespace hgq
