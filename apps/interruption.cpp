#include "hgq/apps/interruption.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

#include "hgq/apps/commands.h"

namespace hgq {
namespace {

// The operating system passes no data to the handler, so what it reads has to be global.
std::atomic<bool> graceful{false};
std::atomic<bool> stop_requested{false};

void on_interrupt(int /*number*/) {
  if (graceful && !stop_requested.exchange(true)) return;
  constexpr std::string_view kMessage = "hgq-train: interrupted\n";
  // Where the message cannot be written, the exit code tells the same.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kMessage.data(), kMessage.size());
  std::_Exit(kExitInterrupted);
}

}  // namespace

void end_on_interrupts() {
  std::signal(SIGINT, on_interrupt);
  std::signal(SIGTERM, on_interrupt);
}

GracefulStop::GracefulStop() {
  stop_requested = false;
  graceful = true;
}

GracefulStop::~GracefulStop() { graceful = false; }

const std::atomic<bool>& GracefulStop::requested() const { return stop_requested; }

}  // namespace hgq
