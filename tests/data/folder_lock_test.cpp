#include "hgq/data/folder_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <optional>

#include "data_files.h"
#include "hgq/core/error.h"

namespace hgq {
namespace folder_lock_test {

using ::testing::HasSubstr;

/// What a process of its own is told; "" where it gets the lock.
std::string told_to_another(const std::string& folder) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    std::string said;
    try {
      const FolderLock lock(folder);
    } catch (const ConfigError& e) {
      said = e.what();
    }
    const bool written = write(ends[1], said.data(), said.size()) >= 0;
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  std::array<char, 1024> text{};
  const ssize_t got = read(ends[0], text.data(), text.size());
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return {text.data(), got > 0 ? static_cast<size_t>(got) : 0};
}

TEST(FolderLock, NamesTheOneWhoHasIt) {
  const TemporaryFolder folder;
  std::optional<FolderLock> lock(std::in_place, folder.path());
  ASSERT_TRUE(lock->is_held());
  const std::string said = told_to_another(folder.path());
  EXPECT_THAT(said, HasSubstr("is in use by another program (process " + std::to_string(getpid()) + " on "));
  EXPECT_THAT(said, HasSubstr(", since 20"));
  lock.reset();
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_EQ(told_to_another(folder.path()), "");
}

TEST(FolderLock, OthersSeeWhoHasIt) {
  const TemporaryFolder folder;
  EXPECT_FALSE(FolderLock::is_taken(folder.path()));
  EXPECT_FALSE(FolderLock::is_taken(folder / "none"));
  const auto seen_by_another = [&] {
    const pid_t child = fork();
    if (child == 0) _exit(FolderLock::process_with(folder.path()) == getppid() ? 7 : 0);
    int status = 0;
    waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 7;
  };
  {
    const FolderLock lock(folder.path());
    EXPECT_TRUE(seen_by_another());
    EXPECT_TRUE(seen_by_another()) << "looking does not end it";
  }
  EXPECT_FALSE(seen_by_another());
  write_text(folder, ".lock", "process 1 on nowhere\n");
  EXPECT_FALSE(FolderLock::is_taken(folder.path())) << "a file that a killed process has left";
}

TEST(FolderLock, EndsWithAKilledProcessAndNotWithItsChildren) {
  const TemporaryFolder folder;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t holder = fork();
  if (holder == 0) {
    const FolderLock lock(folder.path());
    const pid_t grandchild = fork();  // as the one that reads a file on trial
    if (grandchild == 0) {
      sleep(20);
      _exit(0);
    }
    const bool written = write(ends[1], &grandchild, sizeof(grandchild)) > 0;
    if (written) pause();
    _exit(1);
  }
  pid_t grandchild = 0;
  ASSERT_EQ(read(ends[0], &grandchild, sizeof(grandchild)), static_cast<ssize_t>(sizeof(grandchild)));
  EXPECT_NE(told_to_another(folder.path()), "");
  kill(holder, SIGKILL);
  waitpid(holder, nullptr, 0);
  EXPECT_EQ(told_to_another(folder.path()), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));  // the one who came took the file over
  kill(grandchild, SIGKILL);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace folder_lock_test
}  // namespace hgq
