#include "hgq/core/arena.h"

#include <algorithm>
#include <numeric>

namespace hgq {

ArenaPlacement place_in_arena(std::span<const ArenaRequest> requests) {
  std::vector<size_t> order(requests.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return requests[a].floats > requests[b].floats; });

  ArenaPlacement placement;
  placement.offsets.assign(requests.size(), 0);
  std::vector<size_t> placed;
  std::vector<size_t> neighbours;
  for (const size_t i : order) {
    neighbours.clear();
    for (const size_t j : placed) {
      if (requests[j].first <= requests[i].last && requests[i].first <= requests[j].last) neighbours.push_back(j);
    }
    std::ranges::sort(neighbours, {}, [&](size_t j) { return placement.offsets[j]; });
    const int64_t size = whole_lines(requests[i].floats);
    int64_t offset = 0;
    for (const size_t j : neighbours) {
      if (placement.offsets[j] >= offset + size) break;
      offset = std::max(offset, placement.offsets[j] + whole_lines(requests[j].floats));
    }
    placement.offsets[i] = offset;
    placement.floats = std::max(placement.floats, offset + size);
    placed.push_back(i);
  }
  return placement;
}

}  // namespace hgq
