// Counts allocations of the whole program, on any thread, for tests that a warm step takes no memory.
//
//   const AllocationCounter counter;
//   executor.forward(inputs);
//   EXPECT_EQ(counter.count(), 0);
//
// A program that lists allocation_counter.cpp among its sources has its operators new replaced. What oneDNN allocates
// inside a product by malloc is not seen; by operator new it is: use products small enough for core/tile_matmul.h.
// Sanitizers have operators of their own: there nothing is counted.
#pragma once

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HGQ_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HGQ_COUNTS_ALLOCATIONS 0
#endif
#endif
#ifndef HGQ_COUNTS_ALLOCATIONS
#define HGQ_COUNTS_ALLOCATIONS 1
#endif

namespace hgq::testing {

inline constexpr bool kCountsAllocations = HGQ_COUNTS_ALLOCATIONS == 1;

class AllocationCounter {
 public:
  AllocationCounter();
  /// Calls of operator new since this object was made.
  int64_t count() const;

 private:
  int64_t before_;
};

}  // namespace hgq::testing
