// Tries a file in a child process. libhdf5 crashes or hangs on some damaged files before it can report an error, but
// the user must still see a message.
//
// So a file is first read completely in a child process: all groups, attributes, datasets, and all names by looking
// them up. If the child dies, or takes too much time or memory (many small entries can refer to one long text), the
// file is an error; only otherwise is it opened in this process. This takes about a millisecond, and reads up to 64 MiB
// twice.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>

namespace hgq::h5 {

class Group;

/// Thrown if the names in a group cannot be listed: then the objects that a lookup could find there cannot be tried, so
/// the file is an error. It is not derived from Error, because errors in the child process are ignored.
struct NamesUnreadable : std::exception {};

/// Reads everything in a group that the program might read later: names, shapes, values, attributes. Errors are
/// ignored. Throws NamesUnreadable.
void read_through(const Group& root);

constexpr int64_t kProbeBytes = int64_t{1} << 29U;

/// Whether `action` ends by itself in a child process within `cpu_seconds`, with at most `bytes` more memory than this
/// process, and without NamesUnreadable. Also true if no process can be started. The child has no standard output or
/// error, and never returns from this function.
///
/// A child that uses no processor time for `idle_seconds` says nothing about the file: as a copy of a process with
/// several threads, it waits for a lock that one of the threads had (this happens with the address sanitizer's
/// allocator). Then `action` is tried once more; if that child waits too, the result is true.
///
/// A RunError in the child (the disk failed) is thrown here, since it says nothing about the file either.
bool survives(const std::function<void()>& action, int cpu_seconds, int idle_seconds = 10, int64_t bytes = kProbeBytes);

}  // namespace hgq::h5
