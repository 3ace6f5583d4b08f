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
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <tuple>

#include "hgq/core/system_file.h"
#include "hgq/data/h5_written_file.h"

namespace hgq::h5 {
namespace {

/// What an open file of either driver has; libhdf5 sees the first member.
struct DriverFile {
  H5FD_t base{};
  haddr_t end_of_addresses = 0;  // as libhdf5 sets it
};

struct ReadFile : DriverFile {
  Descriptor descriptor;
  haddr_t size = 0;
  dev_t device = 0;
  ino_t inode = 0;
};

struct WriteFile : DriverFile {
  WrittenFile* file = nullptr;
};

template <typename File>
const File& of(const H5FD_t* file) {
  return static_cast<const File&>(*reinterpret_cast<const DriverFile*>(file));
}
template <typename File>
File& of(H5FD_t* file) {
  return static_cast<File&>(*reinterpret_cast<DriverFile*>(file));
}

// What both drivers do.

template <typename File>
herr_t close_file(H5FD_t* file) {
  delete &of<File>(file);
  return 0;
}

haddr_t end_of_addresses(const H5FD_t* file, H5FD_mem_t /*type*/) { return of<DriverFile>(file).end_of_addresses; }

herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t /*type*/, haddr_t end) {
  of<DriverFile>(file).end_of_addresses = end;
  return 0;
}

template <unsigned long kMore>
herr_t query(const H5FD_t* /*file*/, unsigned long* features) {
  if (features != nullptr)
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
                H5FD_FEAT_AGGREGATE_SMALLDATA | kMore;
  return 0;
}

/// A class of drivers without the functions that open, compare, read and write. `number` is one of those that libhdf5
/// leaves to others.
template <typename File, unsigned long kMoreFeatures>
H5FD_class_t driver_class(const char* name, [[maybe_unused]] int number) {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(number);
#endif
  driver.name = name;
  driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.close = close_file<File>;
  driver.query = query<kMoreFeatures>;
  driver.get_eoa = end_of_addresses;
  driver.set_eoa = set_end_of_addresses;
  std::fill(std::begin(driver.fl_map), std::end(driver.fl_map), H5FD_MEM_SUPER);  // one list, as FLMAP_SINGLE
  return driver;
}

// The reading driver.

/// Tells libhdf5 why, in the words that data/h5_native.cpp looks for.
void push_error(hid_t kind, const char* what, int error) {
  H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_IO, kind, "%s: errno = %d, error message = '%s'",
           what, error, std::strerror(error));
}

H5FD_t* open_to_read(const char* name, unsigned flags, hid_t /*access*/, haddr_t /*most*/) {
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

/// Equal where it is the same file, which libhdf5 then opens once.
int compare_read(const H5FD_t* a, const H5FD_t* b) {
  const auto place = [](const H5FD_t* file) { return std::tie(of<ReadFile>(file).device, of<ReadFile>(file).inode); };
  return place(a) < place(b) ? -1 : (place(b) < place(a) ? 1 : 0);
}

haddr_t end_of_read_file(const H5FD_t* file, H5FD_mem_t /*type*/) { return of<ReadFile>(file).size; }

/// Behind the end of the file there are zeros, as for libhdf5's own driver.
herr_t read_file(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t address, size_t size, void* buffer) {
  const std::span<char> out(static_cast<char*>(buffer), size);
  const int64_t got = read_at(of<ReadFile>(file).descriptor, static_cast<int64_t>(address), out);
  if (got < 0) {
    push_error(H5E_READERROR, "file read failed", errno);
    return -1;
  }
  std::ranges::fill(out.subspan(static_cast<size_t>(got)), '\0');
  return 0;
}

herr_t refuse_to_write(H5FD_t* /*file*/, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t /*address*/, size_t /*size*/,
                       const void* /*buffer*/) {
  return -1;
}

// The writing driver.

H5FD_t* open_to_write(const char* /*name*/, unsigned /*flags*/, hid_t access, haddr_t /*most*/) {
  const auto* const given = static_cast<WrittenFile* const*>(H5Pget_driver_info(access));
  if (given == nullptr) return nullptr;
  auto* const file = new (std::nothrow) WriteFile;
  if (file == nullptr) return nullptr;
  file->file = *given;
  return &file->base;
}

int compare_written(const H5FD_t* a, const H5FD_t* b) {
  const std::less<> before;
  const WrittenFile* const left = of<WriteFile>(a).file;
  const WrittenFile* const right = of<WriteFile>(b).file;
  return before(left, right) ? -1 : (before(right, left) ? 1 : 0);
}

haddr_t end_of_written_file(const H5FD_t* file, H5FD_mem_t /*type*/) { return of<WriteFile>(file).file->size(); }

herr_t read_written(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t address, size_t size, void* buffer) {
  return of<WriteFile>(file).file->read(address, buffer, size) ? 0 : -1;
}

herr_t write_file(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t address, size_t size,
                  const void* buffer) {
  of<WriteFile>(file).file->write(address, buffer, size);
  return 0;
}

herr_t truncate(H5FD_t* file, hid_t /*transfer*/, hbool_t /*closing*/) {
  const WriteFile& written = of<WriteFile>(file);
  if (written.file->size() != written.end_of_addresses) written.file->resize(written.end_of_addresses);
  return 0;
}

H5FD_class_t reading_class() {
  H5FD_class_t driver = driver_class<ReadFile, H5FD_FEAT_DEFAULT_VFD_COMPATIBLE>("hgq_read", 513);
  driver.open = open_to_read;
  driver.cmp = compare_read;
  driver.get_eof = end_of_read_file;
  driver.read = read_file;
  driver.write = refuse_to_write;
  return driver;
}

H5FD_class_t writing_class() {
  H5FD_class_t driver = driver_class<WriteFile, 0>("hgq_write", 514);
  driver.fapl_size = sizeof(void*);  // of the pointer to a WrittenFile
  driver.open = open_to_write;
  driver.cmp = compare_written;
  driver.get_eof = end_of_written_file;
  driver.read = read_written;
  driver.write = write_file;
  driver.truncate = truncate;
  return driver;
}

}  // namespace

int64_t reading_driver() {
  static const H5FD_class_t kClass = reading_class();
  static const hid_t kDriver = H5FDregister(&kClass);
  return kDriver;
}

int64_t writing_driver() {
  static const H5FD_class_t kClass = writing_class();
  static const hid_t kDriver = H5FDregister(&kClass);
  return kDriver;
}

}  // namespace hgq::h5
