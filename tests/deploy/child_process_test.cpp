// Programs that run beside this one.
#include "hgq/deploy/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "temporary_folder.h"

namespace hgq {
namespace child_process_test {

int waited_for(BackgroundProgram& program) {
  while (!program.exit_code()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return *program.exit_code();
}

TEST(BackgroundProgram, AddsToItsLogAndTellsItsExitCode) {
  const TemporaryFolder folder;
  const std::string log = write_text(folder, "log", "before\n");
  BackgroundProgram program({"sh", "-c", "pwd; echo to both >&2; exit 3"}, folder.path(), log);
  EXPECT_EQ(waited_for(program), 3);
  EXPECT_EQ(program.exit_code(), 3) << "asked again";
  EXPECT_EQ(read_file(log, 1000), "before\n" + folder.path() + "\nto both\n");
  program.send(SIGKILL);  // to nobody
}

TEST(BackgroundProgram, EndsByASignal) {
  const TemporaryFolder folder;
  BackgroundProgram program({"sleep", "60"}, folder.path(), folder / "log");
  EXPECT_EQ(program.exit_code(), std::nullopt);
  program.send(SIGTERM);
  EXPECT_EQ(waited_for(program), 128 + SIGTERM);
}

TEST(BackgroundProgram, OneThatIsNotThereIsAnError) {
  const TemporaryFolder folder;
  EXPECT_THROW(BackgroundProgram({"no-such-program"}, folder.path(), folder / "log"), FileError);
}

}  // namespace child_process_test
}  // namespace hgq
