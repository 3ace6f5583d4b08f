// How often each pair of terms occurs: a hash table of 64-bit keys with open addressing, which only grows. Counting is
// the innermost loop of the solver, and std::unordered_map takes an allocation for each entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace hgq::rtl {

class PairCounts {
 public:
  PairCounts() { reset(kSmallest); }

  void clear() { reset(kSmallest); }
  /// The count of a key, 0 if it is new. The reference is valid until the next call.
  int32_t& operator[](uint64_t key) {
    if (2 * used_ > keys_.size()) grow();
    const size_t slot = find(key);
    if (keys_[slot] == kEmpty) {
      keys_[slot] = key;
      ++used_;
    }
    return counts_[slot];
  }
  template <typename Visit>
  void each(const Visit& visit) const {
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (keys_[i] != kEmpty) visit(keys_[i], counts_[i]);
    }
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};
  static constexpr size_t kSmallest = size_t{1} << 12U;

  void reset(size_t slots) {
    keys_.assign(slots, kEmpty);
    counts_.assign(slots, 0);
    used_ = 0;
  }
  size_t find(uint64_t key) const {
    size_t slot = (key * 0x9e3779b97f4a7c15U >> 20U) & (keys_.size() - 1);
    while (keys_[slot] != key && keys_[slot] != kEmpty) slot = (slot + 1) & (keys_.size() - 1);
    return slot;
  }
  void grow() {
    const std::vector<uint64_t> keys = std::move(keys_);
    const std::vector<int32_t> counts = std::move(counts_);
    reset(2 * keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] != kEmpty && counts[i] > 0) (*this)[keys[i]] = counts[i];
    }
  }

  std::vector<uint64_t> keys_;
  std::vector<int32_t> counts_;
  size_t used_ = 0;
};

}  // namespace hgq::rtl
