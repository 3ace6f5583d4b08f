// Terms that a layer adds to the loss for its weights and its bit widths.
//
//   L1(l1)        l1 * sum |x|          gradient 0 at 0
//   L2(l2)        l2 * sum x^2
//   L1L2(l1, l2)  both
//   MonoL1(l1)    l1 * sum x            signed: for bit widths, of which fewer are always better (quantization.md 1)
//
//   kernel_regularizer: {L2: 1.0e-4}                                     in a layer
//   kernel_quantizer: {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}        in a quantizer, of the clipped f
//
// Keras' defaults: 0.01 for `l1`, `l2` and both of `l1_l2`, 0 for both of `L1L2`. Sums run in a fixed order
// (core/ordered_sum.h). The loops are templates over the number type, so that one source serves the float kernel and
// its twin in double.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "hgq/config/node.h"
#include "hgq/core/ordered_sum.h"

namespace hgq {

struct Regularizer {
  enum class Kind : uint8_t { kNone, kL1, kL2, kL1L2, kMonoL1 };

  Kind kind = Kind::kNone;
  double l1 = 0;
  double l2 = 0;

  static Regularizer none() { return {}; }
  static Regularizer L1(double l1 = 0.01) { return {Kind::kL1, l1, 0}; }
  static Regularizer L2(double l2 = 0.01) { return {Kind::kL2, 0, l2}; }
  static Regularizer L1L2(double l1, double l2) { return {Kind::kL1L2, l1, l2}; }
  static Regularizer MonoL1(double l1) { return {Kind::kMonoL1, l1, 0}; }

  /// Any of the forms of config/keras_object.h; null is none, as are `none` and an empty list. Adds what is wrong to
  /// `errors`.
  static Regularizer from_node(const Node& node, ErrorList& errors);

  explicit operator bool() const { return kind != Kind::kNone; }
  bool operator==(const Regularizer&) const = default;

  /// The term of the loss, of values of any shape.
  template <typename T>
  T value(std::span<const T> x) const;

  /// grad[i] += upstream * d value / d x[i]; `grad` is as long as `x`.
  template <typename T>
  void add_gradient(std::span<const T> x, T upstream, std::span<T> grad) const;
};

/// Keras' name, "None" for none.
std::string_view to_string(Regularizer::Kind kind);

/// As a layer's config holds it; null for none.
nlohmann::json to_json(const Regularizer& regularizer);
/// As `kq_conf` and `paq_conf` of Python HGQ hold it, {"class_name", "config", "__passive_serialization__"}; null for
/// none.
nlohmann::json to_passive_json(const Regularizer& regularizer);

template <typename T>
T Regularizer::value(std::span<const T> x) const {
  const T* values = x.data();
  const auto count = static_cast<int64_t>(x.size());
  if (kind == Kind::kNone) return T{0};
  if (kind == Kind::kMonoL1) {
    return static_cast<T>(l1 * ordered_sum(count, [values](int64_t i) { return static_cast<double>(values[i]); }));
  }
  double sum = 0;
  if (l1 != 0) {
    sum += l1 * ordered_sum(count, [values](int64_t i) {
             const auto v = static_cast<double>(values[i]);
             return v < 0 ? -v : v;
           });
  }
  if (l2 != 0) {
    sum += l2 * ordered_sum(count, [values](int64_t i) {
             const auto v = static_cast<double>(values[i]);
             return v * v;
           });
  }
  return static_cast<T>(sum);
}

template <typename T>
void Regularizer::add_gradient(std::span<const T> x, T upstream, std::span<T> grad) const {
  if (kind == Kind::kNone) return;
  const T linear = static_cast<T>(l1) * upstream;
  const T quadratic = static_cast<T>(2 * l2) * upstream;
  const T* values = x.data();
  T* out = grad.data();
  const auto count = static_cast<int64_t>(x.size());
  if (kind == Kind::kMonoL1) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) out[i] += linear;
    return;
  }
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    const T v = values[i];
    const T sign = static_cast<T>(v > 0) - static_cast<T>(v < 0);
    out[i] += linear * sign + quadratic * v;
  }
}

}  // namespace hgq
