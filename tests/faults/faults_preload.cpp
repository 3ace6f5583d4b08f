// Makes one file system call of a program fail, or kills the program at it: a library for LD_PRELOAD.
//
//   HGQ_FAULTS_FOLDER   calls on files in this folder (an absolute path) are counted, and no others
//   HGQ_FAULTS_AT       the number of the call that fails, from 1; 0 or not given: none, the calls are counted only
//   HGQ_FAULTS_MODE     full: no space, once; full-on: no space from then on; io: an I/O error, once; io-on: from then on;
//                       short: a write of one byte (a read of one byte); interrupt: EINTR, once; kill: SIGKILL
//   HGQ_FAULTS_CALLS    write (default): calls that change files and folders; read: calls that open and read files
//   HGQ_FAULTS_REPORT   a file that gets a line for each counted call, "write 0 /folder/model.h5.part"
//
// Writing from then on fails with "no space" only where it needs space: names can still be removed and files closed.
// Children of the process are left alone, but for reading, where they count on from where they were forked.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

enum class Mode : uint8_t { kCount, kFull, kFullOn, kIo, kIoOn, kShort, kInterrupt, kKill };
enum class Kind : uint8_t { kOpenToWrite, kOpenToRead, kOpenFolder, kWrite, kRead, kSync, kName, kClose };

/// The function of this name that the program would have called.
template <typename Function>
Function* real(Function* /*same*/, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
#define REAL(name) real(&::name, #name)

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

struct Plan {
  Plan() {
    const std::string_view at_text = variable("HGQ_FAULTS_AT");
    at = std::atol(std::string(at_text).c_str());
    const std::string_view text = variable("HGQ_FAULTS_MODE");
    constexpr std::array<std::string_view, 8> kModes{"",      "full",  "full-on",   "io",
                                                     "io-on", "short", "interrupt", "kill"};
    for (size_t i = 0; i < kModes.size(); ++i) {
      if (text == kModes[i]) mode = static_cast<Mode>(i);
    }
    reading = variable("HGQ_FAULTS_CALLS") == "read";
    folder = variable("HGQ_FAULTS_FOLDER");
    const std::string_view report_path = variable("HGQ_FAULTS_REPORT");
    if (!report_path.empty())
      report = REAL(open)(std::string(report_path).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    owner = getpid();
  }
  std::string folder;
  long at = 0;
  Mode mode = Mode::kCount;
  bool reading = false;
  int report = -1;
  pid_t owner = 0;
  std::atomic<long> count{0};
  std::array<std::array<char, 256>, 1024> names{};  // by descriptor, of files in the folder; else empty
};

Plan& plan() {
  static Plan the_plan;
  return the_plan;
}

bool in_folder(const char* path, int folder_descriptor = AT_FDCWD) {
  if (plan().folder.empty() || path == nullptr || folder_descriptor != AT_FDCWD) return false;
  std::string absolute = path;
  if (path[0] != '/') {
    std::array<char, PATH_MAX> here{};
    if (getcwd(here.data(), here.size()) == nullptr) return false;
    absolute = std::string(here.data()) + "/" + path;
  }
  const std::string& folder = plan().folder;
  return absolute.starts_with(folder) && (absolute.size() == folder.size() || absolute[folder.size()] == '/');
}

const char* name_of(int descriptor) {
  const bool known = descriptor >= 0 && descriptor < static_cast<int>(plan().names.size());
  return known ? plan().names[static_cast<size_t>(descriptor)].data() : "";
}

void remember(int descriptor, const char* path) {
  if (descriptor < 0 || descriptor >= static_cast<int>(plan().names.size())) return;
  std::array<char, 256>& name = plan().names[static_cast<size_t>(descriptor)];
  name.fill('\0');
  if (path != nullptr) std::strncpy(name.data(), path, name.size() - 1);
}

enum class Outcome : uint8_t { kPass, kFail, kShort };

/// Counts the call; kFail: errno says why.
Outcome before(Kind kind, const char* call, const char* path) {
  Plan& p = plan();
  const bool reads = kind == Kind::kOpenToRead || kind == Kind::kRead;
  if (reads != p.reading || (!p.reading && getpid() != p.owner)) return Outcome::kPass;
  const long number = ++p.count;
  if (p.report >= 0) {
    const std::string line = std::string(call) + " " + std::to_string(number) + " " + path + "\n";
    if (REAL(write)(p.report, line.data(), line.size()) < 0) return Outcome::kPass;
  }
  if (p.at <= 0 || number < p.at) return Outcome::kPass;
  const bool now = number == p.at;
  switch (p.mode) {
    case Mode::kCount:
      return Outcome::kPass;
    case Mode::kFull:
      errno = ENOSPC;
      return now ? Outcome::kFail : Outcome::kPass;
    case Mode::kFullOn:
      errno = ENOSPC;
      return now || kind == Kind::kOpenToWrite || kind == Kind::kWrite || kind == Kind::kSync ? Outcome::kFail
                                                                                              : Outcome::kPass;
    case Mode::kIo:
      errno = EIO;
      return now ? Outcome::kFail : Outcome::kPass;
    case Mode::kIoOn:
      errno = EIO;
      return Outcome::kFail;
    case Mode::kShort:
      return now && (kind == Kind::kWrite || kind == Kind::kRead) ? Outcome::kShort : Outcome::kPass;
    case Mode::kInterrupt:
      errno = EINTR;
      return now && (kind == Kind::kWrite || kind == Kind::kRead || kind == Kind::kSync) ? Outcome::kFail
                                                                                         : Outcome::kPass;
    case Mode::kKill:
      if (now) kill(getpid(), SIGKILL);
      return Outcome::kPass;
  }
  return Outcome::kPass;
}

Kind kind_of_opening(int flags) {
  return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0 ? Kind::kOpenToWrite : Kind::kOpenToRead;
}

template <typename Open>
int opened(const char* call, const char* path, int flags, const Open& open) {
  if (!in_folder(path)) return open();
  // A folder is opened to force its names to the disk.
  const Kind kind = (flags & O_DIRECTORY) != 0 ? Kind::kOpenFolder : kind_of_opening(flags);
  if (before(kind, call, path) == Outcome::kFail) return -1;
  const int descriptor = open();
  remember(descriptor, path);
  return descriptor;
}

/// `size`: bytes that are asked for.
template <typename Transfer>
ssize_t transferred(Kind kind, const char* call, int descriptor, size_t size, const Transfer& transfer) {
  if (*name_of(descriptor) == '\0') return transfer(size);
  const Outcome outcome = before(kind, call, name_of(descriptor));
  if (outcome == Outcome::kFail) return -1;
  return transfer(outcome == Outcome::kShort && size > 1 ? 1 : size);
}

template <typename Call>
int on_path(const char* name, const char* path, const Call& call) {
  return in_folder(path) && before(Kind::kName, name, path) == Outcome::kFail ? -1 : call();
}

mode_t mode_argument(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_argument(flags, arguments);
  va_end(arguments);
  return opened("open", path, flags, [&] { return REAL(open)(path, flags, mode); });
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_argument(flags, arguments);
  va_end(arguments);
  return opened("open64", path, flags, [&] { return REAL(open64)(path, flags, mode); });
}

int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_argument(flags, arguments);
  va_end(arguments);
  if (folder != AT_FDCWD) return REAL(openat)(folder, path, flags, mode);
  return opened("openat", path, flags, [&] { return REAL(openat)(folder, path, flags, mode); });
}

int creat(const char* path, mode_t mode) {
  return opened("creat", path, O_WRONLY | O_CREAT, [&] { return REAL(creat)(path, mode); });
}

FILE* fopen(const char* path, const char* how) {
  const Kind kind = how[0] == 'r' && std::strchr(how, '+') == nullptr ? Kind::kOpenToRead : Kind::kOpenToWrite;
  if (in_folder(path) && before(kind, "fopen", path) == Outcome::kFail) return nullptr;
  FILE* const file = REAL(fopen)(path, how);
  if (file != nullptr && in_folder(path)) remember(fileno(file), path);
  return file;
}

FILE* fopen64(const char* path, const char* how) { return fopen(path, how); }

ssize_t write(int descriptor, const void* bytes, size_t size) {
  return transferred(Kind::kWrite, "write", descriptor, size,
                     [&](size_t count) { return REAL(write)(descriptor, bytes, count); });
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  return transferred(Kind::kWrite, "pwrite", descriptor, size,
                     [&](size_t count) { return REAL(pwrite)(descriptor, bytes, count, offset); });
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  return transferred(Kind::kWrite, "pwrite64", descriptor, size,
                     [&](size_t count) { return REAL(pwrite64)(descriptor, bytes, count, offset); });
}

ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  return transferred(Kind::kWrite, "writev", descriptor, static_cast<size_t>(count),
                     [&](size_t n) { return REAL(writev)(descriptor, parts, static_cast<int>(n)); });
}

ssize_t read(int descriptor, void* bytes, size_t size) {
  return transferred(Kind::kRead, "read", descriptor, size,
                     [&](size_t count) { return REAL(read)(descriptor, bytes, count); });
}

ssize_t pread(int descriptor, void* bytes, size_t size, off_t offset) {
  return transferred(Kind::kRead, "pread", descriptor, size,
                     [&](size_t count) { return REAL(pread)(descriptor, bytes, count, offset); });
}

ssize_t pread64(int descriptor, void* bytes, size_t size, off64_t offset) {
  return transferred(Kind::kRead, "pread64", descriptor, size,
                     [&](size_t count) { return REAL(pread64)(descriptor, bytes, count, offset); });
}

ssize_t readv(int descriptor, const struct iovec* parts, int count) {
  return transferred(Kind::kRead, "readv", descriptor, static_cast<size_t>(count),
                     [&](size_t n) { return REAL(readv)(descriptor, parts, static_cast<int>(n)); });
}

int fsync(int descriptor) {
  const bool ours = *name_of(descriptor) != '\0';
  if (ours && before(Kind::kSync, "fsync", name_of(descriptor)) == Outcome::kFail) return -1;
  return REAL(fsync)(descriptor);
}

int fdatasync(int descriptor) {
  const bool ours = *name_of(descriptor) != '\0';
  if (ours && before(Kind::kSync, "fdatasync", name_of(descriptor)) == Outcome::kFail) return -1;
  return REAL(fdatasync)(descriptor);
}

int ftruncate(int descriptor, off_t size) {
  const bool ours = *name_of(descriptor) != '\0';
  if (ours && before(Kind::kWrite, "ftruncate", name_of(descriptor)) == Outcome::kFail) return -1;
  return REAL(ftruncate)(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) {
  const bool ours = *name_of(descriptor) != '\0';
  if (ours && before(Kind::kWrite, "ftruncate64", name_of(descriptor)) == Outcome::kFail) return -1;
  return REAL(ftruncate64)(descriptor, size);
}

/// As on Linux: the file is closed whatever is reported.
int close(int descriptor) {
  const bool ours = *name_of(descriptor) != '\0';
  const bool fails = ours && before(Kind::kClose, "close", name_of(descriptor)) == Outcome::kFail;
  const int error = errno;
  remember(descriptor, nullptr);
  const int result = REAL(close)(descriptor);
  if (!fails) return result;
  errno = error;
  return -1;
}

int dup(int descriptor) {
  const int second = REAL(dup)(descriptor);
  if (*name_of(descriptor) != '\0') remember(second, name_of(descriptor));
  return second;
}

int rename(const char* from, const char* to) {
  return on_path("rename", to, [&] { return REAL(rename)(from, to); });
}

int unlink(const char* path) {
  return on_path("unlink", path, [&] { return REAL(unlink)(path); });
}

int remove(const char* path) {
  return on_path("remove", path, [&] { return REAL(remove)(path); });
}

/// The C library makes the folder by a call that cannot be replaced.
char* mkdtemp(char* pattern) {
  if (in_folder(pattern) && before(Kind::kName, "mkdtemp", pattern) == Outcome::kFail) return nullptr;
  return REAL(mkdtemp)(pattern);
}

int fchmodat(int folder, const char* path, mode_t mode, int flags) {
  if (folder != AT_FDCWD) return REAL(fchmodat)(folder, path, mode, flags);
  return on_path("fchmodat", path, [&] { return REAL(fchmodat)(folder, path, mode, flags); });
}

int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  if (to_folder != AT_FDCWD) return REAL(renameat2)(from_folder, from, to_folder, to, flags);
  return on_path("renameat2", to, [&] { return REAL(renameat2)(from_folder, from, to_folder, to, flags); });
}

int mkdir(const char* path, mode_t mode) {
  return on_path("mkdir", path, [&] { return REAL(mkdir)(path, mode); });
}

}  // extern "C"
