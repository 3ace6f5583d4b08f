// The `data` section of a config, as a plain struct.
//
//   data:
//     file: magic.h5                              # relative to the config's folder
//     inputs: x                                   # or [pt, eta], 0:36, {muon: x1, mask: x2}, {file: x.npy}
//     targets: y                                  # or {out_a: y1}, {file: y.npy}
//     sample_weights: w                           # or {out_a: w1}; not given: all 1
//     validation: 0.15                            # or {inputs: ..., targets: ..., file: ...}
//     test: {inputs: x_test, targets: y_test}
//     scale: standard
//     scale_targets: standard                     # or {out_a: minmax}; of regressions alone
//     csv: {separator: ";", header: false, comment: "%", missing: drop}
//     memory: 8.0                                 # GiB; a set that needs more is read in blocks
//     allow_external: false                       # whether HDF5 files may name files outside of their own folder
//
// All errors in the text are collected with their places. Only open_rows() finds out whether files and arrays exist.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/data/csv.h"
#include "hgq/data/loaders.h"
#include "hgq/data/scaling.h"

namespace hgq {

struct DataConfig {
  SetSpec train;
  std::optional<double> validation_share;  // of the training rows
  std::optional<SetSpec> validation;
  std::optional<SetSpec> test;
  ScaleKind scale = ScaleKind::kNone;
  /// Of the targets of regressions, by output; a single one without a name is for all of them.
  std::vector<std::pair<std::string, ScaleKind>> target_scales;
  std::string target_scales_place;
  CsvOptions csv;
  int64_t memory_limit = 0;     // bytes
  bool allow_external = false;  // HDF5 files may name files outside of their own folder
};

/// Half of this machine's physical memory.
int64_t default_memory_limit();
/// The bytes in a number of GiB, as data.memory and --memory give it.
int64_t memory_limit_of(double gib);

/// The format of CSV files: the map `data.csv`, or the option --csv of a command.
CsvOptions read_csv_options(const Node& node, const std::string& section, ErrorList& errors,
                            std::vector<KeyDoc>* docs = nullptr);

/// Reads the section. Relative paths start from `folder`. Inputs and targets that are not given are the datasets `x`
/// and `y`.
DataConfig read_data_config(const Node& node, const std::string& folder, ErrorList& errors,
                            std::vector<KeyDoc>* docs = nullptr);

}  // namespace hgq
