// How libhdf5 reads files here (data/h5_writing_driver.h: how it writes large ones): by a driver of our own, for
// data/h5*.cpp only.
//
// libhdf5's own driver reports a close() that fails, even of a file that was only read, and libhdf5 then crashes. Ours
// reads with pread(), tells of a failure with its errno, and cannot write.
#pragma once

#include <cstdint>

namespace hgq::h5 {

/// The driver's identifier, for H5Pset_driver; registered once per process.
int64_t reading_driver();

}  // namespace hgq::h5
