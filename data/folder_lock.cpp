#include "hgq/data/folder_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <string_view>
#include <thread>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"

namespace hgq {
namespace {

/// The whole file.
struct flock write_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string this_process() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const std::time_t now = std::time(nullptr);
  std::tm time{};
  std::array<char, 32> text{};
  localtime_r(&now, &time);
  const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &time);
  return concat("process ", getpid(), " on ", host.data(), ", since ", std::string_view(text.data(), size));
}

/// Who has the lock: the text in the file, if it belongs to the process that the kernel names. It is written after the
/// lock is taken, so it may still be missing; a process on another machine has no number here.
std::string holder(const Descriptor& file) {
  constexpr int kLooks = 20;
  struct flock lock = write_lock();
  const bool known = fcntl(file.get(), F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_pid > 0;
  const std::string process = known ? concat("process ", lock.l_pid) : "";
  std::string_view text;
  std::array<char, 512> content{};
  for (int look = 0; look < kLooks; ++look) {
    const int64_t got = read_at(file, 0, content);
    text = std::string_view(content.data(), got > 0 ? static_cast<size_t>(got) : 0);
    text = text.substr(0, text.find('\n'));
    if (!text.empty() && text.starts_with(process)) return std::string(text);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return process.empty() ? std::string(text) : process;
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) : path_(folder + "/.lock") {
  for (;;) {
    file_ = Descriptor(open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (file_.get() < 0) throw_system_error(concat(path_, ": cannot be made"), errno);
    struct flock lock = write_lock();
    if (fcntl(file_.get(), F_SETLK, &lock) != 0) {
      if (errno == EINTR) continue;
      HGQ_CHECK(errno != EACCES && errno != EAGAIN, ConfigError, "the folder '", folder,
                "' is in use by another program (", holder(file_), "); wait until it ends, or work in another folder");
      remove_file(path_);
      return;  // a file system without locks
    }
    if (is_name_of(path_, file_)) break;
  }
  held_ = true;
  // If the disk has no room for the text, the run begins all the same; the next write reports the full disk.
  const std::string text = this_process() + "\n";
  if (ftruncate(file_.get(), 0) == 0 && pwrite(file_.get(), text.data(), text.size(), 0) < 0) return;
}

std::optional<int> FolderLock::process_with(const std::string& folder) {
  const Descriptor file(open((folder + "/.lock").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct flock lock = write_lock();
  if (file.get() < 0 || fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
  return std::max(0, lock.l_pid);
}

FolderLock::~FolderLock() {
  if (held_)
    unlink(path_.c_str());  // before the lock ends, so that a waiting process sees that the name is of another file
}

}  // namespace hgq
