#include "hgq/sweep/live_table.h"

#include <algorithm>

#include "hgq/callbacks/progress_line.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/sweep/table.h"

namespace hgq::sweep {

std::string counts_text(const SweepRecord& sweep) {
  const auto count = [&](RunState state) { return std::ranges::count(sweep.runs, state, &RunRecord::state); };
  std::string text = concat(count(RunState::kDone), " of ", sweep.runs.size(), " runs are done");
  for (const RunState state :
       {RunState::kDropped, RunState::kFailed, RunState::kRunning, RunState::kStopped, RunState::kWaiting}) {
    if (count(state) > 0) text += concat(", ", count(state), " ", state_name(state));
  }
  return text;
}

std::vector<std::string> live_lines(const SweepRecord& sweep, const std::vector<size_t>& running, int columns) {
  std::vector<std::string> lines{fitted({counts_text(sweep)}, columns)};
  constexpr size_t kMostLines = 20;  // as the lines must fit on the terminal
  for (const size_t i : running) {
    if (lines.size() > kMostLines) {
      lines.push_back(concat("... and ", running.size() - kMostLines, " more"));
      break;
    }
    const RunRecord& run = sweep.runs[i];
    std::vector<std::string> parts{run.name, concat("epoch ", run.epochs, "/", run.planned_epochs)};
    for (size_t o = 0; o < sweep.objectives.size(); ++o) {
      const std::optional<double>& value = run.last.objectives[o];
      parts.push_back(concat(printable(sweep.objectives[o].name), " ", value ? short_number(*value) : "-"));
    }
    for (const Setting& setting : run.values)
      parts.push_back(
          concat(printable(setting.key.substr(setting.key.rfind('.') + 1)), " ", printable(value_text(setting.value))));
    lines.push_back(fitted(parts, columns));
  }
  return lines;
}

void LiveTable::show(const SweepRecord& sweep, const std::vector<size_t>& running) {
  std::vector<std::string> lines = live_lines(sweep, running, terminal_columns(fileno(terminal_)) - 1);
  if (lines == lines_) return;
  clear();
  for (const std::string& line : lines) std::fprintf(terminal_, "%s\n", line.c_str());
  std::fflush(terminal_);
  lines_ = std::move(lines);
}

void LiveTable::clear() {
  if (lines_.empty()) return;
  std::fprintf(terminal_, "\x1b[%zuA\r\x1b[J", lines_.size());
  std::fflush(terminal_);
  lines_.clear();
}

}  // namespace hgq::sweep
