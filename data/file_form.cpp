#include "hgq/data/file_form.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/shell_word.h"
#include "hgq/data/bytes.h"
#include "hgq/data/h5.h"
#include "hgq/data/zip_file.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;

FileForm zip_form(const std::string& path) {
  try {
    const std::vector<std::string> names = ZipFile(open_bytes(path)).names();
    if (std::ranges::find(names, "config.json") != names.end()) return FileForm::kKerasZip;
    if (std::ranges::any_of(names, [](const std::string& name) { return name.ends_with(".npy"); }))
      return FileForm::kNpz;
  } catch (const Error&) {  // a damaged zip file is still a zip file
  }
  return FileForm::kZip;
}

/// Whether the text is rows of numbers or words with separators, without anything that a map would contain.
bool like_table(std::string_view head, const std::string& extension) {
  if (extension == ".csv" || extension == ".tsv") return true;
  const std::string_view line = head.substr(0, head.find('\n'));
  const bool separated =
      std::ranges::any_of(std::string_view(",;\t"), [&](char c) { return std::ranges::count(line, c) > 1; });
  return separated && line.find_first_of(":{[#") == std::string_view::npos && !line.starts_with("-");
}

FileForm text_form(std::string_view head, const std::string& path) {
  const std::string extension = fs::path(path).extension().string();
  const bool text = !head.empty() && std::ranges::none_of(head, [](char c) {
    return static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
  });
  if (!text) return FileForm::kOther;
  if (extension == ".yaml" || extension == ".yml") return FileForm::kYaml;
  if (like_table(head, extension)) return FileForm::kTable;
  const size_t first = head.find_first_not_of(" \t\r\n");
  if (extension == ".json" || (first != std::string_view::npos && head[first] == '{')) return FileForm::kJson;
  return FileForm::kText;
}

}  // namespace

FileForm file_form(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return FileForm::kOther;
  std::string head(4096, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(file.gcount()));
  using Magic = std::pair<std::string_view, FileForm>;
  constexpr std::array<Magic, 4> kMagic{{{"\x89HDF\r\n\x1a\n", FileForm::kHdf5},
                                         {"\x93NUMPY", FileForm::kNpy},
                                         {"\x1f\x8b", FileForm::kGzip},
                                         {std::string_view("\0\0\x08", 3), FileForm::kIdx}}};
  for (const auto& [magic, form] : kMagic) {
    if (head.starts_with(magic)) return form;
  }
  if (head.starts_with("PK\x03\x04")) return zip_form(path);
  return text_form(head, path);
}

std::string describe(FileForm form) {
  switch (form) {
    case FileForm::kHdf5:
      return "an HDF5 file (a model, or data)";
    case FileForm::kKerasZip:
      return "a .keras file (the zip of Keras 2.12 and later)";
    case FileForm::kNpz:
      return "a zip archive of arrays (data in NPZ)";
    case FileForm::kZip:
      return "a zip archive";
    case FileForm::kNpy:
      return "an array of NumPy";
    case FileForm::kIdx:
      return "an IDX file";
    case FileForm::kGzip:
      return "a file packed by gzip";
    case FileForm::kJson:
      return "a file of JSON";
    case FileForm::kYaml:
      return "a file of YAML";
    case FileForm::kTable:
      return "a table of data";
    case FileForm::kText:
      return "a text file";
    case FileForm::kOther:
      break;
  }
  return "";
}

bool is_data(FileForm form) {
  return form == FileForm::kNpz || form == FileForm::kNpy || form == FileForm::kIdx || form == FileForm::kGzip ||
         form == FileForm::kTable;
}

void expect_data_file(const std::string& path) {
  const FileForm form = file_form(path);
  const std::string found = concat(path, ": is ", describe(form), ", expected data (HDF5, NPZ, NPY, IDX or CSV)");
  switch (form) {
    case FileForm::kKerasZip:
      throw FileError(concat(found, "; of a model: hgq-train import ", shell_word(path), " --out proxy.h5"));
    case FileForm::kJson:
      throw FileError(
          concat(found, "; of a model: hgq-train import ", shell_word(path), " --weights WEIGHTS.h5 --out proxy.h5"));
    case FileForm::kYaml:
      throw FileError(concat(found, "; of a config: hgq-train ", shell_word(path)));
    default:
      return;
  }
}

void expect_hdf5_file(const std::string& path, const std::string& expected) {
  std::error_code error;
  const FileForm form = file_form(path);
  if (form == FileForm::kHdf5 || form == FileForm::kOther || !fs::is_regular_file(path, error)) return;
  HGQ_CHECK(h5::File::looks_like_hdf5(path), FileError, path, ": is ", describe(form), ", expected ", expected);
}

void expect_model_file(const std::string& path) {
  std::error_code error;
  HGQ_CHECK(!fs::exists(fs::path(path) / "saved_model.pb", error), FileError, path,
            ": is a SavedModel of TensorFlow, expected an HDF5 file; load it in Python, and save it as HDF5: "
            "model.save('NAME.h5')");
  if (fs::is_directory(path, error)) {
    const std::string inside = (fs::path(path) / "model.h5").string();
    HGQ_CHECK(!fs::exists(inside, error), FileError, path, ": is a folder, expected an HDF5 file, did you mean '",
              inside, "'?");
  }
  const FileForm form = file_form(path);
  if (form == FileForm::kHdf5 || form == FileForm::kOther) return;
  if (h5::File::looks_like_hdf5(path)) return;  // after a user block, which may contain anything
  const std::string found = concat(path, ": is ", describe(form), ", expected a model (an HDF5 file such as model.h5)");
  if (is_data(form)) throw FileError(concat(found, "; data are given by --data ", shell_word(path)));
  switch (form) {
    case FileForm::kKerasZip:
      throw FileError(concat(found, "; 'hgq-train import ", shell_word(path),
                             " --out proxy.h5' makes a proxy of one of QKeras or Keras, others are saved as HDF5 in "
                             "Python: model.save('NAME.h5')"));
    case FileForm::kJson:
      throw FileError(concat(found, "; of a model of Keras as JSON: hgq-train import ", shell_word(path),
                             " --weights WEIGHTS.h5 --out proxy.h5"));
    case FileForm::kYaml:
      throw FileError(concat(found, "; of a config: hgq-train ", shell_word(path),
                             " trains it, and writes model.h5 into the folder of the run"));
    default:
      throw FileError(found);
  }
}

}  // namespace hgq
