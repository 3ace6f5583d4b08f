// Places buffers with limited lives in one block of memory: two buffers may share memory if their lives do not overlap.
//
//   const std::vector<ArenaRequest> requests{{.floats = 100, .first = 0, .last = 2}, {.floats = 50, .first = 3, .last = 4}};
//   const ArenaPlacement placement = place_in_arena(requests);
//   placement.offsets;   placement.floats;                 // {0, 0}; 112: rounded up to whole cache lines
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hgq {

/// The floats, rounded up to whole cache lines.
constexpr int64_t whole_lines(int64_t floats) {
  constexpr int64_t kLineFloats = 16;
  return (floats + kLineFloats - 1) / kLineFloats * kLineFloats;
}

struct ArenaRequest {
  int64_t floats = 0;
  int64_t first = 0;  // first and last moment of its life, both included
  int64_t last = 0;
};

struct ArenaPlacement {
  std::vector<int64_t> offsets;  // in floats, each on a 64-byte boundary
  int64_t floats = 0;
};

/// Places the larger buffers first, each at the lowest offset that is free during its whole life. The result depends on
/// the requests alone.
ArenaPlacement place_in_arena(std::span<const ArenaRequest> requests);

}  // namespace hgq
