// A table on a terminal of the runs of a sweep that are going: a line for each, which is written anew in its place.
//
//   sweep::LiveTable table(stderr);
//   table.show(record, running);
//   table.clear();               // before other lines are written
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "hgq/sweep/sweep_folder.h"

namespace hgq::sweep {

class LiveTable {
 public:
  explicit LiveTable(std::FILE* terminal) : terminal_(terminal) {}
  ~LiveTable() { clear(); }
  LiveTable(const LiveTable&) = delete;
  LiveTable& operator=(const LiveTable&) = delete;

  void show(const SweepRecord& sweep, const std::vector<size_t>& running);
  void clear();

 private:
  std::FILE* terminal_;
  std::vector<std::string> lines_;  // that are on the terminal
};

/// The lines, none wider than `columns`: how many runs are done, and the runs that are going with what they differ in.
std::vector<std::string> live_lines(const SweepRecord& sweep, const std::vector<size_t>& running, int columns);

/// "12 of 40 runs are done, 1 has failed, 3 are running"
std::string counts_text(const SweepRecord& sweep);

}  // namespace hgq::sweep
