// NumPy's own files: an .npy file contains one array, and an .npz file is a zip file of .npy files.
//
// The types that can be read are booleans, integers of 8 to 64 bits, floats of 16 to 64 bits, in either byte order and
// in C or Fortran order, and texts ('S' and 'U', of one dimension) as labels. Arrays of Python objects are not read,
// since reading them would run programs. A plain .npy file is read in ranges of rows; an array in Fortran order of more
// than one dimension is transposed once, in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/core/tensor.h"
#include "hgq/data/bytes.h"
#include "hgq/data/row_source.h"

namespace hgq {

bool looks_like_npy(const Bytes& bytes);

/// The rows of an array along its first dimension. Throws FileError if the header is wrong, or if values are missing at
/// the end.
std::unique_ptr<RowSource> open_npy(const std::shared_ptr<const Bytes>& bytes);

/// A whole array of numbers as float32; it may be a scalar. Throws FileError as open_npy().
Tensor read_npy(const std::string& path);

/// Writes float32 in C order, format version 1.0. Throws as write_file_atomically.
void write_npy(const std::string& path, ConstTensorView values);

/// The header of an .npy file for a type such as "<f4" and a shape. write_npy() uses it, as do tests and tools that
/// write other types.
std::string npy_header(const std::string& type, const Shape& shape, bool fortran_order = false);

}  // namespace hgq
