// Keeps libraries that use OpenMP (oneDNN) from starting threads of their own beside those of the caller.
#pragma once

#include <omp.h>

namespace hgq {

/// While an object of this class lives, OpenMP regions that begin on its thread have one thread.
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
