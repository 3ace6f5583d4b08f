// How libhdf5 reads and writes files here: by drivers of our own, for data/h5*.cpp only.
//
// libhdf5's own driver reports a close() that fails, even of a file that was only read, and libhdf5 then crashes. The
// reading driver reads with pread(), reports a failure with its errno, and cannot write. The writing driver writes
// large files, and keeps failures from libhdf5 (data/h5_written_file.h).
#pragma once

#include <cstdint>

namespace hgq::h5 {

/// The identifiers of the drivers, for H5Pset_driver; each is registered once per process. The information that goes
/// with the writing driver is a pointer to the WrittenFile, which must outlive the file of libhdf5.
int64_t reading_driver();
int64_t writing_driver();

}  // namespace hgq::h5
