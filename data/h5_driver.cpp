#include "hgq/data/h5_driver.h"

#include <fcntl.h>
#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <tuple>

#include "hgq/core/system_file.h"

namespace hgq::h5 {
namespace {

/// An open file; libhdf5 sees the first member.
struct ReadFile {
  H5FD_t base{};
  Descriptor descriptor;
  haddr_t end_of_addresses = 0;  // as libhdf5 sets it
  haddr_t size = 0;
  dev_t device = 0;
  ino_t inode = 0;
};

const ReadFile& of(const H5FD_t* file) { return *reinterpret_cast<const ReadFile*>(file); }
ReadFile& of(H5FD_t* file) { return *reinterpret_cast<ReadFile*>(file); }

/// Tells libhdf5 why, in the words that data/h5_native.cpp looks for.
void push_error(hid_t kind, const char* what, int error) {
  H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_IO, kind, "%s: errno = %d, error message = '%s'",
           what, error, std::strerror(error));
}

H5FD_t* open_file(const char* name, unsigned flags, hid_t /*access*/, haddr_t /*most*/) {
  if ((flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) != 0) return nullptr;
  std::unique_ptr<ReadFile> file(new (std::nothrow) ReadFile);
  if (!file) return nullptr;
  file->descriptor = Descriptor(open(name, O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file->descriptor.get() < 0 || fstat(file->descriptor.get(), &status) != 0) {
    push_error(H5E_CANTOPENFILE, "unable to open file", errno);
    return nullptr;
  }
  file->size = static_cast<haddr_t>(status.st_size);
  file->device = status.st_dev;
  file->inode = status.st_ino;
  return &file.release()->base;
}

herr_t close_file(H5FD_t* file) {
  delete &of(file);
  return 0;
}

/// Equal where it is the same file, which libhdf5 then opens once.
int compare(const H5FD_t* a, const H5FD_t* b) {
  const auto left = std::tie(of(a).device, of(a).inode);
  const auto right = std::tie(of(b).device, of(b).inode);
  return left < right ? -1 : (right < left ? 1 : 0);
}

herr_t query(const H5FD_t* /*file*/, unsigned long* features) {
  if (features != nullptr)
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
                H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
  return 0;
}

haddr_t end_of_addresses(const H5FD_t* file, H5FD_mem_t /*type*/) { return of(file).end_of_addresses; }

herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t /*type*/, haddr_t end) {
  of(file).end_of_addresses = end;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t /*type*/) { return of(file).size; }

/// Behind the end of the file there are zeros, as for libhdf5's own driver.
herr_t read_file(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t address, size_t size, void* buffer) {
  const std::span<char> out(static_cast<char*>(buffer), size);
  const int64_t got = read_at(of(file).descriptor, static_cast<int64_t>(address), out);
  if (got < 0) {
    push_error(H5E_READERROR, "file read failed", errno);
    return -1;
  }
  std::ranges::fill(out.subspan(static_cast<size_t>(got)), '\0');
  return 0;
}

herr_t write_file(H5FD_t* /*file*/, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t /*address*/, size_t /*size*/,
                  const void* /*buffer*/) {
  return -1;
}

H5FD_class_t driver_class() {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(513);  // from those that are free for others
#endif
  driver.name = "hgq_read";
  driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.open = open_file;
  driver.close = close_file;
  driver.cmp = compare;
  driver.query = query;
  driver.get_eoa = end_of_addresses;
  driver.set_eoa = set_end_of_addresses;
  driver.get_eof = end_of_file;
  driver.read = read_file;
  driver.write = write_file;
  std::fill(std::begin(driver.fl_map), std::end(driver.fl_map), H5FD_MEM_SUPER);  // one list, as FLMAP_SINGLE
  return driver;
}

}  // namespace

int64_t reading_driver() {
  static const H5FD_class_t kClass = driver_class();
  static const hid_t kDriver = H5FDregister(&kClass);
  return kDriver;
}

}  // namespace hgq::h5
