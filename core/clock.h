// Time that only moves forward, for how long something took.
#pragma once

#include <chrono>

namespace hgq {

/// Seconds since a moment that is the same for the whole program.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace hgq
