// Data files of any kind -> rows of named inputs, targets and sample weights.
//
// The kind of a file is found out from its first bytes: HDF5, NPZ, NPY, IDX (packed by gzip too), else CSV. What stands
// in the config or on the command line about the arrays is a SetSpec; open_rows opens them without reading, so that a
// model can be built on their shapes and everything wrong with names, kinds and shapes is known before a value is read.
//
//   DataFiles files(CsvOptions{});             // files.notes(): what was found out about the files, for the user
//   RowSet rows = open_rows({.file = "magic.h5",
//                            .inputs = {{"", {.names = {"x"}}}}, .targets = {{"", {.names = {"y"}}}}},
//                           files);
//   MemoryDataset data = load_hdf5("magic.h5");   // the short way, values as they stand in the file
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hgq/data/claimed_size.h"
#include "hgq/data/csv.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/data/row_source.h"

namespace hgq {

enum class FileKind : uint8_t { kHdf5, kNpz, kNpy, kIdx, kCsv };

/// "HDF5", "NPZ", ...
std::string to_string(FileKind kind);

/// What data files may take and read.
struct FileLimits {
  int64_t memory = physical_memory() / 2;  // bytes for the rows of a set, and what unpacks to them
  bool allow_external = false;             // HDF5 files may name files outside of their own folder
};

/// An opened data file.
class DataFile {
 public:
  virtual ~DataFile() = default;
  virtual FileKind kind() const = 0;
  /// The array that `names` mean: a dataset's path ("x", "table[pt,eta]"), an array's name, columns of a CSV file;
  /// nothing for NPY and IDX, which hold one array. `may_be_text`: one column of labels may be text. Throws FileError,
  /// which says what names there are.
  virtual std::unique_ptr<RowSource> rows(const std::vector<std::string>& names, bool may_be_text) const = 0;
  /// Whether `name` means something in this file, alone or as one of several columns.
  virtual bool has(const std::string& name) const = 0;
  /// What the user should know about it: how a CSV file was read. One line each.
  virtual std::vector<std::string> notes() const { return {}; }

  /// Throws FileError where the file is missing, empty, damaged, or of no known kind.
  static std::unique_ptr<DataFile> open(const std::string& path, const CsvOptions& options,
                                        const FileLimits& limits = {});
};

/// The files of a run, each opened once.
class DataFiles {
 public:
  explicit DataFiles(CsvOptions options = {}, FileLimits limits = {}) : options_(std::move(options)), limits_(limits) {}
  const DataFile& open(const std::string& path);
  /// Those of all files, in the order of their names.
  std::vector<std::string> notes() const;

 private:
  CsvOptions options_;
  FileLimits limits_;
  std::map<std::string, std::unique_ptr<DataFile>> files_;
};

/// Where an array is to be found.
struct ArraySpec {
  std::string file = {};                // empty: the set's
  std::vector<std::string> names = {};  // see DataFile::rows
  std::string place = {};               // "magic.yaml:4:11", put in front of messages; empty: none
};

/// An array and the input or output layer it belongs to; no name where there is only one.
struct NamedArray {
  std::string name = {};
  ArraySpec array = {};
};

/// Inputs, targets and sample weights that belong together, row by row.
struct SetSpec {
  std::string file = {};
  std::vector<NamedArray> inputs = {};
  std::vector<NamedArray> targets = {};
  std::vector<NamedArray> weights = {};  // none; one without a name, for all outputs alike; or by output
};

struct NamedRows {
  std::string name;
  std::unique_ptr<RowSource> rows;
};

struct RowSet {
  std::vector<NamedRows> inputs, targets, weights;
  std::vector<std::string> notes = {};  // what their sources have to tell the user (RowSource::notes), each once
  int64_t size() const { return inputs.front().rows->rows(); }
};

/// Adds those that are not there yet.
void add_notes(std::vector<std::string>& notes, const std::vector<std::string>& more);

/// Throws FileError where an array cannot be found or read, or the numbers of rows differ.
RowSet open_rows(const SetSpec& spec, DataFiles& files);

/// Puts named rows into the order of a model's layers; a single one without a name takes the only layer's. `what`:
/// "input", "target". Throws ConfigError where they are not exactly the layers.
void arrange(std::vector<NamedRows>& rows, const std::vector<std::string>& layers, const std::string& what);

/// Puts sample weights into the order of the outputs: one for all stays alone; of those by output, an output without
/// one gets rows of 1. Throws ConfigError where one belongs to no output.
void arrange_weights(RowSet& set, const std::vector<std::string>& outputs);

/// A file with one input and one target, as they stand there; class numbers stay numbers. `y` empty: no target.
MemoryDataset load_hdf5(const std::string& path, const std::string& x = "x", const std::string& y = "y");

}  // namespace hgq
