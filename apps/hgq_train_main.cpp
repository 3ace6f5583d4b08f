#include "hgq/apps/hgq_train_main.h"

#include <functional>
#include <iostream>

#include "hgq/apps/command_line.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/interruption.h"
#include "hgq/apps/printable_stream.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/deploy/interrupted.h"

namespace hgq {
namespace {

int fail(const char* message, int code) {
  std::cerr << "hgq-train: error: " << bounded_message(message) << "\n";
  return code;
}

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const Interrupted& e) {
    std::cerr << "hgq-train: " << e.what() << "\n";
    return kExitInterrupted;
  } catch (const RunError& e) {
    return fail(e.what(), kExitFailed);
  } catch (const Error& e) {
    return fail(e.what(), kExitBadInput);
  } catch (const std::bad_alloc&) {
    return fail("there is not enough memory", kExitFailed);
  } catch (const std::exception& e) {
    return fail(e.what(), kExitFailed);
  } catch (...) {
    return fail("an exception was thrown that is not a std::exception", kExitFailed);
  }
}

}  // namespace

namespace {

/// A mistake in a registry that no call of add() can see.
void check_registry(const Registry& registry) {
  for (const Kind<LayerFactory>& kind : registry.layers.all()) {
    HGQ_CHECK(kind.scalar.empty(), ConfigError, "the registry has layer '", kind.name, "' with scalar '", kind.scalar,
              "', but no layer can be written as {NAME: VALUE}; leave scalar empty");
  }
}

}  // namespace

int hgq_train_main(int argc, const char* const* argv, const Registry& registry) {
  end_on_interrupts();
  try {
    const PrintableStream results(std::cout);
    const PrintableStream messages(std::cerr);
    return guarded([&] {
      check_registry(registry);
      return read_command_line(argc, argv)(registry);
    });
  } catch (...) {  // even the message could not be written
    return kExitFailed;
  }
}

}  // namespace hgq
