// hgq-train: the program. Turns exceptions into messages and exit codes.
#include <functional>
#include <iostream>

#include "hgq/apps/command_line.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/interruption.h"
#include "hgq/apps/printable_stream.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace {

int fail(const char* message, int code) {
  std::cerr << "hgq-train: error: " << hgq::bounded_message(message) << "\n";
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
  hgq::end_on_signals();
  try {
    const hgq::PrintableStream results(std::cout);
    const hgq::PrintableStream messages(std::cerr);
    return guarded([&] { return hgq::read_command_line(argc, argv)(); });
  } catch (...) {  // even the message failed
    return hgq::kExitFailed;
  }
}
