#include "hgq/deploy/prediction_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <filesystem>
#include <optional>

#include "hgq/core/error.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/h5.h"
#include "hgq/data/npy.h"
#include "hgq/deploy/csv_field.h"

namespace hgq {
namespace {

/// The arrays of an HDF5 file: one dataset, or a group of them.
class RowArrays {
 public:
  /// The datasets of a group have the names of the arrays, or are numbered.
  RowArrays(h5::File& file, const std::string& name, const std::vector<PredictedArray>& arrays, int64_t rows,
            bool by_name)
      : file_(file) {
    const bool alone = arrays.size() == 1;
    std::vector<std::string> labels;
    for (const PredictedArray& array : arrays) labels.push_back(array.name);
    if (!alone) file.create_group(name).set_attribute("layers", labels);
    for (size_t i = 0; i < arrays.size(); ++i) {
      paths_.push_back(alone ? name : concat(name, "/", by_name ? labels[i] : concat(i)));
      file.create_floats(paths_.back(), arrays[i].sample.with_front(rows));
    }
  }
  void write(int64_t first, std::span<const ConstTensorView> arrays) {
    for (size_t i = 0; i < arrays.size(); ++i) file_.write_rows(paths_[i], first, arrays[i]);
  }

 private:
  h5::File& file_;
  std::vector<std::string> paths_;
};

class Hdf5Predictions final : public PredictionFile {
 public:
  Hdf5Predictions(const std::string& path, const std::vector<PredictedArray>& outputs,
                  const std::vector<PredictedArray>& inputs, int64_t rows)
      : file_(h5::File::create_on_disk(path)), y_(file_, "y", outputs, rows, false) {
    if (!inputs.empty()) x_.emplace(file_, "x", inputs, rows, true);
  }
  void write(int64_t first, std::span<const ConstTensorView> outputs,
             std::span<const ConstTensorView> inputs) override {
    y_.write(first, outputs);
    if (x_) x_->write(first, inputs);
  }
  void finish() override { file_.flush(); }

 private:
  h5::File file_;
  RowArrays y_;
  std::optional<RowArrays> x_;
};

class CsvPredictions final : public PredictionFile {
 public:
  CsvPredictions(const std::string& path, const std::vector<PredictedArray>& outputs,
                 const std::vector<PredictedArray>& inputs)
      : path_(path), file_(path) {
    std::string header;
    for (const auto* const arrays : {&inputs, &outputs}) {
      for (const PredictedArray& array : *arrays) {
        for (const std::string& name : column_names(array)) header += (header.empty() ? "" : ",") + csv_field(name);
      }
    }
    file_.write(header + "\n");
  }
  void write(int64_t /*first*/, std::span<const ConstTensorView> outputs,
             std::span<const ConstTensorView> inputs) override {
    const int64_t rows = outputs.front().shape[0];
    text_.clear();
    for (int64_t r = 0; r < rows; ++r) {
      bool begun = false;
      for (const auto& arrays : {inputs, outputs}) {
        for (const ConstTensorView& array : arrays) {
          for (const float value : array.rows(r, 1).values()) {
            if (begun) text_ += ',';
            begun = true;
            append(value);
          }
        }
      }
      text_ += '\n';
    }
    file_.write(text_);
  }
  void finish() override {
    file_.finish();
    force_folder_to_disk(folder_of(path_));
  }

 private:
  void append(float value) {
    std::array<char, 32> digits{};
    text_.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
  }

  std::string path_;
  FileReplacement file_;
  std::string text_;
};

class NpyPredictions final : public PredictionFile {
 public:
  NpyPredictions(const std::string& path, const PredictedArray& output, int64_t rows) : path_(path), file_(path) {
    static_assert(std::endian::native == std::endian::little, "the machine's own floats are written as <f4");
    file_.write(npy_header("<f4", output.sample.with_front(rows)));
  }
  void write(int64_t /*first*/, std::span<const ConstTensorView> outputs,
             std::span<const ConstTensorView> /*inputs*/) override {
    const std::span<const float> floats = outputs.front().values();
    file_.write({reinterpret_cast<const char*>(floats.data()), floats.size_bytes()});
  }
  void finish() override {
    file_.finish();
    force_folder_to_disk(folder_of(path_));
  }

 private:
  std::string path_;
  FileReplacement file_;
};

std::string ending_of(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return ending;
}

}  // namespace

std::vector<std::string> column_names(const PredictedArray& array) {
  if (array.sample.size() == 1) return {array.name};
  std::vector<std::string> names{array.name};
  for (int d = 0; d < array.sample.rank(); ++d) {
    const bool last = d + 1 == array.sample.rank();
    std::vector<std::string> longer;
    for (const std::string& name : names) {
      for (int64_t i = 0; i < array.sample[d]; ++i) {
        const auto c = static_cast<size_t>(i);
        longer.push_back(last && c < array.classes.size() ? concat(name, "_", array.classes[c]) : concat(name, "_", i));
      }
    }
    names = std::move(longer);
  }
  return names;
}

std::unique_ptr<PredictionFile> PredictionFile::create(const std::string& path,
                                                       const std::vector<PredictedArray>& outputs,
                                                       const std::vector<PredictedArray>& inputs, int64_t rows) {
  const std::string ending = ending_of(path);
  if (ending == ".csv") return std::make_unique<CsvPredictions>(path, outputs, inputs);
  if (ending != ".npy") return std::make_unique<Hdf5Predictions>(path, outputs, inputs, rows);
  HGQ_CHECK(outputs.size() == 1 && inputs.empty(), ConfigError, path, ": an NPY file holds one array, but ",
            inputs.empty() ? concat("the model has ", outputs.size(), " outputs")
                           : std::string("the inputs are to be written, too"),
            "; give a name that ends in .h5 or .csv");
  return std::make_unique<NpyPredictions>(path, outputs.front(), rows);
}

}  // namespace hgq
