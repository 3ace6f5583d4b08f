#include "hgq/core/system_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

bool is_name_of(const std::string& path, const Descriptor& file) {
  struct stat by_name {};
  struct stat open {};
  return lstat(path.c_str(), &by_name) == 0 && fstat(file.get(), &open) == 0 && by_name.st_dev == open.st_dev &&
         by_name.st_ino == open.st_ino;
}

std::string system_reason(int error) {
  if (error == ENOSPC || error == EDQUOT) return "the disk is full";
  if (error == EIO) return "the disk failed (I/O error)";
  return std::generic_category().message(error);
}

bool is_failure_of_machine(int error) {
  switch (error) {
    case EACCES:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOTDIR:
    case EPERM:
    case EROFS:
    case ETXTBSY:
      return false;
    default:
      return true;
  }
}

void throw_system_error(std::string_view message, int error) {
  const std::string text = concat(message, ": ", system_reason(error));
  if (is_failure_of_machine(error)) throw RunError(text);
  throw FileError(text);
}

void make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw_system_error(concat(path, ": the folder cannot be made"), error.value());
}

void remove_file(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) throw_system_error(concat(path, ": cannot be removed"), errno);
}

int64_t read_at(const Descriptor& file, int64_t offset, std::span<char> out) {
  int64_t total = 0;
  while (!out.empty()) {
    const ssize_t got = pread(file.get(), out.data(), out.size(), offset + total);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    out = out.subspan(static_cast<size_t>(got));
    total += got;
  }
  return total;
}

std::string read_file(const std::string& path, size_t most) {
  // Opened this way, a pipe without a writer does not make the program wait; a pipe with a writer (`<(...)`) is read
  // below.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) throw_system_error(concat(path, ": cannot be opened"), errno);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) throw_system_error(concat(path, ": cannot be read"), errno);
  const bool is_pipe = S_ISFIFO(status.st_mode);
  HGQ_CHECK(is_pipe || S_ISREG(status.st_mode), FileError, path,
            ": is a device or a socket, expected a file, or a pipe with a writer");
  if (is_pipe) fcntl(file.get(), F_SETFL, O_RDONLY);
  std::string content;
  std::array<char, 1 << 16> piece{};
  while (content.size() < most) {
    const ssize_t got = read(file.get(), piece.data(), std::min(piece.size(), most - content.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_system_error(concat(path, ": cannot be read"), errno);
    if (got == 0) break;
    content.append(piece.data(), static_cast<size_t>(got));
  }
  HGQ_CHECK(!is_pipe || !content.empty(), FileError, path,
            ": is a pipe without a writer, expected a file, or a pipe with a writer");
  return content;
}

}  // namespace hgq
