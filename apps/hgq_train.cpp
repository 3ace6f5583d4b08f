// hgq-train: the program. Turns signals into a flag, and exceptions into messages and exit codes.
#include <csignal>
#include <iostream>

#include "hgq/apps/command_line.h"
#include "hgq/apps/commands.h"
#include "hgq/core/error.h"

namespace {

std::atomic<bool> interrupted{false};

void on_signal(int /*signal*/) {
  if (interrupted.exchange(true)) std::_Exit(hgq::kExitInterrupted);  // the second time: at once
}

int fail(const char* message, int code) {
  std::cerr << "hgq-train: error: " << message << "\n";
  return code;
}

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const hgq::RunError& e) {
    return fail(e.what(), hgq::kExitFailed);
  } catch (const hgq::Error& e) {
    return fail(e.what(), hgq::kExitBadInput);
  } catch (const std::bad_alloc&) {
    return fail("there is not enough memory", hgq::kExitFailed);
  } catch (const std::exception& e) {
    return fail(e.what(), hgq::kExitFailed);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  try {
    return guarded([&] { return hgq::read_command_line(argc, argv, interrupted)(); });
  } catch (...) {  // even the message failed
    return hgq::kExitFailed;
  }
}
