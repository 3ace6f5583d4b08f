// Finds nodes by what they compute: a hash table from a 64-bit hash of a node's value to nodes, with open addressing.
// The hash of minus a value is minus its hash, and both are found together. Several nodes may have the same hash. The
// nodes entered last can be taken out again, last one first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace hgq::rtl {

class ValueTable {
 public:
  ValueTable() : slots_(kSmallest) {}

  /// Nodes are entered in the order of their numbers, 0 first.
  void add(uint64_t hash) {
    if (2 * hashes_.size() >= slots_.size()) grow();
    slots_[free_slot(hash)] = {tag_of(hash), static_cast<int32_t>(hashes_.size())};
    hashes_.push_back(hash);
  }
  /// Takes out the node entered last.
  void remove_last() {
    const auto last = static_cast<int32_t>(hashes_.size()) - 1;
    size_t slot = first_slot(hashes_.back());
    while (slots_[slot].node != last) slot = next(slot);
    slots_[slot] = {};  // no chain of slots goes past it, since all other nodes were entered before
    hashes_.pop_back();
  }
  /// The first node with this hash, or minus it, that `accept` takes; -1: none.
  template <typename Accept>
  int32_t find(uint64_t hash, const Accept& accept) const {
    const uint64_t minus = 0 - hash;
    const uint32_t tag = tag_of(hash);
    for (size_t slot = first_slot(hash); slots_[slot].node != kEmpty; slot = next(slot)) {
      const int32_t node = slots_[slot].node;
      if (slots_[slot].tag != tag) continue;
      const uint64_t of_node = hashes_[static_cast<size_t>(node)];
      if ((of_node == hash || of_node == minus) && accept(node)) return node;
    }
    return -1;
  }
  uint64_t hash(int32_t node) const { return hashes_[static_cast<size_t>(node)]; }

 private:
  static constexpr int32_t kEmpty = -1;
  static constexpr size_t kSmallest = 256;
  struct Slot {
    uint32_t tag = 0;  // part of the hash, so that the node seldom needs to be looked at
    int32_t node = kEmpty;
  };

  static uint64_t unsigned_hash(uint64_t hash) { return std::min(hash, 0 - hash); }
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(unsigned_hash(hash) >> 30U); }
  size_t first_slot(uint64_t hash) const { return unsigned_hash(hash) >> 8U & (slots_.size() - 1); }
  size_t next(size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  size_t free_slot(uint64_t hash) const {
    size_t slot = first_slot(hash);
    while (slots_[slot].node != kEmpty) slot = next(slot);
    return slot;
  }
  void grow() {
    slots_.assign(2 * slots_.size(), Slot{});
    for (size_t node = 0; node < hashes_.size(); ++node)
      slots_[free_slot(hashes_[node])] = {tag_of(hashes_[node]), static_cast<int32_t>(node)};
  }

  std::vector<Slot> slots_;
  std::vector<uint64_t> hashes_;  // of each node
};

}  // namespace hgq::rtl
