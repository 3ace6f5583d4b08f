// Calls of the operating system for files: what it means if they fail, and those calls that need care.
//
// A call can fail because of what the user asked for (there is no such file, no permission), which is a FileError, or
// because the machine failed (the disk is full, an I/O error), which is a RunError: the input may be right, and the
// same command may succeed later. So a file is never called damaged because the disk could not read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hgq {

/// Owns an open file, and closes it; -1 stands for none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  /// Gives up the ownership of the open file.
  int release();

 private:
  int fd_;
};

/// Whether `path` still names the open file, which another process may have removed or replaced.
bool is_name_of(const std::string& path, const Descriptor& file);

/// What an error number (errno) means to the user: "the disk is full", "the disk failed (I/O error)".
std::string system_reason(int error);

/// Whether the machine caused such an error, and not the user's request.
bool is_failure_of_machine(int error);

/// Throws "MESSAGE: REASON": as RunError if is_failure_of_machine(error), otherwise as FileError.
[[noreturn]] void throw_system_error(std::string_view message, int error);

/// Makes a folder, and the folders in which it lies. Does nothing if it exists. Throws as throw_system_error.
void make_folder(const std::string& path);

/// Removes a file. Does nothing if it does not exist. Throws as throw_system_error.
void remove_file(const std::string& path);

/// Fills `out` with the bytes of a regular file from `offset` on, in as many calls of the system as that takes, and
/// returns their number, which is smaller than out.size() only if the file ends. Returns -1 and sets errno if they
/// cannot be read.
int64_t read_at(const Descriptor& file, int64_t offset, std::span<char> out);

/// The bytes of a regular file, or of a pipe that already has a writer; at most `most` of them. Never waits for a
/// writer. Throws as throw_system_error.
std::string read_file(const std::string& path, size_t most);

}  // namespace hgq
