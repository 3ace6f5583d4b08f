#include "hgq/data/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// What a failed system call means to the user.
std::string reason(int error) {
  return error == ENOSPC || error == EDQUOT ? "the disk is full" : std::string(std::strerror(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Removes the temporary file unless it has become the target.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) {}
  ~Temporary() {
    if (!kept_) unlink(path_.c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  const std::string& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

void check_target(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code error;
  HGQ_CHECK(!path.filename().empty(), FileError, path.string(), ": is not the name of a file");
  HGQ_CHECK(std::filesystem::is_directory(folder, error), FileError, path.string(),
            ": can not be written, there is no folder ", folder.string());
  const auto status = std::filesystem::status(path, error);
  HGQ_CHECK(!std::filesystem::is_directory(status), FileError, path.string(),
            ": is a folder, expected the name of a file");
  HGQ_CHECK(!std::filesystem::exists(status) || std::filesystem::is_regular_file(status), FileError, path.string(),
            ": exists and is not a regular file, so it can not be replaced");
}

/// Creates the temporary file anew, so that nobody else's half of one is taken over.
void create_empty(const std::string& path) {
  unlink(path.c_str());
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  const int error = errno;
  if (file.get() >= 0) return;
  if (error == EACCES || error == EROFS || error == EPERM) {
    throw FileError(concat(path, ": can not be created: ", reason(error), "; are the folder's permissions right?"));
  }
  throw RunError(concat(path, ": can not be created: ", reason(error)));
}

void synchronise(const std::string& path, int flags) {
  const Descriptor file(open(path.c_str(), flags | O_CLOEXEC));
  HGQ_CHECK(file.get() >= 0, RunError, path, ": can not be opened to force it to the disk: ", reason(errno));
  // Some file systems have no fsync for folders; that is no failure of the writing.
  HGQ_CHECK(fsync(file.get()) == 0 || errno == EINVAL || errno == EROFS, RunError, path,
            ": can not be forced to the disk: ", reason(errno));
}

}  // namespace

void write_file_atomically(const std::string& path,
                           const std::function<void(const std::string& temporary_path)>& write) {
  const std::filesystem::path target(path);
  const std::filesystem::path folder = target.has_parent_path() ? target.parent_path() : std::filesystem::path(".");
  check_target(target, folder);
  create_empty(path + ".part");
  Temporary temporary(path + ".part");
  write(temporary.path());
  synchronise(temporary.path(), O_RDONLY);
  HGQ_CHECK(std::rename(temporary.path().c_str(), path.c_str()) == 0, RunError, path,
            ": can not be put in place: ", reason(errno));
  temporary.keep();
  synchronise(folder.string(), O_RDONLY | O_DIRECTORY);
}

void write_text_atomically(const std::string& path, std::string_view text) {
  write_file_atomically(path, [&](const std::string& temporary) {
    const Descriptor file(open(temporary.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    HGQ_CHECK(file.get() >= 0, RunError, path, ": can not be written: ", reason(errno));
    for (size_t done = 0; done < text.size();) {
      const ssize_t written = ::write(file.get(), text.data() + done, text.size() - done);
      HGQ_CHECK(written >= 0 || errno == EINTR, RunError, path, ": can not be written: ", reason(errno));
      if (written > 0) done += static_cast<size_t>(written);
    }
  });
}

}  // namespace hgq
