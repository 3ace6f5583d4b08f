// What the optimizers' sources share: from options to settings, checks of their ranges, powers as Keras takes them.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/optim/optimizer.h"

namespace hgq::detail {

template <typename Options>
OptimizerSettings settings_of(const Options& options) {
  return {.learning_rate = options.learning_rate,
          .weight_decay = options.weight_decay,
          .clipnorm = options.clipnorm,
          .clipvalue = options.clipvalue,
          .global_clipnorm = options.global_clipnorm};
}

/// The decay of a running mean: from 0, below 1.
inline double checked_decay(std::string_view optimizer, std::string_view argument, double value) {
  HGQ_CHECK(value >= 0 && value < 1, ConfigError, optimizer, ": ", argument, " is ", value,
            ", expected a number from 0, below 1");
  return value;
}

inline float checked_positive(std::string_view optimizer, std::string_view argument, double value) {
  HGQ_CHECK(std::isfinite(value) && value >= 0, ConfigError, optimizer, ": ", argument, " is ", value,
            ", expected a finite number that is not negative");
  return static_cast<float>(value);
}

/// base^exponent of a float32 base, rounded to float32.
inline float float_power(double base, int64_t exponent) {
  return static_cast<float>(std::pow(static_cast<double>(static_cast<float>(base)), static_cast<double>(exponent)));
}

}  // namespace hgq::detail
