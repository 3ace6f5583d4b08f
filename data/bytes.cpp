#include "hgq/data/bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "hgq/config/similar_file.h"
#include "hgq/core/error.h"
#include "hgq/core/system_file.h"

namespace hgq {
namespace {

class FileBytes : public Bytes {
 public:
  FileBytes(const std::string& path, int64_t size, Descriptor descriptor)
      : Bytes(path, size), descriptor_(std::move(descriptor)) {}

 private:
  void read_checked(int64_t offset, std::span<char> out) const override {
    const int64_t got = read_at(descriptor_, offset, out);
    if (got < 0) throw_system_error(concat(place(), ": cannot be read"), errno);
    HGQ_CHECK(got == static_cast<int64_t>(out.size()), FileError, place(), ": became shorter while it was read");
  }

  Descriptor descriptor_;
};

class MemoryBytes : public Bytes {
 public:
  MemoryBytes(std::string place, std::vector<char> content)
      : Bytes(std::move(place), static_cast<int64_t>(content.size())), content_(std::move(content)) {}

 private:
  void read_checked(int64_t offset, std::span<char> out) const override {
    std::copy_n(content_.begin() + offset, out.size(), out.begin());
  }

  std::vector<char> content_;
};

}  // namespace

void Bytes::read(int64_t offset, std::span<char> out) const {
  const auto count = static_cast<int64_t>(out.size());
  HGQ_CHECK(offset >= 0 && offset <= size_ && count <= size_ - offset, FileError, place_, ": is cut off: ", count,
            " bytes at offset ", offset, " are needed, but it has ", size_, " bytes");
  read_checked(offset, out);
}

std::string Bytes::front(int64_t count) const {
  std::string out(static_cast<size_t>(std::min(count, size_)), '\0');
  read(0, out);
  return out;
}

std::unique_ptr<Bytes> open_bytes(const std::string& path, const std::string& expected) {
  // O_NONBLOCK: a pipe without a writer would block. The open file is examined, and not its name, which another process
  // may change.
  Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  const int reason = errno;
  HGQ_CHECK(descriptor.get() >= 0 || (reason != ENOENT && reason != ENOTDIR), FileError, path,
            ": there is no such file", similar_file(path));
  HGQ_CHECK(descriptor.get() >= 0 || reason != ENXIO, FileError, path, ": is not a regular file");
  if (descriptor.get() < 0) throw_system_error(concat(path, ": cannot be opened"), reason);
  struct stat status {};
  if (fstat(descriptor.get(), &status) != 0) throw_system_error(concat(path, ": cannot be read"), errno);
  HGQ_CHECK(!S_ISDIR(status.st_mode), FileError, path, ": is a folder, expected ", expected);
  HGQ_CHECK(!S_ISFIFO(status.st_mode), FileError, path, ": is a pipe, which can only be read once, expected ", expected,
            ": a regular file");
  HGQ_CHECK(S_ISREG(status.st_mode), FileError, path, ": is not a regular file, expected ", expected);
  HGQ_CHECK(status.st_size > 0, FileError, path, ": is empty, expected ", expected);
  return std::make_unique<FileBytes>(path, status.st_size, std::move(descriptor));
}

std::unique_ptr<Bytes> memory_bytes(std::string place, std::vector<char> content) {
  return std::make_unique<MemoryBytes>(std::move(place), std::move(content));
}

bool is_gzip(const Bytes& bytes) { return bytes.front(2) == "\x1f\x8b"; }

}  // namespace hgq
