// Interrupts: Ctrl-C (SIGINT) and SIGTERM. They end the program at once, with a message and exit code 130, whatever it
// is doing. Only a training run first goes on to the next place where it can write its checkpoint, and what writes a
// folder of RTL or simulates one first removes its temporary folder.
#pragma once

#include <atomic>

namespace hgq {

/// From now on an interrupt ends the program at once.
void end_on_interrupts();

/// While an object of this class lives, the first interrupt only sets requested(), and the second ends the program.
/// There may be one such object at a time.
class GracefulStop {
 public:
  GracefulStop();
  ~GracefulStop();
  GracefulStop(const GracefulStop&) = delete;
  GracefulStop& operator=(const GracefulStop&) = delete;
  const std::atomic<bool>& requested() const;
};

}  // namespace hgq
