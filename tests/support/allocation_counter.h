// Counts allocations of the whole program, on any thread, for tests that a warm step takes no memory.
//
//   const AllocationCounter counter;
//   executor.forward(inputs);
//   EXPECT_EQ(counter.count(), 0);
//
// A program that lists allocation_counter.cpp among its sources has its operators new replaced. What oneDNN allocates
// inside a product by malloc is not seen; by operator new it is: use products small enough for core/tile_matmul.h.
#pragma once

#include <cstdint>

namespace hgq::testing {

class AllocationCounter {
 public:
  AllocationCounter();
  /// Calls of operator new since this object was made.
  int64_t count() const;

 private:
  int64_t before_;
};

}  // namespace hgq::testing
