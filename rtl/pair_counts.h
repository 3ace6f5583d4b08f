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
  PairCounts() { resize(kSmallest); }

  /// To be called before so many keys are counted.
  void make_room(size_t keys) {
    while (4 * (used_ + keys) > 3 * entries_.size()) grow();
  }
  /// Adds one to the count of a key, which is 0 at first. Without a branch on whether it is new, which nobody can
  /// predict.
  void count(uint64_t key) {
    const size_t slot = find(key);
    Entry& entry = entries_[slot];
    slots_[used_] = static_cast<uint32_t>(slot);
    used_ += entry.key == kEmpty ? 1 : 0;
    entry.key = key;
    ++entry.count;
  }
  /// The keys in the order in which they came.
  template <typename Visit>
  void each(const Visit& visit) const {
    for (size_t i = 0; i < used_; ++i) visit(entries_[slots_[i]].key, entries_[slots_[i]].count);
  }
  void clear() {
    for (size_t i = 0; i < used_; ++i) entries_[slots_[i]] = {};
    used_ = 0;
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
  void resize(size_t size) {
    entries_.assign(size, Entry{});
    slots_.resize(size);
  }
  void grow() {
    std::vector<Entry> old;
    old.reserve(used_);
    for (size_t i = 0; i < used_; ++i) old.push_back(entries_[slots_[i]]);
    resize(2 * entries_.size());
    for (size_t i = 0; i < used_; ++i) {
      const size_t slot = find(old[i].key);
      entries_[slot] = old[i];
      slots_[i] = static_cast<uint32_t>(slot);
    }
  }

  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // the first used_ are those of the keys, in the order of their coming
  size_t used_ = 0;
};

}  // namespace hgq::rtl
