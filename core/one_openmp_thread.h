// Keeps libraries that use OpenMP (oneDNN) from starting threads of their own beside those of the caller.
#pragma once

#include <omp.h>

namespace hgq {

/// OpenMP regions that begin on this thread have one thread while this object lives.
class OneOpenMpThread {
 public:
  OneOpenMpThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneOpenMpThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }
  OneOpenMpThread(const OneOpenMpThread&) = delete;
  OneOpenMpThread& operator=(const OneOpenMpThread&) = delete;

 private:
  int before_;
};

}  // namespace hgq
