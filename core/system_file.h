// Calls of the operating system on files: what a failure of one means, and the few that need care.
//
// A call can fail because of what the user asked for (there is no such file, no permission), which is a FileError, or
// because the machine failed (the disk is full, an I/O error), which is a RunError: the input may be right, and the
// same command may succeed later. A file is never called damaged because the disk could not read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hgq {

/// An open file, closed by its owner; -1: none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  /// Gives the open file away.
  int release();

 private:
  int fd_;
};

/// Whether `path` names the open file: another process may have removed or replaced it.
bool is_name_of(const std::string& path, const Descriptor& file);

/// What the number of an error (errno) means to the user: "the disk is full", "the disk failed (I/O error)".
std::string system_reason(int error);

/// Whether such an error is the machine's, and not that of what was asked for.
bool is_failure_of_machine(int error);

/// Throws "MESSAGE: REASON" as RunError or FileError, by whose error it is.
[[noreturn]] void throw_system_error(std::string_view message, int error);

/// Makes a folder, and those it lies in; nothing where it is there. Throws as throw_system_error.
void make_folder(const std::string& path);

/// Removes a file; nothing where it is not there. Throws as throw_system_error.
void remove_file(const std::string& path);

/// Fills `out` with the bytes from `offset` of a regular file, however few each call of the system gives, and returns
/// their number: fewer than asked for only where the file ends. -1, and errno, where they cannot be read.
int64_t read_at(const Descriptor& file, int64_t offset, std::span<char> out);

/// The bytes of a regular file, or of a pipe that somebody writes to, at most `most`. Never waits for a writer. Throws
/// as throw_system_error.
std::string read_file(const std::string& path, size_t most);

}  // namespace hgq
