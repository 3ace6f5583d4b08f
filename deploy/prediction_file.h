// A file of predictions, written block by block: HDF5, CSV or NPY, by the end of its name.
//
//   const std::vector<PredictedArray> outputs{{"jet", Shape{2}, {"quark", "gluon"}}};
//   const std::unique_ptr<PredictionFile> file = PredictionFile::create("y.csv", outputs, {}, 1000);
//   file->write(0, views, {});     // a tensor [rows, ...] for each output; then for each input, if there are some
//   file->finish();
//
// .csv: a line for each row, a column for each number, jet_quark,jet_gluon. Floats have as few digits as give the same
// float32 again. .npy: one array of float32, for a model with one output, without inputs. Others are HDF5: a dataset y,
// or a group y with datasets 0, 1 and so on; inputs as x, or as a group x by their names.
//
// The file may be larger than the memory, and appears complete or not at all.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/tensor.h"

namespace hgq {

/// An output or input layer, and the shape of a row of it.
struct PredictedArray {
  std::string name;
  Shape sample;
  std::vector<std::string> classes{};  // names of the elements of the last dimension; those that lack one are numbered
};

class PredictionFile {
 public:
  virtual ~PredictionFile() = default;
  PredictionFile(const PredictionFile&) = delete;
  PredictionFile& operator=(const PredictionFile&) = delete;

  /// `inputs` are empty if they are not to be written. Throws ConfigError if a file of this kind cannot hold these
  /// arrays, otherwise as FileReplacement.
  static std::unique_ptr<PredictionFile> create(const std::string& path, const std::vector<PredictedArray>& outputs,
                                                const std::vector<PredictedArray>& inputs, int64_t rows);
  /// Writes whole rows, which are given in their order; `first` is the number of the first one.
  virtual void write(int64_t first, std::span<const ConstTensorView> outputs,
                     std::span<const ConstTensorView> inputs) = 0;
  /// Puts the file in its place.
  virtual void finish() = 0;

 protected:
  PredictionFile() = default;
};

/// The names of the columns of a CSV file for an array: NAME for a single number, otherwise NAME_CLASS or NAME_INDEX.
std::vector<std::string> column_names(const PredictedArray& array);

}  // namespace hgq
