#include "hgq/data/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// The ending that is added to the name of a target for its temporary file.
constexpr std::string_view kTemporarySuffix = ".part";

void check_target(const std::filesystem::path& path) {
  std::error_code error;
  const std::string folder = folder_of(path.string());
  HGQ_CHECK(!path.filename().empty(), FileError, path.string(), ": is not the name of a file");
  HGQ_CHECK(std::filesystem::is_directory(folder, error), FileError, path.string(),
            ": cannot be written, there is no folder ", folder);
  const auto status = std::filesystem::status(path, error);
  HGQ_CHECK(!std::filesystem::is_directory(status), FileError, path.string(),
            ": is a folder, expected the name of a file");
  HGQ_CHECK(!std::filesystem::exists(status) || std::filesystem::is_regular_file(status), FileError, path.string(),
            ": exists and is not a regular file, so it cannot be replaced");
}

enum class Lock : uint8_t { kTaken, kHeldByAnother };

/// On a file system without locks (some network mounts) nothing is locked; that is not an error.
Lock lock(const Descriptor& file) {
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Lock::kHeldByAnother;
    if (errno != EINTR) break;
  }
  return Lock::kTaken;
}

/// Removes a temporary file. Returns false, and leaves it, if a running process is writing it.
bool remove_left_over(const std::string& path) {
  const Descriptor old(open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (old.get() >= 0 && lock(old) == Lock::kHeldByAnother) return false;
  if (old.get() < 0 || is_name_of(path, old)) remove_file(path);  // otherwise it was finished in the meantime
  return true;
}

/// Makes and locks the temporary file. It is always a new file, so that it cannot contain a part of another process's
/// file.
Descriptor create_temporary(const std::string& path) {
  constexpr int kAttempts = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    const int error = errno;
    if (file.get() >= 0) {
      // Between the two calls another process may have removed the file, as it was not locked yet.
      if (lock(file) == Lock::kTaken && is_name_of(path, file)) return file;
    } else if (error == EEXIST) {
      HGQ_CHECK(remove_left_over(path), FileError, path, ": another program is writing this file; wait until it ends");
    } else if (error == EACCES || error == EROFS || error == EPERM) {
      throw FileError(
          concat(path, ": cannot be created: ", system_reason(error), "; are the folder's permissions right?"));
    } else {
      throw_system_error(concat(path, ": cannot be created"), error);
    }
  }
  throw FileError(concat(path, ": cannot be created: other programs make and remove it; wait until they end"));
}

/// Some file systems have no fsync for some files; that is not an error.
void force_to_disk(const Descriptor& file, const std::string& path) {
  while (fsync(file.get()) != 0) {
    if (errno == EINTR) continue;
    if (errno == EINVAL || errno == EROFS) return;
    throw RunError(concat(path, ": cannot be forced to the disk: ", system_reason(errno)));
  }
}

/// What a message says of a target that could not be written. It does not change errno.
std::string_view state_of(const std::string& path) {
  const int error = errno;
  const bool is_there = access(path.c_str(), F_OK) == 0;
  errno = error;
  return is_there ? "; the file is as it was" : "; there is no such file now";
}

using StateOf = std::string_view (*)(const std::string& path);

/// Throws unless a call of the system wrote bytes, or is to be repeated.
void check_bytes(int64_t bytes, const std::string& path, StateOf state) {
  HGQ_CHECK(bytes > 0 || (bytes < 0 && errno == EINTR), RunError, path,
            ": cannot be written: ", bytes == 0 ? "the system wrote no bytes" : system_reason(errno), state(path));
}

void write_from(const Descriptor& file, int64_t offset, std::string_view content, const std::string& path,
                StateOf state) {
  while (!content.empty()) {
    const ssize_t written = pwrite(file.get(), content.data(), content.size(), offset);
    check_bytes(written, path, state);
    if (written < 0) continue;
    content.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
}

}  // namespace

FileReplacement::FileReplacement(std::string path)
    : path_(std::move(path)), temporary_path_(concat(path_, kTemporarySuffix)) {
  check_target(path_);
  file_ = create_temporary(temporary_path_);
}

FileReplacement::~FileReplacement() {
  if (file_.get() >= 0) unlink(temporary_path_.c_str());
}

void FileReplacement::write(std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file_.get(), content.data(), content.size());
    check_written(written);
    if (written > 0) content.remove_prefix(static_cast<size_t>(written));
  }
}

void FileReplacement::write_at(int64_t offset, std::string_view content) {
  write_from(file_, offset, content, path_, state_of);
}

void FileReplacement::resize(int64_t size) {
  while (ftruncate(file_.get(), size) != 0) check_written(-1);
}

void FileReplacement::check_written(int64_t bytes) const { check_bytes(bytes, path_, state_of); }

void FileReplacement::finish() {
  force_to_disk(file_, path_);
  // The lock ends with the last descriptor of the file, which must stay open until the file has its name, so that no
  // other process takes the temporary file. So a second descriptor is closed first, for the errors that close() reports
  // on network mounts.
  const int second = dup(file_.get());
  HGQ_CHECK(second >= 0 && (close(second) == 0 || errno == EINTR), RunError, path_,
            ": cannot be written: ", system_reason(errno), state_of(path_));
  HGQ_CHECK(std::rename(temporary_path_.c_str(), path_.c_str()) == 0, RunError, path_,
            ": cannot be put in place: ", system_reason(errno), state_of(path_));
  file_ = Descriptor();
}

void replace_file(const std::string& path, std::string_view content) {
  FileReplacement file(path);
  file.write(content);
  file.finish();
}

void append_to_file(const std::string& path, int64_t size, std::string_view content) {
  Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.get() < 0) throw_system_error(concat(path, ": cannot be opened to append to it"), errno);
  try {
    write_from(file, size, content, path, [](const std::string&) { return std::string_view(); });
    force_to_disk(file, path);
  } catch (const Error&) {
    while (ftruncate(file.get(), size) != 0 && errno == EINTR) {
    }
    throw;
  }
  // Some network mounts report only now that the disk is full.
  HGQ_CHECK(close(file.release()) == 0 || errno == EINTR, RunError, path,
            ": cannot be written: ", system_reason(errno));
}

void force_folder_to_disk(const std::string& folder) {
  const Descriptor file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  HGQ_CHECK(file.get() >= 0, RunError, folder, ": cannot be opened to force it to the disk: ", system_reason(errno));
  force_to_disk(file, folder);
}

void write_file_atomically(const std::string& path, std::string_view content) {
  replace_file(path, content);
  force_folder_to_disk(folder_of(path));
}

void remove_left_overs(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (std::filesystem::directory_iterator i(folder, error), end; !error && i != end; i.increment(error)) {
    std::error_code ignored;
    const bool is_file = i->symlink_status(ignored).type() == std::filesystem::file_type::regular;
    if (is_file && i->path().native().ends_with(kTemporarySuffix)) found.push_back(i->path().string());
  }
  if (error) throw_system_error(concat(folder, ": cannot be listed"), error.value());
  for (const std::string& path : found) remove_left_over(path);
}

std::string folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

}  // namespace hgq
