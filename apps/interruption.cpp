#include "hgq/apps/interruption.h"

#include <csignal>
#include <cstdlib>

#include "hgq/apps/commands.h"

namespace hgq {
namespace {

// A signal's handler is given nothing: what it looks at has to be global.
std::atomic<bool> graceful{false};
std::atomic<bool> stop_requested{false};

void on_signal(int /*signal*/) {
  if (!graceful || stop_requested.exchange(true)) std::_Exit(kExitInterrupted);
}

}  // namespace

void end_on_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

GracefulStop::GracefulStop() {
  stop_requested = false;
  graceful = true;
}

GracefulStop::~GracefulStop() { graceful = false; }

const std::atomic<bool>& GracefulStop::requested() const { return stop_requested; }

}  // namespace hgq
