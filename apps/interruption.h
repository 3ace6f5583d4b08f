// Ctrl-C and SIGTERM. They end the program at once, with exit code 130, whatever it does, but for a training run, which
// first comes to a place where it can write its checkpoint.
#pragma once

#include <atomic>

namespace hgq {

/// From now on the two signals end the program at once.
void end_on_signals();

/// While it lives, the first signal is a request, the second ends the program. One at a time.
class GracefulStop {
 public:
  GracefulStop();
  ~GracefulStop();
  GracefulStop(const GracefulStop&) = delete;
  GracefulStop& operator=(const GracefulStop&) = delete;
  const std::atomic<bool>& requested() const;
};

}  // namespace hgq
