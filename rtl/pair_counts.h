// How often each pair of terms occurs: a hash table of 64-bit keys with open addressing. Counting is the innermost loop
// of the solver, and std::unordered_map takes an allocation for each entry.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hgq::rtl {

class PairCounts {
 public:
  PairCounts() : entries_(kSmallest) {}

  /// Adds to the count of a key, which is 0 at first, and returns the new count.
  int32_t add(uint64_t key, int32_t count) {
    if (2 * used_.size() >= entries_.size()) grow();
    const size_t slot = find(key);
    if (entries_[slot].key == kEmpty) {
      entries_[slot] = {key, 0};
      used_.push_back(static_cast<uint32_t>(slot));
    }
    return entries_[slot].count += count;
  }
  /// The keys in the order in which they came.
  template <typename Visit>
  void each(const Visit& visit) const {
    for (const uint32_t slot : used_) visit(entries_[slot].key, entries_[slot].count);
  }
  void clear() {
    for (const uint32_t slot : used_) entries_[slot] = {};
    used_.clear();
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};
  static constexpr size_t kSmallest = size_t{1} << 12U;
  struct Entry {
    uint64_t key = kEmpty;
    int32_t count = 0;
  };

  size_t find(uint64_t key) const {
    size_t slot = (key * 0x9e3779b97f4a7c15U >> 20U) & (entries_.size() - 1);
    while (entries_[slot].key != key && entries_[slot].key != kEmpty) slot = (slot + 1) & (entries_.size() - 1);
    return slot;
  }
  void grow() {
    std::vector<Entry> old;
    old.reserve(used_.size());
    for (const uint32_t slot : used_) old.push_back(entries_[slot]);
    entries_.assign(2 * entries_.size(), Entry{});
    used_.clear();
    for (const Entry& entry : old) {
      const size_t slot = find(entry.key);
      entries_[slot] = entry;
      used_.push_back(static_cast<uint32_t>(slot));
    }
  }

  std::vector<Entry> entries_;
  std::vector<uint32_t> used_;  // slots, in the order of their keys' coming
};

}  // namespace hgq::rtl
