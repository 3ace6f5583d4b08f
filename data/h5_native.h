// Functions that the parts of the HDF5 wrapper share; for data/h5*.cpp only, not for users of the library.
//
// Identifiers of libhdf5 are int64_t in the headers, so that only .cpp files include hdf5.h. The result of every call
// that can fail is passed to `must`, which throws a FileError with libhdf5's innermost reason if it is negative.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"

namespace hgq::h5 {

/// Prepares libhdf5, once for each process: it prints no errors, and knows the lzf filter.
void prepare_library();

/// Takes ownership of an identifier. Throws FileError "PLACE: WHAT (reason)" if it is negative.
Id own(int64_t id, const std::string& place, const char* what);

/// The innermost message of libhdf5's error stack, which is then cleared: "file read failed: ... errno = 28".
std::string library_reason();

/// Clears the error of the last call, for callers to whom its failure is not an error. Throws RunError if it failed
/// because the disk failed.
void forget_failure(const std::string& place);

/// Returns `status`, a result of libhdf5, unless it is negative: then throws FileError with the reason. If the disk
/// failed, throws RunError instead, since the file may be right.
int64_t must(int64_t status, const std::string& place, const char* what);
/// The same for writing: always throws RunError.
int64_t must_write(int64_t status, const std::string& place, const char* what);

/// The extents of a dataspace; {0} for a null dataspace. Throws FileError for more than Shape::kMaxRank dimensions.
std::vector<uint64_t> extents_of(int64_t space, const std::string& place);

TypeClass class_of(int64_t type);
/// "text", "a compound type", ... for messages.
const char* class_text(TypeClass type);

/// The type in memory to which libhdf5 converts strings of `file_type`: of variable length if `variable` is true,
/// otherwise with the same bytes.
Id string_memory_type(int64_t file_type, bool variable, const std::string& place);
Id variable_string_type(const std::string& place);
/// The text of one fixed-length string of `file_type`, without its padding.
std::string fixed_string(int64_t file_type, const char* bytes, size_t size);

/// Opens a dataset, and checks that its filters and sources are available, and that its claimed size is plausible.
/// `file` is the path of the file of the group.
Id open_dataset(int64_t group, const std::string& path, const std::string& file, Permissions& permissions,
                const std::string& place);

}  // namespace hgq::h5
