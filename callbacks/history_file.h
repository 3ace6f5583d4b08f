// history.csv as the store of a run's rows: a run of 300,000 epochs keeps none of them in memory.
//
//   HistoryFile file("runs/magic/history.csv");
//   file.append(rows);                       // the rows since the last checkpoint
//   checkpoint["history"] = file.state();    // how many rows the file has, and their checksum
//
// The file appears whole or not at all: its old rows are copied, the new ones added, and the copy takes its name. So it
// may be ahead of the checkpoint when a run is killed between the two; restore() cuts it back to what the checkpoint
// knows. A column that appears later is added behind the others, and is empty in the rows before.
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

  /// Adds the rows; the file lasts when it returns. Throws RunError where the disk fails or another program changed the
  /// file.
  void append(const History& rows);

  /// Constant in size.
  nlohmann::json state() const;
  /// Cuts the file back to the rows that `state` knows, at most so many. Where there is no file the rows before are
  /// lost, and it begins with those that come. Throws FileError where the file holds other rows than the checkpoint
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

  /// Gives each known row of the file to `write`, without the line's end and `later_columns` empty values at its end.
  /// Whether the file held them all, as they were.
  bool copy_known(size_t later_columns, const std::function<void(std::string_view row)>& write) const;
  std::optional<size_t> later_columns() const;

  std::string path_;
  Known known_;
};

}  // namespace hgq
