#include "hgq/data/h5_writing_driver.h"

#include <hdf5.h>
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include <sys/types.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <new>
#include <span>

#include "hgq/data/bytes.h"
#include "hgq/data/file_seal.h"

namespace hgq::h5 {

template <typename Action>
void WrittenFile::keep_failure(const Action& action) noexcept {
  if (failure_ || finished_) return;
  try {
    action();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void WrittenFile::write(uint64_t address, const void* bytes, size_t size) noexcept {
  keep_failure([&] {
    file_.write_at(static_cast<int64_t>(address), {static_cast<const char*>(bytes), size});
    size_ = std::max(size_, address + size);
  });
}

void WrittenFile::resize(uint64_t size) noexcept {
  keep_failure([&] {
    file_.resize(static_cast<int64_t>(size));
    size_ = size;
  });
}

bool WrittenFile::read(uint64_t address, void* bytes, size_t size) noexcept {
  const std::span<char> out(static_cast<char*>(bytes), size);
  std::ranges::fill(out, '\0');
  keep_failure([&] {
    if (address >= size_) return;
    const std::span<char> there = out.first(std::min<size_t>(size, size_ - address));
    open_bytes(file_.temporary_path())->read(static_cast<int64_t>(address), there);
  });
  return !failure_;
}

void WrittenFile::finish() {
  check();
  finished_ = true;
  file_.write_at(static_cast<int64_t>(size_), seal_of(*open_bytes(file_.temporary_path())));
  file_.finish();
}

namespace {

/// An open file; libhdf5 sees the first member.
struct OpenFile {
  H5FD_t base{};
  WrittenFile* file = nullptr;
  haddr_t end_of_addresses = 0;  // as libhdf5 sets it
};

const OpenFile& of(const H5FD_t* file) { return *reinterpret_cast<const OpenFile*>(file); }
OpenFile& of(H5FD_t* file) { return *reinterpret_cast<OpenFile*>(file); }

H5FD_t* open_file(const char* /*name*/, unsigned /*flags*/, hid_t access, haddr_t /*most*/) {
  const auto* const given = static_cast<WrittenFile* const*>(H5Pget_driver_info(access));
  if (given == nullptr) return nullptr;
  auto* const file = new (std::nothrow) OpenFile;
  if (file == nullptr) return nullptr;
  file->file = *given;
  return &file->base;
}

herr_t close_file(H5FD_t* file) {
  delete &of(file);
  return 0;
}

int compare(const H5FD_t* a, const H5FD_t* b) {
  const std::less<> before;
  return before(of(a).file, of(b).file) ? -1 : (before(of(b).file, of(a).file) ? 1 : 0);
}

herr_t query(const H5FD_t* /*file*/, unsigned long* features) {
  if (features != nullptr)
    *features = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
                H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

haddr_t end_of_addresses(const H5FD_t* file, H5FD_mem_t /*type*/) { return of(file).end_of_addresses; }

herr_t set_end_of_addresses(H5FD_t* file, H5FD_mem_t /*type*/, haddr_t end) {
  of(file).end_of_addresses = end;
  return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t /*type*/) { return of(file).file->size(); }

herr_t read_file(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t address, size_t size, void* buffer) {
  return of(file).file->read(address, buffer, size) ? 0 : -1;
}

herr_t write_file(H5FD_t* file, H5FD_mem_t /*type*/, hid_t /*transfer*/, haddr_t address, size_t size,
                  const void* buffer) {
  of(file).file->write(address, buffer, size);
  return 0;
}

herr_t truncate(H5FD_t* file, hid_t /*transfer*/, hbool_t /*closing*/) {
  if (of(file).file->size() != of(file).end_of_addresses) of(file).file->resize(of(file).end_of_addresses);
  return 0;
}

H5FD_class_t driver_class() {
  H5FD_class_t driver{};
#if H5_VERSION_GE(1, 13, 0)
  driver.version = H5FD_CLASS_VERSION;
  driver.value = static_cast<H5FD_class_value_t>(514);  // from those that are free for others
#endif
  driver.name = "hgq_write";
  driver.maxaddr = static_cast<haddr_t>(std::numeric_limits<off_t>::max());
  driver.fc_degree = H5F_CLOSE_WEAK;
  driver.fapl_size = sizeof(void*);  // of the pointer to a WrittenFile
  driver.open = open_file;
  driver.close = close_file;
  driver.cmp = compare;
  driver.query = query;
  driver.get_eoa = end_of_addresses;
  driver.set_eoa = set_end_of_addresses;
  driver.get_eof = end_of_file;
  driver.read = read_file;
  driver.write = write_file;
  driver.truncate = truncate;
  std::fill(std::begin(driver.fl_map), std::end(driver.fl_map), H5FD_MEM_SUPER);  // one list, as FLMAP_SINGLE
  return driver;
}

}  // namespace

int64_t writing_driver() {
  static const H5FD_class_t kClass = driver_class();
  static const hid_t kDriver = H5FDregister(&kClass);
  return kDriver;
}

}  // namespace hgq::h5
