// NumPy's own files: .npy holds one array, .npz is a zip file of them.
//
// Read are booleans, integers of 8 to 64 bits, floats of 16 to 64 bits in either byte order, C and Fortran order, and
// texts ('S' and 'U', of one dim) as labels. Arrays of Python objects are not read: they are programs rather than data.
// A plain .npy is read in ranges of rows; a Fortran-ordered array of more than one dim is turned once, in memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/core/tensor.h"
#include "hgq/data/bytes.h"
#include "hgq/data/row_source.h"

namespace hgq {

bool looks_like_npy(const Bytes& bytes);

/// The rows of an array; its first dim counts them. Throws FileError where the header is wrong or the values are cut
/// off.
std::unique_ptr<RowSource> open_npy(const std::shared_ptr<const Bytes>& bytes);

/// A whole numeric array, scalars too.
Tensor read_npy(const std::string& path);

/// Writes float32, C order, version 1.0.
void write_npy(const std::string& path, ConstTensorView values);

/// "<f4", "(3, 4)": what stands at the front of an .npy file that write_npy writes; for tests and tools that write
/// other types.
std::string npy_header(const std::string& type, const Shape& shape, bool fortran_order = false);

}  // namespace hgq
