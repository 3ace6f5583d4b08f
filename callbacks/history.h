// The metrics of a training, one row for each epoch, in memory and as CSV.
//
//   const History& history = trainer.history();
//   const std::optional<double> loss = history.find(0, "val_loss");      // of the first row
//
// A row takes 16 bytes for each column. Numbers are written as the shortest text that reads back the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/optim/train_step.h"

namespace hgq {

class History {
 public:
  /// `epoch`: from 1.
  void add(int epoch, const Metrics& metrics);
  size_t size() const { return epochs_.size(); }
  int epoch(size_t row) const { return epochs_[row]; }
  /// A value of a row; nullopt if the row has none.
  std::optional<double> find(size_t row, std::string_view column) const;
  /// The metrics in the order of their first appearance.
  std::vector<std::string> columns() const;
  /// Removes the rows; the columns stay.
  void clear();

  /// A header and one line for each row; a missing value is empty.
  std::string to_csv() const;
  /// Reads what to_csv() wrote. Throws FileError if the text is no such table.
  static History from_csv(std::string_view text);

  /// Reads a file that may be one of a run that goes on: what stands behind its last whole line is left out.
  static History from_file(std::string_view text);

  /// "epoch,loss,..." with the end of the line.
  static std::string header(const std::vector<std::string>& columns);
  /// A row of a table with these columns, with the end of the line.
  std::string line(size_t row, const std::vector<std::string>& columns) const;

 private:
  struct Column {
    std::string name;
    std::vector<std::optional<double>> values;  // may be shorter than the rows: the others have none
  };
  const Column* find_column(std::string_view name) const;

  std::vector<int> epochs_;
  std::vector<Column> columns_;
};

}  // namespace hgq
