#include "hgq/callbacks/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hgq/callbacks/history_file.h"
#include "hgq/callbacks/pending_files.h"
#include "hgq/core/error.h"

namespace hgq {
namespace history_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Metrics metrics(const std::vector<std::pair<std::string, double>>& values) {
  Metrics m;
  for (const auto& [name, value] : values) m.set(name, value);
  return m;
}

History rows(int first, int count, const std::string& late = "") {
  History history;
  for (int epoch = first; epoch < first + count; ++epoch) {
    Metrics m = metrics({{"loss", 1.0 / epoch}, {"seconds", 0.5}});
    if (!late.empty()) m.set(late, epoch);
    history.add(epoch, m);
  }
  return history;
}

TEST(History, KeepsMissingValuesApartFromThoseThatAreNotFinite) {
  History history;
  history.add(1, metrics({{"loss", 0.1}}));
  history.add(2, metrics({{"loss", std::nan("")}, {"bops", 12}}));
  history.add(3, metrics({{"bops", std::numeric_limits<double>::infinity()}}));
  EXPECT_THAT(history.columns(), ElementsAre("loss", "bops"));
  EXPECT_EQ(history.to_csv(), "epoch,loss,bops\n1,0.1,\n2,nan,12\n3,,inf\n");
  EXPECT_EQ(history.find(0, "bops"), std::nullopt);
  EXPECT_EQ(history.find(1, "bops"), 12);
  EXPECT_EQ(history.find(0, "none"), std::nullopt);
  EXPECT_EQ(History::from_csv(history.to_csv()).to_csv(), history.to_csv());
  EXPECT_EQ(History::from_csv("epoch\n").size(), 0U);
}

TEST(History, RefusesATextThatIsNone) {
  for (const char* const text : {"", "epoch,loss\n1,2", "loss\n1\n", "epoch,loss\n1\n", "epoch,loss\nx,1\n"})
    EXPECT_THROW(History::from_csv(text), FileError) << text;
}

class HistoryFileTest : public ::testing::Test {
 protected:
  std::string text() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  TemporaryFolder folder_;
  std::string path_ = folder_ / "history.csv";
};

TEST_F(HistoryFileTest, IsTheTableOfAllRows) {
  HistoryFile file(path_);
  file.append(rows(1, 3));
  file.append(rows(4, 0));
  file.append(rows(4, 2, "bops"));
  file.append(rows(6, 1));
  EXPECT_EQ(text(),
            "epoch,loss,seconds,bops\n1,1,0.5,\n2,0.5,0.5,\n3,0.3333333333333333,0.5,\n4,0.25,0.5,4\n5,0.2,0.5,5\n"
            "6,0.16666666666666666,0.5,\n");
}

uint64_t inode_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

TEST_F(HistoryFileTest, NewRowsAreWrittenBehindTheOthersWithoutACopy) {
  HistoryFile file(path_);
  History all = rows(1, 2);
  file.append(all);
  const std::string first = text();
  const uint64_t inode = inode_of(path_);
  for (int epoch = 3; epoch < 9; epoch += 2) {
    file.append(rows(epoch, 2));
    EXPECT_EQ(inode_of(path_), inode);
    EXPECT_TRUE(text().starts_with(first));
  }
  EXPECT_EQ(text(), rows(1, 8).to_csv());
  HistoryFile whole(folder_ / "whole.csv");
  whole.append(rows(1, 8));
  EXPECT_EQ(file.state(), whole.state());
  file.append(rows(9, 1, "bops"));  // a column more is one in each row
  EXPECT_NE(inode_of(path_), inode);
}

TEST_F(HistoryFileTest, APartOfARowIsLeftOutByReadersAndRemovedWhenTheRunGoesOn) {
  HistoryFile file(path_);
  file.append(rows(1, 3));
  const nlohmann::json state = file.state();
  const std::string whole = text();
  file.append(rows(4, 1));
  const std::string more = text();
  for (size_t size = whole.size(); size <= more.size(); ++size) {
    std::ofstream(path_, std::ios::binary) << more.substr(0, size);
    EXPECT_EQ(History::from_file(text()).to_csv(), size < more.size() ? whole : more) << size;
    HistoryFile(path_).restore(state, 100000);
    EXPECT_EQ(text(), whole) << size;
  }
  EXPECT_THROW(History::from_file("epoch"), FileError);
}

TEST_F(HistoryFileTest, IsCutBackToWhatTheCheckpointKnows) {
  HistoryFile file(path_);
  file.append(rows(1, 3));
  const nlohmann::json state = file.state();
  const std::string before = text();
  file.append(rows(4, 2, "bops"));  // a column more, too
  HistoryFile again(path_);
  again.restore(state, 100000);
  EXPECT_EQ(text(), before);
  again.append(rows(4, 2, "bops"));
  HistoryFile whole(folder_ / "whole.csv");
  whole.append(rows(1, 3));
  whole.append(rows(4, 2, "bops"));
  EXPECT_EQ(again.state(), whole.state());
}

TEST_F(HistoryFileTest, RowsThatNoCheckpointKnowsAreRemoved) {
  HistoryFile file(path_);
  const nlohmann::json state = file.state();
  file.append(rows(1, 2));
  HistoryFile(path_).restore(state, 100000);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(HistoryFileTest, AFileThatWasChangedIsRefusedAndOneThatIsGoneBegunAnew) {
  HistoryFile file(path_);
  file.append(rows(1, 3));
  const nlohmann::json state = file.state();
  const std::string right = text();
  for (const std::string& wrong : {right.substr(0, 30), right + "", std::string("epoch,x\n1,2\n"), std::string("")}) {
    std::string changed = wrong;
    if (changed == right) changed.replace(changed.find("0.5"), 3, "0.6");
    std::ofstream(path_) << changed;
    // Two changes within a tick of the clock have the same time.
    std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
    try {
      HistoryFile(path_).restore(state, 100000);
      FAIL() << changed;
    } catch (const FileError& e) {
      EXPECT_THAT(e.what(), HasSubstr("it was changed since"));
    }
    EXPECT_THROW(file.append(rows(4, 1)), RunError);
    EXPECT_EQ(text(), changed);
  }
  std::filesystem::remove(path_);
  HistoryFile again(path_);
  again.restore(state, 100000);
  again.append(rows(4, 1));
  EXPECT_EQ(text(), "epoch,loss,seconds\n4,0.25,0.5\n");
}

TEST_F(HistoryFileTest, ManyRowsAreAsTheyWereInMemory) {
  HistoryFile file(path_);
  History all;
  for (int epoch = 1; epoch <= 30000; ++epoch) all.add(epoch, metrics({{"loss", 1.0 / epoch}, {"a", epoch * 0.37}}));
  file.append(all);
  const nlohmann::json state = file.state();
  History more;
  more.add(30001, metrics({{"loss", 0.5}, {"late", 1}}));
  file.append(more);
  HistoryFile(path_).restore(state, 100000);
  EXPECT_EQ(text(), all.to_csv());
}

TEST_F(HistoryFileTest, PendingFilesAreWrittenTogetherAndOnlyTheNewestOfAPath) {
  PendingFiles files;
  int made = 0;
  const auto file = [&](const std::string& name, const std::string& content) {
    return PendingFile{.path = (folder_ / name),
                       .content =
                           [&made, content] {
                             ++made;
                             return content;
                           },
                       .kept_bytes = 10};
  };
  files.add(file("a", "old"));
  files.add(file("a", "new"));
  files.add(file("b", "gone"));
  files.drop(folder_ / "b");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  files.write();
  files.write();
  EXPECT_EQ(made, 1);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "b"));
  PendingFile large = file("c", "large");
  large.kept_bytes = int64_t{33} << 20U;
  files.add(large);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "c"));
}

}  // namespace history_test
}  // namespace hgq
