// A run in short for a terminal: headline numbers, a line for each layer, the front and the loss as plots of
// characters.
//
//   Workers workers;
//   std::fputs(report::run_text(report::read_run("runs/magic", built_in_registry(), workers), 100).c_str(), stdout);
//
// Axes and marks are ASCII; names from files are shown as core/printable.h cleans them.
#pragma once

#include <string>
#include <vector>

#include "hgq/report/run_files.h"

namespace hgq::report {

struct TextSeries {
  char mark = '*';
  std::string name;
  std::vector<double> x, y;  // of one length
};
struct TextPlot {
  std::string title, x_label;
  std::vector<TextSeries> series;  // the first is drawn over the later ones
  int width = 80, height = 14;     // in characters, all included
  bool may_be_log_x = false;
};
/// Ends with a newline. Empty if there is no finite point. The vertical axis is
/// logarithmic where the numbers span much, the horizontal one if it may be, too.
std::string text_plot(const TextPlot& plot);

/// `width` characters at most, but at least 40.
std::string run_text(const RunFiles& run, int width);

}  // namespace hgq::report
