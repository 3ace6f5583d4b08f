// Fixed-point conversions, ReLU and maxima as nodes of a circuit.
//
// All seven rounding modes and five overflow modes (core/fixed_point.h), with what the range of the value makes
// possible left out: a value that cannot overflow needs no saturation, one that is never negative no sign.
#pragma once

#include <span>

#include "hgq/core/fixed_point.h"
#include "hgq/rtl/circuit_builder.h"

namespace hgq::rtl {

/// The feature in this type. Its exponent is at least that of the type's lowest bit.
Feature quantized(CircuitBuilder& builder, const Feature& x, const Kbi& type, Rounding rounding, Overflow overflow);

/// max(x, 0).
Feature relu(CircuitBuilder& builder, const Feature& x);

/// The largest of at least one value.
Feature largest(CircuitBuilder& builder, std::span<const Feature> values);

/// The index of the largest of at least one value; the first, if there are several.
Feature argmax(CircuitBuilder& builder, std::span<const Feature> values);

/// The sum of some values.
Feature sum(CircuitBuilder& builder, std::span<const Feature> values);

}  // namespace hgq::rtl
