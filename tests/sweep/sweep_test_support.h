// Files of sweeps for tests, read without a program: paths into configs are kept as keys.
#pragma once

#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/sweep/expansion.h"
#include "temporary_folder.h"

namespace hgq::sweep {

struct ReadSweep {
  SweepFile file;
  std::vector<RunPlan> runs;
  std::string errors;  // a line for each
};

/// Reads a file with this text, whose base is there.
inline ReadSweep read_text(const std::string& text) {
  const TemporaryFolder folder;
  write_text(folder, "base.yaml", "train: {epochs: 1}\n");
  const std::string path = write_text(folder, "sweep.yaml", text);
  ErrorList errors;
  ReadSweep read{.file = read_sweep_file(path, {}, errors), .runs = {}, .errors = {}};
  if (errors.empty()) read.runs = expand(read.file, errors);
  for (const std::string& message : errors.messages()) read.errors += message.substr(folder.path().size() + 1) + "\n";
  return read;
}

/// The same with these axes.
inline ReadSweep read_axes(const std::string& axes, const std::string& more = "") {
  return read_text("base: base.yaml\nobjectives: {minimize: val_loss}\n" + more + "axes:\n" + axes);
}

/// "a=1 b=2" for each run.
inline std::vector<std::string> lines(const ReadSweep& sweep, bool all = false) {
  std::vector<std::string> texts;
  for (const RunPlan& run : sweep.runs) {
    std::string line;
    for (const Setting& setting : all ? run.settings : run.values)
      line += concat(line.empty() ? "" : " ", setting.key, "=", setting.value.text());
    texts.push_back(line);
  }
  return texts;
}

}  // namespace hgq::sweep
