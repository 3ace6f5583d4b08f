#include "hgq/data/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "data_files.h"
#include "hgq/core/error.h"

namespace hgq {
namespace atomic_file_test {

using ::testing::HasSubstr;

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int64_t files_in(const TemporaryFolder& folder) {
  return std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator{});
}

class AtomicFile : public ::testing::Test {
 protected:
  TemporaryFolder folder;
};

TEST_F(AtomicFile, NewContentReplacesTheOld) {
  write_file_atomically(folder / "a.txt", "old");
  write_file_atomically(folder / "a.txt", std::string("n\0w", 3));
  EXPECT_EQ(content_of(folder / "a.txt"), std::string("n\0w", 3));
  EXPECT_EQ(files_in(folder), 1);
}

TEST_F(AtomicFile, TheTargetIsUntouchedUntilTheContentIsWhole) {
  write_file_atomically(folder / "a.txt", "old");
  FileReplacement file(folder / "a.txt");
  file.write("ne");
  file.write("w");
  EXPECT_EQ(content_of(folder / "a.txt"), "old");
  EXPECT_EQ(content_of(folder / "a.txt.part"), "new");
  file.finish();
  EXPECT_EQ(content_of(folder / "a.txt"), "new");
}

TEST_F(AtomicFile, AppendingWritesBehindWhatIsKnownOfTheFile) {
  write_file_atomically(folder / "a.txt", "old");
  append_to_file(folder / "a.txt", 3, " and new");
  EXPECT_EQ(content_of(folder / "a.txt"), "old and new");
  EXPECT_THROW(append_to_file(folder / "none.txt", 0, "new"), FileError);
  EXPECT_EQ(files_in(folder), 1);
}

TEST_F(AtomicFile, WhatIsNotFinishedLeavesNothingBehind) {
  write_file_atomically(folder / "a.txt", "old");
  FileReplacement(folder / "a.txt").write("half");
  EXPECT_EQ(content_of(folder / "a.txt"), "old");
  EXPECT_EQ(files_in(folder), 1);
}

TEST_F(AtomicFile, AFileThatAnotherProgramWritesIsNotTaken) {
  FileReplacement first(folder / "a.txt");
  first.write("first");
  EXPECT_THAT(message_of([&] { write_file_atomically(folder / "a.txt", "second"); }),
              HasSubstr("another program is writing this file"));
  first.finish();
  EXPECT_EQ(content_of(folder / "a.txt"), "first");
  write_file_atomically(folder / "a.txt", "second");
  EXPECT_EQ(content_of(folder / "a.txt"), "second");
}

TEST_F(AtomicFile, TheLeftOverOfAKilledProcessIsReplaced) {
  write_text(folder, "a.txt.part", "a longer text of a process that was killed");
  write_file_atomically(folder / "a.txt", "new");
  EXPECT_EQ(content_of(folder / "a.txt"), "new");
  EXPECT_EQ(files_in(folder), 1);
}

TEST_F(AtomicFile, AProcessKilledWhileItWritesLeavesTheOldFile) {
  write_file_atomically(folder / "a.txt", "old");
  const pid_t child = fork();
  if (child == 0) {
    FileReplacement file(folder / "a.txt");
    file.write("half");
    kill(getpid(), SIGKILL);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(content_of(folder / "a.txt"), "old");
}

TEST_F(AtomicFile, AFileThatCanNotGrowIsARunError) {
  // A limit on the size of files stands in for a full disk: both make write() fail half way.
  write_file_atomically(folder / "a.txt", "old");
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file_atomically(folder / "a.txt", std::string(100000, 'x'));
    } catch (const RunError&) {
      _exit(std::filesystem::exists(folder / "a.txt.part") ? 2 : 0);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(content_of(folder / "a.txt"), "old");
}

TEST_F(AtomicFile, ImpossibleTargetsAreNamed) {
  EXPECT_THAT(message_of([&] { write_file_atomically(folder / "no/a.txt", ""); }), HasSubstr("there is no folder"));
  EXPECT_THAT(message_of([&] { write_file_atomically(folder.path(), ""); }),
              HasSubstr("is a folder, expected the name of a file"));
  EXPECT_THAT(message_of([&] { write_file_atomically("/dev/null", ""); }), HasSubstr("is not a regular file"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

}  // namespace atomic_file_test
}  // namespace hgq
