// Keeps the history of a run in history.csv, so that even a run of 300,000 epochs does not keep it in memory.
//
//   HistoryFile file("runs/magic/history.csv");
//   file.append(rows);                       // the rows since the last checkpoint
//   checkpoint["history"] = file.state();    // how many rows the file has, and their checksum
//
// New rows are written behind the others, so that a checkpoint takes as long after 300,000 epochs as after the first.
// If a run is killed after that and before its next checkpoint, the file has more rows than the checkpoint knows, of
// which the last may be a part of one; restore() removes them. A column that appears later is added after the others,
// and is empty in earlier rows; then, and where the file is not as this object left it, its rows are looked at and
// copied to a new file, which takes its name.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/callbacks/history.h"

namespace hgq {

class HistoryFile {
 public:
  explicit HistoryFile(std::string path) : path_(std::move(path)) {}

  /// Adds the rows; they are on the disk when it returns. Throws RunError if the disk fails, or if another program has
  /// changed the file.
  void append(const History& rows);

  /// What is known of the file, for a checkpoint; its size does not grow with the rows.
  nlohmann::json state() const;
  /// Removes all rows that `state` does not know; it may know at most `most_rows`. If there is no file, the earlier
  /// rows are lost, and the file begins with the next ones. Throws FileError if the file has other rows than `state`
  /// knows.
  void restore(const nlohmann::json& state, int64_t most_rows);

 private:
  /// What is known of the file.
  struct Known {
    std::vector<std::string> columns;
    int64_t rows = 0;
    int64_t bytes = 0;
    uint32_t checksum = 0;
  };

  /// The file as this object left it: another program that writes it changes this.
  struct Left {
    uint64_t device = 0, inode = 0;
    int64_t bytes = -1;
    int64_t changed_seconds = 0, changed_nanoseconds = 0;
    bool operator==(const Left&) const = default;
  };

  Left look() const;
  void rewrite(const History& rows, std::vector<std::string> columns);
  /// Passes each known row of the file to `write`, without the end of the line, and without `later_columns` empty
  /// values at its end. Returns whether the file has all of them, unchanged.
  bool copy_known(size_t later_columns, const std::function<void(std::string_view row)>& write) const;
  std::optional<size_t> later_columns() const;

  std::string path_;
  Known known_;
  Left left_;
};

}  // namespace hgq
