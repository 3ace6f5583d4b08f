#include "hgq/data/h5_written_file.h"

#include <algorithm>
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

}  // namespace hgq::h5
