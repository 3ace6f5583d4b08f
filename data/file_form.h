// What a file is, by its name and first bytes: for the messages of whoever expected another one.
#pragma once

#include <cstdint>
#include <string>

namespace hgq {

enum class FileForm : uint8_t { kHdf5, kKerasZip, kNpz, kZip, kNpy, kIdx, kGzip, kJson, kYaml, kTable, kText, kOther };

/// Of a regular file; kOther for whatever else, and what cannot be read.
FileForm file_form(const std::string& path);

/// "an HDF5 file (a model, or data)"; empty for kOther.
std::string describe(FileForm form);

/// Whether hgq-train reads files of this form as data.
bool is_data(FileForm form);

/// Throws FileError where a regular file is surely no data: a config, or a model of Keras as a zip or JSON.
void expect_data_file(const std::string& path);

/// Throws FileError where a file is surely not HDF5; `expected`: what in words.
void expect_hdf5_file(const std::string& path, const std::string& expected);

/// Throws FileError where `path` is surely no model in an HDF5 file: it says what the file is, and which command reads
/// it. What may be one passes, and is read by who called.
void expect_model_file(const std::string& path);

}  // namespace hgq
