// A clock that never runs backward, to measure how long something took.
#pragma once

#include <chrono>

namespace hgq {

/// Seconds since a fixed moment, the same for the whole program; only differences have a meaning.
inline double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace hgq
