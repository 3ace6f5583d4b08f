// What a machine gives: the speed of matrix products and of copies, and the cost of a barrier. Profiles are compared
// with it.
//
//   Workers workers;
//   const MachineRates rates = measure_machine(workers);                 // some 0.1 s
//   std::printf("%g GFLOP/s\n", rates.product_flops * 1e-9);
#pragma once

#include "hgq/core/parallel.h"
#include "hgq/core/plain_matmul.h"

namespace hgq {

struct MachineRates {
  double product_flops = 0;  // floating-point operations a second of a thread, in a product that fits the cache
  double copy_bytes = 0;     // read and written in a second by a thread that scales an array in its cache
  double memory_bytes = 0;   // the same from memory to memory, of all threads together
  double barrier_seconds =
      0;  // of Workers::run() with a task for each thread that does nothing; for one thread: of two
};

/// The rates of a thread are those while all threads do the same: they may share a core.
MachineRates measure_machine(Workers& workers);

/// Seconds of a product with its operands in the cache, on each of the threads while all compute it: the best of
/// several tries, which take some milliseconds.
double product_seconds(const MatmulSpec& spec, Workers& workers);

}  // namespace hgq
