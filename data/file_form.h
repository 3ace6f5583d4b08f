// What a file is, judged by its name and its first bytes; for messages when another kind of file was expected.
#pragma once

#include <cstdint>
#include <string>

namespace hgq {

enum class FileForm : uint8_t { kHdf5, kKerasZip, kNpz, kZip, kNpy, kIdx, kGzip, kJson, kYaml, kTable, kText, kOther };

/// The form of a regular file; kOther for everything else, and for files that cannot be read.
FileForm file_form(const std::string& path);

/// "an HDF5 file (a model, or data)"; empty for kOther.
std::string describe(FileForm form);

/// Whether hgq-train reads files of this form as data.
bool is_data(FileForm form);

/// Throws FileError if a regular file is certainly not data: a config, or a model of Keras as a zip file or JSON.
void expect_data_file(const std::string& path);

/// Throws FileError if a file is certainly not HDF5. `expected` says in words what was expected.
void expect_hdf5_file(const std::string& path, const std::string& expected);

/// Throws FileError if `path` is certainly not a model in an HDF5 file. The message says what the file is, and which
/// command reads it. A file that may be a model is accepted; the caller then reads it.
void expect_model_file(const std::string& path);

}  // namespace hgq
