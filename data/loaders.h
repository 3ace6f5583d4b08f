// Opens data files of any kind as rows of named inputs, targets and sample weights.
//
// The first bytes of a file tell its kind: HDF5, NPZ, NPY, IDX (also compressed by gzip), otherwise CSV. A SetSpec has
// what a config or the command line says about the arrays. open_rows() opens them without reading values, so that a
// model can be built for their shapes, and errors in names, kinds and shapes are known before any value is read.
//
//   DataFiles files(CsvOptions{});             // files.notes(): lines for the user about the files
//   RowSet rows = open_rows({.file = "magic.h5",
//                            .inputs = {{"", {.names = {"x"}}}}, .targets = {{"", {.names = {"y"}}}}},
//                           files);
//   MemoryDataset data = load_hdf5("magic.h5");   // the short way, with the values of the file
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

/// How much memory data files may take, and which files they may read.
struct FileLimits {
  int64_t memory = physical_memory() / 2;  // bytes for the rows of a set, and for decompression
  bool allow_external = false;             // whether HDF5 files may refer to files outside of their folder
};

/// An opened data file.
class DataFile {
 public:
  virtual ~DataFile() = default;
  virtual FileKind kind() const = 0;
  /// Opens the array with these names: the path of a dataset ("x", "table[pt,eta]"), the name of an array, or columns
  /// of a CSV file; none for NPY and IDX, which have one array. `may_be_text` allows one column of labels as text.
  /// Throws FileError, with the names that there are.
  virtual std::unique_ptr<RowSource> rows(const std::vector<std::string>& names, bool may_be_text) const = 0;
  /// Whether the file has an array or a column with this name.
  virtual bool has(const std::string& name) const = 0;
  /// Lines for the user, for example how a CSV file was read.
  virtual std::vector<std::string> notes() const { return {}; }

  /// Throws FileError if the file is missing, empty, damaged, or of no known kind.
  static std::unique_ptr<DataFile> open(const std::string& path, const CsvOptions& options,
                                        const FileLimits& limits = {});
};

/// The files of a run, each opened once.
class DataFiles {
 public:
  explicit DataFiles(CsvOptions options = {}, FileLimits limits = {}) : options_(std::move(options)), limits_(limits) {}
  /// Opens a file, or returns it if it is open. Throws as DataFile::open(). Valid as long as this object.
  const DataFile& open(const std::string& path);
  /// The notes of all files, in the order of their names.
  std::vector<std::string> notes() const;

 private:
  CsvOptions options_;
  FileLimits limits_;
  std::map<std::string, std::unique_ptr<DataFile>> files_;
};

/// Where an array is.
struct ArraySpec {
  std::string file = {};                // empty: that of the set
  std::vector<std::string> names = {};  // see DataFile::rows()
  std::string place = {};               // opens messages: "magic.yaml:4:11"; may be empty
};

/// An array, and the input or output layer that it belongs to. The name may be empty if there is only one.
struct NamedArray {
  std::string name = {};
  ArraySpec array = {};
};

/// Inputs, targets and sample weights that belong together, row by row.
struct SetSpec {
  std::string file = {};
  std::vector<NamedArray> inputs = {};
  std::vector<NamedArray> targets = {};
  std::vector<NamedArray> weights = {};  // none, one without a name for all outputs, or some by output
};

struct NamedRows {
  std::string name;
  std::unique_ptr<RowSource> rows;
};

struct RowSet {
  std::vector<NamedRows> inputs, targets, weights;
  std::vector<std::string> notes = {};  // lines for the user (RowSource::notes), each once
  int64_t size() const { return inputs.front().rows->rows(); }
};

/// Adds the lines of `more` that `notes` does not have.
void add_notes(std::vector<std::string>& notes, const std::vector<std::string>& more);

/// Opens the arrays of a set. Throws FileError if an array cannot be found or read, or if the numbers of rows differ.
RowSet open_rows(const SetSpec& spec, DataFiles& files);

/// Puts named rows into the order of the layers of a model. A single one without a name belongs to the only layer.
/// `what` is "input" or "target", for messages. Throws ConfigError if the names are not exactly those of the layers.
void arrange(std::vector<NamedRows>& rows, const std::vector<std::string>& layers, const std::string& what);

/// Puts sample weights into the order of the outputs. One for all outputs stays alone; otherwise an output without
/// weights gets rows of 1. Throws ConfigError if weights belong to no output.
void arrange_weights(RowSet& set, const std::vector<std::string>& outputs);

/// Reads a file with one input and one target; values are not changed, and class numbers stay numbers. Without target
/// if `y` is empty. Throws FileError.
MemoryDataset load_hdf5(const std::string& path, const std::string& x = "x", const std::string& y = "y");

}  // namespace hgq
