// What the parts of the HDF5 wrapper share; for data/h5*.cpp only, nothing here is for users of the library.
//
// Identifiers of libhdf5 are int64_t in the headers, so that hdf5.h stays inside the .cpp files. Every call that can
// fail goes through `must`, which turns a negative result into a FileError with libhdf5's innermost reason.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"

namespace hgq::h5 {

/// Once per process: libhdf5 prints no errors, and knows the lzf filter.
void prepare_library();

/// Takes over an identifier; a negative one throws a FileError "PLACE: WHAT (reason)".
Id own(int64_t id, const std::string& place, const char* what);

/// The innermost message of libhdf5's error stack, which is then cleared: "file read failed: ... errno = 28".
std::string library_reason();

/// Forgets that the last call failed, where that is no error; throws RunError where it failed because the disk did.
void forget_failure(const std::string& place);

/// Throws FileError with the reason where `status`, a result of libhdf5, is negative; returns it otherwise. Where the
/// disk failed it is a RunError, which says so: the file may be right.
int64_t must(int64_t status, const std::string& place, const char* what);
/// The same for writing: RunError.
int64_t must_write(int64_t status, const std::string& place, const char* what);

/// Extents of a dataspace; {0} for a null one. Throws FileError above Shape::kMaxRank dims.
std::vector<uint64_t> extents_of(int64_t space, const std::string& place);

TypeClass class_of(int64_t type);
/// "text", "a compound type", ... for messages.
const char* class_text(TypeClass type);

/// A string type in memory that libhdf5 converts `file_type` to: variable length if `variable`, else with its bytes as
/// they are.
Id string_memory_type(int64_t file_type, bool variable, const std::string& place);
Id variable_string_type(const std::string& place);
/// The text of one fixed-length string of `file_type`, padding removed.
std::string fixed_string(int64_t file_type, const char* bytes, size_t size);

/// A readable dataset whose filters and sources are there, and whose claimed size is believable. `file`: path of the
/// file of the group.
Id open_dataset(int64_t group, const std::string& path, const std::string& file, Permissions& permissions,
                const std::string& place);

}  // namespace hgq::h5
