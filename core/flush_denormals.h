// While an object of this class lives, numbers below 1.2e-38 (subnormal numbers) count as 0 on the thread that made it.
//
// Momenta of weights whose gradient has become exactly 0 (a pruned weight, a dead ReLU) shrink by a factor each step
// until they are subnormal, and stay there; each vector operation on them costs a hundred cycles. TensorFlow flushes
// them for the same reason. On a processor without such a switch the class does nothing: training is slower there, and
// numbers below 1e-38 differ.
//
//   const FlushDenormals flush;
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace hgq {

class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : before_(_mm_getcsr()) {
    constexpr unsigned kFlushToZero = 0x8000U;
    constexpr unsigned kDenormalsAreZero = 0x0040U;
    _mm_setcsr(before_ | kFlushToZero | kDenormalsAreZero);
  }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;

 public:
#else
  FlushDenormals() = default;
  ~FlushDenormals() = default;
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

}  // namespace hgq
